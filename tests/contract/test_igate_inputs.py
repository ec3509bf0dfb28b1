"""What iGate's stand-in does with inputs at the edge: answered or refused as the wire does it, never with a fault of its own."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from igate_calls import MONDAY, PLAIN, TOKEN, UNIT, body, changed, log_in
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
STATISTIC = "/pa/dossier-statistic/--statistic-agency-kgg"
LONE = "\ud800"


@pytest.fixture
async def igate() -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(STAND_IN, clock=VirtualClock(MONDAY), autopilot=False)
    async with (
        app.router.lifespan_context(app),
        # As a client sees it: a fault of the stand-in's own is an answer, too.
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://igate"
        ) as client,
    ):
        await log_in(client)
        yield client


async def send(igate: httpx.AsyncClient, path: str, sent: Any) -> httpx.Response:
    return await igate.post(path, content=json.dumps(sent), headers={"Content-Type": "application/json"})


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"accepted-from": "2026-11-23"}, 1),
        ({"accepted-from": "2026-11-24"}, 0),
        ({"accepted-from": "2026-11-23T08:30:00"}, 1),
        ({"accepted-from": "2026-11-23T08:30:01"}, 0),
        ({"accepted-from": "2026-11-23T01:30:01.000Z"}, 0),
        ({"accepted-to": "2026-11-23"}, 1),
        ({"accepted-to": "2026-11-22"}, 0),
        ({"accepted-to": "2026-11-23T08:29:59"}, 0),
        ({"accepted-from": "0001-01-01", "accepted-to": "9999-12-31T23:59:59-07:00"}, 1),
    ],
)
async def test_moment_without_a_zone_is_vietnamese_time_and_a_day_is_the_whole_of_it(
    igate: httpx.AsyncClient, asked: dict[str, str], found: int
) -> None:
    await igate.post("/__mock__/act/receive-at-counter", json={"procedure": PLAIN})
    answer = await igate.get("/pa/dossier/search", params=asked)
    assert (answer.status_code, len(answer.json()["content"])) == (200, found)


@pytest.mark.parametrize("year", ["0001", "1000", "9999"])
async def test_year_that_no_calendar_reaches_is_refused(igate: httpx.AsyncClient, year: str) -> None:
    for path, sent in (
        ("/pa/partner/NopHoSo", SUBMISSION | {"NgayNop": f"{year}-01-01 00:00:00"}),
        ("/pa/dossier", changed("acceptedDate", f"{year}-01-01T00:00:00.000+0700", "")),
        ("/pa/dossier", changed("appointmentDate", f"{year}-12-31T23:59:59.999-0700", "")),
    ):
        answer = await send(igate, path, sent)
        assert (answer.status_code, answer.json()["code"]) == (400, "400")
        assert year.lstrip("0") in answer.json()["message"]
    assert (await igate.get(STATISTIC, params={"from": "2026-01-01", "to": "2026-12-31"})).status_code == 200


async def test_text_that_is_none_is_refused_before_it_is_kept(igate: httpx.AsyncClient) -> None:
    for path, sent in (
        ("/pa/dossier", changed("eForm/data", {"a": LONE}, "")),
        ("/pa/dossier", body("") | {"extra": LONE}),
        ("/pa/dossier", changed("eForm/data", {"a": float("nan")}, "")),
        ("/pa/partner/NopHoSo", SUBMISSION | {"ThongTinNguoiNop": {"ThongTinChiTiet": {"DiaChi": LONE}}}),
        ("/pa/partner/token", {"client_id": "sim", "client_secret": LONE}),
    ):
        answer = await send(igate, path, sent)
        assert (answer.status_code, answer.json()["code"]) == (400, "400"), path
    assert (await igate.get("/pa/dossier/search")).json()["content"] == []


@pytest.mark.parametrize("raw", [b"{", b"\xff", b"[" * 100_000, b'{"a":' + b"9" * 5000 + b"}"])
async def test_body_that_is_no_json_is_refused_in_the_wires_words(
    igate: httpx.AsyncClient, raw: bytes
) -> None:
    for path in ("/pa/dossier", "/pa/partner/NopHoSo", "/pa/partner/CapNhatTienTrinh"):
        answer = await igate.post(path, content=raw, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json().keys()) == (400, {"code", "message"})


async def test_upload_that_is_no_form_is_refused_in_the_wires_words(igate: httpx.AsyncClient) -> None:
    answer = await igate.post(
        "/pa/partner/UploadFile", content=b"zzz", headers={"Content-Type": "multipart/form-data"}
    )
    assert (answer.status_code, answer.json().keys()) == (400, {"code", "message"})


async def test_statistic_takes_its_days_as_moments_too(igate: httpx.AsyncClient) -> None:
    await igate.post("/__mock__/act/receive-at-counter", json={"procedure": PLAIN, "unit": UNIT})
    days = {"from": "2026-11-23", "to": "2026-11-23"}
    moments = {"from": "2026-11-23T00:00:00.000Z", "to": "2026-11-23T23:59:59.999Z"}
    answers = [(await igate.get(STATISTIC, params=asked)).json() for asked in (days, moments)]
    assert answers[0] == answers[1]
    assert answers[0]["content"]
    assert (await igate.get(STATISTIC, params={"from": "2026-11-23Tx", "to": "x"})).status_code == 400


@pytest.mark.parametrize("client", ["web-onegate", "citizens-admin", "test-public"])
async def test_clients_that_public_code_logs_in_with_get_a_token_that_either_spelling_carries(
    igate: httpx.AsyncClient, client: str
) -> None:
    form = {"grant_type": "password", "client_id": client, "username": "sim", "password": "sim-secret"}
    token = (await igate.post(TOKEN, data=form)).json()["access_token"]
    for scheme in ("Bearer", "bearer"):
        headers = {"Authorization": f"{scheme} {token}"}
        assert (await igate.get("/pa/dossier/search", headers=headers)).status_code == 200


async def test_charset_that_carries_half_a_letter_spoils_nothing(tmp_path: Path) -> None:
    app = create_app(STAND_IN, data_dir=tmp_path, clock=VirtualClock(MONDAY), autopilot=False)
    headers = {"Content-Type": "multipart/form-data; boundary=x; charset=utf-7"}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://igate"
        ) as client,
    ):
        await log_in(client)
        part = b'--x\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
        file = part % (b"file", b'; filename="+2AA-"', b"abc") + b"--x--\r\n"
        uploaded = await client.post("/pa/partner/UploadFile", content=file, headers=headers)
        assert uploaded.status_code == 200
        fields = {b"grant_type": b"client_credentials", b"client_id": b"sim", b"client_secret": b"+2AA-"}
        form = b"".join(part % (name, b"", value) for name, value in fields.items()) + b"--x--\r\n"
        assert (await client.post(TOKEN, content=form, headers=headers)).status_code == 401
        assert (await client.get("/pa/dossier/search")).status_code == 200
