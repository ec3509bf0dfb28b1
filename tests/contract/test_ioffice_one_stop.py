"""The one-stop link of iOffice's stand-in: rounds of a draft, repeats, and what can't be."""

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import httpx
import pytest

from lgsp.clock import VIETNAM, VirtualClock
from lgsp.standards.signatures.pdf import minimal_pdf, verify_pdf
from lgsp_mocks.ioffice import STAND_IN
from lgsp_mocks.kit import create_app

pytestmark = pytest.mark.contract

START = datetime(2026, 11, 23, 8, 30, tzinfo=VIETNAM)
LINK, SIM = "/qlvb/lienthong", ("sim", "sim-secret")
CODE = "000.00.03.H34-261123-0001"
Body = dict[str, Any]


def draft(subject: str, **changes: object) -> Body:
    return {
        "IDHoSo": "1", "MaHoSo": CODE, "DonVi": {"Ten": "Sở", "MaDinhDanh": "000.00.03.H34"}, "ThamSoAn": "{}",
        "HanXuLyVanBan": "27/11/2026",
        "VanBanDuThao": {"TrichYeu": subject, "NgayTao": "23/11/2026", "DinhKem": [{"Ten": "a.pdf", "Base64": "JVBERg=="}]},
    } | changes  # fmt: skip


@pytest.fixture
async def office() -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(STAND_IN, clock=VirtualClock(START), autopilot=False)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://ioffice", auth=SIM) as client,
    ):
        yield client


async def send(office: httpx.AsyncClient, body: Body) -> Body:
    answer: Body = (await office.post(f"{LINK}/GuiHoSo", json=body)).json()
    return answer


async def decided(office: httpx.AsyncClient, key: str) -> Body:
    for _ in range(2):
        await office.post("/__mock__/tick")
    package = await office.get(f"{LINK}/LayGoiTinVanBan", params={"MaVanBan": key})
    await confirm(office, key)
    found: Body = package.json()["data"]
    return found


async def confirm(office: httpx.AsyncClient, key: str) -> Body:
    answer: Body = (
        await office.post(f"{LINK}/CapNhatTrangThaiVanBan", json={"MaVanBan": key, "TrangThai": "1"})
    ).json()
    return answer


async def test_marked_draft_comes_back_once_for_each_mark_and_is_then_signed(
    office: httpx.AsyncClient,
) -> None:
    told = []
    for number in (1, 2, 3):
        key = (await send(office, draft("Cấp phép [sửa] [sửa]", ThamSoAn=str(number))))["data"]
        package = await decided(office, key)
        told.append((package["LoaiKetQua"], package.get("YeuCauChinhSua"), bool(package["LyDo"])))
        assert bool(package["VanBanDi"]["SoKyHieu"]) is (number == 3)
    assert told == [("03", "1", True), ("03", "1", True), ("01", None, False)]


async def test_signer_and_number_are_those_that_the_one_stop_names(office: httpx.AsyncClient) -> None:
    asked = draft(
        "Cấp phép",
        NguoiKy={"Ten": "Giám đốc Sở"},
        NguoiTrinhKy={"Ten": "Lê Trình"},
        SoKyHieuVanBan="12/GP-STP",
    )
    signed = (await decided(office, (await send(office, asked))["data"]))["VanBanDi"]
    assert (signed["NguoiKy"], signed["ChucVu"]) == ("Giám đốc Sở", "")
    assert (signed["NguoiSoan"], signed["SoKyHieu"]) == ("Lê Trình", "12/GP-STP")
    named = draft(
        "Cấp phép", MaHoSo="000.00.03.H34-261123-0002", NguoiKyVanBan="Phó Giám đốc", NguoiKy={"Ten": "khác"}
    )
    assert (await decided(office, (await send(office, named))["data"]))["VanBanDi"][
        "NguoiKy"
    ] == "Phó Giám đốc"
    usual = draft("Cấp phép", MaHoSo="000.00.03.H34-261123-0003")
    signed = (await decided(office, (await send(office, usual))["data"]))["VanBanDi"]
    assert (signed["NguoiKy"], signed["ChucVu"], signed["SoKyHieu"]) == (
        "Nguyễn Mô Phỏng",
        "Phó Chủ tịch",
        "2/QĐ-UBND",
    )


async def test_leader_signs_the_pdf_that_came_and_makes_one_where_none_can_be_signed(
    office: httpx.AsyncClient,
) -> None:
    pdf = minimal_pdf(["Giay phep so 12"])
    names = {"du-thao.pdf": pdf, "phu-luc.docx": b"PK", "hong.pdf": b"%PDF-1.4 startxref"}
    files = [{"Ten": name, "Base64": base64.b64encode(content).decode()} for name, content in names.items()]
    told = []
    for number, each in enumerate((files, files[1:]), 1):
        body = draft(
            "",
            MaHoSo=f"000.00.03.H34-261123-000{number}",
            VanBanDuThao={"TrichYeu": "Cấp phép", "DinhKem": each},
        )
        told.append((await decided(office, (await send(office, body))["data"]))["VanBanDi"]["DinhKem"])
    [signed], [made] = told
    content = base64.b64decode(signed["Base64"])
    assert (signed["Ten"], content.startswith(pdf), len(content) > len(pdf)) == (
        "du-thao-da-ky.pdf",
        True,
        True,
    )
    assert made["Ten"] == "quyet-dinh-da-ky.pdf"
    trust = office._transport.app.state.context.authority().trust  # type: ignore[attr-defined]
    papers = [base64.b64decode(one["Base64"]) for one in (signed, made)]
    verdicts = [await asyncio.to_thread(verify_pdf, paper, trust, START) for paper in papers]
    assert [(one.state, one.signer) for one in verdicts] == [("valid", "Nguyễn Mô Phỏng")] * 2


@pytest.mark.parametrize(("mark", "kind"), [("[ký không ban hành]", "02"), ("[ký duyệt]", "04")])
async def test_marked_draft_is_signed_and_not_promulgated(
    office: httpx.AsyncClient, mark: str, kind: str
) -> None:
    package = await decided(office, (await send(office, draft(f"Cấp phép {mark}")))["data"])
    signed = package["VanBanDi"]
    assert (package["LoaiKetQua"], signed["NgayKy"], len(signed["DinhKem"])) == (kind, "23/11/2026", 1)
    assert (signed["NgayBanHanh"], signed["SoKyHieu"]) == ("", "")


async def test_office_keeps_what_the_wire_tells_and_drops_the_rest(office: httpx.AsyncClient) -> None:
    body = draft(
        "Cấp phép", TenHoSo="Hồ sơ cấp phép", ThuTuc="Cấp giấy phép", ChuHoSo={"Ten": "Nguyễn A"}, LoaiHSLienthong="1",
        ThanhPhanHoSo=[{"Ten": "Đơn"}], GhiChu="không có trên đường truyền",
    )  # fmt: skip
    key = (await send(office, body))["data"]
    assert (await send(office, body | {"GhiChu": "khác"}))["data"] == key
    held = (await office.get("/__mock__/state")).json()["tables"]["drafts"][key]
    assert (held["name"], held["procedure"], held["applicant"], held["link_kind"]) == (
        "Hồ sơ cấp phép", "Cấp giấy phép", "Nguyễn A", "1",
    )  # fmt: skip
    assert (held["papers"], held["due"], held["files"][0]["name"]) == (["Đơn"], "27/11/2026", "a.pdf")


async def test_refusal_for_good_is_no_request_for_changes(office: httpx.AsyncClient) -> None:
    package = await decided(office, (await send(office, draft("Cấp phép [không duyệt]")))["data"])
    assert (package["LoaiKetQua"], package["YeuCauChinhSua"]) == ("03", "0")


async def test_same_draft_again_is_the_same_whatever_became_of_it(office: httpx.AsyncClient) -> None:
    first = await send(office, draft("Cấp phép [sửa]"))
    assert await send(office, draft("Cấp phép [sửa]")) == first
    await decided(office, first["data"])
    assert await send(office, draft("Cấp phép [sửa]")) == first
    second = await send(office, draft("Cấp phép [sửa]", ThamSoAn="2"))
    assert second["data"] != first["data"]
    assert await send(office, draft("Cấp phép [sửa]")) == first


@pytest.mark.parametrize("ended", [False, True])
async def test_other_content_while_one_waits_or_after_it_was_signed_is_refused(
    office: httpx.AsyncClient, ended: bool
) -> None:
    key = (await send(office, draft("Cấp phép")))["data"]
    if ended:
        await decided(office, key)
    answer = await send(office, draft("Cấp phép khác"))
    assert (answer["data"], answer["error"]["code"]) == (None, "409")
    assert key in answer["error"]["userMessage"]


async def test_package_that_is_not_there_yet_cannot_be_confirmed_away(office: httpx.AsyncClient) -> None:
    key = (await send(office, draft("Cấp phép")))["data"]
    assert (await confirm(office, key))["error"]["code"] == "409"
    assert (await decided(office, key))["LoaiKetQua"] == "01"


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"DonVi": {"MaDinhDanh": "000.99.00.H34"}}, "000.99.00.H34"),
        ({"DonVi": {"MaDinhDanh": "000.00.00.G22"}}, "000.00.00.G22"),
        ({"HanXuLyVanBan": "31/11/2026"}, "HanXuLyVanBan"),
        ({"HanXuLyVanBan": "22/11/2026"}, "before NgayTao"),
        ({"MaHoSo": "000.00.03.H34-261324-0001"}, "MaHoSo"),
        ({"VanBanDuThao": {"TrichYeu": "x", "NgayTao": "2026-11-23"}}, "NgayTao"),
        ({"VanBanDuThao": {"TrichYeu": "x", "DinhKem": [{"Ten": "a", "Base64": "%%%"}]}}, "Base64"),
        ({"VanBanDuThao": {"TrichYeu": ""}}, "TrichYeu"),
    ],
)
async def test_draft_that_cannot_be_is_refused_in_the_links_own_form(
    office: httpx.AsyncClient, changes: Body, word: str
) -> None:
    answer = await send(office, draft("Cấp phép", **changes))
    assert (answer["data"], word in answer["error"]["userMessage"]) == (None, True)
    assert not (await office.get("/__mock__/state")).json()["tables"].get("drafts")
