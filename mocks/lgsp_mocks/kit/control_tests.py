"""`/__mock__/requests`, `/__mock__/expectations`, `/__mock__/faults`: what a test asks of a stand-in."""

import asyncio
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Annotated, cast

from fastapi import APIRouter, HTTPException, Query, Request
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from lgsp.errors import WrongValueError
from lgsp_mocks.kit.control import runtime_of
from lgsp_mocks.kit.expectations import Expectation, ExpectationView
from lgsp_mocks.kit.fault_kinds import BUSINESS, NETWORK, Fault, FaultView
from lgsp_mocks.kit.journal import Entry, Journal
from lgsp_mocks.kit.problems import RefusedError
from lgsp_mocks.kit.runtime import Runtime
from lgsp_mocks.kit.state import Record

__all__ = ["router"]

router = APIRouter()
Seconds = Annotated[float, Field(ge=0, le=60)]


class Wanted(BaseModel):
    """Which entries, and for how many of them to wait how long (real seconds)."""

    model_config = ConfigDict(extra="forbid")

    method: str | None = None
    path: Annotated[str | None, Field(description="a glob")] = None
    status: int | None = None
    answered_by: Annotated[str | None, Field(description="stand-in, expectation, fault or nobody")] = None
    expectation: Annotated[str | None, Field(description="the id of the one that was met")] = None
    fault: Annotated[str | None, Field(description="the id or the kind of one that struck")] = None
    direction: Annotated[str | None, Field(description="in, or event: what struck beside a request")] = None
    contains: Annotated[str | None, Field(description="in path, query or body")] = None
    since: Annotated[int, Field(ge=0, description="a number: only entries behind it")] = 0
    limit: Annotated[int, Field(ge=0, le=1000)] = 1000
    wait: Seconds = 0
    count: Annotated[int, Field(ge=1, le=1000)] = 1

    def fits(self, entry: Entry) -> bool:
        """Whether an entry is one of them."""
        equal = all(
            wanted is None or entry[name] == wanted
            for name, wanted in (
                ("method", self.method and self.method.upper()), ("status", self.status), ("answered_by", self.answered_by),
                ("expectation", self.expectation), ("direction", self.direction),
            )
        )  # fmt: skip
        if not equal or int(str(entry["number"])) <= self.since:
            return False
        if self.path is not None and not fnmatchcase(str(entry["path"]), self.path):
            return False
        if self.contains is not None and not any(
            self.contains in str(entry[name]) for name in ("path", "query", "body")
        ):
            return False
        struck = cast("list[Record]", entry["faults"])
        return self.fault is None or any(self.fault in {one["id"], one["kind"]} for one in struck)

    def of(self, journal: Journal) -> list[Entry]:
        """Those of a journal."""
        return [entry for entry in journal.entries if self.fits(entry)]


@router.get("/__mock__/requests")
async def requests(request: Request, wanted: Annotated[Wanted, Query()]) -> Record:
    """The request journal, newest last; with `wait`, as soon as `count` entries are there. `total` counts all requests."""
    journal = runtime_of(request).journal
    came = await _waited(request, journal, lambda: len(wanted.of(journal)) >= wanted.count, wanted.wait)
    found = wanted.of(journal)
    shown: list[JsonValue] = [*found[len(found) - min(len(found), wanted.limit) :]]
    return {"total": journal.total, "matched": len(found), "satisfied": came, "requests": shown}


@router.delete("/__mock__/requests")
async def forget_requests(request: Request) -> Record:
    """Empty the journal."""
    runtime_of(request).journal.clear()
    return {"requests": 0}


@router.get("/__mock__/expectations")
async def expectations(request: Request) -> list[ExpectationView]:
    """The expectations, in the order in which they are tried."""
    return runtime_of(request).expectations.all()


@router.post("/__mock__/expectations", status_code=201)
async def expect(request: Request, expectation: Expectation) -> ExpectationView:
    """Stub an answer, or several in turn; without answers, only count."""
    try:
        return runtime_of(request).expectations.add(expectation)
    except ValueError as exc:
        raise HTTPException(409, str(exc)) from exc


@router.delete("/__mock__/expectations")
async def forget_expectations(request: Request) -> Record:
    """Forget all of them."""
    runtime_of(request).expectations.clear()
    return {"expectations": 0}


@router.get("/__mock__/expectations/{name}")
async def expectation(request: Request, name: str) -> ExpectationView:
    """One, with how often it was met."""
    return _kept(runtime_of(request), name)


@router.delete("/__mock__/expectations/{name}")
async def forget_expectation(request: Request, name: str) -> Record:
    """Forget one."""
    if not runtime_of(request).expectations.remove(name):
        raise HTTPException(404, f"no expectation {name!r}")
    return {"expectation": name}


@router.get("/__mock__/expectations/{name}/verify")
async def verify(
    request: Request, name: str, times: Annotated[int | None, Query(ge=0)] = None,
    at_least: Annotated[int | None, Query(ge=0)] = None, at_most: Annotated[int | None, Query(ge=0)] = None,
    wait: Seconds = 0,
) -> Record:  # fmt: skip
    """200 where it was met that often (by default its own `times`, else at least once); 409 says what came instead.

    With `wait`, as soon as it was met often enough.
    """
    runtime = runtime_of(request)
    own = _kept(runtime, name).times
    if times is None and at_least is None and at_most is None:
        times, at_least = own, None if own else 1
    least = max(times or 0, at_least or 0)
    most = min(each for each in (times, at_most, float("inf")) if each is not None)
    await _waited(request, runtime.journal, lambda: _count(runtime, name) >= least, wait)
    count = _count(runtime, name)
    if not least <= count <= most:
        bound = f"{least}" if least == most else f"{least} to {most}".replace("inf", "any number of")
        missed = "; or: ".join(", ".join(one) for one in runtime.expectations.misses(name))
        raise HTTPException(
            409,
            f"{name} was met {count} times, wanted {bound}{f'; nearest came with {missed}' if missed else ''}",
        )
    return {"expectation": name, "verified": True, "count": count}


@router.get("/__mock__/faults")
async def faults(request: Request) -> list[FaultView]:
    """The faults that are on."""
    return runtime_of(request).faults.active()


@router.get("/__mock__/faults/kinds")
async def kinds(request: Request) -> list[Record]:
    """What this stand-in can play."""
    wording = runtime_of(request).stand_in.wording
    groups = (("network", NETWORK), ("business", BUSINESS))
    return [
        {"kind": kind, "group": group, "what": what}
        for group, lines in groups
        for kind, what in lines.items()
        if not wording.lacks(kind)
    ]


@router.post("/__mock__/faults", status_code=201)
async def add_fault(request: Request, fault: Fault) -> FaultView:
    """Switch a fault on; it goes off by itself."""
    runtime = runtime_of(request)
    if runtime.stand_in.wording.lacks(fault.kind):
        name, kind = runtime.stand_in.name, fault.kind
        raise RefusedError(
            422,
            f"{name} can't play {kind}; GET /__mock__/faults/kinds lists what it can",
            f"{name} không giả lập được lỗi {kind}; GET /__mock__/faults/kinds liệt kê các lỗi có thể.",
        )
    try:
        return runtime.faults.add(fault)
    except WrongValueError as exc:
        raise RefusedError(409, str(exc), exc.message_vi) from exc


@router.delete("/__mock__/faults")
async def clear_faults(request: Request) -> Record:
    """Switch every fault off."""
    runtime_of(request).faults.clear()
    return {"faults": 0}


@router.delete("/__mock__/faults/{fault_id}")
async def clear_fault(request: Request, fault_id: str) -> Record:
    """Switch one off."""
    if not runtime_of(request).faults.remove(fault_id):
        raise RefusedError(404, f"no fault {fault_id!r} is on", f"Lỗi {fault_id!r} không còn bật.")
    return {"fault": fault_id}


def _kept(runtime: Runtime, name: str) -> ExpectationView:
    found = runtime.expectations.get(name)
    if found is None:
        raise HTTPException(404, f"no expectation {name!r}")
    return found


def _count(runtime: Runtime, name: str) -> int:
    found = runtime.expectations.get(name)
    return found.count if found else 0


async def _waited(request: Request, journal: Journal, is_enough: Callable[[], bool], seconds: float) -> bool:
    """Whether it is enough by then; who has hung up is not waited for."""
    if seconds <= 0 or is_enough():
        return is_enough()
    waiting = asyncio.ensure_future(journal.wait(is_enough, seconds))
    gone = asyncio.ensure_future(_hung_up(request))
    try:
        await asyncio.wait({waiting, gone}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in (waiting, gone):
            one.cancel()
        await asyncio.gather(waiting, gone, return_exceptions=True)
    return is_enough()


async def _hung_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
