"""The control pages of a clock, on a stand-in and on the gateway, and the command that steers them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from lgsp.cli import main
from lgsp.clock import VIETNAM, Clock, SteerableClock, VirtualClock
from lgsp.gateway.clock import clock_routes
from lgsp.gateway.monitor import create_monitor
from lgsp.gateway.problems import install
from lgsp.http_server import HttpServer
from lgsp_mocks.kit.app import create_app
from lgsp_mocks.portal import STAND_IN

pytestmark = pytest.mark.contract

MONDAY = datetime(2026, 11, 30, 8, tzinfo=VIETNAM)
MOCK, GATEWAY = "/__mock__/clock", "/api/clock"


def gateway(clock: SteerableClock) -> FastAPI:
    app = FastAPI()
    app.include_router(clock_routes(clock))
    install(app)
    return app


def stand_in(clock: Clock | None) -> FastAPI:
    return create_app(STAND_IN, clock=clock, autopilot=False)


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    server = HttpServer("test", "127.0.0.1", 0)
    try:
        await server.start(app)
        yield server.url
    finally:
        await server.stop()


class Page:
    """The clock page of one server."""

    def __init__(self, http: httpx.AsyncClient, path: str) -> None:
        self.http, self.path = http, path

    async def shown(self):
        return (await self.http.get(self.path)).json()

    async def steer(self, change) -> httpx.Response:
        return await self.http.post(self.path, json=change)


@pytest.fixture(params=["gateway", "stand-in"])
async def page(request) -> AsyncIterator[Page]:
    app, path = (gateway(SteerableClock()), GATEWAY) if request.param == "gateway" else (stand_in(None), MOCK)
    async with served(app) as url, httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as client:
        yield Page(client, path)


async def lgsp(*arguments: str) -> int:
    return await asyncio.to_thread(main, ["clock", *arguments])


async def test_the_page_freezes_advances_by_working_days_and_resumes(page):
    at = MONDAY.isoformat()
    frozen = (await page.steer({"freeze": at})).json()
    assert (frozen["now"], frozen["frozen"]) == (at, True)
    assert (await page.shown())["now"] == at
    later = (await page.steer({"advance": "15wd"})).json()
    assert later["now"] == "2026-12-21T08:00:00+07:00"
    running = (await page.steer({"resume": True})).json()
    assert not running["frozen"]
    assert running["now"] > later["now"]
    assert running["clock"] == frozen["clock"]


@pytest.mark.parametrize(
    "change", [{}, {"advance": "soon"}, {"freeze": "9999-12-31"}, {"back": "3d"}, [], {"advance": "1d", "x": 1}]
)  # fmt: skip
async def test_nonsense_is_a_422_and_changes_nothing(page, change):
    await page.steer({"freeze": MONDAY.isoformat()})
    assert (await page.steer(change)).status_code == 422
    assert (await page.shown())["now"] == MONDAY.isoformat()


async def test_beyond_the_century_is_a_422(page):
    await page.steer({"freeze": "2099-12-31"})
    assert (await page.steer({"advance": "3d"})).status_code == 422
    assert (await page.shown())["now"] == "2099-12-31T00:00:00+07:00"


async def test_a_stand_in_with_another_clock_shows_it_and_refuses_to_steer():
    async with served(stand_in(VirtualClock(MONDAY))) as url, httpx.AsyncClient(trust_env=False) as http:
        assert (await http.get(url + MOCK)).json() == {"now": MONDAY.isoformat()}
        assert (await http.post(url + MOCK, json={"advance": "1d"})).status_code == 409


async def test_the_command_steers_a_gateway_and_a_stand_in_of_another_process_to_one_moment(capsys):
    ours, theirs = SteerableClock(), SteerableClock()
    async with served(gateway(ours)) as first, served(stand_in(theirs)) as second:
        urls = ("--url", first, "--url", second)
        assert await lgsp("freeze", *urls) == 0
        assert ours.now() == theirs.now()
        assert await lgsp("freeze", "2026-11-30T08:00", *urls) == 0
        assert await lgsp("advance", "1wd", *urls) == 0
        assert ours.now() == theirs.now() == MONDAY + timedelta(days=1)
        printed = capsys.readouterr().out.splitlines()[-2:]
        assert [line.split()[0] for line in printed] == ["2026-12-01T08:00:00+07:00"] * 2
        assert "stands" in printed[0]
        assert await lgsp("resume", *urls) == 0
        assert (ours.is_frozen, theirs.is_frozen) == (False, False)


async def test_without_urls_the_command_steers_every_part_of_the_settings_in_whatever_process(
    tmp_path, monkeypatch, capsys
):
    ours, alone, theirs = SteerableClock(), SteerableClock(), SteerableClock()
    worker = create_monitor(no_parts, CollectorRegistry(), alone)
    async with served(gateway(ours)) as first, served(worker) as second, served(stand_in(theirs)) as third:
        port, worker_port, mock_port = (url.rsplit(":", 1)[1] for url in (first, second, third))
        config = tmp_path / "lgsp.toml"
        # Nobody runs the axis: it is passed over.
        config.write_text(
            f"port = {port}\nworker_port = {worker_port}\n[mocks]\nigate = {mock_port}\naxis = 1\n"
        )
        monkeypatch.setenv("LGSP_CONFIG", str(config))
        assert await lgsp("freeze", "2026-11-30T08:00") == 0
        assert await lgsp("advance", "15wd") == 0
    assert {clock.now().isoformat() for clock in (ours, alone, theirs)} == {"2026-12-21T08:00:00+07:00"}
    assert len(capsys.readouterr().out.splitlines()) == 6


async def no_parts() -> dict[str, bool]:
    return {}


async def test_a_clock_that_several_urls_share_advances_once(capsys):
    shared = SteerableClock()
    await shared.freeze(MONDAY)
    async with served(gateway(shared)) as first, served(stand_in(shared)) as second:
        assert await lgsp("advance", "3d", "--url", first, "--url", second, "--json") == 0
    assert shared.now() == MONDAY + timedelta(days=3)
    (only,) = json.loads(capsys.readouterr().out)["clocks"]
    assert (only["url"], only["now"], only["frozen"]) == (first, "2026-12-03T08:00:00+07:00", True)


async def test_when_one_of_the_urls_is_away_none_is_changed(capsys):
    clock = SteerableClock()
    async with served(gateway(clock)) as url:
        assert await lgsp("freeze", "--url", url, "--url", "http://127.0.0.1:1") == 2
    assert not clock.is_frozen
    assert capsys.readouterr().err.startswith("lgsp: no gateway at http://127.0.0.1:1")


@pytest.mark.parametrize("command", [("advance", "soon"), ("advance", "0d"), ("freeze", "tomorrow")])
async def test_a_bad_duration_is_one_clear_line_and_no_call(command, capsys):
    assert await lgsp(*command, "--url", "http://127.0.0.1:1") == 2
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1
    assert err.startswith(f"lgsp: {command[1]!r} is no ")
    assert "write " in err


async def test_a_server_without_a_clock_is_told(capsys):
    async with served(FastAPI()) as url:
        assert await lgsp("show", "--url", url) == 2
    assert capsys.readouterr().err == f"lgsp: {url} has no clock that can be steered\n"


async def test_what_is_shown_says_how_far_apart_from_the_machine(capsys):
    clock = SteerableClock()
    async with served(gateway(clock)) as url:
        await clock.advance(timedelta(hours=2))
        assert await lgsp("show", "--url", url) == 0
        await clock.freeze(clock.now() - timedelta(hours=5))
        await clock.resume()
        assert await lgsp("show", "--url", url) == 0
    ahead, behind = capsys.readouterr().out.splitlines()
    assert f"runs, 2:00:00 ahead of the machine  {url}" in ahead
    assert f"runs, 3:00:00 behind the machine  {url}" in behind
