"""The request journal of every stand-in."""

import asyncio
import gc

import pytest
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from lgsp.clock import VirtualClock
from lgsp_mocks.axis import STAND_IN as AXIS
from lgsp_mocks.igate import STAND_IN as IGATE
from lgsp_mocks.ioffice import STAND_IN as IOFFICE
from lgsp_mocks.kit.journal import KEEP_ALL_BYTES, KEEP_REQUESTS, Journal
from lgsp_mocks.portal import STAND_IN as PORTAL
from served_standin import START, in_process, served
from waiting import eventually

pytestmark = pytest.mark.contract
STAND_INS = pytest.mark.parametrize("stand_in", [AXIS, IGATE, IOFFICE, PORTAL], ids=lambda one: one.name)


@STAND_INS
async def test_what_came_is_written_down_with_who_answered(stand_in):
    async with in_process(stand_in) as standin:
        await standin.http.post("/nowhere?a=1", content=b"hello", headers={"Authorization": "Bearer x"})
        entry = await standin.last()
        assert (entry["method"], entry["path"], entry["query"], entry["body"]) == (
            "POST",
            "/nowhere",
            "a=1",
            "hello",
        )
        assert entry["answered_by"] == "nobody"
        assert entry["headers"]["authorization"] == "***"


async def test_a_path_that_nobody_has_names_the_nearest_and_a_wrong_method_the_right_one():
    async with in_process(AXIS) as axis:
        await axis.http.post("/sendEdocs")
        assert (await axis.last())["why_not"] == [
            {"stand-in": "/sendEdoc", "differences": ["path: wanted '/sendEdoc', came '/sendEdocs'"]}
        ]
        await axis.http.get("/sendEdoc")
        assert (await axis.last())["why_not"][0]["differences"] == ["method: wanted POST, came GET"]


async def test_filters_choose_among_the_entries():
    async with in_process(AXIS) as axis:
        for path in ("/getAgenciesList", "/nowhere", "/getAgenciesList"):
            await axis.http.post(path, content=b"needle" if path == "/nowhere" else b"")
        for wanted, count in (
            ({"path": "/getA*"}, 2), ({"status": 404}, 1), ({"answered_by": "stand-in"}, 2), ({"contains": "needle"}, 1),
            ({"method": "get"}, 0), ({"since": 2}, 1), ({"limit": 1}, 3), ({"direction": "event"}, 0),
        ):  # fmt: skip
            found = await axis.journal(**wanted)
            assert found["matched"] == count, wanted
            assert len(found["requests"]) == min(count, wanted.get("limit", 1000))


async def test_a_filter_that_is_none_is_refused():
    async with in_process(AXIS) as axis:
        assert (await axis.http.get("/__mock__/requests?wiat=1")).status_code == 422


async def test_the_journal_is_emptied_and_its_numbers_go_on():
    async with in_process(AXIS) as axis:
        await axis.http.post("/nowhere")
        assert (await axis.http.delete("/__mock__/requests")).json() == {"requests": 0}
        assert (await axis.journal())["total"] == 0
        await axis.http.post("/nowhere")
        assert (await axis.last())["number"] == 2


async def test_waiting_ends_as_soon_as_enough_has_come():
    async with served(AXIS) as axis:
        waiting = asyncio.create_task(axis.journal(path="/b", count=2, wait=30))
        for path in ("/a", "/b", "/b"):
            assert not waiting.done()
            await axis.http.get(path)
        found = await waiting
        assert found["satisfied"]
        assert found["matched"] == 2


async def test_waiting_in_vain_says_what_did_come():
    async with in_process(AXIS) as axis:
        await axis.http.get("/b")
        found = await axis.journal(count=2, wait=0.05)
        assert not found["satisfied"]
        assert found["matched"] == 1


async def test_a_caller_who_hangs_up_is_waited_for_no_longer():
    async with served(AXIS) as axis:
        waiting = asyncio.create_task(axis.journal(count=2, wait=60))
        runtime = axis.app.state.runtime
        await eventually(lambda: bool(runtime.journal._waiting), "somebody waits")
        waiting.cancel()
        await eventually(lambda: not runtime.journal._waiting, "nobody waits any more")


def test_the_journal_is_bounded_by_count_and_by_bytes():
    small = Journal(VirtualClock(START))
    for _ in range(KEEP_REQUESTS + 10):
        small.add(small.blank("in", "GET", "/"))
    assert len(small.entries) == KEEP_REQUESTS
    assert small.total == KEEP_REQUESTS + 10
    large = Journal(VirtualClock(START))
    for _ in range(200):
        large.add({**large.blank("in", "GET", "/"), "query": "q" * 64_000})
    assert 50 < len(large.entries) <= KEEP_ALL_BYTES // 64_000
    assert large.entries[-1]["number"] == 200


@STAND_INS
async def test_an_answered_call_is_freed_without_the_collector_of_cycles(stand_in):
    async with served(stand_in) as standin:
        await standin.http.post("/nowhere")
        gc.collect()
        gc.disable()
        try:
            for _ in range(20):
                await standin.http.post("/nowhere")
            kept = [one for one in gc.get_objects() if isinstance(one, RequestResponseCycle)]
        finally:
            gc.enable()
        assert len(kept) < 5
