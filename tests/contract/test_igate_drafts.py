"""Drafts for signature on iGate's stand-in, round by round; batches of the partner API; submissions that contradict each other."""

import hashlib
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import httpx
import pytest

from lgsp.clock import VIETNAM, VirtualClock
from lgsp_mocks.igate import STAND_IN
from lgsp_mocks.kit import create_app

pytestmark = pytest.mark.contract

MONDAY = datetime(2026, 11, 23, 8, 30, tzinfo=VIETNAM)
TOKEN = "/auth/realms/digo/protocol/openid-connect/token"
LOGIN = {"grant_type": "client_credentials", "client_id": "sim", "client_secret": "sim-secret"}
PLAIN, SIGNED = "1.000001.000.00.00.H34", "1.000002.000.00.00.H34"
SUBMISSION = {
    "MaHoSo": "G22.99.99-261123-0001", "MaTTHC": PLAIN, "ChuHoSo": "Nguyễn A", "NgayNop": "2026-11-23 08:00:00",
    "MaDonViTiepNhan": "000.00.03.H34",
}  # fmt: skip
Body = dict[str, Any]


class Desk:
    """A partner with its token, who also sees what the officers see."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def post(self, name: str, body: object) -> httpx.Response:
        return await self.client.post(f"/pa/partner/{name}", json=body)

    async def answer(self, code: str, state: str, **fields: object) -> httpx.Response:
        return await self.post("CapNhatTrangThai", [{"MaHoSo": code, "TrangThai": state, **fields}])

    async def tick(self, rounds: int = 1) -> None:
        for _ in range(rounds):
            await self.client.post("/__mock__/tick")

    async def receive(self, procedure: str, abstract: str = "") -> str:
        body = {"procedure": procedure, "abstract": abstract}
        return str((await self.client.post("/__mock__/act/receive-at-counter", json=body)).json()["code"])

    async def drafted(self) -> str:
        """A dossier whose first draft waits for the leader."""
        code = await self.receive(SIGNED)
        await self.tick(2)
        return code

    async def detail(self, code: str) -> Body:
        [row] = (await self.client.get("/pa/dossier/search", params={"code": code})).json()["content"]
        found: Body = (await self.client.get(f"/pa/dossier/{row['id']}/--online")).json()
        return found

    async def paper(self, content: bytes = b"%PDF signed") -> Body:
        uploaded = await self.client.post("/pa/partner/UploadFile", files={"file": ("qd.pdf", content)})
        return {"IdGiayTo": uploaded.json()["data"][0]["IdTepTin"], "TenGiayTo": "Quyết định"}


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(MONDAY)


@pytest.fixture
async def desk(clock: VirtualClock) -> AsyncIterator[Desk]:
    app = create_app(STAND_IN, clock=clock, autopilot=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://igate") as client,
    ):
        token = (await client.post(TOKEN, data=LOGIN)).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield Desk(client)


# --- rounds


async def test_draft_that_is_returned_shows_the_leaders_text_and_is_submitted_again(desk: Desk) -> None:
    code = await desk.drafted()
    assert (await desk.answer(code, "5", NoiDungYKien="sửa căn cứ", LanTrinh=1)).status_code == 200
    returned = await desk.detail(code)
    assert (returned["signatureDraft"]["state"], returned["signatureDraft"]["opinion"]) == (
        "returned",
        "sửa căn cứ",
    )
    assert returned["dossierStatus"] == {"id": 4}
    assert "sửa căn cứ" in returned["tasks"][-1]["content"]
    again = await desk.client.post("/__mock__/act/resubmit", json={"code": code, "content": "đã sửa căn cứ"})
    assert (again.status_code, again.json()["round"]) == (200, 2)
    first, second = (await desk.detail(code))["signatureDrafts"]
    assert (second["round"], second["state"], second["note"]) == (2, "waiting", "đã sửa căn cứ")
    assert first["files"] != second["files"]
    paper = await desk.paper()
    assert (await desk.answer(code, "9", LanTrinh=2, DanhSachGiayToKetQua=[paper])).status_code == 200
    await desk.tick(2)
    ended = await desk.detail(code)
    assert (ended["dossierStatus"], [one["name"] for one in ended["results"]]) == ({"id": 10}, ["Quyết định"])


async def test_officer_submits_a_returned_draft_again_by_himself(desk: Desk) -> None:
    code = await desk.drafted()
    await desk.answer(code, "5", NoiDungYKien="sửa căn cứ")
    await desk.tick()
    second = (await desk.detail(code))["signatureDraft"]
    assert (second["round"], "sửa căn cứ" in second["note"]) == (2, True)


async def test_answer_to_an_earlier_round_that_is_told_again_changes_nothing(desk: Desk) -> None:
    code = await desk.drafted()
    for _ in range(2):
        await desk.answer(code, "5", NoiDungYKien="sửa căn cứ", LanTrinh=1)
        await desk.tick()
    before = await desk.detail(code)
    assert (await desk.answer(code, "5", NoiDungYKien="sửa căn cứ", LanTrinh=1)).status_code == 200
    assert await desk.detail(code) == before
    assert (before["signatureDraft"]["round"], before["signatureDraft"]["state"]) == (2, "waiting")


async def test_same_signed_paper_under_a_new_file_id_is_a_repeat_and_another_paper_is_refused(
    desk: Desk,
) -> None:
    code = await desk.drafted()
    for _ in range(2):
        answer = await desk.answer(code, "9", LanTrinh=1, DanhSachGiayToKetQua=[await desk.paper()])
        assert answer.status_code == 200
    other = [await desk.paper(b"%PDF other")]
    refused = await desk.answer(code, "9", LanTrinh=1, DanhSachGiayToKetQua=other)
    assert (refused.status_code, "was signed" in refused.json()["message"]) == (400, True)
    assert len((await desk.detail(code))["results"]) == 1


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"TrangThai": "5", "NoiDungYKien": " "}, "say what has to be changed"),
        ({"TrangThai": "5", "NoiDungYKien": "sửa", "LanTrinh": 2}, "no round 2"),
        ({"TrangThai": "9", "LanTrinh": 7}, "no round 7"),
        ({"TrangThai": "9", "DanhSachGiayToKetQua": [{"IdGiayTo": "missing"}]}, "missing"),
        ({"TrangThai": "7"}, "TrangThai"),
    ],
)
async def test_answer_that_cannot_be_is_refused_and_the_draft_goes_on_waiting(
    desk: Desk, fields: Body, word: str
) -> None:
    code = await desk.drafted()
    refused = await desk.post("CapNhatTrangThai", [{"MaHoSo": code, **fields}])
    assert (refused.status_code, word in refused.json()["message"]) == (400, True)
    assert (await desk.detail(code))["signatureDraft"]["state"] == "waiting"


async def test_leader_cannot_sign_what_was_returned_nor_return_what_was_signed(desk: Desk) -> None:
    returned, signed = await desk.drafted(), await desk.drafted()
    await desk.answer(returned, "5", NoiDungYKien="sửa")
    await desk.answer(signed, "9", DanhSachGiayToKetQua=[await desk.paper()])
    assert "was returned" in (await desk.answer(returned, "9")).json()["message"]
    assert "was signed" in (await desk.answer(signed, "5", NoiDungYKien="sửa")).json()["message"]


async def test_answer_for_a_withdrawn_dossier_is_refused_and_nobody_waits_for_it(desk: Desk) -> None:
    code = await desk.drafted()
    await desk.client.post("/__mock__/act/withdraw", json={"code": code})
    assert (await desk.answer(code, "9")).status_code == 400
    ended = await desk.detail(code)
    assert (ended["dossierStatus"], ended["signatureDraft"]["state"], ended["results"]) == (
        {"id": 7},
        "dropped",
        [],
    )


async def test_nothing_can_be_submitted_again_that_was_not_returned(desk: Desk) -> None:
    code = await desk.drafted()
    answer = await desk.client.post("/__mock__/act/resubmit", json={"code": code})
    assert (answer.status_code, "no draft was returned" in answer.text) == (409, True)


# --- batches


async def test_bad_item_undoes_the_good_ones_before_it_and_is_named(desk: Desk) -> None:
    first, second = await desk.drafted(), await desk.drafted()
    before = [await desk.detail(first), await desk.detail(second)]
    batch = [
        {"MaHoSo": first, "TrangThai": "5", "NoiDungYKien": "sửa"},
        {"MaHoSo": second, "TrangThai": "6", "DanhSachLePhi": []},
    ]
    refused = await desk.post("CapNhatTrangThai", batch)
    assert (refused.status_code, "mục 2" in refused.json()["message"]) == (400, True)
    assert [await desk.detail(first), await desk.detail(second)] == before
    assert (await desk.post("CapNhatTrangThai", batch[:1])).status_code == 200


@pytest.mark.parametrize("name", ["CapNhatTrangThai", "CapNhatTienTrinh"])
async def test_batch_that_is_too_large_is_refused_whole(desk: Desk, name: str) -> None:
    code = await desk.receive(PLAIN)
    item = {"MaHoSo": code, "TrangThai": "9" if name == "CapNhatTrangThai" else "4", "NoiDungXuLy": "bước"}
    refused = await desk.post(name, [item] * 101)
    assert (refused.status_code, "100" in refused.json()["message"]) == (400, True)
    assert len((await desk.detail(code))["tasks"]) == 1


@pytest.mark.parametrize(
    "dates",
    [
        {"ThoiDiemXuLy": "2026-02-30T08:00:00+07:00"},
        {"NgayBatDau": "2026-11-24T08:00:00+07:00", "NgayKetThucTheoQuyDinh": "2026-11-23T08:00:00+07:00"},
        {"NgayBatDau": "2026-11-24T08:00:00+07:00", "ThoiDiemXuLy": "2026-11-23T08:00:00+07:00"},
        {"NgayBatDau": "0001-01-01T00:00:00+14:00"},
        {"NgayKetThucTheoQuyDinh": "9999-12-31T23:59:59-12:00"},
    ],
)
async def test_step_with_dates_that_cannot_be_is_refused(desk: Desk, dates: Body) -> None:
    code = await desk.receive(PLAIN)
    step = {"MaHoSo": code, "TrangThai": "4", "NoiDungXuLy": "bước"} | dates
    assert (await desk.post("CapNhatTienTrinh", [step])).status_code == 400
    assert (await desk.detail(code))["dossierStatus"] == {"id": 2}


async def test_step_that_is_told_keeps_who_when_where_and_by_when(desk: Desk, clock: VirtualClock) -> None:
    code = await desk.receive(PLAIN)
    await clock.advance(240)
    told = {
        "MaHoSo": code, "TrangThai": "4", "NoiDungXuLy": "Thẩm định", "NguoiXuLy": "Lê B", "PhongBanXuLy": "Phòng Hộ tịch",
        "ThoiDiemXuLy": "2026-11-23T01:33:00Z", "NgayBatDau": "2026-11-23T08:31:00+07:00",
        "NgayKetThucTheoQuyDinh": "2026-11-25T17:00:00+07:00",
    }  # fmt: skip
    for _ in range(2):
        assert (await desk.post("CapNhatTienTrinh", [told])).status_code == 200
    first, step = (await desk.detail(code))["tasks"]
    assert (step["officer"], step["position"], step["department"]) == ("Lê B", "", "Phòng Hộ tịch")
    assert (step["at"], step["startedAt"]) == ("2026-11-23T08:33:00.000+0700", "2026-11-23T08:31:00.000+0700")
    assert (step["ownDueAt"], step["dueAt"]) == ("2026-11-25T17:00:00.000+0700", first["dueAt"])


@pytest.mark.parametrize("at", ["2026-11-20T08:00:00+07:00", "2026-12-24T08:00:00+07:00"])
async def test_step_told_of_before_the_last_one_or_of_tomorrow_is_one_of_now(desk: Desk, at: str) -> None:
    code = await desk.receive(PLAIN)
    step = {"MaHoSo": code, "TrangThai": "7", "NoiDungXuLy": "rút", "ThoiDiemXuLy": at}
    assert (await desk.post("CapNhatTienTrinh", [step])).status_code == 200
    assert (await desk.detail(code))["tasks"][-1]["at"] == "2026-11-23T08:30:00.000+0700"


async def test_acceptance_that_is_told_is_of_its_own_moment(desk: Desk, clock: VirtualClock) -> None:
    code = SUBMISSION["MaHoSo"]
    await desk.post("NopHoSo", SUBMISSION)
    await clock.advance(240)
    step = {
        "MaHoSo": code,
        "TrangThai": "2",
        "NoiDungXuLy": "nhận",
        "ThoiDiemXuLy": "2026-11-23T08:32:00+07:00",
    }
    assert (await desk.post("CapNhatTienTrinh", [step])).status_code == 200
    found = await desk.detail(code)
    assert found["acceptedDate"] == found["tasks"][0]["at"] == "2026-11-23T08:32:00.000+0700"


@pytest.mark.parametrize(("name", "key"), [("CapNhatTienTrinh", "IDHoSo"), ("CapNhatTrangThai", "IdHoSo")])
async def test_id_of_another_dossier_is_refused_and_its_own_is_not(desk: Desk, name: str, key: str) -> None:
    code, other = await desk.drafted(), await desk.drafted()
    item = {
        "MaHoSo": code,
        "TrangThai": "4" if key == "IDHoSo" else "5",
        "NoiDungXuLy": "bước",
        "NoiDungYKien": "sửa",
    }
    before = await desk.detail(code)
    for wrong in ((await desk.detail(other))["id"], "652f"):
        refused = await desk.post(name, [item | {key: wrong}])
        assert (refused.status_code, refused.json()["code"]) == (400, key)
    assert await desk.detail(code) == before
    assert (await desk.post(name, [item | {key: before["id"]}])).status_code == 200


# --- submissions


async def test_hash_that_is_not_the_files_own_is_refused(desk: Desk) -> None:
    paper = await desk.paper(b"a")
    digest = hashlib.sha256(b"a").hexdigest()
    answers = [
        await desk.post(
            "NopHoSo", SUBMISSION | {"ThanhPhanHoSo": [{"GiayToDinhKem": [paper | {"HashTepTin": said}]}]}
        )
        for said in (digest[::-1], digest.upper(), "")
    ]
    assert [one.status_code for one in answers] == [400, 200, 200]
    assert answers[0].json()["code"] == "HashTepTin"


async def test_next_value_is_the_number_of_a_dossier_of_that_procedure(desk: Desk) -> None:
    values = [
        (await desk.client.get("/pa/partner/GetNextValue", params={"code": PLAIN})).json()["value"]
        for _ in range(2)
    ]
    assert values == ["000.00.03.H34-261123-0001", "000.00.03.H34-261123-0002"]
    for value in values:
        assert (await desk.post("NopHoSo", SUBMISSION | {"MaHoSo": value})).status_code == 200
    unknown = await desk.client.get("/pa/partner/GetNextValue", params={"code": "9.999999"})
    assert (unknown.status_code, unknown.json()["code"]) == (400, "code")


@pytest.mark.parametrize(
    "changes",
    [
        {"MaTTHC": SIGNED},
        {"ChuHoSo": "Nguyễn B"},
        {"NgayNop": "2026-11-23 08:00:01"},
        {"MaDonViTiepNhan": "000.00.04.H34"},
        {"LoaiDoiTuong": 1},
    ],
)
async def test_second_submission_with_other_content_is_refused_naming_the_field(
    desk: Desk, changes: Body
) -> None:
    first = (await desk.post("NopHoSo", SUBMISSION)).json()
    refused = await desk.post("NopHoSo", SUBMISSION | changes)
    assert (refused.status_code, refused.json()["code"]) == (400, "MaHoSo")
    assert next(iter(changes)) in refused.json()["message"]
    assert (await desk.post("NopHoSo", SUBMISSION)).json() == first


async def test_field_that_the_wire_does_not_have_is_dropped(desk: Desk) -> None:
    said = SUBMISSION | {
        "TrichYeu": "không có trên đường truyền",
        "EformThongTinChiTiet": {"TrichYeu": "Cấp lại"},
    }
    for body in (said, said | {"TrichYeu": "khác"}):
        assert (await desk.post("NopHoSo", body)).status_code == 200
    other = await desk.post("NopHoSo", SUBMISSION | {"EformThongTinChiTiet": {"TrichYeu": "Cấp mới"}})
    assert (other.status_code, "TrichYeu" in other.json()["message"]) == (400, True)
    assert (await desk.detail(SUBMISSION["MaHoSo"]))["abstract"] == "Cấp lại"


async def test_same_papers_uploaded_again_are_the_same_submission_and_others_are_not(desk: Desk) -> None:
    answers = []
    for content in (b"a", b"a", b"b"):
        component = {"TenThanhPhanHoSo": "Đơn", "GiayToDinhKem": [await desk.paper(content)]}
        answers.append((await desk.post("NopHoSo", SUBMISSION | {"ThanhPhanHoSo": [component]})).status_code)
    assert answers == [200, 200, 400]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"MaHoSo": "000.00.04.H34-261123-0001"}, "another unit"),
        ({"MaHoSo": "000.00.03.H34-261123-0005"}, "never given out"),
        ({"NgayTiepNhan": "2026-11-23 07:59:59"}, "NgayTiepNhan"),
        ({"NgayNop": "2026-02-30 08:00:00"}, "NgayNop"),
    ],
)
async def test_submission_that_cannot_be_is_refused(desk: Desk, changes: Body, word: str) -> None:
    refused = await desk.post("NopHoSo", SUBMISSION | changes)
    assert (refused.status_code, word in refused.json()["message"]) == (400, True)
    assert (await desk.client.get("/pa/dossier/search")).json()["content"] == []


async def test_number_that_a_partner_took_from_the_unit_is_the_dossiers_own_and_not_given_again(
    desk: Desk,
) -> None:
    own = "000.00.03.H34-261123-0001"
    assert (await desk.post("NopHoSo", SUBMISSION | {"MaHoSo": own})).status_code == 200
    assert await desk.receive(PLAIN) == "000.00.03.H34-261123-0002"
    await desk.tick()
    assert (await desk.detail(own))["code"] == own
