"""Scenarios: feature files in Vietnamese or English, played against a running system."""

from lgsp.scenario.playing import Played, Progress, State, paced, play, play_through
from lgsp.scenario.reading import Line, Scenario, built_in, load, parse
from lgsp.scenario.stage import Stage, StageError, StageState
from lgsp.scenario.steps import GROUPS, vocabulary
from lgsp.scenario.vocabulary import PARAMETERS, Step, Vocabulary
from lgsp.scenario.world import NotSoError, Said, World

__all__ = [
    "GROUPS", "PARAMETERS", "Line", "NotSoError", "Played", "Progress", "Said", "Scenario", "Stage",
    "StageError", "StageState", "State", "Step", "Vocabulary", "World",
    "built_in", "load", "paced", "parse", "play", "play_through", "vocabulary",
]  # fmt: skip
