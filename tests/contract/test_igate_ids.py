"""iGate's ids, forms and states fit each other: what one call shows, the next one takes."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from igate_calls import ID, MONDAY, OTHER, PLAIN, UNIT, Body, body, log_in, named
from lgsp.clock import VirtualClock
from lgsp_mocks.igate import STAND_IN
from lgsp_mocks.kit import create_app

pytestmark = pytest.mark.contract

SUBMISSION = {
    "MaHoSo": "G22.99.99-261123-0001",
    "MaTTHC": PLAIN,
    "ChuHoSo": "Nguyễn A",
    "NgayNop": "2026-11-23 08:00:00",
}
FILLED = {"loaiHTTP": "KS", "noiDangKy": "23710", "con": [{"ten": "An", "tuoi": 1.5}], "": None}


@pytest.fixture
async def igate() -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(STAND_IN, clock=VirtualClock(MONDAY), autopilot=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://igate") as client,
    ):
        await log_in(client)
        yield client


async def found(igate: httpx.AsyncClient, **asked: str) -> list[Body]:
    return list((await igate.get("/pa/dossier/search", params=asked)).json()["content"])


async def a_row(igate: httpx.AsyncClient) -> Body:
    await igate.post("/__mock__/act/receive-at-counter", json={"procedure": PLAIN, "unit": UNIT})
    [row] = await found(igate)
    return row


async def created(igate: httpx.AsyncClient, **changes: Any) -> httpx.Response:
    return await igate.post("/pa/dossier", json=body("") | changes)


async def test_what_a_row_shows_makes_the_next_dossier_with_a_number_of_its_own(
    igate: httpx.AsyncClient,
) -> None:
    row = await a_row(igate)
    agency = {"parent": row["receivingAgency"]}
    pattern = await igate.get(
        "/bd/config/get-pattern",
        params={"agency-id": agency["parent"]["id"], "procedure-id": row["procedure"]["id"]},
    )
    number = await igate.get(
        f"/bt/pattern/{pattern.json()['id']}/--get-next-value", params={"code": row["procedure"]["code"]}
    )
    answer = await created(
        igate,
        code=number.json()["value"],
        codePattern={"id": pattern.json()["id"]},
        procedure=row["procedure"],
        agency=agency,
        eForm={"id": ID, "data": FILLED},
    )
    assert answer.status_code == 200, answer.text
    [made] = await found(igate, code=f"{UNIT}-261123-0002")
    assert made["eForm"] == {"id": ID, "data": FILLED}
    assert (made["procedure"], made["receivingAgency"]) == (row["procedure"], row["receivingAgency"])
    detail = (await igate.get(f"/pa/dossier/{made['id']}/--online")).json()
    assert detail["eForm"] == made["eForm"]


async def test_ids_alone_say_which_procedure_and_which_unit(igate: httpx.AsyncClient) -> None:
    row = await a_row(igate)
    procedure = {name: value for name, value in row["procedure"].items() if name != "code"}
    parent = {"id": row["receivingAgency"]["id"].upper(), "name": named("UBND xã")}
    answer = await created(igate, procedure=procedure, agency={"parent": parent})
    assert answer.json()["code"] == f"{UNIT}-261123-0002"
    catalogued = (await igate.get(f"/ba/procedure/{procedure['id']}")).json()
    assert (catalogued["id"], catalogued["code"]) == (procedure["id"], PLAIN)


async def test_id_that_belongs_to_another_is_refused_and_one_that_is_unknown_is_not_asked(
    igate: httpx.AsyncClient,
) -> None:
    row, sent = await a_row(igate), body("")
    rows = (await igate.get("/ba/procedure/search")).json()["content"]
    other = next(one["id"] for one in rows if one["code"] != PLAIN)
    answer = await created(igate, procedure=sent["procedure"] | {"id": other})
    assert (answer.status_code, answer.json()["code"]) == (400, "procedure.id")
    elsewhere = {"parent": sent["agency"]["parent"] | {"id": row["receivingAgency"]["id"], "code": OTHER}}
    answer = await created(igate, agency=elsewhere)
    assert (answer.status_code, answer.json()["code"]) == (400, "agency.parent.id")
    assert (await created(igate)).status_code == 200


@pytest.mark.parametrize("asked", [{"agency-id": ID}, {"agency-id": UNIT, "procedure-id": ID}])
async def test_pattern_of_nobody_is_refused(igate: httpx.AsyncClient, asked: dict[str, str]) -> None:
    answer = await igate.get("/bd/config/get-pattern", params=asked)
    assert (answer.status_code, answer.json()["code"]) == (400, [*asked][-1])


async def test_form_of_a_partners_dossier_is_shown_and_makes_part_of_what_was_told(
    igate: httpx.AsyncClient,
) -> None:
    told = SUBMISSION | {"EformThongTinChiTiet": FILLED}
    assert (await igate.post("/pa/partner/NopHoSo", json=told)).status_code == 200
    [row] = await found(igate)
    assert row["eForm"]["data"] == FILLED
    for repeat in (told, SUBMISSION):
        assert (await igate.post("/pa/partner/NopHoSo", json=repeat)).status_code == 200
    other = await igate.post("/pa/partner/NopHoSo", json=told | {"EformThongTinChiTiet": {"loaiHTTP": "KT"}})
    assert (other.status_code, "EformThongTinChiTiet" in other.json()["message"]) == (400, True)


async def test_just_registered_is_0_on_the_wire(igate: httpx.AsyncClient) -> None:
    await a_row(igate)
    await created(igate)
    statuses = {
        asked: [row["dossierStatus"]["id"] for row in await found(igate, **{"dossier-status": asked})]
        for asked in ("", ",", "0", "0,2", "1", "11,16,17", "2,3,4,5,16,17,8,11,10,9")
    }
    assert statuses == {
        "": [0, 2], ",": [0, 2], "0": [0], "0,2": [0, 2], "1": [], "11,16,17": [], "2,3,4,5,16,17,8,11,10,9": [2],
    }  # fmt: skip
    [kept] = await found(igate, **{"remove-status": "0"})
    assert kept["dossierStatus"] == {"id": 2}
    newest = await found(igate, sort="updatedDate,desc", **{"remove-status": "2"})
    assert [row["dossierStatus"]["id"] for row in newest] == [0]
