"""Faults of the business: what breaks a connector although every byte arrives."""

import base64
import dataclasses
import json
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import pytest

from axis_standin import AWAY, DEPARTMENT, HOME, MINISTRY, PROVINCE, START, axis, document, status
from lgsp.errors import InvalidMessageError
from lgsp.standards import edxml
from lgsp.standards.content import Content
from lgsp_mocks.axis import STAND_IN as AXIS
from lgsp_mocks.igate import STAND_IN as IGATE
from lgsp_mocks.ioffice import STAND_IN as IOFFICE
from lgsp_mocks.portal import STAND_IN as PORTAL
from served_standin import in_process

pytestmark = pytest.mark.contract
LETTER = document(MINISTRY)


@asynccontextmanager
async def faulty(kind: str, **more):
    async with axis() as client:
        answer = await client.http.post("/__mock__/faults", json={"kind": kind, **more})
        assert answer.status_code == 201, answer.text
        yield client


async def struck(client) -> list[str]:
    entries = (await client.http.get("/__mock__/requests")).json()["requests"]
    return [one["kind"] for entry in entries for one in entry["faults"]]


async def fetched(client, row, system=AWAY):
    answer = await client.vxp("getEdoc", system=system, docId=row["docId"])
    return base64.b64decode(answer["data"])


# Packets on the axis


async def test_a_lost_receipt_never_arrives_and_its_sender_is_told_that_it_did():
    async with faulty("lost_receipt") as client:
        await client.send(LETTER)
        assert len(await client.inbox(AWAY)) == 1, "documents are no receipts"
        answer = await client.send(status(LETTER, MINISTRY, "03"), AWAY)
        assert answer["DocId"]
        assert await client.inbox(kind="status") == []
        assert await struck(client) == ["lost_receipt"]


async def test_lost_documents_are_asked_for_by_name():
    async with faulty("lost_receipt", operation="edoc") as client:
        await client.send(LETTER)
        assert await client.inbox(AWAY) == []


async def test_a_late_receipt_comes_when_its_time_has_come():
    async with faulty("late_receipt", delay_s=7200, expires_s=86_400) as client:
        await client.send(status(LETTER, MINISTRY, "03"), AWAY)
        await client.clock.advance(7199)
        assert await client.inbox(kind="status") == []
        await client.clock.advance(1)
        [row] = await client.inbox(kind="status")
        assert row["created_time"] == (START + timedelta(hours=2)).strftime("%Y/%m/%d %H:%M:%S")


async def test_a_doubled_receipt_comes_twice_with_the_same_bytes():
    async with faulty("doubled_receipt") as client:
        await client.send(status(LETTER, MINISTRY, "03"), AWAY)
        one, two = await client.inbox(kind="status")
        assert one["docId"] != two["docId"]
        assert await fetched(client, one, HOME) == await fetched(client, two, HOME)


async def test_behind_a_status_comes_an_earlier_one():
    async with faulty("status_backwards") as client:
        await client.send(status(LETTER, MINISTRY, "01"), AWAY)
        await client.send(status(LETTER, MINISTRY, "04"), AWAY)
        packets = [edxml.read(await fetched(client, row, HOME)) for row in await client.inbox(kind="status")]
        assert [one.status_code for one in packets] == ["01", "04", "03"]
        assert await struck(client) == ["status_backwards"]


async def test_a_document_is_recalled_after_it_was_delivered():
    async with faulty("recall_after_delivery", delay_s=60) as client:
        await client.send(LETTER)
        assert len(await client.inbox(AWAY)) == 1
        await client.clock.advance(60)
        _, row = await client.inbox(AWAY)
        recall = edxml.read(await fetched(client, row))
        assert recall.change == 1
        assert recall.business.document_id == LETTER.document_id
        assert recall.sender.id == PROVINCE


async def test_the_same_document_comes_again_under_a_new_id():
    async with faulty("new_id") as client:
        await client.send(LETTER)
        one, two = [edxml.read(await fetched(client, row)) for row in await client.inbox(AWAY)]
        assert one.document_id == LETTER.document_id != two.document_id
        assert dataclasses.replace(two, document_id=one.document_id) == one


async def test_a_cut_attachment_lacks_its_second_half():
    async with faulty("cut_attachment") as client:
        whole = document(
            MINISTRY, attachments=(edxml.EdxmlAttachment("cid:1", "a.pdf", Content.of(b"%PDF" * 999)),)
        )
        await client.send(whole)
        [row] = await client.inbox(AWAY)
        raw, sent = await fetched(client, row), edxml.write(whole)
        one, other = [each.split(b'2016">')[-1].partition(b"<")[0] for each in (raw, sent)]
        assert other.startswith(one)
        assert len(other) // 2 - 4 <= len(one) <= len(other) // 2
        with pytest.raises(InvalidMessageError, match="cut: its end is missing"):
            edxml.read(raw)


async def test_a_wrong_digest_is_another_file_under_the_right_name():
    async with faulty("wrong_digest") as client:
        await client.send(LETTER)
        [row] = await client.inbox(AWAY)
        packet = edxml.read(await fetched(client, row))
        [was], [now] = LETTER.attachments, packet.attachments
        assert (now.name, now.content.size) == (was.name, was.content.size)
        assert now.content.sha256 != was.content.sha256


async def test_a_format_one_version_ahead_has_a_field_that_nobody_knows():
    async with faulty("schema_ahead") as client:
        await client.send(LETTER)
        [row] = await client.inbox(AWAY)
        raw = await fetched(client, row)
        assert b"truongMoiCuaPhienBanSau" in raw
        assert edxml.read(raw).document_id == LETTER.document_id


async def test_a_closed_agency_takes_nothing_in_and_others_do():
    async with faulty("agency_closed", agency="G22") as client:
        assert (await client.send(LETTER))["ErrorCode"] == "23"
        assert (await client.send(document(DEPARTMENT)))["ErrorCode"] == "0"


async def test_only_the_agency_in_scope_loses_its_receipts():
    async with faulty("lost_receipt", agency="G22") as client:
        await client.send(status(LETTER, MINISTRY, "03"), AWAY)
        await client.send(status(LETTER, "000.00.00.G09", "03"), AWAY)
        assert [row["from"] for row in await client.inbox(kind="status")] == ["000.00.00.G09"]


async def test_a_share_of_receipts_is_lost_and_the_rest_arrives():
    async with faulty("lost_receipt", share=0.5, seed=3) as client:
        letters = [document(MINISTRY, number=str(number)) for number in range(1, 31)]
        for letter in letters:
            await client.send(status(letter, MINISTRY, "03"), AWAY)
        arrived = len(await client.inbox(kind="status"))
        assert 5 < arrived < 25
        assert len(await struck(client)) == 30 - arrived


async def test_people_of_other_agencies_send_through_the_same_faults():
    async with faulty("doubled_receipt") as client:
        await client.send(LETTER)
        await client.http.post("/__mock__/tick")
        assert [row["title"] for row in await client.inbox(kind="status")].count(
            "Văn thư: Đã đến: phần mềm QLVB đã nhận, văn thư chưa xử lý"
        ) == 2
        [event] = (await client.http.get("/__mock__/requests", params={"direction": "event"})).json()[
            "requests"
        ]
        assert event["faults"][0]["kind"] == "doubled_receipt"


async def test_a_session_ends_in_the_middle_of_a_batch_and_a_new_one_works():
    async with faulty("session_expires", after=2, count=1) as client:
        headers = await client.log_in()
        lists = [
            (await client.http.get("/v1/syncReceivedEdocList", headers=headers)).status_code for _ in range(4)
        ]
        assert lists == [200, 200, 401, 401]
        headers = await client.log_in()
        assert (await client.http.get("/v1/syncReceivedEdocList", headers=headers)).status_code == 200


async def test_the_list_of_codes_changes_and_stays_so():
    async with axis() as client:
        before = (await client.vxp("getAgenciesList"))["data"]
        await client.http.post("/__mock__/faults", json={"kind": "code_list_changed"})
        after, again = [(await client.vxp("getAgenciesList"))["data"] for _ in range(2)]
        changed = [
            one["code"] for one, other in zip(before, after, strict=True) if one["code"] != other["code"]
        ]
        assert after == again
        assert 0 < len(changed) < len(before)
        await client.http.delete("/__mock__/faults")
        assert (await client.vxp("getAgenciesList"))["data"] == before


async def test_a_skewed_clock_shows_in_what_is_stamped_and_not_in_the_fault_itself():
    async with faulty("clock_skew", skew_s=-7200) as client:
        await client.send(LETTER)
        [row] = await client.inbox(AWAY)
        assert row["created_time"] == (START - timedelta(hours=2)).strftime("%Y/%m/%d %H:%M:%S")
        await client.http.delete("/__mock__/faults")
        await client.send(document(MINISTRY, number="2"))
        assert (await client.inbox(AWAY))[1]["created_time"] == START.strftime("%Y/%m/%d %H:%M:%S")


async def test_a_reset_forgets_what_would_have_come_late():
    async with faulty("late_receipt", delay_s=60) as client:
        await client.send(status(LETTER, MINISTRY, "03"), AWAY)
        await client.http.post("/__mock__/reset")
        await client.http.post("/__mock__/seed")
        await client.clock.advance(60)
        assert await client.inbox(kind="status") == []


# The other stand-ins


@pytest.mark.parametrize("stand_in", [AXIS, IGATE, IOFFICE, PORTAL], ids=lambda one: one.name)
async def test_every_kind_is_played_or_refused_by_name(stand_in):
    async with in_process(stand_in) as standin:
        playable = {one["kind"] for one in (await standin.http.get("/__mock__/faults/kinds")).json()}
        kinds = standin.app.openapi()["components"]["schemas"]["Fault"]["properties"]["kind"]["enum"]
        assert playable <= set(kinds)
        assert len(playable) >= 17
        for kind in kinds:
            answer = await standin.http.post("/__mock__/faults", json={"kind": kind, "path": "/never"})
            assert answer.status_code == (201 if kind in playable else 422), kind
            assert kind in playable or kind in answer.json()["detail"]


IGATE_LOGIN = {"grant_type": "client_credentials", "client_id": "sim", "client_secret": "sim-secret"}
IGATE_TOKEN = "/auth/realms/digo/protocol/openid-connect/token"


async def igate_headers(igate) -> dict[str, str]:
    token = (await igate.http.post(IGATE_TOKEN, data=IGATE_LOGIN)).json()["access_token"]
    return {"Authorization": f"Bearer {token}"}


async def test_igate_forgets_its_tokens_and_closes_agencies():
    async with in_process(IGATE) as igate:
        headers = await igate_headers(igate)
        await igate.fault("session_expires", after=1, count=1)
        codes = [(await igate.http.get("/pa/dossier/search", headers=headers)).status_code for _ in range(2)]
        assert codes == [200, 401]
        await igate.fault("agency_closed", agency="H34.1")
        answer = await igate.http.get("/pa/dossier/search?agency=000.00.01.H34", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "400")


async def test_igate_shows_an_earlier_state_and_a_format_ahead():
    async with in_process(IGATE) as igate:
        headers = await igate_headers(igate)
        await igate.http.post(
            "/__mock__/act/receive-at-counter", json={"procedure": "1.000001.000.00.00.H34", "documents": []}
        )
        await igate.http.post("/__mock__/tick")
        await igate.http.post("/__mock__/tick")
        before = (await igate.http.get("/pa/dossier/search", headers=headers)).json()
        await igate.fault("status_backwards")
        after = (await igate.http.get("/pa/dossier/search", headers=headers)).json()
        states = [answer["content"][0]["dossierStatus"]["id"] for answer in (before, after)]
        assert states[1] < states[0]
        await igate.fault("schema_ahead")
        assert (
            "truongMoiCuaPhienBanSau" in (await igate.http.get("/pa/dossier/search", headers=headers)).json()
        )


async def test_an_answer_is_lost_although_the_work_was_done_or_the_work_is_done_twice():
    async with in_process(IGATE) as igate:
        await igate.fault("lost_receipt", operation="token", count=1)
        with pytest.raises(httpx.ReadError):
            await igate.http.post(IGATE_TOKEN, data=IGATE_LOGIN)
        assert len((await igate.http.get("/__mock__/state/tokens")).json()) == 1
        await igate.fault("doubled_receipt", operation="token", count=1)
        assert (await igate.http.post(IGATE_TOKEN, data=IGATE_LOGIN)).status_code == 200
        assert len((await igate.http.get("/__mock__/state/tokens")).json()) == 3


async def test_a_file_is_cut_or_another_one():
    async with in_process(IGATE) as igate:
        for kind, wanted in (("cut_attachment", b"%PD"), ("wrong_digest", b"%PDF-\x30")):
            await igate.http.delete("/__mock__/faults")
            await igate.http.post(
                "/__mock__/expectations",
                json={"id": "file", "request": {"path": "/file"}, "answers": [{"text": "x"}]},
            )
            await igate.fault(kind)
            assert (await igate.http.get("/file")).text == "x", "text is no file"
            body = base64.b64encode(b"%PDF-1").decode()
            await igate.expect(id="file", request={"path": "/file"}, answers=[{"base64": body}])
            assert (await igate.http.get("/file")).content == wanted
            assert await hits(igate) == [1]


async def hits(standin) -> list[int]:
    return [one["hits"] for one in (await standin.http.get("/__mock__/faults")).json()]


async def test_content_and_digests_in_json_are_changed_and_nothing_else():
    async with in_process(IGATE) as igate:
        content = base64.b64encode(b"x" * 300).decode()
        body = {"fileContent": content, "sha256": "a" * 64, "title": "V/v " + "x" * 120, "n": [1, None]}
        await igate.expect(request={"path": "/x"}, answers=[{"json_body": body}])
        await igate.fault("wrong_digest", count=1)
        changed = (await igate.http.get("/x")).json()
        assert base64.b64decode(changed["fileContent"]) == b"x" * 299 + b"y"
        assert changed["sha256"] == "1" + "a" * 63
        assert (changed["title"], changed["n"]) == (body["title"], body["n"])
        await igate.fault("cut_attachment", count=1)
        assert base64.b64decode((await igate.http.get("/x")).json()["fileContent"]) == b"x" * 150
        assert (await igate.http.get("/x")).json() == body


async def test_ioffice_posts_its_documents_through_the_faults():
    issue = {"from": PROVINCE, "to": [MINISTRY], "subject": "V/v thử", "signed": False}
    async with in_process(IOFFICE) as office:
        await office.fault("new_id", count=1)
        answer = await office.http.post("/__mock__/act/issue-document", json=issue)
        assert answer.is_success
        assert len((await office.http.get("/__mock__/state/outbox")).json()) == 2
        [event] = (await office.journal(direction="event"))["requests"]
        assert (event["path"], event["faults"][0]["kind"]) == ("/packets/edoc", "new_id")


@asynccontextmanager
async def portal_that_calls():
    came: list[dict] = []

    def province(request: httpx.Request) -> httpx.Response:
        came.append(json.loads(request.content))
        return httpx.Response(200, json={"error_code": 0, "message": ""})

    async with (
        httpx.AsyncClient(transport=httpx.MockTransport(province)) as http,
        in_process(PORTAL, http=http, settings={"callback_url": "http://province"}) as portal,
    ):
        yield portal, came


async def submit(portal) -> str:
    answer = await portal.http.post(
        "/__mock__/act/submit-dossier", json={"procedure": "1.000001.000.00.00.H34"}
    )
    assert answer.status_code == 201, answer.text
    code: str = answer.json()["national_code"]
    return code


async def ticks(portal, *seconds: float) -> None:
    for each in seconds:
        await portal.clock.advance(each)
        await portal.http.post("/__mock__/tick")


async def test_what_the_portal_sends_is_lost_and_it_believes_that_it_arrived():
    async with portal_that_calls() as (portal, came):
        await portal.fault("lost_receipt", count=1)
        await submit(portal)
        await ticks(portal, 0, 60)
        assert came == []
        [dossier] = (await portal.http.get("/__mock__/state/dossiers")).json().values()
        assert dossier["chuyen_ve_tinh"]["state"] == "delivered"


async def test_what_the_portal_sends_is_late():
    async with portal_that_calls() as (portal, came):
        await portal.fault("late_receipt", delay_s=30, count=1)
        await submit(portal)
        await ticks(portal, 0, 20)
        assert came == []
        await ticks(portal, 60)
        assert len(came) == 1


async def test_what_the_portal_sends_comes_twice_or_again_under_a_new_id():
    async with portal_that_calls() as (portal, came):
        await portal.fault("doubled_receipt", count=1)
        await submit(portal)
        await ticks(portal, 0)
        assert len(came) == 2
        assert came[0] == came[1]
        came.clear()
        await portal.fault("new_id", count=1)
        await submit(portal)
        await ticks(portal, 0)
        one, two = came
        assert one["MaHoSo"] != two["MaHoSo"]
        assert len(one["MaHoSo"]) == len(two["MaHoSo"])
        assert {**one, "MaHoSo": ""} == {**two, "MaHoSo": ""}
