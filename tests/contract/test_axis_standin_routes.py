"""Each call of both dialects, once, with what it needs; a route that no call here makes is a failure."""

import json
from collections.abc import Awaitable, Callable

import httpx
import pytest

from axis_standin import AWAY, HOME, MINISTRY, PROVINCE, Axis, axis, document
from lgsp.standards import edxml, vxp

pytestmark = pytest.mark.contract

RAW = edxml.write(document())
AGENCY = json.dumps({"code": "000.00.99.H34", "name": "Sở A"}).encode()
OWN = json.dumps({"code": PROVINCE, "fax": "1"}).encode()
Make = Callable[[Axis, str], Awaitable[httpx.Response]]


def signed(verb: str, path: str, body: bytes = b"", **fields: str) -> tuple[tuple[str, str], Make]:
    async def make(one: Axis, doc_id: str) -> httpx.Response:
        headers = one.headers(HOME, **{name: value.replace("DOC", doc_id) for name, value in fields.items()})
        return await one.http.request(verb, path, content=body, headers=headers)

    return (verb, path), make


def rest(verb: str, path: str, query: str = "", **body: object) -> tuple[tuple[str, str], Make]:
    async def make(one: Axis, doc_id: str) -> httpx.Response:
        content = json.loads(json.dumps(body).replace("DOC", doc_id)) if body else None
        headers = await one.log_in()
        return await one.http.request(
            verb, path + query.replace("DOC", doc_id), json=content, headers=headers
        )

    return (verb, path), make


async def upload(one: Axis, _: str) -> httpx.Response:
    files = {"edocFile": ("a.edxml", RAW, "application/xml")}
    return await one.http.post(
        "/v1/sendEdoc", files=files, data={"messageType": "edoc"}, headers=await one.log_in()
    )


LIST = {"servicetype": "eDoc", "messagetype": "edoc"}
CALLS: dict[tuple[str, str], Make] = dict([
    signed("POST", "/sendEdoc", RAW + b"\r\n", hash_file=vxp.file_hash(RAW), **LIST, **{"from": PROVINCE}),
    signed("POST", "/getReceivedEdocList", **LIST),
    signed("POST", "/getSentEdocList", **LIST),
    signed("POST", "/getEdoc", b"{}", docId="DOC", filePath="./"),
    signed("GET", "/downloadEdoc", docId="DOC", filePath="./"),
    signed("POST", "/downloadEdoc", b"{}", docId="DOC"),
    signed("POST", "/updateStatus", b"{}", docid="DOC", status="done"),
    signed("POST", "/countReceiveEdoc", b"{}", servicetype="eDoc"),
    signed("POST", "/countReceiveStatus", b"{}", servicetype="eDoc"),
    signed("POST", "/getAgenciesList"),
    signed("POST", "/getAgenciesListQD20", level="2"),
    signed("POST", "/getSynchronizeUnit"),
    signed("POST", "/registerAgency", AGENCY),
    signed("POST", "/updateAgency", OWN),
    signed("POST", "/deleteAgency", OWN),
    rest("POST", "/v1/auth/login", "?allow_anonymous=true", username=HOME, password="sim-secret", typeObjs=[0, 1]),
    (("POST", "/v1/sendEdoc"), upload),
    rest("GET", "/v1/syncReceivedEdocList", "?messageType=edoc&fromDate=2026/11/23&toDate=2026/11/23"),
    rest("GET", "/v1/getEdoc", "?docId=DOC"),
    rest("POST", "/v1/updateStatus", docId="DOC", status="done"),
    rest("GET", "/v1/getAgenciesList"),
])  # fmt: skip


async def test_every_route_of_the_wire_is_called_here() -> None:
    async with axis() as one:
        routes = {
            (verb, route.path)
            for route in one.app.state.parts.routes
            for verb in route.methods - {"HEAD"}
            if not route.path.startswith("/__mock__")
        }
        assert routes == set(CALLS)


@pytest.mark.parametrize(("verb", "path"), CALLS)
async def test_call_succeeds(verb: str, path: str) -> None:
    async with axis() as one:
        await one.send(document(PROVINCE, sender=MINISTRY), AWAY)
        [item] = await one.inbox()
        answer = await CALLS[verb, path](one, item["docId"])
        assert answer.status_code == 200
        if path == "/downloadEdoc":
            assert answer.content == edxml.write(document(PROVINCE, sender=MINISTRY))
            return
        assert answer.json().get("ErrorCode", "0") == "0"
        assert answer.json().get("success", True) is True


@pytest.mark.parametrize(("verb", "path"), CALLS)
async def test_call_of_a_stranger_is_refused(verb: str, path: str) -> None:
    async with axis() as one:
        answer = await one.http.request(verb, path, content=b"{}" if verb == "POST" else b"")
        assert (
            (answer.status_code == 401) if path.startswith("/v1/") else (answer.json()["ErrorCode"] == "15")
        )
