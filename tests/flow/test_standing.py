"""What a person sees of the streams, the systems and the routes while the bus works."""

from pathlib import Path

import pytest

from lgsp.bus import Configured, Standing
from province import flow, province

pytestmark = pytest.mark.flow


async def test_streams_systems_and_routes_are_shown_as_they_are(tmp_path: Path) -> None:
    async with province(tmp_path) as world:
        await flow(world, "incoming")
        streams = await world.gateway("/api/streams")
        assert {one["what"] for one in streams["server"]} >= {"server", "persistence", "memory"}
        for partition in streams["partitions"]:
            assert partition["lease"]["token"] >= 1
            assert 0 < partition["lease"]["left_ms"] <= 3000
            by_name = {stream["name"]: stream for stream in partition["streams"]}
            assert set(by_name) == {
                "inbox", "journal", "dead", "invalid", "out:axis", "out:igate", "out:ioffice", "out:portal"
            }  # fmt: skip
            assert by_name["inbox"]["length"] == 0
            assert [held["count"] for held in partition["held"]] == [0, 0, 0, 0]

        systems = {one["name"]: one for one in (await world.gateway("/api/systems"))["systems"]}
        assert set(systems) == {"ioffice", "igate", "axis", "portal"}
        assert systems["axis"]["url"] == world.urls["axis"]
        assert (systems["axis"]["stand_in"], systems["axis"]["polls"], systems["axis"]["is_called"]) == (
            True,
            True,
            False,
        )
        assert systems["axis"]["circuit"] == {"is_open": False, "failures": 0, "reason": ""}

        routes = (await world.gateway("/api/routes"))["routes"]
        assert [route["name"] for route in routes][:2] == ["documents-inside", "documents-outside"]


async def test_a_subject_that_waits_and_a_system_that_is_away_are_seen(tmp_path: Path) -> None:
    async with province(tmp_path) as world:
        await world.control("axis", "POST", "faults", {"kind": "error", "path": "/sendEdoc", "status": 500})
        body = {"from": "000.00.00.H34", "to": ["000.00.00.G22"], "subject": "V/v chờ", "attachments": []}
        issued = await world.act("ioffice", "issue-document", body)

        async def held() -> dict | None:
            partitions = (await world.gateway("/api/streams"))["partitions"]
            named = [first for one in partitions for system in one["held"] for first in system["first"]]
            return next((one for one in named if one["subject"] == issued["document_id"]), None)

        assert "due_at" in await world.until("the subject is held", held)
        await world.control("axis", "DELETE", "faults")
        await world.control("axis", "POST", "faults", {"kind": "down", "path": "/*"})

        async def away() -> dict | None:
            systems = (await world.gateway("/api/systems"))["systems"]
            return next((one for one in systems if one["name"] == "axis" and one["polling"]["is_open"]), None)

        assert "503" in (await world.until("the axis is away", away))["polling"]["reason"]


async def test_no_credentials_are_shown() -> None:
    class Bus:
        circuits: dict = {}  # noqa: RUF012
        asking: dict = {}  # noqa: RUF012

        class parts:  # noqa: N801
            adapters: dict = {}  # noqa: RUF012

        async def waiting(self) -> dict[str, int]:
            return {}

    desk = Standing(Bus(), {"axis": Configured("axis", "http://me:secret@axis.test:8103/x")})
    (view,) = await desk.systems()
    assert view.url == "http://axis.test:8103/x"
    assert view.circuit is None
