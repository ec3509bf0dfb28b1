"""How often a system is asked: at its interval, ever more seldom while it is away, and not before it says."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from fakes import START, FakeIntake
from lgsp.bus.polling import Polling
from lgsp.clock import VirtualClock
from lgsp.errors import LgspError, TransientError

pytestmark = pytest.mark.unit

AWAY = TransientError("HTTP 503", system_down=True)
STUMBLED = TransientError("one dossier: HTTP 200, the answer is not JSON")


class Rounds(VirtualClock):
    """A clock that only says how long somebody would have slept, and ends it all when there is nothing left to answer."""

    def __init__(self, *answers: LgspError | int | None) -> None:
        super().__init__(START)
        self.answers = list(answers)
        self.waited_s: list[float] = []
        self.stopping = asyncio.Event()

    async def poll(self, _: Any) -> int:
        answer = self.answers.pop(0)
        if not self.answers:
            self.stopping.set()
        if isinstance(answer, LgspError):
            raise answer
        return answer or 0

    async def sleep(self, seconds: float) -> None:
        self.waited_s.append(seconds)

    async def run(self) -> list[float]:
        await Polling("s", self, FakeIntake(), self, interval_s=0.01, timeout_s=5).run(self.stopping)
        return self.waited_s


async def test_each_round_that_finds_the_system_away_makes_the_pause_longer() -> None:
    waited_s = await Rounds(*[AWAY] * 12).run()
    assert waited_s[0] <= 0.25
    assert all(later >= earlier for earlier, later in pairwise(waited_s[:7]))
    assert 15 <= waited_s[-1] <= 30


async def test_a_system_that_is_back_is_asked_at_its_interval_again() -> None:
    assert (await Rounds(*[AWAY] * 6, None, None).run())[-1] == 0.01


async def test_one_thing_that_it_stumbles_over_does_not_slow_the_others_down() -> None:
    assert max(await Rounds(*[STUMBLED] * 12).run()) <= 0.25


async def test_it_does_not_come_sooner_than_retry_after_says() -> None:
    asked = TransientError("HTTP 503", system_down=True, retry_after_s=40)
    assert (await Rounds(asked, None).run())[0] == 40


async def test_the_more_a_round_brought_the_sooner_comes_the_next_up_to_a_tenth_of_the_interval() -> None:
    waited_s = await Rounds(0, 1, 4, 9, 100, 0).run()
    assert waited_s == pytest.approx([0.01, 0.005, 0.002, 0.001, 0.001, 0.01])
