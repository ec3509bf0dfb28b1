"""What the axis' stand-in does with packets: whose they are, who gets them, what comes twice, what is refused."""

import base64
from dataclasses import replace
from datetime import timedelta

import pytest

from axis_standin import (
    AWAY,
    DEPARTMENT,
    HOME,
    HOME_AFFAIRS,
    MINISTRY,
    OTHER_DEPARTMENT,
    PROVINCE,
    START,
    axis,
    document,
    status,
)
from lgsp.standards import edxml

pytestmark = pytest.mark.contract


async def test_each_receiving_agency_has_an_inbox_and_a_read_state_of_its_own() -> None:
    async with axis() as one:
        sent = await one.send(document(DEPARTMENT, OTHER_DEPARTMENT, sender=MINISTRY), AWAY)
        items = await one.inbox()
        assert [item["to"] for item in items] == [DEPARTMENT, OTHER_DEPARTMENT]
        await one.clock.advance(60)
        await one.vxp("updateStatus", b"{}", docid=items[0]["docId"], status="done")
        assert [item["to"] for item in await one.inbox()] == [OTHER_DEPARTMENT]
        rows = await one.sent(AWAY)
        assert {to: row["receiveStatus"] for to, row in rows.items()} == {
            DEPARTMENT: "done",
            OTHER_DEPARTMENT: "initial",
        }
        assert rows[DEPARTMENT]["receivedTime"] == "2026/11/23 08:31:00"
        assert {row["senderDocId"] for row in rows.values()} == {sent["DocId"]}
        assert [row["receiverDocId"] for row in rows.values()] == [item["docId"] for item in items]


async def test_one_agency_named_twice_in_both_forms_gets_the_packet_once() -> None:
    async with axis() as one:
        await one.send(document(DEPARTMENT, "H34.2", DEPARTMENT, sender=MINISTRY), AWAY)
        assert [item["to"] for item in await one.inbox()] == [DEPARTMENT]


async def test_an_unreadable_packet_is_failed_with_a_description_that_the_sender_sees() -> None:
    async with axis() as one:
        await one.send(document(PROVINCE, sender=MINISTRY), AWAY)
        [item] = await one.inbox()
        await one.vxp("updateStatus", b"{}", docid=item["docId"], status="processing")
        assert [each["status"] for each in await one.inbox()] == ["processing"]
        await one.vxp(
            "updateStatus", b"{}", docid=item["docId"], status="fail", description="Tệp đính kèm hỏng"
        )
        row = (await one.sent(AWAY))[PROVINCE]
        assert (row["receiveStatus"], row["receiveStatusDesc"]) == ("fail", "Tệp đính kèm hỏng")
        assert await one.inbox() == []


async def test_unknown_read_state_and_foreign_packet_are_refused() -> None:
    async with axis() as one:
        await one.send(document(PROVINCE, sender=MINISTRY), AWAY)
        [item] = await one.inbox()
        assert (await one.vxp("updateStatus", docid=item["docId"], status="read"))["ErrorCode"] == "10"
        assert (await one.vxp("updateStatus", docid=item["docId"], status="done", system=AWAY))[
            "ErrorCode"
        ] == "21"
        assert len(await one.inbox()) == 1


async def test_counts_are_of_the_system_and_of_the_kind() -> None:
    async with axis() as one:
        packet = document(PROVINCE, sender=MINISTRY)
        await one.send(packet, AWAY)
        await one.send(status(packet, PROVINCE, "01"))
        counts = {
            (name, system): (await one.vxp(name, b"{}", system, servicetype="eDoc", messagetype="edoc"))[
                "count"
            ]
            for name in ("countReceiveEdoc", "countReceiveStatus")
            for system in (HOME, AWAY)
        }
        assert counts == {
            ("countReceiveEdoc", HOME): 1, ("countReceiveEdoc", AWAY): 0,
            ("countReceiveStatus", HOME): 0, ("countReceiveStatus", AWAY): 1,
        }  # fmt: skip


async def test_the_same_document_along_another_way_keeps_its_first_doc_id() -> None:
    async with axis() as one:
        first = await one.send(document())
        traced = document(traces=(edxml.EdxmlTrace(PROVINCE, START + timedelta(hours=1)),))
        assert edxml.write(traced) != edxml.write(document())
        assert (await one.send(traced))["DocId"] == first["DocId"]
        assert len(await one.inbox(AWAY)) == 1


async def test_the_same_document_for_one_more_agency_reaches_that_one_only() -> None:
    async with axis() as one:
        first = await one.send(document(MINISTRY))
        second = await one.send(document(MINISTRY, HOME_AFFAIRS))
        assert second["ErrorCode"] == "0"
        assert second["DocId"] != first["DocId"]
        assert [item["to"] for item in await one.inbox(AWAY)] == [MINISTRY, HOME_AFFAIRS]


async def test_other_content_under_the_same_document_id_is_refused_by_name() -> None:
    async with axis() as one:
        await one.send(document())
        answer = await one.send(document(subject="V/v khác"))
        assert answer["ErrorCode"] == "10"
        assert "1/UBND-VX đã được gửi với nội dung khác" in answer["ErrorDesc"]
        assert [item["title"] for item in await one.inbox(AWAY)] == ["V/v thử"]


@pytest.mark.parametrize("code", ["02", "15"])
async def test_a_refused_or_returned_document_may_come_again_corrected(code: str) -> None:
    async with axis() as one:
        await one.send(document())
        await one.send(status(document(), MINISTRY, code), AWAY)
        assert (await one.send(document(subject="V/v đã sửa")))["ErrorCode"] == "0"
        assert len(await one.inbox(AWAY)) == 2


async def test_a_document_that_could_not_be_read_may_be_sent_again_as_it_was() -> None:
    async with axis() as one:
        await one.send(document())
        [item] = await one.inbox(AWAY)
        await one.vxp("updateStatus", system=AWAY, docid=item["docId"], status="fail")
        await one.send(document())
        assert [again["docId"] for again in await one.inbox(AWAY)] != [item["docId"]]


async def test_changes_of_a_document_each_pass_and_the_same_change_passes_once() -> None:
    async with axis() as one:
        await one.send(document())
        about = document().document_id
        changes = [
            replace(document(), business=edxml.EdxmlBusiness(2, about, reason))
            for reason in ("Một", "Hai", "Hai")
        ]
        answers = [await one.send(change) for change in changes]
        assert [answer["ErrorCode"] for answer in answers] == ["0", "0", "0"]
        assert answers[1]["DocId"] == answers[2]["DocId"] != answers[0]["DocId"]
        assert len(await one.inbox(AWAY)) == 3


async def test_from_header_names_an_agency_of_the_own_system() -> None:
    async with axis() as one:
        assert (await one.send(document(), **{"from": MINISTRY}))["ErrorCode"] == "19"
        assert (await one.send(document(), **{"from": "000.00.77.H34"}))["ErrorCode"] == "19"
        # As in the recording of the real client.
        assert (await one.send(document(), **{"from": DEPARTMENT}))["ErrorCode"] == "0"


@pytest.mark.parametrize("sender", [MINISTRY, "000.00.77.H34"])
async def test_sender_of_another_system_or_of_none_is_refused(sender: str) -> None:
    async with axis() as one:
        assert (await one.send(document(HOME_AFFAIRS, sender=sender)))["ErrorCode"] == "19"
        assert await one.inbox(AWAY) == []


async def test_packet_that_is_not_what_its_header_calls_it_is_refused() -> None:
    async with axis() as one:
        for packet, claimed in (
            (document(), "status"),
            (status(document(), PROVINCE, "01"), "edoc"),
            (document(), "x"),
        ):
            answer = await one.send(packet, messagetype=claimed)
            assert (answer["ErrorCode"], "messagetype" in answer["ErrorDesc"]) == ("22", True)
        assert await one.inbox(AWAY) == []


async def test_locked_agency_gets_nothing_until_it_is_opened() -> None:
    async with axis() as one:
        await one.http.post("/__mock__/act/lock-agency", json={"code": "G22"})
        assert (await one.send(document(HOME_AFFAIRS, MINISTRY)))["ErrorCode"] == "23"
        assert await one.inbox(AWAY) == []
        await one.http.post("/__mock__/act/lock-agency", json={"code": "G22", "locked": False})
        assert (await one.send(document(HOME_AFFAIRS, MINISTRY)))["ErrorCode"] == "0"
        assert (await one.http.post("/__mock__/act/lock-agency", json={"code": "Z99"})).status_code == 422


async def test_packet_that_was_taken_in_is_answered_again_after_its_receiver_was_locked() -> None:
    async with axis() as one:
        first = await one.send(document())
        await one.http.post("/__mock__/act/lock-agency", json={"code": MINISTRY})
        assert await one.send(document()) == first


@pytest.mark.parametrize(("number_of_bytes", "code"), [(0, "0"), (1, "10")])
async def test_packet_up_to_the_limit_passes_and_one_byte_more_does_not(
    number_of_bytes: int, code: str
) -> None:
    raw = edxml.write(document())
    limit = len(raw) + 2 - number_of_bytes
    async with axis(settings={"max_packet_bytes": str(limit)}) as one:
        answer = await one.send(raw)
        assert answer["ErrorCode"] == code
        assert (str(limit) in answer["ErrorDesc"]) == (code == "10")


async def test_file_with_or_without_the_line_break_is_kept_as_its_hash_says() -> None:
    async with axis() as one:
        raws = [edxml.write(document(PROVINCE, sender=MINISTRY, number=str(number))) for number in (1, 2)]
        await one.send(raws[0], AWAY)
        await one.send(raws[1] + b"\r\n", AWAY)
        answers = [await one.vxp("getEdoc", b"{}", docId=item["docId"]) for item in await one.inbox()]
        assert [base64.b64decode(answer["data"]) for answer in answers] == [raws[0], raws[1] + b"\r\n"]


async def test_download_is_the_very_file_with_its_length() -> None:
    async with axis() as one:
        raw = edxml.write(document(PROVINCE, sender=MINISTRY))
        await one.send(raw, AWAY)
        [item] = await one.inbox()
        answer = await one.http.get(
            "/downloadEdoc", headers=one.headers(docId=item["docId"], filePath="./store/")
        )
        assert (answer.content, answer.headers["content-length"]) == (raw, str(len(raw)))
        again = await one.http.get("/downloadEdoc", headers=one.headers(docid="99"))
        assert again.json()["ErrorCode"] == "21"


async def test_state_holds_no_content_and_reset_forgets_the_files() -> None:
    async with axis() as one:
        await one.send(document())
        [row] = (await one.http.get("/__mock__/state")).json()["tables"]["packets"].values()
        assert one.app.state.context.files.get(row["sha256"]).read() == edxml.write(document())
        await one.http.post("/__mock__/reset")
        with pytest.raises(KeyError):
            one.app.state.context.files.get(row["sha256"])


async def test_packet_whose_file_is_gone_is_refused_and_the_document_can_be_sent_again() -> None:
    async with axis() as one:
        await one.send(document(PROVINCE, sender=MINISTRY), AWAY)
        one.app.state.context.files.clear()
        [item] = await one.inbox()
        assert (await one.vxp("getEdoc", b"{}", docId=item["docId"]))["ErrorCode"] == "21"
        assert (await one.send(document(PROVINCE, sender=MINISTRY), AWAY))["ErrorCode"] == "0"
        assert (await one.vxp("getEdoc", b"{}", docId=item["docId"]))["ErrorCode"] == "0"
