// A connector in Node.js, tested against the axis stand-in with nothing but Node's own library: node --test
// Needs: node >= 20, and lgsp on the PATH.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, beforeEach, test } from 'node:test';

const ACCOUNT = { systemId: 'sim.lgsp.01', secret: 'sim-secret' };
let axis, url, place, packet;

// The connector under test: logs in, sends, and tries once more where the line broke.
class AxisConnector {
  constructor(base, account) { this.base = base; this.account = account; }

  async send(edxml, tries = 2) {
    const form = new FormData();
    form.set('messageType', 'edoc');
    form.set('edocFile', new Blob([edxml], { type: 'application/xml' }), 'packet.edxml');
    const { systemId, secret } = this.account;
    const headers = { Authorization: `Bearer ${await this.token()}`, 'X-SystemId': systemId, 'X-SecretKey': secret };
    try {
      const answer = await (await fetch(`${this.base}/v1/sendEdoc`, { method: 'POST', body: form, headers })).json();
      if (!answer.success) throw new RangeError(answer.data.errorDesc);
      return answer.docId;
    } catch (error) {
      if (tries > 1 && error instanceof TypeError) return this.send(edxml, tries - 1); // what fetch throws on a broken line
      throw error;
    }
  }

  async token() {
    const login = { username: this.account.systemId, password: this.account.secret };
    const answer = await fetch(`${this.base}/v1/auth/login`, { method: 'POST', body: JSON.stringify(login) });
    return (await answer.json()).data.token;
  }
}

const control = async (method, path, body) => (await fetch(`${url}/__mock__/${path}`, {
  method, headers: { 'Content-Type': 'application/json' }, body: body && JSON.stringify(body),
})).json();

// The people behind the axis need a moment: look until it is there.
async function until(look, what) {
  for (const end = Date.now() + 10_000; Date.now() < end; await new Promise((next) => setTimeout(next, 20))) {
    const found = await look();
    if (found) return found;
  }
  assert.fail(`still not there: ${what}; what came: ${JSON.stringify(await control('GET', 'requests'))}`);
}

before(async () => {
  place = await mkdtemp(join(tmpdir(), 'lgsp-'));
  packet = await readFile(new URL('../document.edxml', import.meta.url));
  axis = spawn('lgsp', ['mock', 'axis', '--port', '0', '--json', '--data-dir', place], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: axis.stdout })) { url = JSON.parse(line).url; break; }
});

beforeEach(async () => { await control('POST', 'reset'); await control('POST', 'seed'); });

after(async () => {
  const ended = new Promise((resolve) => axis.once('exit', resolve));
  axis.kill();
  await ended;
  await rm(place, { recursive: true });
});

test('a document arrives at the ministry', async () => {
  assert.ok(await new AxisConnector(url, ACCOUNT).send(packet));
  const held = async () => Object.values(await control('GET', 'state/external_documents'))[0];
  assert.equal((await until(held, 'the document at the ministry')).agency, '000.00.00.G22');
});

test('a line that breaks once costs nothing', async () => {
  await control('POST', 'faults', { kind: 'reset', path: '/v1/sendEdoc', count: 1 });
  await new AxisConnector(url, ACCOUNT).send(packet);
  assert.equal((await control('GET', 'requests?path=/v1/sendEdoc')).matched, 2);
});

test('a refusal is told', async () => {
  const unknown = Buffer.from(packet.toString().replaceAll('000.00.00.G22', '000.00.00.G98'));
  await assert.rejects(new AxisConnector(url, ACCOUNT).send(unknown), /000\.00\.00\.G98/);
});
