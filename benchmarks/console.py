"""First paint of the console's pages, in Chromium, with many messages in the store.

.venv/bin/python benchmarks/console.py --messages 100000 --dead 1000
"""

import argparse
import asyncio
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import islice
from pathlib import Path
from urllib.parse import quote

from playwright.async_api import Browser, async_playwright

from lgsp.bench.load import documents
from lgsp.channels import DeadEntry, Keys, Server
from lgsp.clock import SystemClock
from lgsp.embedded import EmbeddedServer
from lgsp.message import Message
from lgsp.settings import demo_config
from lgsp.store import JournalEntry, MessageStore
from lgsp_mocks.kit.state import State

CHROMIUM = "/usr/bin/chromium"
PARTITIONS = 4
_BATCH = 5000
_LINE = "{:<44}{:>9}{:>7}{:>11}{:>7}{:>10}"
_TITLES = (
    "Báo cáo tình hình kinh tế",
    "Kế hoạch chuyển đổi số",
    "Quyết định bổ nhiệm",
    "Giấy mời họp giao ban",
)
_READ = """() => {
  const [page] = performance.getEntriesByType("navigation");
  const [paint] = performance.getEntriesByName("first-contentful-paint");
  return [paint?.startTime ?? null, page.responseEnd - page.requestStart, page.decodedBodySize,
          document.getElementsByTagName("*").length];
}"""


def sent(count: int, seed: int = 0) -> Iterator[Message]:
    """Documents, and for every second one the receiver's status."""
    for number, message in enumerate(documents(count)):
        title, identity = f"{_TITLES[number % 4]} số {number}", f"000.00.01.H34,2026/11/23,{number}/CV-UBND"
        data = message.data | {"subject": title}
        own = {"id": f"console-{seed}-{number}", "subject": identity}
        if number % 3 < 2:
            yield message.model_copy(update={**own, "data": data})
        else:
            yield message.model_copy(
                update={**own, "data": data, "source": "/systems/axis", "type": "vn.lgsp.document.status"}
            )


def journal(count: int, now_ms: int) -> Iterator[JournalEntry]:
    """The last two days: accepted, routed, delivered; one in a thousand is dead, the newest ten are on their way."""
    for number, message in enumerate(sent(count)):
        at_ms = now_ms - (count - number) * 172_800_000 // count
        end = "dead" if number % 1000 == 0 else "delivered"
        steps = (
            ("accepted", message.source, message.to_json()),
            ("routed", "axis", None),
            (end, "axis", None),
        )
        for place, (step, system, body) in enumerate(steps[: 2 if number >= count - 10 else 3]):
            yield JournalEntry(
                0, f"{number + 1}-0.{place}", message.id, step, system, at_ms, "000.00.00.G22", body
            )


async def fill(place: Path, url: str, count: int, dead: int) -> None:
    """The store, the dead letters, and iOffice's own documents."""
    store, entries = (
        await MessageStore.open(f"sqlite:///{place}/messages.db"),
        journal(count, int(SystemClock().now().timestamp() * 1000)),
    )
    while batch := list(islice(entries, _BATCH * 3)):
        await store.append(batch)
    await store.aclose()
    server, keys = await Server(url).open(), Keys(partitions=PARTITIONS)
    for number, message in enumerate(islice(sent(dead, 1), dead)):
        reason = (
            f"HTTP 500 from axis for {message.id}"
            if number % 3
            else f"no organization 000.00.{number % 7}.G22"
        )
        code = "wire.http" if number % 3 else "axis.unknown_organization"
        letter = DeadEntry(
            "",
            message.id,
            message.subject or "",
            "axis",
            ("000.00.00.G22",),
            code,
            reason,
            5,
            number,
            message.to_json(),
        )
        await server.call("XADD", keys.dead(number % PARTITIONS), "*", *letter.to_fields())
    await server.aclose()
    state = await State(place / "mocks" / "ioffice.sqlite3").open()
    table = state.table("documents")
    for number in range(count):
        identity = f"000.00.01.H34,2026/11/23,{number}/CV-UBND"
        table.put(identity, {
            "document_id": identity, "code": f"{number}/CV-UBND", "subject": f"{_TITLES[number % 4]} số {number}",
            "from": "000.00.01.H34", "to": ["000.00.00.G22"], "direction": "out" if number % 2 else "in", "status": "01",
            "at": "2026-11-23T08:00:00+07:00", "attachments": [], "statuses": [],
        })  # fmt: skip
    await state.aclose()


@contextlib.asynccontextmanager
async def serving(place: Path, redis_url: str) -> AsyncIterator[str]:
    """The gateway and iOffice's stand-in, as `lgsp up` has them, without a worker that would touch what waits."""
    config = place / "lgsp.toml"
    config.write_text(f"partitions = {PARTITIONS}\n{demo_config()}\n[mocks]\nioffice = 0\n", encoding="utf-8")
    env = {
        "LGSP_REDIS_URL": redis_url,
        "LGSP_DATA_DIR": str(place),
        "LGSP_PORT": "0",
        "LGSP_CONFIG": str(config),
    }
    command = [sys.executable, "-m", "lgsp", "up", "--only", "gateway,mock:ioffice", "--json"]
    process = await asyncio.create_subprocess_exec(
        *command, env={**os.environ, **env}, stdout=subprocess.PIPE
    )
    try:
        yield json.loads(await process.stdout.readline())["urls"]["gateway"] if process.stdout else ""
    finally:
        process.terminate()
        await process.wait()


def pages(count: int) -> Sequence[str]:
    """What people open."""
    middle = quote(f"000.00.01.H34,2026/11/23,{count // 3 * 3 // 2}/CV-UBND", safe="")
    return (
        "/", "/messages", f"/messages?after={count // 2}", "/messages?text=quyet+dinh", "/messages?state=dead",
        "/messages?type=document.status", "/messages?system=ioffice", "/messages?sender=000.00.01.H34", "/messages?text=khongco",
        "/messages/console-0-7", f"/documents/{middle}", "/dead", "/dead?system=axis", "/refused", "/systems",
        "/systems/ioffice?show=holds", "/systems/ioffice?show=journal", "/streams", "/routes", "/schemas", "/indicators",
    )  # fmt: skip


async def measure(browser: Browser, url: str, runs: int) -> list[tuple[float, float, int, int]]:
    """(first paint and answer in ms, bytes, elements) of each run; every run has a cold cache."""
    found = []
    for _ in range(runs):
        context = await browser.new_context(viewport={"width": 1280, "height": 800})
        page = await context.new_page()
        answer = await page.goto(url, wait_until="load")
        if answer is None or answer.status >= 400:
            sys.exit(f"{url}: {answer.status if answer else 'no answer'}")
        for _try in range(200):
            read = await page.evaluate(_READ)
            if read[0] is not None:
                break
            await asyncio.sleep(0.01)
        found.append(tuple(read))
        await context.close()
    return found


async def work(count: int, dead: int, runs: int) -> int:
    """Fill, serve, look."""
    slow = 0
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        async with EmbeddedServer(place / "valkey") as valkey:
            await fill(place, valkey.url, count, dead)
            async with serving(place, valkey.url) as url, async_playwright() as engine:
                browser = await engine.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
                await measure(browser, f"{url}/console/routes", 1)
                print(f"{count:,} messages, {dead:,} dead letters; medians of {runs}")
                print(_LINE.format("page", "paint ms", "max", "answer ms", "kB", "elements"))
                for path in pages(count):
                    found = await measure(browser, f"{url}/console{path}", runs)
                    paint, answer, size, elements = map(statistics.median, zip(*found, strict=True))
                    slow += paint >= 500
                    slowest = round(max(one[0] for one in found))
                    print(
                        _LINE.format(path[:43], round(paint), slowest, round(answer), size // 1000, elements)
                    )
                await browser.close()
    print(f"{slow} pages take half a second or more")
    return 1 if slow else 0


def main() -> int:
    """A hundred thousand by default."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--dead", type=int, default=1_000)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    return asyncio.run(work(given.messages, given.dead, given.runs))


if __name__ == "__main__":
    sys.exit(main())
