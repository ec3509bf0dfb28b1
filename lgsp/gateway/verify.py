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
    async def verify(receivers: bool = False) -> dict[str, JsonValue]:
        """Accepted = delivered + dead + expired + discarded + under way, by system; and every message that breaks it, by name.

        With `receivers`, each system that can be asked must also hold what was delivered to it, and a stand-in nothing twice.
        """
        found = await services.verifier.verify(receivers=receivers)
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
            "strayed": [{"id": message_id, "system": ""} for message_id in found.strayed],
            "not_held": _named(found.not_held),
            "held_twice": _named(found.held_twice),
            "asked": dict(found.asked),
        }

    return routes


def _named(pairs: tuple[tuple[str, str], ...]) -> list[JsonValue]:
    return [{"id": message_id, "system": system} for message_id, system in pairs]
