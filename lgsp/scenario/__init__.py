"""Scenarios: feature files in Vietnamese or English, played against a running system."""

from lgsp.scenario.own import own_steps, step, vocabulary
from lgsp.scenario.playing import Played, Progress, State, paced, play, play_through
from lgsp.scenario.reading import Line, Scenario, built_in, load, parse
from lgsp.scenario.situation import Situation
from lgsp.scenario.stage import Stage, StageError, StageState
from lgsp.scenario.steps import GROUPS
from lgsp.scenario.vocabulary import PARAMETERS, Step, Vocabulary
from lgsp.scenario.world import NotSoError, Said, World

__all__ = [
    "GROUPS", "PARAMETERS", "Line", "NotSoError", "Played", "Progress", "Said", "Scenario", "Situation", "Stage",
    "StageError", "StageState", "State", "Step", "Vocabulary", "World",
    "built_in", "load", "own_steps", "paced", "parse", "play", "play_through", "step", "vocabulary",
]  # fmt: skip
