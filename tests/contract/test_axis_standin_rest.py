"""The axis' stand-in against the REST dialect of provincial axes, and both dialects on one exchange."""

import base64
from typing import Any

import httpx
import pytest

from axis_standin import AWAY, HOME, MINISTRY, PROVINCE, Axis, axis, document, status
from lgsp.standards import edxml

pytestmark = pytest.mark.contract


async def post_file(
    one: Axis, headers: dict[str, str], raw: bytes, kind: str = "edoc", field: str = "edocFile"
) -> dict[str, Any]:
    files = {field: ("van-ban.edxml", raw, "application/xml")}
    answer = await one.http.post("/v1/sendEdoc", files=files, data={"messageType": kind}, headers=headers)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


async def listed(one: Axis, headers: dict[str, str], **query: str) -> dict[str, Any]:
    answer = await one.http.get(
        "/v1/syncReceivedEdocList", params={"messageType": "edoc", **query}, headers=headers
    )
    found: dict[str, Any] = answer.json()
    return found


def refused(answer: dict[str, Any]) -> str:
    assert answer["success"] is False
    assert answer["message"]
    assert set(answer["data"]) == {"docId", "status", "errorCode", "errorDesc"}
    assert answer["data"]["status"] == "error"
    return str(answer["data"]["errorCode"])


async def test_document_sent_by_rest_is_fetched_by_vxp() -> None:
    async with axis() as one:
        raw = edxml.write(document())
        answer = await post_file(one, await one.log_in(), raw)
        assert answer == {"success": True, "message": "Thành công", "docId": answer["docId"]}
        [item] = await one.inbox(AWAY)
        fetched = await one.vxp("getEdoc", b"{}", AWAY, docId=item["docId"])
        assert base64.b64decode(fetched["data"]) == raw
        assert (await one.send(raw))["DocId"] == answer["docId"]


async def test_document_sent_by_vxp_is_fetched_by_rest() -> None:
    async with axis() as one:
        raw = edxml.write(document(PROVINCE, sender=MINISTRY))
        await one.send(raw, AWAY)
        headers = await one.log_in()
        found = await listed(one, headers)
        [item] = found["data"]
        assert (found["success"], found["count"]) == (True, 1)
        assert {name: item[name] for name in ("serviceType", "messageType", "from", "to", "status", "createdTime")} == {
            "serviceType": "eDoc", "messageType": "edoc", "from": MINISTRY, "to": PROVINCE, "status": "initial",
            "createdTime": "2026/11/23 08:30:00",
        }  # fmt: skip
        answer = await one.http.get("/v1/getEdoc", params={"docId": item["docId"]}, headers=headers)
        assert answer.headers["content-length"] == str(len(answer.content))
        assert answer.json()["data"] == {
            "docId": item["docId"], "from": MINISTRY, "fromName": "Văn phòng Chính phủ", "edocCode": "1/UBND-VX",
            "edocAbstract": "V/v thử", "edxml": base64.b64encode(raw).decode(),
            "attachments": [{"fileName": "a.pdf", "fileContent": base64.b64encode(b"%PDF").decode()}],
        }  # fmt: skip


async def test_item_stays_in_both_lists_until_it_is_done_in_either() -> None:
    async with axis() as one:
        await one.send(document(PROVINCE, sender=MINISTRY), AWAY)
        headers = await one.log_in()
        [item] = (await listed(one, headers))["data"]
        for state, left in (("processing", 1), ("done", 0)):
            body = {"docId": item["docId"], "status": state}
            assert (await one.http.post("/v1/updateStatus", json=body, headers=headers)).json()[
                "success"
            ] is True
            assert len((await listed(one, headers))["data"]) == len(await one.inbox()) == left
        assert (await one.sent(AWAY))[PROVINCE]["receiveStatus"] == "done"


async def test_statuses_are_sent_and_listed_apart_from_documents() -> None:
    async with axis() as one:
        packet = document(PROVINCE, sender=MINISTRY)
        await one.send(packet, AWAY)
        answer = await post_file(
            one, await one.log_in(), edxml.write(status(packet, PROVINCE, "03")), "status"
        )
        assert answer["success"] is True
        away = await one.log_in(AWAY)
        assert (await listed(one, away))["count"] == 0
        [item] = (await listed(one, away, messageType="status"))["data"]
        fetched = await one.http.get("/v1/getEdoc", params={"docId": item["docId"]}, headers=away)
        assert (fetched.json()["data"]["edocCode"], fetched.json()["data"]["attachments"]) == ("03", [])


@pytest.mark.parametrize(
    ("first", "last", "count"),
    [
        ("2026/11/23", "2026/11/23", 1),
        ("2026/11/24", "", 0),
        ("", "2026/11/22", 0),
        ("2026/11/01", "2026/11/30", 1),
        ("2026/11/24", "2026/11/22", 0),
    ],
)
async def test_list_is_of_the_days_asked_for(first: str, last: str, count: int) -> None:
    async with axis() as one:
        await one.send(document(PROVINCE, sender=MINISTRY), AWAY)
        query = {name: value for name, value in (("fromDate", first), ("toDate", last)) if value}
        assert (await listed(one, await one.log_in(), **query))["count"] == count


async def test_what_can_not_be_listed_is_refused() -> None:
    async with axis() as one:
        headers = await one.log_in()
        assert refused(await listed(one, headers, fromDate="23-11-2026")) == "10"
        assert refused(await listed(one, headers, messageType="letter")) == "10"
        assert refused((await one.http.get("/v1/getEdoc?docId=9", headers=headers)).json()) == "21"
        assert (
            refused((await one.http.post("/v1/updateStatus", content=b"[", headers=headers)).json()) == "10"
        )


async def test_token_lives_half_an_hour() -> None:
    async with axis() as one:
        headers = await one.log_in()
        await one.clock.advance(29 * 60)
        assert (await one.http.get("/v1/getAgenciesList", headers=headers)).status_code == 200
        await one.clock.advance(60)
        answer = await one.http.get("/v1/getAgenciesList", headers=headers)
        assert (answer.status_code, answer.json()["success"]) == (401, False)
        assert (await one.http.get("/v1/getAgenciesList", headers=await one.log_in())).status_code == 200


@pytest.mark.parametrize(
    ("name", "value"),
    [("Authorization", "Bearer other"), ("Authorization", "Basic x"), ("Authorization", "")],
)
async def test_call_without_a_token_is_unauthorized(name: str, value: str) -> None:
    async with axis() as one:
        headers = {**await one.log_in(), name: value}
        assert (await one.http.get("/v1/getAgenciesList", headers=headers)).status_code == 401


@pytest.mark.parametrize("changed", [{"X-SystemId": "nobody"}, {"X-SecretKey": "wrong"}, {"X-SystemId": ""}])
async def test_wrong_system_or_secret_is_code_15(changed: dict[str, str]) -> None:
    async with axis() as one:
        answer = await one.http.get("/v1/getAgenciesList", headers={**await one.log_in(), **changed})
        assert refused(answer.json()) == "15"


@pytest.mark.parametrize(
    "body",
    [{"username": HOME, "password": "wrong"}, {"username": "nobody", "password": "sim-secret"}, {}, []],
)
async def test_login_of_nobody_is_refused(body: object) -> None:
    async with axis() as one:
        assert (await one.http.post("/v1/auth/login", json=body)).status_code == 401


@pytest.mark.parametrize(
    ("raw", "kind", "field", "code"),
    [
        (edxml.write(document("000.00.00.G98")), "edoc", "edocFile", "18"),
        (edxml.write(document(sender=MINISTRY)), "edoc", "edocFile", "19"),
        (b"<edXML", "edoc", "edocFile", "22"),
        (edxml.write(document()), "status", "edocFile", "22"),
        (edxml.write(document()), "edoc", "file", "10"),
    ],
)
async def test_packet_that_is_not_taken_in_says_its_code(
    raw: bytes, kind: str, field: str, code: str
) -> None:
    async with axis() as one:
        assert refused(await post_file(one, await one.log_in(), raw, kind, field)) == code
        assert await one.inbox(AWAY) == []


async def test_locked_receiver_other_content_and_too_large_are_refused() -> None:
    raw = edxml.write(document())
    async with axis(settings={"max_packet_bytes": str(len(raw))}) as one:
        headers = await one.log_in()
        assert refused(await post_file(one, headers, raw + b"\n")) == "10"
        assert refused(await post_file(one, headers, raw * 100)) == "10"
        assert (await post_file(one, headers, raw))["success"] is True
        assert refused(await post_file(one, headers, raw.replace(b"V/v", b"v/v"))) == "10"
        await one.http.post("/__mock__/act/lock-agency", json={"code": MINISTRY})
        assert refused(await post_file(one, headers, edxml.write(document(number="2")))) == "23"


async def test_body_that_is_no_multipart_is_refused() -> None:
    async with axis() as one:
        headers = await one.log_in()
        for kind in ("multipart/form-data", "multipart/form-data; boundary=x", "application/json", ""):
            answer = await one.http.post(
                "/v1/sendEdoc", content=b"--y\r\n", headers={**headers, "Content-Type": kind}
            )
            assert refused(answer.json()) == "10"


async def test_both_dialects_list_the_same_agencies() -> None:
    async with axis() as one:
        answer: httpx.Response = await one.http.get("/v1/getAgenciesList", headers=await one.log_in())
        assert answer.json()["data"] == (await one.vxp("getAgenciesList"))["data"]
        assert answer.json()["count"] == len(answer.json()["data"])
