"""The one-stop link of iOffice's stand-in: rounds of a draft, repeats, and what can't be."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import httpx
import pytest

from lgsp.clock import VIETNAM, VirtualClock
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
