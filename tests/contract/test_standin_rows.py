"""A stand-in shows a large table a page at a time, the newest first, and what is put meanwhile shifts no page."""

import httpx
import pytest

from lgsp.console.desks import holdings
from lgsp.gateway import StandIns
from lgsp_mocks.ioffice import STAND_IN
from lgsp_mocks.kit import create_app

pytestmark = pytest.mark.contract
MANY = 20_000


def document(number: int) -> dict:
    return {
        "document_id": f"d{number}",
        "direction": "in" if number % 2 else "out",
        "code": f"{number}/UBND",
        "subject": "V/v " + "dài " * 100,
        "statuses": [],
    }


@pytest.fixture
async def office():
    app = create_app(STAND_IN, autopilot=False)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport) as http, app.router.lifespan_context(app):
        rows = app.state.context.state.table("documents")
        rows.clear()
        for number in range(MANY):
            rows.put(f"d{number}", document(number))
        yield rows, StandIns({"ioffice": "http://ioffice.test"}, http), http


async def test_the_pages_hold_every_row_once_the_newest_first_also_while_rows_are_put(office):
    table, stand_ins, _ = office
    seen, before = [], None
    while True:
        page = await stand_ins.rows("ioffice", "documents", before=before, limit=200)
        seen += [row["document_id"] for row in page.rows]
        if page.following is None:
            break
        before = page.following
        table.put(f"new{len(seen)}", document(1))
    assert seen == [f"d{number}" for number in reversed(range(MANY))]


async def test_rows_are_found_by_a_field_and_counted(office):
    _, stand_ins, _ = office
    received = holdings("ioffice")[0]
    page = await stand_ins.rows("ioffice", received.table, where=received.where, limit=3)
    assert [row["document_id"] for row in page.rows] == ["d19999", "d19997", "d19995"]
    assert page.total == MANY // 2
    where = {"field": ["document_id", "code"], "value": ["7/UBND", "d9"]}
    found = await stand_ins.rows("ioffice", "documents", where=where)
    assert [row["document_id"] for row in found.rows] == ["d9", "d7"]
    assert found.following is None
    where = {"field": ["statuses", "code"], "value": ["7/UBND"]}  # one of them holds lists
    assert (await stand_ins.rows("ioffice", "documents", where=where)).total == 1


async def test_an_answer_stays_small_however_large_the_table_and_a_limit_has_a_bound(office):
    _, stand_ins, http = office
    answer = await http.get("http://ioffice.test/__mock__/rows/documents")
    assert len(answer.content) < 50_000
    wrong = await http.get("http://ioffice.test/__mock__/rows/documents", params={"limit": 201})
    assert wrong.status_code == 422
    assert (await stand_ins.rows("ioffice", "nothing")).rows == ()
