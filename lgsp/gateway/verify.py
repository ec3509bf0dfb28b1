"""/api/verify: does every message obey the law?"""

from dataclasses import asdict

from fastapi import APIRouter
from pydantic import JsonValue

from lgsp.gateway.ports import GatewayServices

__all__ = ["verify_routes"]


def verify_routes(services: GatewayServices) -> APIRouter:
    """One question, one answer."""
    routes = APIRouter(prefix="/api/verify", tags=["verification"])

    @routes.get("")
    async def verify() -> dict[str, JsonValue]:
        """Accepted = delivered + dead + expired + discarded + under way, by system; and every message that breaks it, by name."""
        found = await services.verifier.verify()
        counts = asdict(found.counts)
        return {
            "holds": found.holds,
            "settled": found.settled,
            "accepted": counts["accepted"],
            "unrouted": counts["unrouted"],
            "by_state": counts["by_state"],
            "systems": list(counts["systems"]),
            "waiting": dict(found.waiting),
            "lost": _named(found.lost),
            "doubled": _named(found.doubled),
        }

    return routes


def _named(pairs: tuple[tuple[str, str], ...]) -> list[JsonValue]:
    return [{"id": message_id, "system": system} for message_id, system in pairs]
