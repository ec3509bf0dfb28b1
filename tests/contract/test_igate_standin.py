"""iGate's stand-in against its wire."""

import json
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import httpx
import pytest

from lgsp.clock import VIETNAM, VirtualClock
from lgsp.standards.identifiers import check_dossier_code
from lgsp_mocks.igate import STAND_IN, dossiers
from lgsp_mocks.kit import create_app

pytestmark = pytest.mark.contract

MONDAY = datetime(2026, 11, 23, 8, 30, tzinfo=VIETNAM)
TOKEN = "/auth/realms/digo/protocol/openid-connect/token"
LOGIN = {"grant_type": "client_credentials", "client_id": "sim", "client_secret": "sim-secret"}
PLAIN, SIGNED = "1.000001.000.00.00.H34", "1.000002.000.00.00.H34"
SUBMISSION = {
    "MaHoSo": "G22.99.99-261123-0001",
    "MaTTHC": PLAIN,
    "ChuHoSo": "Nguyễn A",
    "NgayNop": "2026-11-23 08:00:00",
}


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
        token = (await client.post(TOKEN, data=LOGIN)).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


async def ticks(client: httpx.AsyncClient, rounds: int) -> None:
    for _ in range(rounds):
        await client.post("/__mock__/tick")


async def detail(client: httpx.AsyncClient, code: str) -> dict[str, object]:
    [row] = (await client.get("/pa/dossier/search", params={"code": code})).json()["content"]
    answer: dict[str, object] = (await client.get(f"/pa/dossier/{row['id']}/--online")).json()
    return answer


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": "nobody"}, "invalid_client"),
        ({"grant_type": "x"}, "unsupported_grant_type"),
    ],
)
async def test_wrong_credentials_are_refused_as_keycloak_does(
    igate: httpx.AsyncClient, changes: dict[str, str], error: str
) -> None:
    answer = await igate.post(TOKEN, data=LOGIN | changes)
    assert answer.status_code in {400, 401}
    assert answer.json()["error"] == error


async def test_token_ends_after_five_minutes(igate: httpx.AsyncClient, clock: VirtualClock) -> None:
    assert (await igate.get("/pa/dossier/search")).status_code == 200
    await clock.advance(301)
    assert (await igate.get("/pa/dossier/search")).status_code == 401


async def test_dossier_at_the_counter_lives_to_its_end(igate: httpx.AsyncClient) -> None:
    received = (
        await igate.post("/__mock__/act/receive-at-counter", json={"procedure": PLAIN, "documents": []})
    ).json()
    assert check_dossier_code(received["code"]) == "000.00.03.H34-261123-0001"
    await ticks(igate, 4)
    found = await detail(igate, received["code"])
    assert [step["status"] for step in found["tasks"]] == ["2", "4", "9", "10"]
    # Three working days, and 24 November is a public holiday since 2026 (Ngày Văn hóa Việt Nam).
    assert found["appointmentDate"] == "2026-11-27T08:30:00.000+0700"
    assert len(found["results"]) == 1


async def test_numbers_have_no_gaps_per_unit_and_day(igate: httpx.AsyncClient, clock: VirtualClock) -> None:
    async def receive() -> str:
        answer = await igate.post("/__mock__/act/receive-at-counter", json={"procedure": PLAIN})
        return str(answer.json()["code"])

    assert [await receive() for _ in range(3)] == [
        f"000.00.03.H34-261123-000{number}" for number in (1, 2, 3)
    ]
    await clock.advance(86_400)
    assert await receive() == "000.00.03.H34-261124-0001"


async def test_submitted_dossier_keeps_its_national_code_and_a_repeat_is_the_same(
    igate: httpx.AsyncClient,
) -> None:
    uploaded = (
        await igate.post("/pa/partner/UploadFile", files={"file": ("don.pdf", b"%PDF", "application/pdf")})
    ).json()["data"][0]
    paper = {
        "TenThanhPhanHoSo": "Đơn",
        "GiayToDinhKem": [{"IdGiayTo": uploaded["IdTepTin"], "TenGiayTo": "don.pdf"}],
    }
    body = SUBMISSION | {"ThanhPhanHoSo": [paper]}
    first, again = [(await igate.post("/pa/partner/NopHoSo", json=body)).json()["data"] for _ in range(2)]
    assert first == again
    await ticks(igate, 1)
    found = await detail(igate, SUBMISSION["MaHoSo"])
    assert (found["nationCode"], found["code"], found["receivingKind"]) == (
        SUBMISSION["MaHoSo"],
        "000.00.03.H34-261123-0001",
        2,
    )
    [file] = found["dossierFormFile"]
    assert (await igate.get(f"/fi/file/{file['id']}")).content == b"%PDF"


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"MaTTHC": "9.999999"}, "9.999999"),
        ({"NgayNop": "23/11/2026"}, "NgayNop"),
        ({"MaHoSo": "G22.99.99-261399-0001"}, "261399"),
        ({"MaDonViTiepNhan": "000.00.00.G22"}, "000.00.00.G22"),
        ({"ThanhPhanHoSo": [{"GiayToDinhKem": [{"IdGiayTo": "missing"}]}]}, "missing"),
    ],
)
async def test_bad_submission_is_refused_naming_what_is_wrong(
    igate: httpx.AsyncClient, changes: dict[str, object], word: str
) -> None:
    answer = await igate.post("/pa/partner/NopHoSo", json=SUBMISSION | changes)
    assert answer.status_code == 400
    assert word in answer.json()["message"]
    assert (await igate.get("/pa/dossier/search")).json()["content"] == []


async def test_dossier_waits_for_the_signed_paper(igate: httpx.AsyncClient) -> None:
    code = (await igate.post("/__mock__/act/receive-at-counter", json={"procedure": SIGNED})).json()["code"]
    await ticks(igate, 5)
    waiting = await detail(igate, code)
    assert (waiting["dossierStatus"], waiting["signatureDraft"]["state"]) == ({"id": 4}, "waiting")
    uploaded = (
        await igate.post("/pa/partner/UploadFile", files={"file": ("qd.pdf", b"%PDF signed")})
    ).json()["data"][0]
    papers = [{"IdGiayTo": uploaded["IdTepTin"], "TenGiayTo": "Quyết định"}]
    answer = await igate.post(
        "/pa/partner/CapNhatTrangThai",
        json=[{"MaHoSo": code, "TrangThai": "9", "DanhSachGiayToKetQua": papers}],
    )
    assert answer.status_code == 200
    await ticks(igate, 2)
    ended = await detail(igate, code)
    assert (ended["dossierStatus"], [one["name"] for one in ended["results"]]) == ({"id": 10}, ["Quyết định"])


async def test_leader_who_refuses_stops_the_dossier(igate: httpx.AsyncClient) -> None:
    code = (await igate.post("/__mock__/act/receive-at-counter", json={"procedure": SIGNED})).json()["code"]
    await ticks(igate, 3)
    body = [{"MaHoSo": code, "TrangThai": "8", "NoiDungXuLy": "Dừng xử lý: chưa đủ căn cứ"}]
    assert (await igate.post("/pa/partner/CapNhatTienTrinh", json=body)).status_code == 200
    await ticks(igate, 2)
    ended = await detail(igate, code)
    assert ended["dossierStatus"] == {"id": 8}
    assert "chưa đủ căn cứ" in ended["tasks"][-1]["content"]


async def test_status_of_an_unknown_dossier_changes_nothing_of_its_batch(igate: httpx.AsyncClient) -> None:
    code = (await igate.post("/__mock__/act/receive-at-counter", json={"procedure": PLAIN})).json()["code"]
    batch = [
        {"MaHoSo": code, "NoiDungXuLy": "x", "TrangThai": "4"},
        {"MaHoSo": "nobody", "NoiDungXuLy": "x", "TrangThai": "4"},
    ]
    assert (await igate.post("/pa/partner/CapNhatTienTrinh", json=batch)).status_code == 404
    assert len((await detail(igate, code))["tasks"]) == 1


async def test_newest_change_comes_first_where_asked(igate: httpx.AsyncClient) -> None:
    codes = [
        (await igate.post("/__mock__/act/receive-at-counter", json={"procedure": PLAIN})).json()["code"]
        for _ in range(12)
    ]
    page = (await igate.get("/pa/dossier/search", params={"sort": "updatedDate,desc", "size": 5})).json()
    assert [row["code"] for row in page["content"]] == codes[:-6:-1]
    assert page["last"] is False


async def test_newest_changes_are_paged_as_a_search_through_all_would(
    igate: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dossiers, "_CHANGES", 3)
    for _ in range(9):
        await igate.post("/__mock__/act/receive-at-counter", json={"procedure": PLAIN})
        await ticks(igate, 1)
    for page, size in ((0, 1), (0, 4), (1, 4), (2, 4), (0, 9), (1, 9), (3, 4)):
        asked = {"sort": "updatedDate,desc", "page": page, "size": size}
        newest = (await igate.get("/pa/dossier/search", params=asked)).json()
        every = ",".join(map(str, range(1, 11)))
        searched = (await igate.get("/pa/dossier/search", params=asked | {"dossier-status": every})).json()
        assert newest == searched


async def test_state_survives_a_restart(tmp_path: Path, clock: VirtualClock) -> None:
    for wanted in ("0001", "0002"):
        app = create_app(STAND_IN, data_dir=tmp_path, clock=clock, autopilot=False)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://igate") as client,
        ):
            answer = await client.post("/__mock__/act/receive-at-counter", json={"procedure": PLAIN})
            assert answer.json()["code"].endswith(wanted)


@pytest.mark.parametrize("token", ["", "Bearer nobody", None])
@pytest.mark.parametrize("changes", [
    {}, {"MaTTHC": "x"}, {"LoaiDoiTuong": 1}, {"LoaiDoiTuong": 3}, {"NgayNop": "2026-11-23 24:00:00"}, {"NgayNop": "2026-1-3 8:0:0"},
    {"NgayNop": "2026-02-30 08:00:00"}, {"EformThongTinChiTiet": {"NoiDungBoSung": "a"}},
])  # fmt: skip
async def test_a_submission_is_answered_alike_past_fastapi_and_through_it(
    igate: httpx.AsyncClient, changes: dict[str, object], token: str | None
) -> None:
    answers = []
    for form in ("application/json", "application/json; charset=utf-8"):  # FastAPI has the second
        await igate.post("/__mock__/reset")
        own = (await igate.post(TOKEN, data=LOGIN)).json()["access_token"]
        headers = {"Content-Type": form, "Authorization": f"Bearer {own}" if token is None else token}
        answer = await igate.post(
            "/pa/partner/NopHoSo", content=json.dumps(SUBMISSION | changes).encode(), headers=headers
        )
        answers.append((answer.status_code, answer.headers.raw, answer.content))
    assert answers[0] == answers[1]


async def test_calls_past_fastapi_want_the_token_and_no_other_method(igate: httpx.AsyncClient) -> None:
    await igate.post("/__mock__/act/receive-at-counter", json={"procedure": PLAIN})
    await ticks(igate, 3)
    [row] = (await igate.get("/pa/dossier/search")).json()["content"]
    path = f"/pa/dossier/{row['id']}/--online"
    [paper] = (await igate.get(path)).json()["results"]
    for place in (path, f"/fi/file/{paper['id']}", "/pa/dossier/search?size=501"):
        assert (await igate.head(place)).status_code == 405
        refused = await igate.get(place, headers={"Authorization": "Bearer nobody"})
        assert (refused.status_code, refused.json()["code"]) == (401, "401")
