"""Recall, update, replacement, take-back and answers over the whole bus: both offices end in agreement."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lgsp.scenario.world import Record, World
from province import MINISTRY, PROVINCE, province

pytestmark = pytest.mark.flow

DEPARTMENT = "000.00.02.H34"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with province(tmp_path) as running:
        yield running


async def issued(world: World, subject: str, *to: str, **more: object) -> str:
    form = {"from": PROVINCE, "to": list(to), "subject": subject, **more}
    return str((await world.act("ioffice", "issue-document", form))["document_id"])


async def outgoing(world: World, document_id: str) -> Record:
    return await world.record("ioffice", "documents", document_id) or {}


async def held(world: World, document_id: str, agency: str) -> Record | None:
    if agency == MINISTRY:
        return await world.record("axis", "external_documents", f"{document_id}|{agency}")
    return await world.record("ioffice", "documents", f"{document_id}|{agency}")


async def all_at(world: World, document_id: str, status: str, request: str = "") -> Record:
    """Until the sender has heard that of every receiver."""

    async def look() -> Record | None:
        row = await outgoing(world, document_id)
        lives = list(row["receivers"].values())
        return row if all(life == {"status": status, "request": request} for life in lives) else None

    return await world.until(f"{status} {request} of everybody", look)


async def test_document_is_recalled_while_nobody_has_touched_it(world: World) -> None:
    document_id = await issued(world, "V/v gửi nhầm [chờ]", MINISTRY, DEPARTMENT)
    await all_at(world, document_id, "03")
    await world.act("ioffice", "recall-document", {"document_id": document_id, "reason": "Gửi nhầm nơi nhận"})
    row = await all_at(world, document_id, "03", "agreed")
    assert {status["code"] for status in row["statuses"]} == {"01", "03", "15"}
    for agency in (MINISTRY, DEPARTMENT):
        theirs = await held(world, document_id, agency)
        assert (theirs["withdrawn"], theirs["requests"][0]["reason"]) == (True, "Gửi nhầm nơi nhận")
    assert row["faults"] == []


async def test_document_that_was_worked_on_is_not_given_back(world: World) -> None:
    document_id = await issued(world, "V/v đã xử lý", MINISTRY, DEPARTMENT)
    await all_at(world, document_id, "06")
    await world.act("ioffice", "recall-document", {"document_id": document_id, "reason": "Muộn"})
    row = await all_at(world, document_id, "06", "refused")
    assert {status["code"] for status in row["statuses"]} >= {"16"}
    assert not (await held(world, document_id, MINISTRY))["withdrawn"]


async def test_update_changes_the_subject_and_brings_a_new_receiver(world: World) -> None:
    document_id = await issued(world, "V/v họp [chờ]", DEPARTMENT)
    await all_at(world, document_id, "03")
    change = {
        "document_id": document_id,
        "reason": "Đổi giờ họp",
        "subject": "V/v họp lúc 14 giờ [chờ]",
        "added": [MINISTRY],
    }
    await world.act("ioffice", "update-document", change)
    theirs = await world.until("the ministry holds it", lambda: held(world, document_id, MINISTRY))
    assert theirs["subject"] == "V/v họp lúc 14 giờ [chờ]"

    async def changed() -> Record | None:
        row = await held(world, document_id, DEPARTMENT)
        return row if row and row["subject"] == "V/v họp lúc 14 giờ [chờ]" else None

    await world.until("the department's subject has changed", changed)

    async def known() -> Record | None:
        lives = (await outgoing(world, document_id))["receivers"]
        wanted = {
            DEPARTMENT: {"status": "03", "request": "agreed"},
            MINISTRY: {"status": "03", "request": ""},
        }
        return lives if lives == wanted else None

    await world.until("the sender knows of both", known)


async def test_replacement_takes_the_place_of_the_old_document(world: World) -> None:
    old = await issued(world, "Quyết định cũ [chờ]", MINISTRY, DEPARTMENT)
    await all_at(world, old, "03")
    form = {"document_id": old, "reason": "Sai thẩm quyền", "subject": "Quyết định mới [chờ]"}
    new = str((await world.act("ioffice", "replace-document", form))["document_id"])
    await all_at(world, old, "03", "agreed")
    await all_at(world, new, "03")
    for agency in (MINISTRY, DEPARTMENT):
        assert (await held(world, old, agency))["replaced_by"] == new
        assert (await held(world, new, agency))["subject"] == "Quyết định mới [chờ]"


async def test_one_receiver_is_asked_to_give_the_document_back(world: World) -> None:
    document_id = await issued(world, "V/v một nơi [chờ]", MINISTRY, DEPARTMENT)
    await all_at(world, document_id, "03")
    form = {"document_id": document_id, "organization": MINISTRY, "reason": "Nhầm phụ lục"}
    await world.act("ioffice", "take-back", form)

    async def answered() -> Record | None:
        lives = (await outgoing(world, document_id))["receivers"]
        return lives if lives[MINISTRY]["request"] == "agreed" else None

    lives = await world.until("the ministry agreed", answered)
    assert lives[DEPARTMENT] == {"status": "03", "request": ""}
    assert (await held(world, document_id, MINISTRY))["withdrawn"]
    assert not (await held(world, document_id, DEPARTMENT))["withdrawn"]


async def test_answer_is_linked_to_the_document_that_it_answers(world: World) -> None:
    form = {"from": MINISTRY, "to": [PROVINCE], "subject": "V/v xin ý kiến"}
    asked = str((await world.act("axis", "send-document", form))["document_id"])
    await world.until("it arrived", lambda: held(world, asked, PROVINCE))
    answer = await issued(world, "V/v góp ý", MINISTRY, responds_to=[asked])

    async def linked() -> Record | None:
        row = await world.record("axis", "external_documents", asked)
        return row if row and row["answered_by"] == [answer] else None

    await world.until("the ministry sees the answer beside its question", linked)
    assert (await held(world, answer, MINISTRY))["responds_to"] == [asked]


async def test_refused_document_comes_again_and_is_taken_in(world: World) -> None:
    document_id = await issued(world, "V/v sai nơi nhận [từ chối]", MINISTRY)
    row = await all_at(world, document_id, "02")
    assert [status["code"] for status in row["statuses"]] == ["01", "02"]
