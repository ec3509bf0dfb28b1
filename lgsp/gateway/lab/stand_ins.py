"""/api/lab/stand-ins: forget what they hold, and put the seeded population back."""

from fastapi import APIRouter
from pydantic import BaseModel

from lgsp.errors import NotFoundError
from lgsp.gateway.ports import GatewayServices
from lgsp.gateway.problems import documented
from lgsp.gateway.stand_ins import StandIns

__all__ = ["begin_anew", "stand_in_routes", "stand_ins_of"]


class StandInsView(BaseModel):
    """By name."""

    stand_ins: tuple[str, ...]


def stand_ins_of(services: GatewayServices) -> StandIns:
    """The stand-ins of the configuration.

    Raises:
        NotFoundError: only real systems are configured, and those nobody breaks from here.
    """
    if services.stand_ins is None or not services.stand_ins.urls:
        raise NotFoundError(
            "no stand-in plays any of the configured systems", "Không hệ thống nào ở đây là hệ thống giả lập."
        )
    return services.stand_ins


async def begin_anew(stand_ins: StandIns, name: str) -> None:
    """Forget everything there, and put the seeded population back.

    Raises:
        NotFoundError, RejectedError, TransientError: as `StandIns.ask`.
    """
    await stand_ins.ask(name, "POST", "reset")
    await stand_ins.ask(name, "POST", "seed")


def stand_in_routes(services: GatewayServices) -> APIRouter:
    """List, reset, seed."""
    routes = APIRouter(prefix="/stand-ins", responses=documented(404, 502))

    @routes.get("")
    async def names() -> StandInsView:
        """The systems that stand-ins play here."""
        return StandInsView(stand_ins=tuple(stand_ins_of(services).urls))

    @routes.post("/{name}/reset", status_code=204)
    async def reset(name: str) -> None:
        """Forget everything that it holds, its faults and its journal; the bus's history stays."""
        await stand_ins_of(services).ask(name, "POST", "reset")

    @routes.post("/{name}/seed", status_code=204)
    async def seed(name: str) -> None:
        """Put the seeded population back."""
        await stand_ins_of(services).ask(name, "POST", "seed")

    return routes
