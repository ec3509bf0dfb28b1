"""What a province's own tools ask iGate's stand-in for: a dossier's forms in one piece, and the end of its process."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from igate_calls import FIRST, ID, MONDAY, PLAIN, Body, body, log_in
from lgsp.clock import VirtualClock
from lgsp_mocks.igate import STAND_IN
from lgsp_mocks.kit import create_app

pytestmark = pytest.mark.contract

DATA, END, SIGNED = "/pa/api-integration/--data", "/pa/dossier/--force-end-process", "1.000002.000.00.00.H34"


@pytest.fixture
async def igate() -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(STAND_IN, clock=VirtualClock(MONDAY), autopilot=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://igate") as client,
    ):
        await log_in(client)
        yield client


async def received(igate: httpx.AsyncClient, rounds: int = 0, procedure: str = PLAIN) -> Body:
    """What names a dossier of the counter, after so many steps of its officer."""
    answer = await igate.post("/__mock__/act/receive-at-counter", json={"procedure": procedure})
    for _ in range(rounds):
        await igate.post("/__mock__/tick")
    return {"id": answer.json()["id"], "code": answer.json()["code"]}


async def ends(igate: httpx.AsyncClient, *told: Body) -> httpx.Response:
    return await igate.put(END, json=list(told))


async def status(igate: httpx.AsyncClient, named: Body) -> int:
    detail: Any = (await igate.get(f"/pa/dossier/{named['id']}/--online")).json()
    return int(detail["dossierStatus"]["id"])


async def test_both_forms_come_as_they_were_sent(igate: httpx.AsyncClient) -> None:
    sent = body()
    made = (await igate.post("/pa/dossier", json=sent)).json()
    asked = {"code": f" {FIRST} ", "fields": "commonEForm,detailEForm,dossierFormFile,dossierFee,currentTask"}
    found = (await igate.get(DATA, params=asked)).json()
    assert (found["id"], found["code"], found["nationCode"]) == (made["id"], FIRST, "")
    assert found["commonEForm"] == sent["applicant"]
    assert found["detailEForm"] == {"id": ID, "data": {"soBan": 2}}
    assert [fee["code"] for fee in found["dossierFee"]] == ["LP01"]
    assert (found["dossierFormFile"], found["currentTask"]) == ([], [])
    assert found.keys() == {"id", "code", "nationCode", *asked["fields"].split(",")}


async def test_dossier_of_the_counter_has_forms_with_ids_too(igate: httpx.AsyncClient) -> None:
    named = await received(igate)
    found = (await igate.get(DATA, params={"code": named["code"]})).json()
    assert found["commonEForm"]["data"]["fullname"]
    assert (len(found["commonEForm"]["eformId"]), len(found["detailEForm"]["id"])) == (24, 24)


@pytest.mark.parametrize(
    ("asked", "answered"), [({"code": "x"}, 404), ({}, 400), ({"code": FIRST, "fields": "code,nope"}, 400)]
)
async def test_data_of_nobody_and_fields_that_are_none_are_refused(
    igate: httpx.AsyncClient, asked: dict[str, str], answered: int
) -> None:
    await igate.post("/pa/dossier", json=body())
    answer = await igate.get(DATA, params=asked)
    assert (answer.status_code, answer.json().keys()) == (answered, {"code", "message"})


@pytest.mark.parametrize("rounds", [0, 1])
async def test_process_is_ended_once_and_its_dossier_goes_on_to_the_citizen(
    igate: httpx.AsyncClient, rounds: int
) -> None:
    named = await received(igate, rounds)
    assert [(await ends(igate, named)).json() for _ in range(2)] == [{"affectedRows": 1}, {"affectedRows": 0}]
    assert await status(igate, named) == 9
    await igate.post("/__mock__/tick")
    assert await status(igate, named) == 10


async def test_draft_of_an_ended_process_waits_no_more(igate: httpx.AsyncClient) -> None:
    named = await received(igate, 3, SIGNED)
    await ends(igate, named)
    detail = (await igate.get(f"/pa/dossier/{named['id']}/--online")).json()
    assert (detail["signatureDraft"]["state"], detail["dossierStatus"]["id"]) == ("dropped", 9)


@pytest.mark.parametrize(
    ("wrong", "answered"),
    [({"id": ID}, 404), ({"code": "H34.1-261123-0001"}, 400), ({"code": None}, 400)],
)
async def test_one_that_is_wrong_ends_none(
    igate: httpx.AsyncClient, wrong: dict[str, object], answered: int
) -> None:
    named, other = await received(igate), await received(igate)
    answer = await ends(igate, named, other | wrong)
    assert (answer.status_code, answer.json().keys()) == (answered, {"code", "message"})
    assert [await status(igate, one) for one in (named, other)] == [2, 2]


async def test_process_that_has_not_begun_or_has_stopped_is_not_ended(igate: httpx.AsyncClient) -> None:
    made = (await igate.post("/pa/dossier", json=body())).json()
    assert (await ends(igate, {"id": made["id"], "code": FIRST})).status_code == 400
    assert await status(igate, made) == 0
    named = await received(igate)
    await igate.post("/__mock__/act/move", json={"code": named["code"], "to": "8", "content": "dừng"})
    assert (await ends(igate, named)).status_code == 400


async def test_both_want_a_token(igate: httpx.AsyncClient) -> None:
    del igate.headers["Authorization"]
    assert (await igate.get(DATA, params={"code": "x"})).status_code == 401
    assert (await ends(igate)).status_code == 401
