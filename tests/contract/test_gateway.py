import asyncio
import csv
import io
import json

import httpx
import pytest
from cloudevents.core.formats.json import JSONFormat
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route as HttpRoute

from lgsp.channels import Accepted, InvalidEntry
from lgsp.errors import BackpressureError, ChannelUnavailableError, Fault, NotFoundError
from lgsp.gateway import GatewayServices, create_gateway
from lgsp.message import MAX_MESSAGE_BYTES, Message
from lgsp.reconcile import Missing, Reconciliation
from lgsp.routing import Route, Router
from lgsp.schemas import SchemaRegistry, dataschema
from lgsp.store import JournalEntry, MessageStore
from lgsp.verify import Verifier

pytestmark = pytest.mark.contract

HEADERS = {"content-type": "application/cloudevents+json; charset=utf-8"}
EVENT = {
    "specversion": "1.0",
    "id": "m/1",
    "source": "/systems/ioffice",
    "type": "vn.lgsp.document.issued",
    "subject": "d1",
    "time": "2026-11-23T08:00:00+07:00",
    "dataschema": dataschema("document.issued"),
    "recipients": "000.00.00.G22",
    "data": {
        "document_id": "d1",
        "issuer": {"id": "000.00.01.H34", "name": "Văn phòng UBND"},
        "recipients": [{"id": "000.00.00.G22", "name": "Văn phòng Chính phủ"}],
        "code": {"number": "12", "notation": "UBND-VP"},
        "promulgated_on": "2026-11-23",
        "type_name": "Công văn",
        "subject": "V/v thử nghiệm",
    },
}

NO_DESK = None
"""The desk has a suite of its own, over a real server."""


class FakeBus:
    """Accepts each (source, id) once after the schema check, as the bus does."""

    def __init__(self):
        self.messages: list[Message] = []
        self.refused = []
        self.error = None

    async def publish(self, message):
        if self.error:
            raise self.error
        SchemaRegistry().check(message)
        is_new = all((one.source, one.id) != (message.source, message.id) for one in self.messages)
        self.messages += [message] if is_new else []
        return Accepted(is_new, 2, "17-0")

    async def publish_all(self, messages):
        return await asyncio.gather(*map(self.publish, messages), return_exceptions=True)

    async def refuse(self, raw, error, reference, system):
        assert system == "gateway"
        self.refused.append((raw, error, reference))


class Refused:
    """One refused message."""

    entry = InvalidEntry(
        "1:5-0",
        "axis",
        "doc-7",
        "edXML",
        (Fault("edxml.missing", "/edXML", "To is missing", "thiếu To", 7),),
        5,
        b"<edXML",
    )

    async def list(self, *, limit):
        return [self.entry][:limit]

    async def get(self, invalid_id):
        if invalid_id != self.entry.id:
            raise NotFoundError(invalid_id)
        return self.entry


class World:
    """A gateway over fakes and a real store in memory."""

    def __init__(self, store):
        self.bus, self.store = FakeBus(), store
        self.parts = {"redis": True}
        router = Router([Route("<out>", ("document.*",), ("axis",), recipients=("*.G22",))])
        services = GatewayServices(
            self.bus, NO_DESK, store, Refused(), self, Verifier(self.waiting, store), router, SchemaRegistry(), self.readiness,
            callbacks={"portal": [
                HttpRoute("/echo", self.echo, methods=["POST"]), HttpRoute("/fail/{how}", self.fail), HttpRoute("/fail", self.fail),
            ]}, waiting=self.waiting,
        )  # fmt: skip
        transport = httpx.ASGITransport(create_gateway(services), raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://gateway")

    async def readiness(self):
        return self.parts

    async def run(self, system, *, since, mend):
        return Reconciliation(
            system, 3, (Missing("m-1", "document.issued", "d-1", "2026-11-23", "lost"),), int(mend)
        )

    async def waiting(self):
        return {"out:axis": 7}

    async def echo(self, request: Request):
        return JSONResponse({"bytes": len(await request.body())})

    async def fail(self, request: Request):
        raise (
            NotFoundError("no dossier") if request.query_params.get("how") == "found" else ValueError("a bug")
        )

    async def post(self, event=EVENT, path="/v1/messages", headers=HEADERS):
        content = event if isinstance(event, bytes) else json.dumps(event).encode()
        return await self.http.post(path, content=content, headers=headers)

    async def journal(self):
        body = Message.from_json(json.dumps(EVENT)).to_json()
        at_ms = 1_795_000_000_000
        await self.store.append([
            JournalEntry(0, "1-0", "m/1", "accepted", "/systems/ioffice", at_ms, "", body),
            JournalEntry(0, "2-0", "m/1", "routed", "axis", at_ms + 5),
        ])  # fmt: skip


@pytest.fixture
async def world():
    store = await MessageStore.open("sqlite://")
    made = World(store)
    yield made
    await made.http.aclose()
    await store.aclose()


def is_problem(answer, status):
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["title_vi"]
    return problem


async def test_a_new_message_is_accepted_with_202_and_its_place(world):
    answer = await world.post()
    assert answer.status_code == 202
    assert answer.headers["location"] == "/api/messages/m%2F1"
    assert answer.json() == {"id": "m/1", "new": True, "partition": 2, "entry_id": "17-0"}


async def test_a_repeated_message_is_answered_with_200(world):
    await world.post()
    answer = await world.post()
    assert (answer.status_code, answer.json()["new"]) == (200, False)


async def test_every_schema_fault_is_in_the_problem_and_the_invalid_channel(world):
    answer = await world.post(EVENT | {"data": EVENT["data"] | {"subject": "", "priority": 9}})
    problem = is_problem(answer, 422)
    assert {fault["place"] for fault in problem["faults"]} == {"/data/subject", "/data/priority"}
    assert all(fault["message_vi"] for fault in problem["faults"])
    assert world.bus.refused[0][2] == "m/1"


async def test_what_is_not_json_is_a_400(world):
    is_problem(await world.post(b"{nonsense"), 400)
    assert world.bus.messages == []
    assert world.bus.refused[0][0] == b"{nonsense"


async def test_another_content_type_is_a_415(world):
    is_problem(await world.post(headers={"content-type": "text/plain"}), 415)


async def test_a_body_over_the_bound_is_a_413_with_and_without_its_length(world):
    async def endless():
        for _ in range(MAX_MESSAGE_BYTES // 65536 + 2):
            yield b" " * 65536

    is_problem(await world.post(b" " * (MAX_MESSAGE_BYTES + 1)), 413)
    is_problem(await world.http.post("/v1/messages", content=endless(), headers=HEADERS), 413)


async def test_a_full_bus_is_a_429_with_retry_after(world):
    world.bus.error = BackpressureError("full", retry_after_s=1.2)
    answer = await world.post()
    is_problem(answer, 429)
    assert answer.headers["retry-after"] == "2"


async def test_a_server_that_is_away_is_a_503(world):
    world.bus.error = ChannelUnavailableError("no Redis")
    answer = await world.post()
    is_problem(answer, 503)
    assert answer.headers["retry-after"] == "1"


async def test_a_bug_is_a_500_that_tells_nothing_of_the_inside(world):
    world.bus.error = RuntimeError("secret inside")
    assert "secret" not in is_problem(await world.post(), 500)["detail"]


async def test_messages_are_searched_and_paged(world):
    await world.journal()
    answer = (await world.http.get("/api/messages", params={"text": "thu nghiem", "limit": 1})).json()
    assert [message["number"] for message in answer["messages"]] == ["12/UBND-VP"]
    following = (await world.http.get("/api/messages", params={"after": answer["next"]})).json()
    assert following == {"messages": [], "next": None}


@pytest.mark.parametrize(
    "params", [{"limit": 0}, {"limit": 9999}, {"after": "x"}, {"sort": "up"}, {"after": 2**63}]
)
async def test_a_wrong_parameter_is_named(world, params):
    problem = is_problem(await world.http.get("/api/messages", params=params), 422)
    assert next(iter(params)) in problem["faults"][0]["place"]


async def test_a_message_is_shown_with_its_journey_and_reads_as_a_cloudevent(world):
    await world.journal()
    shown = (await world.http.get("/api/messages/m%2F1")).json()
    assert [step["step"] for step in shown["steps"]] == ["accepted", "routed"]
    event = JSONFormat().read(None, json.dumps(shown["message"]))
    assert (event.get_id(), event.get_extension("recipients")) == ("m/1", "000.00.00.G22")


@pytest.mark.parametrize("key", ["d1", "12/UBND-VP", "12%2FUBND-VP"])
async def test_a_document_is_traced_by_its_numbers(world, key):
    await world.journal()
    answer = (await world.http.get(f"/api/trace/{key}")).json()
    assert [message["message_id"] for message in answer["messages"]] == ["m/1"]


@pytest.mark.parametrize("path", ["/api/trace/none", "/api/messages/none", "/api/schemas/none/1", "/nowhere"])
async def test_what_nobody_knows_is_a_404(world, path):
    is_problem(await world.http.get(path), 404)


async def test_routing_is_explained_and_nothing_is_sent(world):
    answer = (await world.post(path="/api/routes/explain")).json()
    assert answer["recipients"] == [{"system": "axis", "organizations": ["000.00.00.G22"]}]
    assert answer["explanation"][0]["matched"] is True
    assert world.bus.messages == []


async def test_schemas_are_listed_and_shown(world):
    listed = (await world.http.get("/api/schemas")).json()["schemas"]
    assert len(listed) == 17
    shown = await world.http.get("/api/schemas/document.issued/1")
    assert shown.json()["$id"] == EVENT["dataschema"]


async def test_readiness_follows_its_parts(world):
    assert (await world.http.get("/health/live")).status_code == 200
    assert (await world.http.get("/health/ready")).status_code == 200
    world.parts["redis"] = False
    assert (await world.http.get("/health/ready")).status_code == 503


async def test_metrics_count_what_happened(world):
    await world.post()
    await world.post()
    await world.post(b"{")
    text = (await world.http.get("/metrics")).text
    assert 'lgsp_messages_accepted_total{type="document.issued"} 1.0' in text
    assert 'lgsp_messages_repeated_total{type="document.issued"} 1.0' in text
    assert 'lgsp_messages_refused_total{code="lgsp.invalid"} 1.0' in text
    assert 'lgsp_waiting{channel="out:axis"} 7.0' in text


async def test_a_systems_callbacks_are_mounted_and_may_be_larger_than_a_message(world):
    answer = await world.http.post("/in/portal/echo", content=b"x" * (MAX_MESSAGE_BYTES + 1))
    assert answer.json() == {"bytes": MAX_MESSAGE_BYTES + 1}


@pytest.mark.parametrize("path", ["/in/portal/fail", "/in/portal/fail/x"])
@pytest.mark.parametrize(("how", "status"), [("found", 404), ("", 500)])
async def test_an_error_of_a_systems_wire_is_a_problem_whichever_way_the_call_went(world, path, how, status):
    answer = await world.http.get(path, params={"how": how})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert "a bug" not in answer.text


async def test_a_systems_wire_is_guarded_and_bounded_like_everything(world):
    foreign = await world.http.post("/in/portal/echo", headers={"Sec-Fetch-Site": "cross-site"})
    large = await world.http.post("/in/portal/echo", content=b"", headers={"Content-Length": str(2**40)})
    other = await world.http.get("/in/portal/echo")
    assert (foreign.status_code, large.status_code, other.status_code) == (403, 413, 405)


async def test_the_landing_page_speaks_both_languages_and_escapes(world):
    page = (await world.http.get("/")).text
    assert 'lang="vi"' in page
    assert 'lang="en"' in page
    assert "&lt;out&gt;" in page
    assert "<out>" not in page


async def test_the_api_describes_itself(world):
    paths = (await world.http.get("/openapi.json")).json()["paths"]
    assert {"/v1/messages", "/api/messages", "/api/dead/{dead_id}/replay", "/api/trace/{key}"} <= set(paths)


async def test_reconciliation_compares_by_get_and_mends_by_post(world):
    compared = (await world.http.get("/api/reconcile/axis?hours=2")).json()
    assert (compared["compared"], compared["mended"], compared["missing"][0]["reason"]) == (3, 0, "lost")
    assert (await world.http.post("/api/reconcile/axis")).json()["mended"] == 1
    assert (await world.http.get("/api/reconcile/axis?hours=0")).status_code == 422


async def test_refused_messages_are_shown_with_every_fault_and_what_came(world):
    [listed] = (await world.http.get("/api/invalid")).json()["invalid"]
    assert (listed["system"], listed["reference"], listed["faults"][0]["line"]) == ("axis", "doc-7", 7)
    assert "raw" not in listed
    assert (await world.http.get("/api/invalid/1:5-0")).json()["raw"] == "<edXML"
    assert (await world.http.get("/api/invalid/1:6-0")).status_code == 404


async def test_messages_are_exported_as_csv_that_runs_nothing_by_the_filters_and_page_by_page(
    world, monkeypatch
):
    monkeypatch.setattr("lgsp.gateway.messages._EXPORT_PAGE", 2)
    titles = ["=HYPERLINK(1)", "+84", "-1", "@x", 'Quyết định, "khẩn"\nhai dòng']
    for number, title in enumerate(titles):
        event = EVENT | {
            "id": f"m{number}",
            "subject": f"d{number}",
            "data": EVENT["data"] | {"subject": title},
        }
        body = Message.from_json(json.dumps(event)).to_json()
        entry = JournalEntry(
            0, f"{number + 1}-0", f"m{number}", "accepted", "/systems/ioffice", 1_795_000_000_000, "", body
        )
        await world.store.append([entry])
    answer = await world.http.get("/api/messages.csv", params={"type": "document.*"})
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.content.startswith("\ufeffaccepted_at,type,state".encode())
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["title"] for row in reversed(rows)] == [*(f"'{title}" for title in titles[:4]), titles[4]]
    assert {row["accepted_at"] for row in rows} == {"2026-11-18T18:06:40.000+07:00"}
    none = await world.http.get("/api/messages.csv", params={"state": "dead"})
    assert none.text.count("\n") == 1
    is_problem(await world.http.get("/api/messages.csv", params={"limit": 3}), 422)
    monkeypatch.setattr("lgsp.gateway.messages._EXPORT_PAGES", 2)
    assert len(list(csv.reader(io.StringIO((await world.http.get("/api/messages.csv")).text)))) == 1 + 4
