"""/api/clock: the time of this process, which may be steered."""

from fastapi import APIRouter
from pydantic import JsonValue

from lgsp.clock import ClockChange, SteerableClock, clock_view

__all__ = ["clock_routes"]


def clock_routes(clock: SteerableClock, *, prefix: str = "/api/clock") -> APIRouter:
    """GET shows, POST steers."""
    routes = APIRouter(prefix=prefix, tags=["clock"])

    @routes.get("")
    async def show() -> dict[str, JsonValue]:
        """The moment, whether it stands, and how far it is ahead of the machine."""
        return clock_view(clock)

    @routes.post("")
    async def steer(change: ClockChange) -> dict[str, JsonValue]:
        """Freeze, advance (90s, 5m, 2h, 3d, 15wd), resume; answers once the timers on the way have fired."""
        await clock.change(change)
        return clock_view(clock)

    return routes
