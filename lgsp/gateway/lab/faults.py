"""/api/lab/faults: what goes wrong on purpose at the stand-ins, each with its end."""

import asyncio
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, JsonValue, WithJsonSchema

from lgsp.errors import LgspError
from lgsp.gateway.lab.stand_ins import stand_ins_of
from lgsp.gateway.ports import GatewayServices
from lgsp.gateway.problems import documented
from lgsp.gateway.stand_ins import StandIns

__all__ = ["FaultOrder", "FaultView", "Faults", "fault_routes"]


# The stand-in judges the whole fault, so that whoever typed it hears of all mistakes at once.
_SECONDS = {
    "type": "number", "exclusiveMinimum": 0, "maximum": 86_400, "description": "seconds until it ends by itself",
}  # fmt: skip


class FaultKindView(BaseModel):
    """What can go wrong, and `at` which stand-ins."""

    kind: str
    group: str
    what: str
    at: tuple[str, ...]


class FaultKindsView(BaseModel):
    """Each kind once."""

    kinds: tuple[FaultKindView, ...]


class FaultOrder(BaseModel):
    """A fault for the stand-in `at`. Scope: `path` and `operation` (globs), `agency`; then what the stand-in's own OpenAPI has for
    that kind (`share`, `count`, `after`, `seed`, `status`, `delay_s`, `jitter_s`, `bytes_per_s`, `skew_s`, `when`).
    """

    model_config = ConfigDict(extra="allow")

    at: str = Field(max_length=100)
    kind: str = Field(max_length=100, description="a `kind` of /api/lab/faults/kinds")
    expires_s: Annotated[JsonValue, WithJsonSchema(_SECONDS)] = 600


class FaultView(BaseModel):
    """A fault that is on: how often it was in scope (`seen`) and how often it struck (`hits`). All other fields are the stand-in's."""

    model_config = ConfigDict(extra="allow")

    at: str
    id: str
    kind: str
    seen: int
    hits: int
    expires_at: str


class FaultsView(BaseModel):
    """The faults that are on; of the systems in `silent` nobody knows, since they don't answer."""

    faults: tuple[FaultView, ...]
    silent: tuple[str, ...] = ()


class Faults:
    """The faults of all stand-ins together."""

    def __init__(self, stand_ins: StandIns) -> None:
        self._stand_ins = stand_ins

    async def kinds(self) -> list[FaultKindView]:
        """Each kind once, with the stand-ins that can play it."""
        found: dict[str, FaultKindView] = {}
        for at, rows in (await self._each("faults/kinds"))[0]:
            for row in rows:
                kind = str(row.get("kind"))
                before = found[kind].at if kind in found else ()
                group, what = str(row.get("group")), str(row.get("what"))
                found[kind] = FaultKindView(kind=kind, group=group, what=what, at=(*before, at))
        return list(found.values())

    async def on(self) -> FaultsView:
        """Those that are on."""
        every, silent = await self._each("faults")
        views = [FaultView.model_validate({**row, "at": at}) for at, rows in every for row in rows]
        return FaultsView(faults=tuple(views), silent=tuple(silent))

    async def set(self, order: FaultOrder) -> FaultView:
        """Switch one on.

        Raises:
            NotFoundError: no stand-in plays that system.
            RejectedError: it does not take that fault; the message names the field.
            TransientError: it does not answer.
        """
        body = order.model_dump(exclude={"at"})
        kept = await self._stand_ins.ask(order.at, "POST", "faults", body=body)
        return FaultView.model_validate({**(kept if isinstance(kept, dict) else {}), "at": order.at})

    async def clear(self, at: str, fault_id: str = "") -> None:
        """Switch one off, or all that are on there.

        Raises:
            NotFoundError: no such stand-in, or no such fault is on.
        """
        path = f"faults/{quote(fault_id, safe='')}" if fault_id else "faults"
        await self._stand_ins.ask(at, "DELETE", path)

    async def _each(self, path: str) -> tuple[list[tuple[str, list[dict[str, JsonValue]]]], list[str]]:
        """The rows of each stand-in that answers, and the names of those that don't."""
        names = list(self._stand_ins.urls)
        every = await asyncio.gather(*(self._rows(name, path) for name in names))
        found = [(name, rows) for name, rows in zip(names, every, strict=True) if rows is not None]
        return found, [name for name, rows in zip(names, every, strict=True) if rows is None]

    async def _rows(self, name: str, path: str) -> list[dict[str, JsonValue]] | None:
        try:
            rows = await self._stand_ins.ask(name, "GET", path)
        except LgspError:
            return None
        return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def fault_routes(services: GatewayServices) -> APIRouter:
    """Kinds, list, set, clear."""
    routes = APIRouter(prefix="/faults", responses=documented(404, 422, 502))

    def faults() -> Faults:
        return Faults(stand_ins_of(services))

    @routes.get("/kinds")
    async def kinds() -> FaultKindsView:
        """What can go wrong, and where."""
        return FaultKindsView(kinds=tuple(await faults().kinds()))

    @routes.get("")
    async def listing() -> FaultsView:
        """The faults that are on."""
        return await faults().on()

    @routes.post("", status_code=201)
    async def switch_on(order: FaultOrder) -> FaultView:
        """Switch a fault on; it ends by itself."""
        return await faults().set(order)

    @routes.delete("/{at}", status_code=204)
    async def clear_all(at: str) -> None:
        """Switch off every fault of a stand-in."""
        await faults().clear(at)

    @routes.delete("/{at}/{fault_id}", status_code=204)
    async def clear(at: str, fault_id: str) -> None:
        """Switch one off."""
        await faults().clear(at, fault_id)

    return routes
