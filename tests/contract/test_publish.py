"""Publishing as the official CloudEvents SDK does it, and in batches, over a real server."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from builders import document_data, message
from lgsp.bootstrap import Running, running
from lgsp.channels import Server
from lgsp.gateway.events import MAX_BATCH
from lgsp.gateway.limits import MAX_BATCH_BYTES
from lgsp.settings import Settings

pytestmark = pytest.mark.contract

BATCH = {"content-type": "application/cloudevents-batch+json"}


class Client:
    """A connector that publishes."""

    def __init__(self, system: Running, http: httpx.AsyncClient) -> None:
        self.system = system
        self.http = http

    async def batch(self, *events: object) -> httpx.Response:
        return await self.http.post("/v1/messages", content=json.dumps(events), headers=BATCH)

    async def waiting(self) -> int:
        assert self.system.bus is not None
        return (await self.system.bus.waiting())["inbox"]


@pytest.fixture
async def client(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Client]:
    max_waiting = getattr(request, "param", 100_000)
    settings = Settings(data_dir=tmp_path, port=0, max_waiting=max_waiting, partitions=2)
    async with (
        running(settings, only=frozenset({"gateway"})) as system,
        httpx.AsyncClient(base_url=system.urls["gateway"], trust_env=False) as http,
    ):
        yield Client(system, http)


def event(message_id: str = "m-1", subject: str = "s-1", **changes: object) -> dict[str, object]:
    made: dict[str, object] = json.loads(message(message_id, subject=subject).to_json())
    return made | changes


def sdk_event(message_id: str) -> CloudEvent:
    attributes = {
        "id": message_id,
        "source": "/systems/ioffice",
        "type": "vn.lgsp.document.issued",
        "subject": "số 1/UBND-VX",
        "time": datetime(2026, 11, 23, 1, 30, tzinfo=UTC),
        "dataschema": "https://lgsp.vn/schemas/document.issued/1",
        "datacontenttype": "application/json",
        "recipients": "000.00.00.G22",
    }
    return CloudEvent(attributes, document_data())


@pytest.mark.parametrize("write", [to_structured_event, to_binary_event])
async def test_both_modes_of_the_sdk_are_one_message(client: Client, write) -> None:
    sent = write(sdk_event("m-1"))
    answer = await client.http.post("/v1/messages", content=sent.body, headers=sent.headers)
    assert (answer.status_code, answer.json()["id"]) == (202, "m-1")
    other = to_structured_event(sdk_event("m-1"))
    again = await client.http.post("/v1/messages", content=other.body, headers=other.headers)
    assert (again.status_code, again.json()["new"]) == (200, False)
    assert await client.waiting() == 1


async def test_a_batch_of_sdk_events_is_accepted(client: Client) -> None:
    body = b"[%s]" % b",".join(JSONFormat().write(sdk_event(f"m-{n}")) for n in range(3))
    answer = await client.http.post("/v1/messages", content=body, headers=BATCH)
    assert answer.status_code == 202
    assert [one["id"] for one in answer.json()["events"]] == ["m-0", "m-1", "m-2"]


async def test_binary_mode_says_what_is_wrong_by_attribute_and_in_the_data(client: Client) -> None:
    sent = to_binary_event(sdk_event("m-1"))
    headers = {**sent.headers, "ce-source": "no path", "ce-colour": "red"}
    answer = await client.http.post("/v1/messages", content=sent.body, headers=headers)
    assert {fault["place"] for fault in answer.json()["faults"]} == {"/source", "/colour"}
    answer = await client.http.post("/v1/messages", content=b"{", headers=sent.headers)
    assert (answer.status_code, answer.json()["faults"][0]["place"]) == (400, "/data")


async def test_each_event_of_a_batch_has_its_own_verdict_in_order(client: Client) -> None:
    await client.batch(event("old"))
    bad = event("bad", data=document_data(subject="", priority=9))
    reused = event("old", data=document_data(subject="V/v khác"))
    answer = await client.batch(event("m-1"), event("old"), bad, 7, reused, event("m-2"))
    assert answer.status_code == 207
    shown = answer.json()
    assert [one["status"] for one in shown["events"]] == [202, 200, 422, 422, 422, 202]
    assert [one["id"] for one in shown["events"]] == ["m-1", "old", "bad", None, "old", "m-2"]
    assert (shown["accepted"], shown["repeated"], shown["refused"]) == (2, 1, 3)
    places = [
        [fault["place"] for fault in one.get("problem", {}).get("faults", [])] for one in shown["events"]
    ]
    assert places == [[], [], ["/2/data/subject", "/2/data/priority"], ["/3"], ["/4/id"], []]
    assert all(fault["message_vi"] for fault in shown["events"][2]["problem"]["faults"])
    assert await client.waiting() == 3


@pytest.mark.parametrize("bad", [rb'{"id": "\ud800"}', b'{"x":' * 300 + b"1" + b"}" * 300])
async def test_an_event_that_is_hardly_json_takes_none_down(client: Client, bad: bytes) -> None:
    good = json.dumps(event("m-1")).encode()
    answer = await client.http.post("/v1/messages", content=b"[%s, %s]" % (bad, good), headers=BATCH)
    assert (answer.status_code, [one["status"] for one in answer.json()["events"]]) == (207, [400, 202])


async def test_white_space_within_an_event_does_not_count_and_bad_text_takes_none_down(
    client: Client,
) -> None:
    spaced = json.dumps(event("m-1")).encode().replace(b'"data"', b" " * 1_100_000 + b'"data"')
    bad = json.dumps(event("m-2", subject="x-x")).encode().replace(b"x-x", b"\xff")
    body = b"[%s,%s,%s]" % (spaced, bad, json.dumps(event("m-3")).encode())
    answer = await client.http.post("/v1/messages", content=body, headers=BATCH)
    assert [one["status"] for one in answer.json()["events"]] == [202, 400, 202]


async def test_refused_events_of_a_batch_are_kept_for_a_person_to_look_at(client: Client) -> None:
    await client.batch(event("m-1"), event("bad", source="nowhere"))
    [kept] = (await client.http.get("/api/invalid")).json()["invalid"]
    shown = (await client.http.get(f"/api/invalid/{kept['id']}")).json()
    assert json.loads(shown["raw"])["id"] == "bad"


async def test_a_batch_of_repeats_is_a_200_and_an_empty_one_a_202(client: Client) -> None:
    await client.batch(event("m-1"), event("m-2"))
    assert (await client.batch(event("m-1"), event("m-2"))).status_code == 200
    assert (await client.batch()).json() == {"accepted": 0, "repeated": 0, "refused": 0, "events": []}


async def test_a_batch_of_which_nothing_is_accepted_is_a_problem_with_every_verdict(client: Client) -> None:
    answer = await client.batch(event("m-1", specversion="0.3"), {})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert [one["status"] for one in answer.json()["events"]] == [422, 422]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[NaN]", 400),
        (b"[" * 100_000, 400),
        (b'{"id":"m"}', 422),
        (json.dumps([{}] * (MAX_BATCH + 1)).encode(), 413),
        (b" " * (MAX_BATCH_BYTES + 1), 413),
    ],
)
async def test_what_is_no_batch_is_refused_as_a_whole(client: Client, body: bytes, status: int) -> None:
    answer = await client.http.post("/v1/messages", content=body, headers=BATCH)
    assert answer.status_code == status
    assert answer.json()["faults"][0]["message_vi"]


async def test_an_event_of_a_batch_is_bounded_like_one_that_comes_alone(client: Client) -> None:
    large = event("large", data=document_data(content="x" * 1_100_000))
    answer = await client.batch(event("m-1"), large)
    assert [one["status"] for one in answer.json()["events"]] == [202, 413]


@pytest.mark.parametrize("client", [4], indirect=True)
async def test_events_that_find_the_bus_full_are_told_when_to_come_back(client: Client) -> None:
    answer = await client.batch(*(event(f"m-{n}", subject="one") for n in range(6)))
    assert answer.status_code == 207
    assert [one["status"] for one in answer.json()["events"]] == [202, 202, 429, 429, 429, 429]
    assert answer.headers["retry-after"] == "1"
    answer = await client.batch(event("m-9", subject="one"), event("m-8", type="vn.lgsp.no.such"))
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")


async def test_a_batch_keeps_its_order_and_shares_its_round_trips(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    trips = 0
    run = Server.run_replicated

    async def counted(self, *arguments):
        nonlocal trips
        trips += 1
        return await run(self, *arguments)

    monkeypatch.setattr(Server, "run_replicated", counted)
    answer = await client.batch(*(event(f"m-{n}", subject=f"s-{n % 7}") for n in range(500)))
    assert trips <= 2 * 3
    accepted = answer.json()["events"]
    for partition in (0, 1):
        places = [
            tuple(map(int, one["entry_id"].split("-"))) for one in accepted if one["partition"] == partition
        ]
        assert places
        assert places == sorted(places)
