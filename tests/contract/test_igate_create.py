"""iGate's own create-dossier call on its stand-in: names and types of the recorded request, checks, numbers."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from igate_calls import FIRST, ID, MONDAY, OTHER, PLAIN, UNIT, Body, body, changed, log_in
from lgsp.clock import VirtualClock
from lgsp_mocks.igate import STAND_IN
from lgsp_mocks.kit import create_app

pytestmark = pytest.mark.contract


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(MONDAY)


@pytest.fixture
async def igate(clock: VirtualClock) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(STAND_IN, clock=clock, autopilot=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://igate") as client,
    ):
        await log_in(client)
        yield client


async def create(igate: httpx.AsyncClient, sent: Body) -> httpx.Response:
    return await igate.post("/pa/dossier", json=sent)


async def held(igate: httpx.AsyncClient) -> list[Body]:
    return list((await igate.get("/__mock__/state")).json()["tables"].get("dossiers", {}).values())


async def pattern(igate: httpx.AsyncClient, unit: str = UNIT) -> str:
    found = await igate.get("/bd/config/get-pattern", params={"agency-id": unit, "procedure-id": PLAIN})
    return str(found.json()["id"])


async def next_value(igate: httpx.AsyncClient, unit: str = UNIT) -> str:
    answer = await igate.get(
        f"/bt/pattern/{await pattern(igate, unit)}/--get-next-value", params={"code": PLAIN}
    )
    return str(answer.json()["value"])


async def test_created_dossier_is_registered_at_the_unit_that_takes_it_in_and_decided_by_the_competent_one(
    igate: httpx.AsyncClient,
) -> None:
    answer = await create(igate, body())
    assert (answer.status_code, answer.json()["code"]) == (200, FIRST)
    [row] = (await igate.get("/pa/dossier/search", params={"code": FIRST})).json()["content"]
    assert (row["id"], row["dossierStatus"], row["nationCode"]) == (answer.json()["id"], {"id": 0}, "")
    assert (row["agency"]["code"], row["receivingAgency"]["code"]) == ("000.00.03.H34", UNIT)
    await igate.post("/__mock__/tick")
    found = (await igate.get(f"/pa/dossier/{row['id']}/--online")).json()
    assert (found["code"], found["dossierStatus"], found["abstract"]) == (FIRST, {"id": 2}, "Xin cấp bản sao")
    assert found["applicant"]["data"].items() >= body()["applicant"]["data"].items()
    assert "Sở Tư pháp" in found["tasks"][0]["content"]


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        ("procedure/code", "9.999999", "procedure.code"),
        ("procedure/sector/code", "NOPE", "procedure.sector.code"),
        ("procedure/sector/code", "G12-TC01", "procedure.sector.code"),
        ("agency/parent/code", "000.99.00.H34", "agency.parent.code"),
        ("agency/parent/code", "000.00.00.G22", "agency.parent.code"),
        ("agency/parent/code", OTHER, "code"),
        ("code", f"{UNIT}-261324-0001", "code"),
        ("code", f"{UNIT}-261122-0001", "code"),
        ("code", f"{UNIT}-261123-0002", "code"),
        ("code", "hồ sơ 1", "code"),
        ("applicant/data/identityDate", "2027-01-01T00:00:00.000+0700", "applicant.data.identityDate"),
        ("acceptedDate", "2026-11-23T18:00:00.000+0700", "acceptedDate"),
        ("appointmentDate", "2026-11-20T08:00:00.000+0700", "appointmentDate"),
        ("dossierFormFile", [{"file": [{"id": ID}]}], "dossierFormFile"),
    ],
)
async def test_what_cannot_be_is_refused_by_its_place_in_both_languages_and_leaves_no_trace(
    igate: httpx.AsyncClient, path: str, value: object, place: str
) -> None:
    answer = await create(igate, changed(path, value))
    assert (answer.status_code, answer.json()["code"]) == (400, place)
    assert await held(igate) == []
    assert (await create(igate, body())).json()["code"] == FIRST


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("applicant/data/birthday", "1990-02-30T17:00:00.000+0000"),
        ("applicant/data/birthday", "1990-01-01"),
        ("applicant/data/identityDate", "1980-01-01T17:00:00.000+0000"),
        ("applicant/data/identityNumber", "12345"),
        ("applicant/data/chonDoiTuong", 9),
        ("applicant/data/ownerFullname", 7),
        ("appointmentDate", "2026-11-31T08:00:00.000+0700"),
        ("procedure/id", "not-an-object-id"),
        ("procedure/translate", [{"languageId": 46, "name": "x"}]),
        ("procedure/translate", "Đăng ký"),
        ("dossierStatus", 2),
        ("dossierStatus", "0"),
        ("agency", {"ancestors": []}),
        ("applicant", None),
    ],
)
async def test_wrong_type_or_value_is_named_by_its_path(
    igate: httpx.AsyncClient, path: str, value: object
) -> None:
    answer = await create(igate, changed(path, value))
    assert (answer.status_code, answer.json()["code"]) == (400, "400")
    assert path.split("/", maxsplit=1)[0] in answer.json()["message"]
    assert await held(igate) == []


async def test_every_fault_is_told_at_once(igate: httpx.AsyncClient) -> None:
    sent = changed("procedure/code", "9.999999")
    sent["agency"]["parent"]["code"] = "H99"
    sent["appointmentDate"] = "2020-01-01T08:00:00.000+0700"
    message = (await create(igate, sent)).json()["message"]
    assert all(word in message for word in ("H99", "9.999999", "appointmentDate"))


async def test_same_call_again_is_the_same_dossier_and_other_content_is_refused(
    igate: httpx.AsyncClient,
) -> None:
    first = await create(igate, body())
    assert (await create(igate, body())).json() == first.json()
    other = await create(igate, changed("applicant/data/ownerFullname", "Người khác"))
    assert (other.status_code, other.json()["code"]) == (400, "code")
    [kept] = await held(igate)
    assert kept["applicant"]["ownerFullname"] == "Nguyễn Văn A"


async def test_number_of_a_dossier_from_the_counter_is_not_given_twice(igate: httpx.AsyncClient) -> None:
    received = await igate.post("/__mock__/act/receive-at-counter", json={"procedure": PLAIN, "unit": UNIT})
    assert received.json()["code"] == FIRST
    assert (await create(igate, body())).status_code == 400
    assert (await create(igate, body(""))).json()["code"] == f"{UNIT}-261123-0002"


async def test_expired_token_creates_nothing_and_the_call_goes_through_with_a_new_one(
    igate: httpx.AsyncClient, clock: VirtualClock
) -> None:
    await clock.advance(301)
    refused = await create(igate, body())
    assert (refused.status_code, refused.json()["code"]) == (401, "401")
    assert await held(igate) == []
    await log_in(igate)
    assert (await create(igate, body())).status_code == 200


async def test_numbers_have_no_gap_and_no_double_however_they_are_taken_at_once(
    igate: httpx.AsyncClient,
) -> None:
    async def fetched() -> str:
        return str((await create(igate, body(await next_value(igate)))).json()["code"])

    async def given() -> str:
        return str((await create(igate, body(""))).json()["code"])

    async def counter() -> str:
        taken = await igate.post("/__mock__/act/receive-at-counter", json={"procedure": PLAIN, "unit": UNIT})
        return str(taken.json()["code"])

    async def refused() -> str:
        assert (await create(igate, changed("procedure/code", "9.999999", ""))).status_code == 400
        return ""

    ways = [fetched, given, counter, refused]
    codes = await asyncio.gather(*(ways[number % 4]() for number in range(80)))
    numbers = sorted(int(code.rsplit("-", 1)[1]) for code in codes if code)
    assert numbers == list(range(1, 61))


async def test_each_unit_and_day_counts_for_itself(igate: httpx.AsyncClient, clock: VirtualClock) -> None:
    assert [await next_value(igate), await next_value(igate, OTHER)] == [FIRST, f"{OTHER}-261123-0001"]
    await clock.advance(86_400)
    await log_in(igate)
    assert await next_value(igate) == f"{UNIT}-261124-0001"


async def test_number_that_nobody_used_is_given_out_again_so_that_it_leaves_no_gap(
    igate: httpx.AsyncClient, clock: VirtualClock
) -> None:
    assert await next_value(igate) == FIRST
    assert (await create(igate, body(""))).json()["code"] == f"{UNIT}-261123-0002"
    await clock.advance(301)
    await log_in(igate)
    assert (await create(igate, body(""))).json()["code"] == FIRST
    assert (await create(igate, body())).status_code == 400


async def test_pattern_of_another_unit_is_refused(igate: httpx.AsyncClient) -> None:
    answer = await create(igate, changed("codePattern", {"id": await pattern(igate, OTHER)}))
    assert answer.json()["code"] == "codePattern.id"
    assert (await create(igate, changed("codePattern", {"id": await pattern(igate)}))).status_code == 200


async def test_dates_of_the_paper_receipt_are_kept_when_the_officer_takes_it_in(
    igate: httpx.AsyncClient,
) -> None:
    sent = body() | {
        "acceptedDate": "2026-11-23T07:30:00.000+0700",
        "appointmentDate": "2026-12-01T10:00:00.000+0000",
    }
    await create(igate, sent)
    await igate.post("/__mock__/tick")
    [kept] = await held(igate)
    assert (kept["accepted_at"], kept["due_at"]) == (
        "2026-11-23T07:30:00.000+0700",
        "2026-12-01T17:00:00.000+0700",
    )


async def test_files_and_fees_come_along(igate: httpx.AsyncClient) -> None:
    uploaded = await igate.post(
        "/pa/partner/UploadFile", files={"file": ("don.pdf", b"%PDF", "application/pdf")}
    )
    file_id = uploaded.json()["data"][0]["IdTepTin"]
    sent = body() | {
        "dossierFormFile": [{"code": "TP01", "file": [{"id": file_id, "filename": "đơn.pdf"}]}],
        "dossierFee": [{"code": "LP", "name": "Lệ phí", "amount": 5000}],
    }
    await create(igate, sent)
    [kept] = await held(igate)
    assert [(file["name"], file["size"], file["code"]) for file in kept["files"]] == [("đơn.pdf", 4, "TP01")]
    assert [fee["amount"] for fee in kept["fees"]] == [5000]
