"""/api/holdings: what each system holds about a document or a dossier, and whether they agree."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, JsonValue
from pydantic_core import from_json

from lgsp.errors import LgspError, NotFoundError
from lgsp.gateway.copies import Copy, Difference, bus_copy, copies_of, differences
from lgsp.gateway.ports import GatewayServices
from lgsp.gateway.problems import documented
from lgsp.store import TracedMessage

__all__ = ["HoldingsView", "SystemHolding", "holdings", "holdings_routes"]

_DOCUMENT_TABLES = ("documents", "external_documents", "packets")
_DOSSIER_TABLES = ("dossiers", "drafts")
_DOSSIER_KEYS = ("code", "national_code", "MaHoSo", "MaHoSoQuocGia", "dossier_code")
_STATES = ("TrangThaiHoSo", "status")
_MOST = 200
_UNDER_WAY = frozenset({"accepted", "routed", "retrying", "replayed"})


class SystemHolding(BaseModel):
    """`answer`: holds, nothing, unasked (no stand-in, so it can't be asked here), or away (it does not answer; `reason` says how).

    `state` as the system has it, "" where it has none.
    """

    model_config = ConfigDict(frozen=True)

    system: str
    answer: Literal["holds", "nothing", "unasked", "away"]
    state: str = ""
    reason: str = ""
    records: tuple[dict[str, JsonValue], ...] = ()


class HoldingsView(BaseModel):
    """`agree` null: there is nothing to compare. `bus_state` is what the last dossier message said.

    `copies` are a document as each place has it; `differences` what two places both keep, and keep differently; `under_way`: something
    about it has not arrived yet, so that a difference may pass by itself.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    bus_state: str
    agree: bool | None
    systems: tuple[SystemHolding, ...]
    copies: tuple[Copy, ...] = ()
    differences: tuple[Difference, ...] = ()
    under_way: bool = False


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
        raise NotFoundError(
            f"nothing is known under {key!r} (document id, số/ký hiệu, mã hồ sơ)",
            f"trục chưa thấy gì về {key!r} (mã văn bản, số/ký hiệu, mã hồ sơ)",
        )
    about = _about(key, conversation)
    document = any(one.message.type.startswith("document.") for one in about)
    systems = await asyncio.gather(
        *(_ask(services, name, _wanted(key, about, document=document)) for name in services.systems)
    )
    messages = await _messages(services, about)
    bus_state = "" if document else _bus_state(messages)
    copies = _copies(messages, systems) if document else []
    found = [*_missing(about, systems, copies), *differences(copies)] if document else []
    states = [("bus", bus_state), *((one.system, one.state) for one in systems)]
    states = [] if document else [(place, state) for place, state in states if state]
    if len({state for _, state in states}) > 1:
        found.append(Difference(what="state", values=tuple(states)))
    return HoldingsView(
        key=key,
        bus_state=bus_state,
        agree=not found if found or max(len(copies), len(states)) > 1 else None,
        systems=tuple(systems),
        copies=tuple(copies),
        differences=tuple(found),
        under_way=any(one.message.state in _UNDER_WAY for one in about),
    )


class _Wanted(NamedTuple):
    tables: tuple[str, ...]
    fields: tuple[str, ...]
    values: tuple[str, ...]


def _about(key: str, conversation: Sequence[TracedMessage]) -> Sequence[TracedMessage]:
    """Of a document's conversation, what is about itself and not about the one that it answers; of a dossier's, all."""
    named = [one.message for one in conversation if key in {one.message.subject, one.message.number}]
    first = named[0] if named else conversation[0].message
    if not first.type.startswith("document."):
        return conversation
    return [one for one in conversation if one.message.subject == first.subject]


def _wanted(key: str, about: Sequence[TracedMessage], *, document: bool) -> _Wanted:
    """A number may come back next year, so documents are found by their id alone."""
    if document:
        return _Wanted(_DOCUMENT_TABLES, ("document_id",), (about[0].message.subject,))
    names = {key} | {name for one in about for name in (one.message.subject, one.message.number)}
    return _Wanted(_DOSSIER_TABLES, _DOSSIER_KEYS, tuple(sorted(names - {""})))


async def _ask(services: GatewayServices, name: str, wanted: _Wanted) -> SystemHolding:
    if services.stand_ins is None or name not in services.stand_ins.urls:
        return SystemHolding(system=name, answer="unasked")
    found: list[dict[str, JsonValue]] = []
    where = {"field": wanted.fields, "value": wanted.values}
    try:
        for table in wanted.tables:
            page = await services.stand_ins.rows(name, table, where=where, limit=_MOST)
            found += reversed(page.rows)
    except LgspError as exc:
        return SystemHolding(system=name, answer="away", reason=str(exc))
    if not found:
        return SystemHolding(system=name, answer="nothing")
    dossier = next((row for row in found if "TrangThaiHoSo" in row or "national_code" in row), {})
    state = next((str(dossier[each]) for each in _STATES if dossier.get(each)), "")
    return SystemHolding(system=name, answer="holds", state=state, records=tuple(found))


async def _messages(
    services: GatewayServices, conversation: Sequence[TracedMessage]
) -> list[tuple[str, Mapping[str, JsonValue]]]:
    """(type, data), oldest first."""
    bodies = await services.store.bodies([one.message.seq for one in conversation])
    found: list[tuple[str, Mapping[str, JsonValue]]] = []
    for one in conversation:
        data = from_json(bodies[one.message.seq])["data"] if one.message.seq in bodies else None
        if isinstance(data, dict):
            found.append((one.message.type, data))
    return found


def _bus_state(messages: Sequence[tuple[str, Mapping[str, JsonValue]]]) -> str:
    told = [data.get("state") for kind, data in messages if kind.startswith("dossier.")]
    return next((str(state) for state in reversed(told) if state), "")


def _copies(
    messages: Sequence[tuple[str, Mapping[str, JsonValue]]], systems: Sequence[SystemHolding]
) -> list[Copy]:
    """The sender's, the bus's, the axis's, the receivers'."""
    held = [copy for one in systems for copy in copies_of(one.system, one.records)]
    on_bus = bus_copy(messages)
    order = ("sender", "bus", "axis", "receiver")
    return sorted([*held, *([on_bus] if on_bus else [])], key=lambda copy: order.index(copy.role))


def _missing(
    about: Sequence[TracedMessage], systems: Sequence[SystemHolding], copies: Sequence[Copy]
) -> list[Difference]:
    """The places that sent the document, or took it from the bus, and hold nothing of it; of those that could be asked."""
    asked = {one.system for one in systems if one.answer in {"holds", "nothing"}}
    expected: dict[tuple[str, str], None] = {}
    for one in about:
        if one.message.type == "document.issued":
            expected[one.message.source.removeprefix("/systems/"), one.message.sender or ""] = None
            taken = {step.system for step in one.steps if step.step == "delivered"}
            routed = [step for step in one.steps if step.step == "routed" and step.system in taken]
            expected |= {
                (step.system, each): None for step in routed for each in step.detail.split(",") if each
            }
    there = {(copy.system, copy.organization) for copy in copies}
    gone = [
        f"{system} {name}" for system, name in expected if system in asked and (system, name) not in there
    ]
    return [Difference(what="missing", values=tuple((place, "") for place in gone))] if gone else []
