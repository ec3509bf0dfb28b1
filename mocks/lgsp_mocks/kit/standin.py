"""What a stand-in is: its wire, its seed, its people, and how it is known to differ from the real system."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import httpx
from starlette.routing import BaseRoute

from lgsp.clock import Clock
from lgsp_mocks.kit.authority import Authority
from lgsp_mocks.kit.files import Files
from lgsp_mocks.kit.population import Population
from lgsp_mocks.kit.state import State

__all__ = ["Context", "Difference", "Parts", "StandIn"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One known difference from the real system. `confidence`: recorded, public code, or assumed."""

    topic: str
    real: str
    ours: str
    source: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Context:
    """What a stand-in is given."""

    state: State
    clock: Clock
    population: Population
    settings: Mapping[str, str]
    http: httpx.AsyncClient
    new_id: Callable[[], str]
    files: Files
    authority: Callable[[], Authority]


@dataclass(frozen=True, slots=True)
class Parts:
    """What a stand-in consists of. `tick` is one round of its autopilot: the number of things that its people did."""

    routes: Sequence[BaseRoute]
    seed: Callable[[], None]
    tick: Callable[[], Awaitable[int]] | None = None


@dataclass(frozen=True, slots=True)
class StandIn:
    """A stand-in by name; `build` makes its parts."""

    name: str
    title: str
    title_vi: str
    default_port: int
    build: Callable[[Context], Parts]
    differences: tuple[Difference, ...] = ()
