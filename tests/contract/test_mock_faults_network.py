"""Faults of the network, at a real socket, as a real client meets them."""

import asyncio
import socket
import struct
import time

import httpx
import pytest

from lgsp_mocks.axis import STAND_IN as AXIS
from lgsp_mocks.igate import STAND_IN as IGATE
from lgsp_mocks.ioffice import STAND_IN as IOFFICE
from lgsp_mocks.portal import STAND_IN as PORTAL
from served_standin import Served, in_process, served
from waiting import eventually

pytestmark = pytest.mark.contract
STAND_INS = pytest.mark.parametrize("stand_in", [AXIS, IGATE, IOFFICE, PORTAL], ids=lambda one: one.name)


async def until_somebody_sleeps(axis: Served) -> None:
    await eventually(lambda: bool(axis.clock._sleepers), "somebody sleeps")


@STAND_INS
async def test_reset_is_a_reset_of_the_connection(stand_in):
    async with served(stand_in) as standin:
        await standin.fault("reset", count=1)
        with pytest.raises(httpx.ReadError):
            await standin.http.post("/x")
        assert (await standin.http.post("/x")).status_code == 404
        [entry] = (await standin.journal(fault="reset"))["requests"]
        assert (entry["answered_by"], entry["status"]) == ("fault", 0)


async def test_reset_is_rst_on_the_wire_and_not_an_orderly_end():
    async with served(AXIS) as axis:
        await axis.fault("reset")
        reader, writer = await asyncio.open_connection("127.0.0.1", int(axis.url.rpartition(":")[2]))
        writer.write(b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(reader.read(), 5)
        writer.close()


async def test_reset_behind_the_work_leaves_what_was_done():
    async with served(AXIS) as axis:
        await axis.fault("reset", when="after", operation="login")
        login = {"username": "sim.lgsp.01", "password": "sim-secret"}
        with pytest.raises(httpx.ReadError):
            await axis.http.post("/v1/auth/login", json=login)
        assert len((await axis.http.get("/__mock__/state/rest_tokens")).json()) == 1


async def test_half_an_answer_ends_in_the_middle():
    async with served(AXIS) as axis:
        whole = (await axis.http.post("/getAgenciesList")).content
        await axis.fault("half")
        received: list[bytes] = []
        with pytest.raises(httpx.RemoteProtocolError):
            await read_into(received, axis, len(whole))
        assert b"".join(received) == whole[: len(whole) // 2]


async def read_into(received: list[bytes], axis: Served, promised: int) -> None:
    async with axis.http.stream("POST", "/getAgenciesList") as answer:
        assert answer.headers["content-length"] == str(promised)
        async for chunk in answer.aiter_raw():
            received.append(chunk)  # noqa: PERF401 - what came before the error counts


async def test_timeout_never_answers_and_the_caller_gives_up():
    async with served(AXIS) as axis:
        await axis.fault("timeout")
        with pytest.raises(httpx.ReadTimeout):
            await axis.http.post("/x", timeout=0.2)
        entry = (await axis.journal(fault="timeout", wait=5))["requests"][0]
        assert entry["status"] == 0
        assert not axis.clock._sleepers or all(woken.cancelled() for _, _, woken in axis.clock._sleepers)


async def test_timeout_ends_with_its_time():
    async with served(AXIS) as axis:
        await axis.fault("timeout", delay_s=60)
        asked = asyncio.create_task(axis.http.post("/x"))
        await until_somebody_sleeps(axis)
        await axis.clock.advance(60)
        with pytest.raises(httpx.ReadError):
            await asked


async def test_tls_where_http_should_be_is_no_answer():
    async with served(AXIS) as axis:
        await axis.fault("tls", count=1)
        with pytest.raises(httpx.RemoteProtocolError):
            await axis.http.post("/x")
        assert (await axis.http.post("/x")).status_code == 404


async def test_latency_waits_on_the_clock_of_the_stand_in_with_its_jitter():
    async with served(AXIS) as axis:
        await axis.fault("latency", delay_s=100, jitter_s=50, seed=7)
        waits = []
        for _ in range(4):
            asked = asyncio.create_task(axis.http.post("/x"))
            await until_somebody_sleeps(axis)
            due = axis.clock._sleepers[0][0]
            waits.append((due - axis.clock.now()).total_seconds())
            await axis.clock.advance(waits[-1])
            assert (await asked).status_code == 404
        assert len(set(waits)) == 4
        assert all(50 <= wait <= 150 for wait in waits)


async def test_throttle_sends_at_its_pace():
    async with served(AXIS) as axis:
        whole = (await axis.http.post("/getAgenciesList")).content
        await axis.fault("throttle", bytes_per_s=len(whole))
        began = axis.clock.now()
        asked = asyncio.create_task(axis.http.post("/getAgenciesList"))
        async with asyncio.timeout(5):
            while not asked.done():
                await axis.clock.advance(0.05)
                await asyncio.sleep(0)
        assert (await asked).content == whole
        assert (axis.clock.now() - began).total_seconds() >= 0.95


@pytest.mark.parametrize(("kind", "status"), [("down", 503), ("error", 418)])
async def test_down_and_error_answer_in_place_of_the_stand_in(kind, status):
    async with served(AXIS) as axis:
        await axis.fault(kind, status=418)
        assert (await axis.http.post("/x", content=b"seen")).status_code == status
        entry = await axis.last()
        assert (entry["answered_by"], entry["body"]) == ("fault", "seen")


async def test_the_connection_of_another_request_is_left_alone():
    async with served(AXIS) as axis:
        await axis.fault("reset", path="/broken")
        answers = await asyncio.gather(
            *(axis.http.post("/broken" if number % 2 else "/x") for number in range(10)),
            return_exceptions=True,
        )
        assert [isinstance(one, httpx.ReadError) for one in answers] == [
            bool(number % 2) for number in range(10)
        ]


@pytest.mark.parametrize(
    ("kind", "error"),
    [("reset", httpx.ReadError), ("half", httpx.RemoteProtocolError), ("tls", httpx.RemoteProtocolError)],
)
async def test_without_a_socket_the_client_meets_the_same_error(kind, error):
    async with in_process(AXIS) as axis:
        await axis.fault(kind, count=1)
        with pytest.raises(error):
            await axis.http.post("/getAgenciesList")


# Scope, share, count, seed, expiry


async def test_share_and_seed_draw_the_same_ones_every_time():
    async def struck(seed: int) -> list[bool]:
        async with in_process(AXIS) as axis:
            await axis.fault("error", share=0.3, seed=seed)
            return [(await axis.http.post("/x")).status_code == 503 for _ in range(100)]

    first = await struck(1)
    assert await struck(1) == first
    assert await struck(2) != first
    assert 15 <= sum(first) <= 45


async def test_after_spares_the_first_and_count_ends_it():
    async with in_process(AXIS) as axis:
        await axis.fault("down", after=2, count=2)
        statuses = [(await axis.http.post("/x")).status_code for _ in range(6)]
        assert statuses == [404, 404, 503, 503, 404, 404]
        assert (await axis.http.get("/__mock__/faults")).json() == []


async def test_a_fault_ends_after_ten_minutes_if_nothing_else_is_said():
    async with in_process(AXIS) as axis:
        await axis.fault("down")
        await axis.clock.advance(599)
        assert (await axis.http.post("/x")).status_code == 503
        await axis.clock.advance(1)
        assert (await axis.http.post("/x")).status_code == 404


async def test_a_fault_ends_in_real_time_too_where_the_clock_stands(monkeypatch):
    async with in_process(AXIS) as axis:
        await axis.fault("down", expires_s=5)
        later = time.monotonic() + 6
        monkeypatch.setattr("lgsp_mocks.kit.faults.time.monotonic", lambda: later)
        assert (await axis.http.post("/x")).status_code == 404


@pytest.mark.parametrize(
    ("scope", "path", "body", "status"),
    [
        ({"path": "/v1/*"}, "/v1/x", "", 503), ({"path": "/v1/*"}, "/x", "", 404),
        ({"operation": "send*"}, "/a/sendThis", "", 503), ({"operation": "send*"}, "/a/getThis", "", 404),
        ({"operation": "DongBoHoSo"}, "/mapi/g", '{"service": "DongBoHoSo"}', 503),
        ({"operation": "DongBoHoSo"}, "/mapi/g", '{"service": "DongBoHoSoMC"}', 404),
        ({"agency": "000.00.01.H34"}, "/x", '<To>000.00.01.H34</To>', 503),
        ({"agency": "H34.1"}, "/x", '<To>000.00.01.H34</To>', 503),
        ({"agency": "000.00.01.H34"}, "/x?to=H34.1", "", 503),
        ({"agency": "H34.1"}, "/x?to=H34.10", "", 404), ({"agency": "H34"}, "/x?to=H34.1", "", 404),
    ],
)  # fmt: skip
async def test_scope_is_path_operation_and_agency(scope, path, body, status):
    async with in_process(AXIS) as axis:
        await axis.fault("down", **scope)
        assert (await axis.http.post(path, content=body)).status_code == status


async def test_faults_are_named_listed_replaced_and_cleared():
    async with in_process(AXIS) as axis:
        assert (await axis.fault("down"))["id"] == "fault-1"
        await axis.fault("down", id="mine", count=5)
        await axis.fault("error", id="mine", path="/y")
        await axis.http.post("/x")
        listed = {one["id"]: one for one in (await axis.http.get("/__mock__/faults")).json()}
        assert set(listed) == {"fault-1", "mine"}
        assert (listed["fault-1"]["hits"], listed["fault-1"]["seen"], listed["mine"]["hits"]) == (1, 1, 0)
        assert listed["fault-1"]["expires_at"].startswith("2026-11-23T08:40")
        assert (await axis.http.delete("/__mock__/faults/mine")).status_code == 200
        assert (await axis.http.delete("/__mock__/faults/mine")).status_code == 404
        await axis.http.delete("/__mock__/faults")
        assert (await axis.http.get("/__mock__/faults")).json() == []


async def test_no_more_than_a_hundred_faults_are_on():
    async with in_process(AXIS) as axis:
        for _ in range(100):
            await axis.fault("down", path="/y")
        assert (await axis.http.post("/__mock__/faults", json={"kind": "down"})).status_code == 409


async def test_a_client_that_resets_in_mid_request_leaves_the_stand_in_well():
    async with served(AXIS) as axis:
        await axis.fault("down", agency="H34.1")
        port = int(axis.url.rpartition(":")[2])
        raw = socket.create_connection(("127.0.0.1", port))
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raw.sendall(b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc")
        raw.close()
        found = await axis.journal(path="/x", wait=5)
        assert found["satisfied"]
        assert (await axis.http.post("/y")).status_code == 404
