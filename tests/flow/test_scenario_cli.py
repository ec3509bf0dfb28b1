"""`lgsp scenario` as somebody types it."""

import asyncio
import json
from pathlib import Path

import pytest

from lgsp.cli import main
from lgsp.standards.xml import parse
from province import province

pytestmark = pytest.mark.flow

GOOD = """# language: vi
Tính năng: Thời hạn
  Kịch bản: Thời gian trôi
    Cho thời điểm là 2026-11-27T08:00
    Khi iOffice phát hành văn bản "V/v thử" của 000.00.00.H34 gửi 000.00.00.G22
    Và 3 ngày làm việc trôi qua
    Thì trục LGSP chuyển tới trục
    Và 000.00.00.G22 nhận được văn bản với 0 tệp đính kèm
    Và trục đã nhận yêu cầu có "sendEdoc"
    Và không thông điệp nào bị mất
"""
BAD = """
Feature: Faults
  Scenario: A stub and a fault
    Given the axis answers POST "/mine" with 503, 2 times
      \"\"\"
      busy
      \"\"\"
    And the axis has the fault lost_receipt
      | agency         | count |
      | 000.00.00.G22  | 1     |
    Then the axis has had 0 requests POST "/mine"
    And the axis has had 1 request POST "/mine"
    And time runs on
"""


async def run(*arguments: str) -> int:
    return await asyncio.to_thread(main, ["scenario", *arguments])


async def test_a_file_is_played_in_a_system_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "good.feature").write_text(GOOD, encoding="utf-8")
    assert await run("run", str(tmp_path), "--json") == 0
    [played] = json.loads(capsys.readouterr().out)
    assert played["passed"]
    assert {step["state"] for step in played["steps"]} == {"passed"}


async def test_a_running_system_is_played_against_and_left_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.feature").write_text(BAD, encoding="utf-8")
    async with province(tmp_path) as world:
        at = [
            part
            for name, url in world.urls.items()
            if name != "gateway"
            for part in ("--at", f"{name}={url}")
        ]
        report = tmp_path / "junit.xml"
        arguments = ("--url", world.urls["gateway"], *at, "--limit", "0.1", "--junit", str(report))
        assert await run("run", str(tmp_path / "bad.feature"), *arguments) == 1
        printed = capsys.readouterr().out
        assert "axis has had 0 requests POST /mine, not 1" in printed
        assert "- And time runs on" in printed
        assert "0/1" in printed
        suite = parse(report.read_bytes())
        assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
        for what in ("faults", "expectations"):
            assert await world.control("axis", "GET", what) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "/nowhere.feature"), "can't be read"),
        (("run", "--tag", "nonsense"), "no scenario has the tag nonsense"),
        (("run", "--url", "http://127.0.0.1:9"), "no gateway at http://127.0.0.1:9"),
        (("run", "--at", "axis"), "write it as axis="),
    ],
)
async def test_a_mistake_is_told_in_one_line(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    assert await run(*arguments) == 2
    err = capsys.readouterr().err
    assert said in err
    assert len(err.splitlines()) == 1


async def test_steps_and_scenarios_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert await run("steps", "--json") == 0
    listed = json.loads(capsys.readouterr().out)
    assert len(listed["steps"]) >= 40
    assert await run("steps") == 0
    assert "{agency} nhận được văn bản" in capsys.readouterr().out
    assert await run("list", "--tag", "flow:outgoing") == 0
    assert capsys.readouterr().out == "01-van-ban.feature:6  Văn bản đi · Outgoing document\n"
