"""A subject of `lgsp check` that hangs, floods, dies, lies or leads away: a verdict that says so, in bounded time and memory."""

import asyncio
import gzip
import json
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from lgsp.cli import main
from lgsp.conformance import SUITES, Outcome, Verdict, check
from tampering import Call, Forward, Hand, Reply, reply, tampered

pytestmark = pytest.mark.contract
AXIS = SUITES["axis"]
Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


class Hostile:
    """Plain sockets that count their visitors."""

    def __init__(self, answer: Answer) -> None:
        self.calls = 0
        self.url = ""
        self._answer = answer
        self._busy: set[asyncio.Task[None]] = set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.calls += 1
        try:
            await reader.readuntil(b"\r\n\r\n")
            await self._answer(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        except asyncio.CancelledError:
            writer.transport.abort()
            raise
        finally:
            writer.close()

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.ensure_future(self._serve(reader, writer))
            self._busy.add(task)
            task.add_done_callback(self._busy.discard)

        server = await asyncio.start_server(begin, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self.url
        finally:
            server.close()
            for task in self._busy:
                task.cancel()
            await asyncio.gather(*self._busy, return_exceptions=True)


def says(*pieces: bytes, then_hangs: bool = False) -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
        await writer.drain()
        if then_hangs:
            await asyncio.Event().wait()

    return answer


def for_ever(first: bytes, piece: bytes) -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)

    return answer


def drips(first: bytes, drop: bytes) -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        while True:
            writer.write(drop)
            await writer.drain()
            await asyncio.sleep(0.01)

    return answer


BOMB = gzip.compress(bytes(64 << 20), 1)
BEHAVIOURS: dict[str, tuple[Answer, str]] = {
    "hangs": (says(then_hangs=True), "no whole answer within 0.3 s: nothing came"),
    "hangs after its headers": (
        says(OK, b"Content-Length: 5000\r\n\r\n", b"{", then_hangs=True),
        "no whole answer within 0.3 s: HTTP 200 and 1 bytes of a body came",
    ),
    "drips": (drips(OK + b"\r\n", b"{"), "no whole answer within 0.3 s: HTTP 200"),
    "never ends its headers": (for_ever(OK, b"X-More: and more\r\n" * 4_000), "the line broke, nothing came: RemoteProtocolError"),
    "goes on with 100 Continue": (for_ever(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "no whole answer within 0.3 s: nothing came"),
    "never ends its body": (for_ever(OK + b"\r\n", b"[" * 65_536), "longer than 1048576 bytes; cut off"),
    "sends a bomb": (
        says(OK, b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB), BOMB),
        "longer than 1048576 bytes; cut off",
    ),
    "lies about its encoding": (
        says(OK, b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"), "not encoded as its header says",
    ),
    "packs in its own way": (
        says(OK, b"Content-Encoding: zstd\r\nContent-Length: 2\r\n\r\n{}"), "Content-Encoding 'zstd', where gzip, deflate was asked for",
    ),
    "hangs up": (says(), "the line broke, nothing came"),
    "dies in mid-answer": (
        says(OK, b"Content-Length: 5000\r\n\r\n", b'{"ErrorCode": "0"'), "the line broke, HTTP 200 and 17 bytes of a body came",
    ),
    "talks another protocol": (says(b"220 mail.example ESMTP\r\n\r\n"), "the line broke, nothing came"),
    "talks nonsense": (says(OK, b"Content-Length: 9\r\n\r\n", b"\xff\x00 \x1b[31m!"), "the body is not JSON"),
    "redirects in a circle": (says(b"HTTP/1.1 307 T\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n"), "in a circle"),
    "redirects to a file": (says(b"HTTP/1.1 307 T\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n"), "another host"),
    "redirects to no address": (says(b"HTTP/1.1 307 T\r\nLocation: http://[\r\nContent-Length: 0\r\n\r\n"), "the line broke"),
}  # fmt: skip


@pytest.fixture
def small_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lgsp.conformance.line.MAX_ANSWER_BYTES", 1 << 20)


async def judged(url: str, *only: str, **more: Any) -> list[Verdict]:
    return await check(AXIS, url, AXIS.options, only=only, **more)


@pytest.mark.usefixtures("small_answers")
@pytest.mark.parametrize("name", BEHAVIOURS)
async def test_what_it_did_is_in_the_finding_and_in_the_evidence_and_cost_little_memory(name: str) -> None:
    answer, told = BEHAVIOURS[name]
    tracemalloc.start()
    try:
        async with Hostile(answer).served() as url:
            # Short only for those whose answer never ends, so that a slow machine changes no verdict.
            [verdict] = await judged(url, "LGSP-AX-01", call_s=0.3 if "within" in told else 20.0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert verdict.outcome is Outcome.FAILED
    assert told in verdict.finding
    assert verdict.evidence
    assert told in verdict.evidence[-1].answer or name == "talks nonsense"
    assert peak < 16 << 20


async def test_nobody_there_is_a_verdict_too() -> None:
    async with Hostile(says()).served() as url:
        pass
    [verdict] = await judged(url, "LGSP-AX-01")
    assert "the line broke, nothing came: ConnectError" in verdict.finding


async def test_a_redirect_to_another_host_reaches_nobody_there() -> None:
    other = Hostile(says(OK, b"Content-Length: 2\r\n\r\n{}"))
    async with other.served() as elsewhere:
        target = f"HTTP/1.1 307 T\r\nLocation: {elsewhere}/x\r\nContent-Length: 0\r\n\r\n".encode()
        async with Hostile(says(target)).served() as url:
            [refused] = await judged(url, "LGSP-AX-01")
            assert other.calls == 0
            allowed = frozenset({elsewhere.removeprefix("http://")})
            [followed] = await judged(url, "LGSP-AX-01", allowed=allowed)
    assert f"another host ({elsewhere}/x)" in refused.finding
    assert (other.calls, "HTTP 200" in followed.evidence[-1].answer) == (1, True)


@pytest.mark.parametrize("role", sorted(SUITES))
async def test_one_that_hangs_is_not_asked_for_ever(role: str) -> None:
    subject, suite = Hostile(says(then_hangs=True)), SUITES[role]
    async with subject.served() as url:
        verdicts = await check(suite, url, suite.options, call_s=0.05)
    assert len(verdicts) == len(suite.assertions)
    asked, rest = verdicts[:3], verdicts[3:]
    assert {one.outcome for one in asked} == {Outcome.FAILED}
    assert {one.outcome for one in rest} == {Outcome.SKIPPED}
    assert all(one.finding.startswith("not asked: the 3 assertions before") for one in rest)
    assert any(one.fails_subject for one in verdicts)


async def test_one_that_hangs_now_and_then_is_asked_to_the_end() -> None:
    async def hand(call: Call, forward: Forward) -> Reply:
        if "getEdoc" in call.path:
            await asyncio.Event().wait()
        return await forward(call)

    async with tampered("axis", hand) as url:
        verdicts = await check(AXIS, url, AXIS.options, only=["LGSP-AX-3*"], call_s=0.5)
    assert not any(one.finding.startswith("not asked") for one in verdicts)


@pytest.mark.usefixtures("small_answers")
async def test_evidence_stays_small_whatever_the_headers_are() -> None:
    many = b"".join(b"X-%d: %s\r\n" % (number, b"y" * 1000) for number in range(60))
    async with Hostile(says(OK, many, b"Content-Length: 2\r\n\r\n{}")).served() as url:
        verdicts = await judged(url)
    assert sum(len(each.answer) for one in verdicts for each in one.evidence) < 9_000 * sum(
        len(one.evidence) for one in verdicts
    )


async def strange(_: Call, __: Forward) -> Reply:
    words = "\\ud800 \\u001b[2J\\u202e\\u0000</pre><script>"
    return Reply(200, f'{{"ErrorCode": "{words}", "status": "{words}"}}'.encode())


async def test_words_that_no_file_can_hold_break_no_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kinds = ("junit", "json", "html")
    named = [text for kind in kinds for text in (f"--{kind}", str(tmp_path / kind))]
    async with tampered("axis", strange) as url:
        arguments = ["check", url, "--as", "axis", "--only", "LGSP-AX-01", *named]
        assert await asyncio.to_thread(main, arguments) == 1
    shown = capsys.readouterr().out + "".join((tmp_path / kind).read_text(encoding="utf-8") for kind in kinds)
    assert [mark for mark in ("\x1b[2J", "\u202e", "\x00") if mark in shown] == []
    assert json.loads((tmp_path / "json").read_text(encoding="utf-8"))["verdicts"][0]["outcome"] == "failed"


def always(made: Reply) -> Hand:
    async def hand(_: Call, __: Forward) -> Reply:
        return made

    return hand


@pytest.mark.parametrize("role", ["portal", "igate", "ioffice"])
@pytest.mark.parametrize(
    "made",
    [
        Reply(200, b"\xff\x00 nonsense <script>alert(1)</script>"),
        reply([1, 2]),
        reply({"data": 5, "status": 5, "result": {}, "error_code": True}),
        reply({}, 500),
        Reply(200, b"[" * 100_000),
    ],
    ids=["nonsense", "a list", "other types", "HTTP 500", "deep"],
)
async def test_server_that_makes_no_sense_fails_all_and_breaks_nothing(role: str, made: Reply) -> None:
    suite = SUITES[role]
    async with tampered(role, always(made)) as url:
        verdicts = await check(suite, url, suite.options)
    failed = {one.id for one in verdicts if one.outcome is Outcome.FAILED}
    allowed = {"LGSP-IO-05", "LGSP-IO-02"}  # what is refused without any sense is refused nevertheless
    assert failed >= {one.id for one in suite.assertions} - allowed
