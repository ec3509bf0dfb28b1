"""What the kit tells: terminal, JUnit, JSON and HTML, with the subject's own words as text only."""

import asyncio
import json
from pathlib import Path

import pytest

from lgsp.cli import main
from lgsp.conformance import SUITES, check
from lgsp.conformance.report import to_html, to_junit
from lgsp.registry import find_standin
from lgsp.standards import xml
from served_standin import served
from tampering import Call, Forward, Reply, reply, tampered

pytestmark = pytest.mark.contract
HOSTILE = "</pre><script>alert(1)</script>]]>\x00\x1b[31m"


async def hostile(_: Call, __: Forward) -> Reply:
    return reply({"error_code": HOSTILE, "message": HOSTILE})


async def test_words_of_a_hostile_subject_are_text_in_every_report() -> None:
    async with tampered("portal", hostile) as url:
        verdicts = await check(SUITES["portal"], url, SUITES["portal"].options, only=["LGSP-PT-01"])
    assert "<script" not in to_html("portal", verdicts)
    assert "&lt;script" in to_html("portal", verdicts)
    junit = xml.parse(to_junit("portal", verdicts).encode(), max_bytes=100_000)
    assert junit.get("failures") == "1"


@pytest.mark.parametrize("role", sorted(SUITES))
async def test_reports_never_hold_a_secret_or_a_session(role: str) -> None:
    suite = SUITES[role]
    async with served(find_standin(role)) as system:
        verdicts = await check(suite, system.url, suite.options)
        tables = (await system.http.get("/__mock__/state")).json()["tables"]
    page = to_html(role, verdicts)
    given = [key for table in ("sessions", "tokens") for key in tables.get(table, {})]
    assert [one for one in ("sim-secret", "c2ltOnNpbS1zZWNyZXQ", *given) if one in page] == []


async def run(*arguments: str) -> int:
    return await asyncio.to_thread(main, ["check", *arguments])


async def test_command_writes_every_report_and_ends_with_0_where_it_conforms(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [tmp_path / f"report.{kind}" for kind in ("xml", "json", "html")]
    named = [text for kind, file in zip(("junit", "json", "html"), files, strict=True) for text in (f"--{kind}", str(file))]  # fmt: skip
    async with served(find_standin("igate")) as system:
        assert await run(system.url, "--as", "igate", *named) == 0
    assert "CONFORMS: 18 passed" in capsys.readouterr().out.replace("\n", " ")
    assert len(json.loads(files[1].read_text(encoding="utf-8"))["verdicts"]) == 18
    assert "TUÂN THỦ" in files[2].read_text(encoding="utf-8")


async def test_command_ends_with_1_where_a_must_is_broken_and_2_where_it_is_misused() -> None:
    async with served(find_standin("igate")) as system:
        wrong = ("--set", "secret=wrong")
        assert await run(system.url, "--as", "igate", "--only", "LGSP-IG-01", *wrong) == 1
        assert await run(system.url, "--as", "igate", "--only", "LGSP-IG-02", *wrong) == 0
    assert await run("http://127.0.0.1:9", "--as", "nobody") == 2
    assert await run("http://127.0.0.1:9", "--as", "igate", "--set", "nobody=1") == 2
    assert await run("ftp://127.0.0.1", "--as", "igate") == 2


@pytest.mark.parametrize("role", sorted(SUITES))
async def test_list_names_every_assertion_and_every_setting(
    role: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run("--list", "--as", role) == 0
    told = "".join(capsys.readouterr().out.split())
    suite = SUITES[role]
    assert [one.id for one in suite.assertions if one.id not in told] == []
    assert [name for name in suite.options if f"{name}=" not in told] == []
