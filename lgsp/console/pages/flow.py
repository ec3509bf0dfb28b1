"""The first page: which systems talk, and what flows between them just now."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from lgsp.console.console import Console
from lgsp.gateway.flow_view import FlowOverview, SystemFlow

__all__ = ["Place", "places", "routes"]

WIDTH, ROW, BOX_W, BOX_H = 1000, 150, 230, 96
_LATEST = 8


@dataclass(frozen=True, slots=True)
class Place:
    """A system's box on the map: its upper left corner, and the paths of what it sends and what it gets."""

    system: SystemFlow
    x: int
    y: int
    path_from: str
    path_to: str


def places(systems: tuple[SystemFlow, ...]) -> tuple[list[Place], int]:
    """Left and right of the bus in turn; and the height of the map."""
    rows = max(1, (len(systems) + 1) // 2)
    height = rows * ROW + 20
    found = []
    for number, system in enumerate(systems):
        left = number % 2 == 0
        y = 20 + ROW * (number // 2) + (ROW - BOX_H) // 2 - 10
        x = 10 if left else WIDTH - BOX_W - 10
        edge, bus = (x + BOX_W, WIDTH // 2 - 60) if left else (x, WIDTH // 2 + 60)
        up, down = y + BOX_H // 2 - 16, y + BOX_H // 2 + 16
        found.append(Place(system, x, y, f"M{edge} {up}H{bus}", f"M{bus} {down}H{edge}"))
    return found, height


def routes(console: Console) -> list[BaseRoute]:
    """`/console`."""
    overview = FlowOverview(console.services)

    async def show(request: Request) -> Response:
        """The map, and the same as a table."""
        flow, latest = await overview.view(), await console.services.store.search(console.newest(_LATEST))
        drawn, height = places(flow.systems)
        return console.page(
            request,
            "flow.html",
            flow=flow,
            places=drawn,
            width=WIDTH,
            height=height,
            box=(BOX_W, BOX_H),
            latest=latest,
            names=await console.names_in(latest),
            moved=bool(latest),
        )

    return [Route("/", show)]
