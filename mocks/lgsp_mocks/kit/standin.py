"""What a stand-in is: its wire, its seed, its people, and how it is known to differ from the real system."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from starlette.routing import BaseRoute

from lgsp.clock import Clock
from lgsp.http_client import HttpClient
from lgsp_mocks.kit.authority import Authority
from lgsp_mocks.kit.faults import Faults
from lgsp_mocks.kit.files import Files
from lgsp_mocks.kit.later import Later
from lgsp_mocks.kit.population import Population
from lgsp_mocks.kit.state import Record, State

__all__ = ["Context", "Difference", "Parts", "StandIn", "Wording"]


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
    http: HttpClient
    new_id: Callable[[], str]
    files: Files
    authority: Callable[[], Authority]
    faults: Faults
    later: Later


@dataclass(frozen=True, slots=True)
class Parts:
    """What a stand-in consists of. `tick` is one round of its autopilot: the number of things that its people did. `twice` names what
    came in and is held more than once, though it is one thing: a delivery that had its effect twice.
    """

    routes: Sequence[BaseRoute]
    seed: Callable[[], None]
    tick: Callable[[], Awaitable[int]] | None = None
    twice: Callable[[], Sequence[str]] = tuple


@dataclass(frozen=True, slots=True)
class Wording:
    """What the kit must know of a wire to play business faults on it; a kind that lacks its word here is refused.

    `sessions`: tables; `closed`: status and body of an answer for a closed agency (`own_closing`: the stand-in sees to it);
    `accepted`: the answer to a call that this system makes; `code_lists`: operations or paths (globs), and the `code_fields`
    (globs) in their rows; `states`: per field its values in order; `ids`: fields that name what an outgoing call is about;
    `packets`: it hands its packets to `PacketFaults`.
    """

    sessions: tuple[str, ...] = ()
    closed: tuple[int, Record] | None = None
    accepted: Record | None = None
    code_lists: tuple[str, ...] = ()
    code_fields: tuple[str, ...] = ()
    states: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ids: tuple[str, ...] = ()
    packets: bool = False
    own_closing: bool = False

    def lacks(self, kind: str) -> bool:
        """Whether a kind of fault can't be played."""
        has = {
            "session_expires": bool(self.sessions), "agency_closed": self.own_closing or self.closed is not None,
            "code_list_changed": bool(self.code_lists), "status_backwards": self.packets or bool(self.states),
            "recall_after_delivery": self.packets, "new_id": self.packets or bool(self.ids),
        }  # fmt: skip
        return not has.get(kind, True)


@dataclass(frozen=True, slots=True)
class StandIn:
    """A stand-in by name; `build` makes its parts."""

    name: str
    title: str
    title_vi: str
    default_port: int
    build: Callable[[Context], Parts]
    differences: tuple[Difference, ...] = ()
    wording: Wording = Wording()
