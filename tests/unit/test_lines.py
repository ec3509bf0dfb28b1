"""Commands of many tasks on one connection: each gets its own reply, whatever the server and the other tasks do."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path

import pytest
import redis.asyncio as redis_py
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from lgsp.channels import Server, line, lines
from lgsp.errors import ChannelUnavailableError
from scripted_redis import Answer, ScriptedRedis, bulk, scripted
from waiting import eventually


@asynccontextmanager
async def talking(answer: Answer | None = None) -> AsyncIterator[tuple[ScriptedRedis, Server]]:
    async with scripted(*([answer] if answer else [])) as redis:
        server = Server(redis.url)
        try:
            yield redis, server
        finally:
            await server.aclose()


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(line, "ANSWER_TIMEOUT_S", 0.3)


async def test_many_callers_share_one_connection_and_each_gets_its_own_reply():
    async with talking() as (redis, server):
        replies = await asyncio.gather(*(server.ask("ECHO", str(number)) for number in range(3_000)))
        assert replies == [str(number).encode() for number in range(3_000)]
        assert redis.connections == 1


async def test_what_is_asked_in_one_turn_goes_out_in_one_write():
    async with talking() as (redis, server):
        await server.ask("ECHO", "first")
        before = redis.reads
        await asyncio.gather(*(server.ask("ECHO", "x") for _ in range(100)))
        assert redis.reads == before + 1


async def test_replies_stay_in_step_when_callers_stop_waiting():
    go = asyncio.Event()

    async def late(command, writer):
        await go.wait()
        writer.write(bulk(command[-1]))

    async with talking(late) as (redis, server):
        asking = [asyncio.create_task(server.ask("ECHO", str(number))) for number in range(200)]
        await eventually(lambda: redis.connections == 1, "connected")
        await asyncio.sleep(0.05)
        for task in asking[::3]:
            task.cancel()
        await asyncio.sleep(0)
        go.set()
        replies = await asyncio.gather(*asking, return_exceptions=True)
        expected = [str(number).encode() for number in range(200)]
        assert [one for one in replies if not isinstance(one, asyncio.CancelledError)] == [
            reply for number, reply in enumerate(expected) if number % 3
        ]
        assert await server.ask("ECHO", "after") == b"after"
        assert redis.connections == 1


@pytest.mark.parametrize(
    "said", [b"", b"$100\r\nhalf", b"*2\r\n$1\r\na\r\n"], ids=["nothing", "half a value", "half a list"]
)
async def test_server_that_dies_in_mid_reply_fails_all_who_wait_and_the_next_gets_a_new_connection(said):
    def dies(command, writer):
        if command[-1] == b"die":
            writer.write(said)
            writer.close()
        elif redis.connections > 1:
            writer.write(bulk(command[-1]))

    async with talking(dies) as (redis, server):
        asked = ["die", *(str(number) for number in range(50))]
        found = await asyncio.gather(*(server.ask("ECHO", one) for one in asked), return_exceptions=True)
        assert {type(one) for one in found} == {ChannelUnavailableError}
        assert await server.ask("ECHO", "again") == b"again"
        assert redis.connections == 2


@pytest.mark.parametrize(
    "said", [b"no Redis\r\n", b"$1\r\na\r\n$1\r\nb\r\n"], ids=["another protocol", "more than asked"]
)
async def test_connection_out_of_step_is_given_up(said):
    def wrong(command, writer):
        writer.write(said if redis.connections == 1 else bulk(command[-1]))

    async with talking(wrong) as (redis, server):
        with suppress(ChannelUnavailableError):
            assert await server.ask("ECHO", "x") == b"a"
        assert await server.ask("ECHO", "again") == b"again"
        assert redis.connections == 2


@pytest.mark.usefixtures("impatient")
async def test_silent_server_is_noticed_by_all_who_wait_even_where_the_first_has_left():
    def silent(command, writer):
        if redis.connections > 1:
            writer.write(bulk(command[-1]))

    async with talking(silent) as (redis, server):
        asking = [asyncio.create_task(server.ask("ECHO", str(number))) for number in range(20)]
        await eventually(lambda: redis.connections == 1, "connected")
        await asyncio.sleep(0.05)
        asking[0].cancel()
        async with asyncio.timeout(2):
            found = await asyncio.gather(*asking, return_exceptions=True)
        assert {type(one) for one in found[1:]} == {ChannelUnavailableError}
        assert "no reply within" in str(found[1])
        assert await server.ask("ECHO", "again") == b"again"


@pytest.mark.usefixtures("impatient")
async def test_slow_server_that_answers_in_time_is_waited_for():
    async def slow(command, writer):
        await asyncio.sleep(0.05)
        for byte in bulk(command[-1]):
            writer.write(bytes([byte]))
            await asyncio.sleep(0)

    async with talking(slow) as (redis, server):
        for number in range(12):  # together longer than one may take
            assert await server.ask("ECHO", str(number)) == str(number).encode()
        assert redis.connections == 1


async def test_big_reply_among_small_ones():
    big = b"x" * (20 << 20)

    def sized(command, writer):
        writer.write(bulk(big if command[-1] == b"big" else command[-1]))

    async with talking(sized) as (redis, server):
        asked = ["a", "big", "b"]
        assert await asyncio.gather(*(server.ask("ECHO", one) for one in asked)) == [b"a", big, b"b"]
        assert redis.connections == 1


async def test_large_command_does_not_hold_others_up():
    go = asyncio.Event()

    async def large_waits(command, writer):
        if len(command[-1]) > 1_000:
            await go.wait()
        writer.write(bulk(b"%d" % len(command[-1])))

    async with talking(large_waits) as (redis, server):
        large = asyncio.create_task(server.ask("ECHO", b"x" * 1_000_000))
        await eventually(lambda: redis.connections == 1, "the large one is on its way")
        assert await server.ask("ECHO", "small") == b"5"
        go.set()
        assert await large == b"1000000"


async def test_more_callers_than_fit_wait_until_there_is_room():
    go = asyncio.Event()

    async def held(command, writer):
        await go.wait()
        writer.write(bulk(command[-1]))

    async with talking(held) as (redis, server):
        asking = [asyncio.create_task(server.ask("ECHO", f"{number}")) for number in range(3_000)]
        await eventually(lambda: redis.connections == 1, "connected")
        await asyncio.sleep(0.05)
        [shared] = server._client._all
        assert len(shared._owed) == 1_024
        late = [asyncio.create_task(server.ask("ECHO", f"late-{number}")) for number in range(50)]
        await asyncio.sleep(0.02)
        assert len(shared._owed) == 1_024
        go.set()
        assert await asyncio.gather(*asking) == [f"{number}".encode() for number in range(3_000)]
        assert await asyncio.gather(*late) == [f"late-{number}".encode() for number in range(50)]


@pytest.mark.usefixtures("impatient")
async def test_server_that_reads_nothing_is_noticed_by_those_who_wait_for_room():
    async with talking(lambda *_: asyncio.sleep(60)) as (_, server):
        asking = [asyncio.create_task(server.ask("ECHO", "x" * 100_000)) for _ in range(300)]
        async with asyncio.timeout(3):
            found = await asyncio.gather(*asking, return_exceptions=True)
        assert {type(one) for one in found} == {ChannelUnavailableError}


async def test_who_waits_for_an_entry_holds_nobody_up_and_leaves_no_reply_behind():
    def blocks(command, writer):
        if command[0] != b"XREAD":
            writer.write(bulk(command[-1]))

    async with talking(blocks) as (redis, server):
        waiting = asyncio.create_task(server.wait_for_entry("s", "0", 5_000))
        await eventually(lambda: redis.connections == 1, "it waits")
        assert await server.ask("ECHO", "meanwhile") == b"meanwhile"
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await eventually(lambda: len(redis.writers) == 1, "its connection is closed")


async def test_connections_for_what_blocks_are_bounded_and_used_again(monkeypatch):
    def blocks(command, writer):
        if command[-1] != b"never":
            writer.write(b"*-1\r\n")

    async with scripted(blocks) as redis:
        server = Server(redis.url, max_connections=2)
        for _ in range(3):
            await asyncio.gather(*(server.wait_for_entry("s", "0", 5_000) for _ in range(20)))
        assert redis.connections == 2
        waiting = [asyncio.create_task(server.wait_for_entry("s", "never", 5_000)) for _ in range(2)]
        await asyncio.sleep(0.05)
        monkeypatch.setattr(lines, "ANSWER_TIMEOUT_S", 0.1)
        with pytest.raises(ChannelUnavailableError, match="no connection is free"):
            await server.wait_for_entry("s", "0", 5_000)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert not await server.wait_for_entry("s", "0", 5_000)
        await server.aclose()


async def test_failed_attempt_to_connect_is_everybodys():
    async with scripted() as redis:
        url = redis.url
    server = Server(url)
    async with asyncio.timeout(2):
        found = await asyncio.gather(*(server.ask("PING") for _ in range(50)), return_exceptions=True)
    await server.aclose()
    assert {type(one) for one in found} == {ChannelUnavailableError}


async def test_who_leaves_while_it_connects_takes_the_connection_from_nobody():
    async with talking() as (redis, server):
        first, second = (asyncio.create_task(server.ask("ECHO", one)) for one in ("first", "second"))
        await asyncio.sleep(0)
        first.cancel()
        assert await second == b"second"
        assert redis.connections == 1


async def test_demoted_primary_is_left():
    def demoted(command, writer):
        writer.write(b"-READONLY You can't write\r\n" if redis.connections == 1 else bulk(command[-1]))

    async with talking(demoted) as (redis, server):
        with pytest.raises(ChannelUnavailableError, match="refuses writes"):
            await server.ask("ECHO", "x")
        assert await server.ask("ECHO", "x") == b"x"
        await eventually(lambda: len(redis.writers) == 1, "the old connection is closed")


async def test_server_that_comes_back_is_met_by_new_connections_only():
    def blocks(command, writer):
        writer.write(b"*-1\r\n" if command[0] == b"XREAD" else bulk(command[-1]))

    async with talking(blocks) as (redis, server):
        assert await server.ask("ECHO", "x") == b"x"
        assert not await server.wait_for_entry("s", "0", 5)
        redis.hang_up()
        await eventually(lambda: not redis.writers, "all hung up")
        assert await server.ask("ECHO", "x") == b"x"
        assert not await server.wait_for_entry("s", "0", 5)
        assert redis.connections == 4


async def test_first_error_of_a_pipeline_is_raised_and_the_line_stays_in_step():
    def some_fail(command, writer):
        writer.write(b"-ERR no\r\n" if command[-1] == b"bad" else bulk(command[-1]))

    async with talking(some_fail) as (redis, server):
        with pytest.raises(Exception, match="no"):
            await server.pipeline([["ECHO", "a"], ["ECHO", "bad"], ["ECHO", "b"]])
        assert await server.pipeline([["ECHO", "c"], ["ECHO", "d"]]) == [b"c", b"d"]
        assert redis.connections == 1


async def test_closing_ends_every_wait_and_every_connection():
    async with scripted(lambda *_: None) as redis:
        server = Server(redis.url)
        waiting = [asyncio.create_task(server.ask("ECHO", "x")) for _ in range(5)]
        waiting.append(asyncio.create_task(server.wait_for_entry("s", "0", 5_000)))
        await eventually(lambda: redis.connections == 2, "all wait")
        await server.aclose()
        found = await asyncio.gather(*waiting, return_exceptions=True)
        assert {type(one) for one in found} == {ChannelUnavailableError}
        await eventually(lambda: not redis.writers, "no connection is left")
        with pytest.raises(ChannelUnavailableError):
            await server.ask("ECHO", "x")


async def test_closing_while_it_connects_cancels_nobody_who_waits():
    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.set()
        await gone.wait()
        writer.transport.abort()

    came, gone = asyncio.Event(), asyncio.Event()
    listening = await asyncio.start_server(silent, "127.0.0.1", 0)
    server = Server(f"redis://127.0.0.1:{listening.sockets[0].getsockname()[1]}/0")
    asking = [asyncio.create_task(server.ask("ECHO", "x")) for _ in range(3)]
    await came.wait()
    await asyncio.sleep(0.05)  # it waits for the answer by now
    await server.aclose()
    found = await asyncio.gather(*asking, return_exceptions=True)
    gone.set()
    listening.close()
    await asyncio.sleep(0.01)
    assert {type(one) for one in found} == {ChannelUnavailableError}


async def test_a_connection_that_is_made_only_when_all_were_closed_asks_nothing(monkeypatch):
    async with talking() as (redis, server):
        connect, came, go_on = redis_py.Connection.connect, asyncio.Event(), asyncio.Event()

        async def late(self: redis_py.Connection) -> None:
            await connect(self)
            came.set()
            await go_on.wait()

        monkeypatch.setattr(redis_py.Connection, "connect", late)
        waiting = asyncio.create_task(server.wait_for_entry("s", "0", 5_000))
        await came.wait()
        reads = redis.reads
        await server.aclose()
        go_on.set()
        with pytest.raises(ChannelUnavailableError):
            await waiting
    assert redis.reads == reads


async def test_url_says_how_to_sign_in(tmp_path: Path):
    async with scripted() as redis:
        server = Server(redis.url.replace("//", "//me:secret@").replace("/0", "/3"))
        assert await server.ask("ECHO", "x") == b"x"
        await server.aclose()
    assert [b"AUTH", b"me", b"secret"] in redis.signed_in
    assert [b"SELECT", b"3"] in redis.signed_in


async def test_unix_socket(tmp_path: Path):
    async with scripted(path=tmp_path / "socket") as redis:
        server = Server(f"{redis.url}?db=2&password=secret")
        assert await server.ask("ECHO", "x") == b"x"
        await server.aclose()
    assert [b"SELECT", b"2"] in redis.signed_in


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_tls_on_either_event_loop(tmp_path: Path, loop: str):
    factory: Callable[[], asyncio.AbstractEventLoop] = (
        pytest.importorskip("uvloop").new_event_loop if loop == "uvloop" else asyncio.new_event_loop
    )

    async def talk() -> None:
        async with scripted(context=_certified(tmp_path)) as redis:
            server = Server(f"{redis.url}?ssl_ca_certs={tmp_path / 'all.pem'}")
            assert await server.ask("ECHO", "x" * 100_000) == b"x" * 100_000
            redis.hang_up()
            await eventually(lambda: not redis.writers, "hung up")
            assert await asyncio.gather(*(server.ask("ECHO", str(number)) for number in range(100)))
            assert redis.connections == 2
            await server.aclose()
            strict = Server(redis.url)
            with pytest.raises(ChannelUnavailableError, match="certificate"):
                await strict.ask("ECHO", "x")
            await strict.aclose()

    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(talk())


def _certified(folder: Path) -> ssl.SSLContext:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    begins, ends = datetime(2020, 1, 1, tzinfo=UTC), datetime(2120, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), begins, ends)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=True)
        .sign(key, hashes.SHA256())
    )
    form = serialization.Encoding.PEM
    plain = key.private_bytes(form, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "all.pem").write_bytes(certificate.public_bytes(form) + plain)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "all.pem")
    return context
