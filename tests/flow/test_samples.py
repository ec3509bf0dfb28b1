"""The whole gallery sent through the demo province: each sample ends as it says, and the receivers hold what they should."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from lgsp.scenario import World
from province import province

pytestmark = pytest.mark.flow
ENDS = {"delivered", "dead"}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with province(tmp_path) as one:
        yield one


async def sent(world: World, name: str) -> httpx.Response:
    return await world.http.post(f"{world.at('gateway')}/api/lab/samples/{name}/send")


async def ended(world: World, message_id: str) -> str:
    """How a message ended."""
    async with asyncio.timeout(60):
        while True:
            found = await world.gateway(f"/api/messages/{message_id}")
            if isinstance(found, dict) and found["state"] in ENDS:
                return str(found["state"])
            await asyncio.sleep(0.1)


async def test_each_sample_ends_as_it_says(world: World) -> None:
    gallery = (await world.gateway("/api/lab/samples"))["samples"]
    expected, became = {}, {}
    receipts = {}
    for one in gallery:
        answer = await sent(world, one["name"])
        if answer.status_code == 422:
            expected[one["name"]] = (one["expect"], sorted(one["places"]))
            became[one["name"]] = ("refused", sorted(fault["place"] for fault in answer.json()["faults"]))
            continue
        assert answer.status_code == 202, answer.text
        receipts[one["name"]] = (answer.json(), one["expect"])
    for name, (receipt, expect) in receipts.items():
        expected[name] = (*("delivered" for _ in receipt["before"]), expect)
        became[name] = tuple([await ended(world, each) for each in (*receipt["before"], receipt["id"])])
    assert became == expected
    assert len(became) > 40


async def test_a_letter_arrives_with_its_attachments_whole_and_its_recall_takes_it_back(world: World) -> None:
    receipt = (await sent(world, "thu-hoi")).json()
    assert await ended(world, receipt["id"]) == "delivered"
    key = f"{receipt['subject']}|000.00.00.G22"

    async def withdrawn() -> object:
        row = await world.record("axis", "external_documents", key)
        return row if row and row["withdrawn"] else None

    held = await world.until("the letter is given back", withdrawn)
    assert [one["name"] for one in held["attachments"]] == ["cong-van.pdf", "phu-luc.txt"]


async def test_a_message_of_ones_own_is_sent_and_what_the_bus_alone_may_say_is_refused(world: World) -> None:
    url = f"{world.at('gateway')}/api/lab/send"
    order = await world.gateway("/api/lab/samples/qua-han")
    receipt = (await world.http.post(url, json=order)).json()
    assert await ended(world, receipt["id"]) == "delivered"
    held = await world.record("portal", "dossiers", receipt["subject"])
    assert held["ChuHoSo"] == "Bùi Thị Bình"

    letter = await world.gateway("/api/lab/samples/cong-van")
    claimed = {**letter, "data": {**letter["data"], "signatures": [{"state": "valid"}]}}
    refused = await world.http.post(url, json=claimed)
    assert (refused.status_code, refused.json()["faults"][0]["place"]) == (422, "/data/signatures")
    unknown = await world.http.post(url, json={**order, "kind": "document.unknown"})
    assert (unknown.status_code, unknown.json()["faults"][0]["place"]) == (422, "/type")


async def test_what_answers_a_request_is_not_sent_while_nobody_asks(world: World) -> None:
    down = {"at": "igate", "kind": "down", "expires_s": 60}
    assert (await world.http.post(f"{world.at('gateway')}/api/lab/faults", json=down)).status_code == 201
    answer = await sent(world, "nop-bo-sung")
    assert (answer.status_code, answer.headers["content-type"]) == (502, "application/problem+json")
    assert "chưa hệ thống nào gửi dossier.supplement_requested" in answer.json()["detail_vi"]
