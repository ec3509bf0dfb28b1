"""The stage: one scenario at a time, at a pace or step by step."""

import asyncio

import httpx
import pytest

from lgsp.scenario import (
    NotSoError,
    Scenario,
    Stage,
    StageError,
    StageState,
    State,
    Step,
    Vocabulary,
    World,
    parse,
    play_through,
)
from waiting import eventually

pytestmark = pytest.mark.unit

FOREVER_S = 3600.0
FEATURE = "# language: vi\nTính năng: A\n  Kịch bản: B · C\n    Cho {}\n    Khi {}\n    Thì {}\n"


class Bus:
    """What scenarios act upon: a fault can be set, and a recount holds; `held` keeps its answer back."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.free = asyncio.Event()
        self.free.set()
        self.error: Exception | None = None

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.method} {request.url.path}")
        if request.url.path == "/api/verify":
            await self.free.wait()
            if self.error:
                raise self.error
            return httpx.Response(200, json={"holds": True, "accepted": 7})
        return httpx.Response(201, json={"id": "f", "kind": "down", "expires_at": "then"})


def stage_over(bus: Bus, *, patience_s: float = FOREVER_S) -> Stage:
    http = httpx.AsyncClient(transport=httpx.MockTransport(bus))
    urls = {"gateway": "http://gateway", "axis": "http://axis"}
    return Stage(World(urls, http, "sim", "sim-secret", limit_s=0.01), patience_s=patience_s)


def scenario(last: str = "không thông điệp nào bị mất") -> Scenario:
    [one] = parse(FEATURE.format("trục ngừng hoạt động", "không thông điệp nào bị mất", last), "a.feature")
    return one


def states(stage: Stage) -> list[State]:
    return [step.state for _, step in sorted(stage.steps.items())]


async def until(stage: Stage, state: StageState) -> None:
    await eventually(lambda: stage.state is state, f"{state}; it is {stage.state}")


async def test_a_scenario_is_played_to_its_end_and_says_what_each_step_saw() -> None:
    stage = stage_over(Bus())
    assert stage.state is StageState.IDLE
    stage.start(scenario())
    await until(stage, StageState.PASSED)
    assert states(stage) == [State.PASSED] * 3
    assert stage.steps[1].seen.of("en") == "7 accepted, none lost"
    assert stage.steps[1].seen.of("vi") == "7 đã tiếp nhận, không mất bản tin nào"


async def test_step_by_step_nothing_goes_until_somebody_asks_and_then_one_step_goes() -> None:
    bus = Bus()
    stage = stage_over(bus)
    stage.start(scenario(), paused=True)
    for number in range(3):
        assert (stage.state, stage.upcoming, len(stage.steps)) == (StageState.WAITING, number, number)
        stage.step()
        await eventually(
            lambda number=number: not stage.is_on or stage.upcoming == number + 1, "it has ended"
        )
    assert (stage.state, stage.upcoming) == (StageState.PASSED, None)
    assert bus.asked == [
        "POST /__mock__/faults",
        "GET /api/verify",
        "GET /api/verify",
        "DELETE /__mock__/faults/f",
    ]


async def test_the_next_step_is_refused_while_one_goes_on_and_when_nothing_is_on() -> None:
    bus = Bus()
    stage = stage_over(bus)
    for refused in (stage.step, stage.pause, stage.resume):
        with pytest.raises(StageError) as caught:
            refused()
        assert caught.value.message_vi.startswith("Không có kịch bản nào")
    stage.start(scenario("trục hoạt động trở lại"), paused=True)
    bus.free.clear()
    stage.step()
    await eventually(lambda: stage.upcoming == 1, "the first step has ended")
    stage.step()
    await eventually(lambda: "GET /api/verify" in bus.asked, "the second step goes on")
    with pytest.raises(StageError):
        stage.step()
    await stage.stop()


async def test_a_second_scenario_must_wait_and_may_begin_once_the_first_has_ended() -> None:
    stage = stage_over(Bus())
    stage.start(scenario(), paused=True)
    with pytest.raises(StageError, match="is being played"):
        stage.start(scenario())
    await stage.stop()
    stage.start(scenario())
    await until(stage, StageState.PASSED)


async def test_a_pause_lets_the_step_that_goes_on_end_and_holds_the_next() -> None:
    bus = Bus()
    bus.free.clear()
    stage = stage_over(bus)
    stage.start(scenario())
    await eventually(lambda: "GET /api/verify" in bus.asked, "the second step goes on")
    stage.pause()
    assert stage.state is StageState.RUNNING
    bus.free.set()
    await until(stage, StageState.WAITING)
    assert (states(stage), stage.upcoming) == ([State.PASSED] * 2, 2)
    stage.resume()
    await until(stage, StageState.PASSED)


async def test_a_rest_between_steps_ends_with_a_pause_or_another_pace() -> None:
    stage = stage_over(Bus())
    stage.start(scenario(), pause_s=FOREVER_S)
    await eventually(lambda: stage.upcoming == 1, "it rests")
    assert stage.state is StageState.RUNNING
    stage.pause()
    await until(stage, StageState.WAITING)
    stage.resume()
    await eventually(lambda: stage.upcoming == 2, "it rests again")
    stage.resume(0)
    await until(stage, StageState.PASSED)


async def test_what_was_stopped_in_a_step_says_so_and_what_it_switched_on_is_off() -> None:
    bus = Bus()
    bus.free.clear()
    stage = stage_over(bus)
    stage.start(scenario())
    await eventually(lambda: "GET /api/verify" in bus.asked, "the second step goes on")
    await stage.stop()
    assert (stage.state, states(stage)) == (StageState.STOPPED, [State.PASSED, State.SKIPPED])
    assert bus.asked[-1] == "DELETE /__mock__/faults/f"
    await stage.stop()


async def test_a_step_that_is_not_so_ends_it_with_the_reason_in_both_languages() -> None:
    stage = stage_over(Bus())
    stage.start(scenario("000.00.00.G22 nhận được văn bản"))
    await until(stage, StageState.FAILED)
    why = stage.steps[2].why
    assert why.of("en").startswith("no document yet")
    assert why.of("vi").startswith("chưa có văn bản")


async def test_what_nobody_foresaw_is_told_and_the_next_one_may_begin() -> None:
    bus = Bus()
    bus.error = RuntimeError("boom")
    stage = stage_over(bus)
    stage.start(scenario())
    await until(stage, StageState.FAILED)
    assert "RuntimeError: boom" in stage.failure.of("vi")
    assert bus.asked[-1] == "DELETE /__mock__/faults/f"
    bus.error = None
    stage.start(scenario())
    await until(stage, StageState.PASSED)


async def test_a_scenario_that_everybody_forgot_is_ended() -> None:
    bus = Bus()
    stage = stage_over(bus, patience_s=0.01)
    stage.start(scenario(), paused=True)
    stage.step()
    await until(stage, StageState.FAILED)
    assert "nobody asked for the next step" in stage.failure.of("en")
    assert "không ai bấm bước tiếp theo" in stage.failure.of("vi")
    assert bus.asked[-1] == "DELETE /__mock__/faults/f"


async def test_a_step_that_fails_without_a_word_has_failed() -> None:
    async def silent(_at: object) -> None:
        raise NotSoError("")

    words = Vocabulary([Step("it is so", "đúng là vậy", silent)])
    [one] = parse("# language: vi\nTính năng: A\n  Kịch bản: B\n    Thì đúng là vậy\n", "a.feature")
    played = await play_through(one, World({}, httpx.AsyncClient(), "", ""), words=words)
    assert not played.passed
    assert played.steps[0].why.of("vi") == "không đúng như vậy"
