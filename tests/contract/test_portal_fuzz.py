"""Packets of the portal's services with anything in them, in JSON and in XML: answered, whole or not at all."""

import copy
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lgsp.clock import VIETNAM, VirtualClock
from lgsp.standards import dvcqg
from lgsp_mocks.kit import create_app
from lgsp_mocks.portal import STAND_IN

pytestmark = pytest.mark.contract

START = datetime(2025, 11, 24, 8, 0, tzinfo=VIETNAM)
SAMPLES = Path(dvcqg.__file__).parent / "samples"
PACKETS: dict[str, dict[str, Any]] = {
    name: json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))["packet"]
    for name in dvcqg.REQUESTS
}
MANY = settings(
    max_examples=150, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**20) | st.text(max_size=12) | st.sampled_from(["True", "1", "20251124080000"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["MaHoSo", "data", "item"]), inner, max_size=2),
    max_leaves=4,
)  # fmt: skip


@dataclass
class Wire:
    http: httpx.AsyncClient
    session: str

    async def state(self) -> Any:
        tables = (await self.http.get("/__mock__/state")).json()["tables"]
        return {name: tables.get(name, {}) for name in ("dossiers", "questions", "ratings")}


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    app = create_app(STAND_IN, clock=VirtualClock(START), autopilot=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://portal") as http,
    ):
        login = {"username": "sim", "password": "sim-secret"}
        yield Wire(http, (await http.post("/mapi/login", json=login)).json()["session"])


@st.composite
def changed_packets(draw: st.DrawFn) -> dict[str, Any]:
    """A valid packet with up to three places changed, dropped or doubled."""
    packet = copy.deepcopy(PACKETS[draw(st.sampled_from(sorted(PACKETS)))])
    for _ in range(draw(st.integers(0, 3))):
        place: Any = packet
        while isinstance(place, dict | list) and place:
            keys = sorted(place) if isinstance(place, dict) else list(range(len(place)))
            key = draw(st.sampled_from(keys))
            if isinstance(place[key], dict | list) and place[key] and draw(st.booleans()):
                place = place[key]
                continue
            _change(draw, place, key)
            break
    return packet


def _change(draw: st.DrawFn, place: Any, key: Any) -> None:
    match draw(st.sampled_from(["set", "drop", "double"])):
        case "set":
            place[key] = draw(VALUES)
        case "drop":
            del place[key]
        case _ if isinstance(place, list):
            place.append(copy.deepcopy(place[key]))
        case _:
            place[f"{key}2"] = place[key]


@MANY
@given(packet=changed_packets())
async def test_changed_packet_is_answered_and_a_refusal_changes_nothing(
    wire: Wire, packet: dict[str, Any]
) -> None:
    if "session" in packet:
        packet["session"] = wire.session
    before = await wire.state()
    answer = await wire.http.post("/mapi/g", json=packet)
    assert answer.status_code == 200
    found = dvcqg.Answer.model_validate_json(answer.content)
    assert found.error_code in {0, -1, 3, -3}
    if found.error_code:
        assert found.message
        assert await wire.state() == before


@MANY
@given(packet=changed_packets(), cut=st.none() | st.tuples(st.integers(0, 4000), st.binary(max_size=4)))
async def test_changed_packet_in_xml_is_answered_in_xml(
    wire: Wire, packet: dict[str, Any], cut: tuple[int, bytes] | None
) -> None:
    root = packet.get("service")
    raw = dvcqg.write_xml(root if isinstance(root, str) and root in dvcqg.REQUESTS else "x", packet)
    raw = raw.replace(str(packet.get("session")).encode(), wire.session.encode())
    if cut is not None:
        raw = raw[: cut[0]] + cut[1] + raw[cut[0] + len(cut[1]) :]
    answer = await wire.http.post("/mapi/g", content=raw, headers={"Content-Type": "application/xml"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/xml")
    assert b"<error_code>" in answer.content


@pytest.mark.parametrize("service", sorted(PACKETS))
async def test_service_answers_alike_in_json_and_in_xml(wire: Wire, service: str) -> None:
    packet = PACKETS[service] | {"session": wire.session}
    # Refused alike first, so that neither changes what the other finds.
    for wrong in ({"madonvi": "000.00.99.H99"}, {"la": "1"}):
        body = packet | wrong
        in_json = (await wire.http.post("/mapi/g", json=body)).json()
        in_xml = await wire.http.post(
            "/mapi/g", content=dvcqg.write_xml(service, body), headers={"Content-Type": "application/xml"}
        )
        assert in_json["error_code"] == -1
        assert in_xml.content == dvcqg.write_xml(service, in_json)
