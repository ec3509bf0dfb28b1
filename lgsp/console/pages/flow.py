"""The first page: which systems talk, and what flows between them just now."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from lgsp.console.console import Console
from lgsp.gateway.flow_view import FlowOverview, SystemFlow

__all__ = ["LAYOUTS", "Layout", "Map", "Place", "draw", "routes"]

_LATEST = 8


@dataclass(frozen=True, slots=True)
class Layout:
    """How the map is laid out; lengths in its own units. `name` begins the ids of its elements, so that two may be on a page."""

    name: str
    width: int
    row: int
    box: tuple[int, int]
    bus: tuple[int, int]
    """Left and right side of the bus; systems stand on both sides of it where there is room on both."""

    @property
    def columns(self) -> int:
        """On how many sides of the bus systems stand."""
        return 2 if self.bus[1] + self.box[0] < self.width else 1


LAYOUTS = (
    Layout("", 1000, 150, (230, 96), (440, 560)),
    Layout("narrow-", 500, 124, (270, 96), (420, 490)),
)


@dataclass(frozen=True, slots=True)
class Place:
    """A system's box: its upper left corner; and its edges, from `edge` to `bus` at the height `up`, and back at `down`."""

    system: SystemFlow
    x: int
    y: int
    edge: int
    bus: int
    up: int
    down: int


@dataclass(frozen=True, slots=True)
class Map:
    """The systems in one layout."""

    layout: Layout
    height: int
    places: Sequence[Place]


def draw(systems: Sequence[SystemFlow], layout: Layout) -> Map:
    """One system after the other, left and right of the bus in turn."""
    (box_w, box_h), columns = layout.box, layout.columns
    rows = max(1, -(-len(systems) // columns))
    found = []
    for number, system in enumerate(systems):
        left = number % columns == 0
        y = 10 + layout.row * (number // columns) + (layout.row - box_h) // 2
        x = 10 if left else layout.width - box_w - 10
        edge, bus = (x + box_w, layout.bus[0]) if left else (x, layout.bus[1])
        found.append(Place(system, x, y, edge, bus, y + box_h // 2 - 16, y + box_h // 2 + 16))
    return Map(layout, rows * layout.row + 20, found)


def routes(console: Console) -> list[BaseRoute]:
    """`/console`."""
    overview = FlowOverview(console.services)

    async def show(request: Request) -> Response:
        """The map, and the same as a table."""
        flow, latest = await overview.view(), await console.services.store.search(console.newest(_LATEST))
        return console.page(
            request,
            "flow.html",
            flow=flow,
            maps=[draw(flow.systems, layout) for layout in LAYOUTS],
            latest=latest,
            names=await console.names_in(latest),
            moved=bool(latest),
        )

    return [Route("/", show)]
