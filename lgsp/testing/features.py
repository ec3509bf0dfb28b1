"""Feature files as tests: one for each scenario, in a world of its own."""

import asyncio
import tempfile
from collections.abc import Iterable
from pathlib import Path

import httpx
import pytest

from lgsp.errors import ConfigurationError
from lgsp.scenario import Played, Scenario, Vocabulary, load, own_steps, play_through, vocabulary
from lgsp.scenario import World as ScenarioWorld
from lgsp.scenario.report import as_text
from lgsp.testing.world import World

__all__ = ["FeatureFile"]


_WORDS = pytest.StashKey[Vocabulary]()


def _words(config: pytest.Config) -> Vocabulary:
    """The sentences of this run: the steps files of `lgsp_steps` are loaded once."""
    if _WORDS not in config.stash:
        places = [config.rootpath / one for one in config.getini("lgsp_steps")]
        config.stash[_WORDS] = vocabulary(own_steps(places))
    return config.stash[_WORDS]


class FeatureFile(pytest.File):
    """One `*.feature` file."""

    def collect(self) -> Iterable[pytest.Item]:
        """Its scenarios.

        Raises:
            CollectError: it is no feature file, or a file of `lgsp_steps` is wrong; with what was expected in which line.
        """
        try:
            scenarios, _ = load([self.path]), _words(self.config)
        except ConfigurationError as exc:
            raise self.CollectError(str(exc)) from None
        for one in scenarios:
            yield ScenarioItem.from_parent(self, name=one.title("vi"), scenario=one)


class NotPassedError(Exception):
    """A scenario that did not pass; it holds what was played."""

    def __init__(self, played: Played) -> None:
        super().__init__(played.why)
        self.played = played


class ScenarioItem(pytest.Item):
    """One scenario; its tags are its markers (`-m` needs them registered; `-k` does not)."""

    def __init__(self, *, scenario: Scenario, **more: object) -> None:
        super().__init__(**more)  # type: ignore[arg-type]  # pytest's own: name and parent
        self.scenario = scenario
        self.lgsp_world: World | None = None
        self._place: tempfile.TemporaryDirectory[str] | None = None
        self.extra_keyword_matches |= scenario.tags

    def setup(self) -> None:
        """Start a world; what fails afterwards is still reported with what its parts saw."""
        self._place = tempfile.TemporaryDirectory(prefix="lgsp-")
        self.lgsp_world = World({"bus"}, Path(self._place.name)).__enter__()

    def teardown(self) -> None:
        """Stop it."""
        if self.lgsp_world is not None:
            self.lgsp_world.__exit__(None, None, None)
            self.lgsp_world = None
        if self._place is not None:
            self._place.cleanup()

    def runtest(self) -> None:
        """Play it.

        Raises:
            NotPassedError: a step is not so, or means nothing.
        """
        if self.lgsp_world is None:
            raise RuntimeError("pytest has not set this test up")
        played = asyncio.run(_played(self.scenario, self.lgsp_world, _words(self.config)))
        if not played.passed:
            raise NotPassedError(played)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: str | None = None) -> str:
        """Each step with its mark, and why."""
        if isinstance(excinfo.value, NotPassedError):
            return f"{self.scenario.name}\n{as_text(excinfo.value.played)}"
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int, str]:
        """File, line (from 0) and name."""
        return self.path, self.scenario.number - 1, self.scenario.name


async def _played(scenario: Scenario, world: World, words: Vocabulary) -> Played:
    account = world.standin("ioffice").credentials
    async with httpx.AsyncClient(timeout=30.0, trust_env=False) as http:
        there = ScenarioWorld(world.urls, http, account.get("system_id", ""), account.get("secret", ""))
        return await play_through(scenario, there, words=words)
