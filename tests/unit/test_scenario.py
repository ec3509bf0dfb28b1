"""Feature files, the vocabulary, and the runner's progress."""

import asyncio
from contextlib import aclosing
from pathlib import Path

import httpx
import pytest

from lgsp.errors import ConfigurationError
from lgsp.scenario import (
    GROUPS,
    PARAMETERS,
    State,
    World,
    built_in,
    load,
    parse,
    play,
    play_through,
    vocabulary,
)
from lgsp.scenario.report import junit
from lgsp.standards.xml import parse as parse_xml

pytestmark = pytest.mark.unit

ENGLISH = """
Feature: Outlines

  Background:
    Given time stands still

  @slow
  Scenario Outline: <agency> gets it
    When iOffice issues the document "V/v <number>" from 000.00.00.H34 to <agency>
      | file  |
      | a.pdf |
    Then <agency> holds the document with 1 attachment
    And no message is lost

    Examples:
      | agency         | number |
      | 000.00.00.G22  | 1      |
      | 000.00.02.H34  | 2      |
"""
VIETNAMESE = "# language: vi\nTính năng: A\n  Kịch bản: B · C\n    Khi {}\n    Thì {}\n    Và {}\n"


def world(answer=lambda request: httpx.Response(404)) -> World:
    http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return World(
        {"gateway": "http://gateway", "axis": "http://axis"}, http, "sim", "sim-secret", limit_s=0.01
    )


def test_an_outline_is_one_scenario_for_each_row_with_its_background_first() -> None:
    first, second = parse(ENGLISH, "a.feature")
    assert [line.text for line in first.lines][:2] == [
        "time stands still", 'iOffice issues the document "V/v 1" from 000.00.00.H34 to 000.00.00.G22',
    ]  # fmt: skip
    assert first.lines[1].table == (("file",), ("a.pdf",))
    assert (first.number, second.number, first.tags) == (17, 18, {"slow"})
    assert first.id != second.id
    assert [line.is_outcome for line in first.lines] == [False, False, True, True]


def test_both_languages_have_every_step_and_say_the_same() -> None:
    words = vocabulary()
    sentences = [sentence for step in words.steps for sentence in (step.en, step.vi)]
    assert len(set(sentences)) == len(sentences)
    for step in words.steps:
        assert sorted(values(step.en)) == sorted(values(step.vi)), step.vi
        assert step.act.__doc__
        assert set(values(step.en)) <= set(PARAMETERS)
    assert sum(map(len, GROUPS.values())) == len(words.steps) >= 40


def values(sentence: str) -> list[str]:
    return [part.partition("}")[0] for part in sentence.split("{")[1:]]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("15 ngày làm việc trôi qua", ("15wd",)),
        ("2 hours pass", ("2h",)),
        ("90s trôi qua", ("90s",)),
        ("trục liên thông ngừng hoạt động", ("axis",)),
        ("cổng DVCQG gặp sự cố latency", ("portal", "latency")),
        ("thời điểm là 2026-12-01T08:00", ("2026-12-01T08:00",)),
        ("nơi gửi nhận được các trạng thái 01, 03 và 04 từ H34.2 và 000.00.00.G22", (["01", "03", "04"], ["H34.2", "000.00.00.G22"])),
        ('the axis has had 2 requests POST "/sendEdoc"', ("axis", 2, "POST", "/sendEdoc")),
    ],
)  # fmt: skip
def test_a_line_finds_its_step_and_values(text: str, found: tuple[object, ...]) -> None:
    match = vocabulary().find(text)
    assert match is not None
    assert match.values == found


async def test_a_line_that_means_nothing_names_the_nearest_and_the_rest_is_skipped() -> None:
    text = VIETNAMESE.format(
        "iOffice phát hành công văn cho G22", "G22 nhận được văn bản", "không thông điệp nào bị mất"
    )
    [scenario] = parse(text, "a.feature")
    played = await play_through(scenario, world())
    assert [step.state for step in played.steps] == [State.UNDEFINED, State.SKIPPED, State.SKIPPED]
    assert "nearest: iOffice phát hành văn bản {string} của {agency} gửi {agencies}" in played.why
    assert scenario.title("en") == "C"


async def test_each_step_is_told_as_it_begins_and_as_it_ended() -> None:
    [scenario] = parse(
        VIETNAMESE.format("trục ngừng hoạt động", "không thông điệp nào bị mất", "trục hoạt động trở lại"),
        "a.feature",
    )
    off = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "DELETE":
            off.append(request.url.path)
        if request.url.path == "/api/verify":
            return httpx.Response(
                200, json={"holds": False, "lost": [{"id": "x"}], "doubled": [], "accepted": 1}
            )
        return httpx.Response(201, json={"id": "fault-1", "kind": "down", "expires_at": "then"})

    async with aclosing(play(scenario, world(answer))) as progress:
        told = [(step.index, step.state, step.why) async for step in progress]
    assert [one[:2] for one in told] == [
        (0, State.RUNNING), (0, State.PASSED), (1, State.RUNNING), (1, State.FAILED), (2, State.SKIPPED),
    ]  # fmt: skip
    assert "{'id': 'x'}" in told[3][2].en
    assert off == ["/__mock__/faults/fault-1"]


async def test_who_stops_listening_ends_it_and_its_faults_are_off() -> None:
    [scenario] = parse(
        VIETNAMESE.format("trục ngừng hoạt động", "thời gian dừng lại", "thời gian chạy tiếp"), "a.feature"
    )
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(f"{request.method} {request.url.path}")
        return httpx.Response(201, json={"id": "f", "kind": "down", "expires_at": "then"})

    held = asyncio.Event()

    async def before(step) -> None:
        if step.index:
            held.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(play_through(scenario, world(answer), before=before))
    await held.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == ["POST /__mock__/faults", "DELETE /__mock__/faults/f"]


async def test_a_step_without_what_it_is_about_says_so_and_a_system_that_does_not_run_too() -> None:
    for text, why in (
        ("000.00.00.G22 nhận được văn bản", "no document yet"),
        ("iGate ngừng hoạt động", "no igate runs here"),
    ):
        [scenario] = parse(VIETNAMESE.format(text, text, text), "a.feature")
        assert why in (await play_through(scenario, world())).why


async def test_a_mistyped_keyword_does_not_pass() -> None:
    [scenario] = parse("# language: vi\nTính năng: A\n  Kịch bản: B\n    Rồi x\n", "a.feature")
    played = await play_through(scenario, world())
    assert not played.passed
    assert "has no steps" in played.why


async def test_junit_has_a_case_for_each_scenario_with_why_it_failed() -> None:
    [scenario] = parse(VIETNAMESE.format("nonsense \x07", "x", "x"), "a.feature")
    suite = parse_xml(junit([await play_through(scenario, world())]))
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
    assert "no such step" in str(suite[0][0].get("message"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("# language: vi\nTính năng: A\n  Kịch bản: B\n    Khi x\n    Rồi x\n", ":5: expected:"),
        ("nonsense", ":1: expected:"),
        ("# language: xx\nFeature: A\n", "Language not supported: xx"),
    ],
)
def test_what_is_no_feature_file_is_said_with_its_line(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "a.feature"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        load([tmp_path])
    assert f"{file}" in str(refused.value)
    assert said in str(refused.value)


def test_a_folder_without_features_and_a_file_that_is_not_there_are_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no \*\.feature"):
        load([tmp_path])
    with pytest.raises(ConfigurationError, match="can't be read"):
        load([tmp_path / "a.feature"])
    (tmp_path / "a.feature").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        load([tmp_path])


def test_the_flows_of_the_demo_are_feature_files_that_mean_something_in_both_languages() -> None:
    flows = built_in()
    assert len(flows) == len({flow.key for flow in flows}) == 12
    words = vocabulary()
    for flow in flows:
        assert flow.title("vi") != flow.title("en")
        assert all(words.find(line.text) for line in flow.lines)
