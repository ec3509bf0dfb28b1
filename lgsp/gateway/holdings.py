"""/api/holdings: what each system holds about a document or a dossier, and whether they agree."""

import asyncio
from collections.abc import Sequence
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, JsonValue
from pydantic_core import from_json

from lgsp.errors import LgspError, NotFoundError
from lgsp.gateway.ports import GatewayServices
from lgsp.gateway.problems import documented
from lgsp.store import TracedMessage

__all__ = ["HoldingsView", "SystemHolding", "holdings", "holdings_routes"]

_TABLES = ("documents", "external_documents", "dossiers", "drafts")
_KEYS = ("document_id", "code", "national_code", "MaHoSo", "MaHoSoQuocGia", "dossier_code")
_STATES = ("TrangThaiHoSo", "status")
_MOST = 20


class SystemHolding(BaseModel):
    """`answer`: holds, nothing, or unasked (no stand-in, so it can't be asked here). `state` as the system has it, "" where it has none."""

    model_config = ConfigDict(frozen=True)

    system: str
    answer: Literal["holds", "nothing", "unasked"]
    state: str = ""
    reason: str = ""
    records: tuple[dict[str, JsonValue], ...] = ()


class HoldingsView(BaseModel):
    """`agree` null: fewer than two of them have a state to compare. `bus_state` is what the last dossier message said."""

    model_config = ConfigDict(frozen=True)

    key: str
    bus_state: str
    agree: bool | None
    systems: tuple[SystemHolding, ...]


def holdings_routes(services: GatewayServices) -> APIRouter:
    """One question."""
    routes = APIRouter(prefix="/api/holdings", tags=["messages"])

    @routes.get("/{key:path}", responses=documented(404, 503))
    async def show(key: str) -> HoldingsView:
        """Side by side: the bus's own view, and what each system that can be asked holds under that key."""
        return await holdings(services, key, await services.store.trace(key))

    return routes


async def holdings(
    services: GatewayServices, key: str, conversation: Sequence[TracedMessage]
) -> HoldingsView:
    """Ask all of them at once.

    Raises:
        NotFoundError: the bus knows nothing under that key.
    """
    if not conversation:
        raise NotFoundError(f"nothing is known under {key!r} (document id, số/ký hiệu, mã hồ sơ)")
    names = (
        {key} | {one.message.subject for one in conversation} | {one.message.number for one in conversation}
    )
    wanted = frozenset(names - {""})
    systems = await asyncio.gather(*(_ask(services, name, wanted) for name in services.systems))
    bus_state = await _bus_state(services, conversation)
    states = [one for one in (bus_state, *(each.state for each in systems)) if one]
    agree = len(set(states)) == 1 if len(states) > 1 else None
    return HoldingsView(key=key, bus_state=bus_state, agree=agree, systems=tuple(systems))


async def _ask(services: GatewayServices, name: str, wanted: frozenset[str]) -> SystemHolding:
    if services.stand_ins is None or name not in services.stand_ins.urls:
        return SystemHolding(system=name, answer="unasked", reason="not a stand-in")
    found: list[dict[str, JsonValue]] = []
    try:
        for table in _TABLES:
            rows = await services.stand_ins.ask(name, "GET", f"state/{table}")
            found += [row for row in _rows(rows) if any(row.get(each) in wanted for each in _KEYS)]
    except LgspError as exc:
        return SystemHolding(system=name, answer="unasked", reason=str(exc))
    if not found:
        return SystemHolding(system=name, answer="nothing")
    dossier = next((row for row in found if "TrangThaiHoSo" in row or "national_code" in row), {})
    state = next((str(dossier[each]) for each in _STATES if dossier.get(each)), "")
    return SystemHolding(system=name, answer="holds", state=state, records=tuple(found[:_MOST]))


async def _bus_state(services: GatewayServices, conversation: Sequence[TracedMessage]) -> str:
    seqs = [one.message.seq for one in conversation if one.message.type.startswith("dossier.")]
    bodies = await services.store.bodies(seqs)
    for seq in reversed(seqs):
        data = from_json(bodies[seq])["data"] if seq in bodies else {}
        if isinstance(data, dict) and data.get("state"):
            return str(data["state"])
    return ""


def _rows(table: JsonValue) -> list[dict[str, JsonValue]]:
    return [row for row in table.values() if isinstance(row, dict)] if isinstance(table, dict) else []
