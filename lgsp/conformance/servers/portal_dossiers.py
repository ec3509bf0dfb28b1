"""Assertions about the portal's catalogues, dossiers and their steps."""

from lgsp.clock import SystemClock, wire_stamp
from lgsp.conformance.model import Level, demand
from lgsp.conformance.servers.portal import CLIENTS, PORTAL, QCVN, PortalSubject, Row, accepted, refused

__all__: list[str] = []

TABLE_2, TABLE_3 = f"{QCVN}, DongBoHoSoMC", f"{QCVN}, CapNhatTienDoHoSoMC"
DUPLICATES = "public client code (a provincial portal: 3, \"đã tồn tại\")"  # fmt: skip
UNKNOWN = "9.999999.000.00.00.H99"


def _step(dossier: Row, state: str) -> Row:
    return {
        "MaHoSo": dossier["MaHoSo"], "NguoiXuLy": "A Mẫu", "ThoiDiemXuLy": wire_stamp(SystemClock().now()),
        "NoiDungXuLy": "Thụ lý hồ sơ", "TrangThai": state,
    }  # fmt: skip


async def _state(portal: PortalSubject, dossier: Row) -> object:
    rows = await portal.found(dossier)
    demand(len(rows) == 1, f"TraCuuHoSo finds it {len(rows)} times, not once")
    return rows[0].get("TrangThaiHoSo")


async def _has(portal: PortalSubject, service: str, *names: str) -> None:
    rows = await portal.rows(service)
    demand(rows, f"{service}: result is empty")
    for row in rows:
        wrong = [name for name in names if not isinstance(row.get(name), str)]
        demand(not wrong, f"{service}: {', '.join(wrong)} missing or not text")


@PORTAL.asserts("LGSP-PT-20", "LayDanhSachTTHC lists MATTHC and TENTTHC, each once",
                "LayDanhSachTTHC trả MATTHC, TENTTHC, không trùng", source=CLIENTS)  # fmt: skip
async def _(portal: PortalSubject) -> None:
    await _has(portal, "LayDanhSachTTHC", "MATTHC", "TENTTHC")
    codes = [row["MATTHC"] for row in await portal.rows("LayDanhSachTTHC")]
    demand(len(codes) == len(set(map(str, codes))), "a procedure is listed twice")


@PORTAL.asserts("LGSP-PT-21", "LayDanhMucCoQuan lists MADONVI, TENDONVI and CAPDONVI",
                "LayDanhMucCoQuan trả MADONVI, TENDONVI, CAPDONVI", source=CLIENTS)  # fmt: skip
async def _(portal: PortalSubject) -> None:
    rows = await portal.rows("LayDanhMucCoQuan")
    demand(rows, "result is empty")
    missing = [name for name in ("MADONVI", "TENDONVI", "CAPDONVI") if any(name not in row for row in rows)]
    demand(not missing, f"{', '.join(missing)}: missing")


@PORTAL.asserts("LGSP-PT-22", "LayDanhMucLinhVuc lists MALINHVUC and TENLINHVUC",
                "LayDanhMucLinhVuc trả MALINHVUC, TENLINHVUC", source=CLIENTS)  # fmt: skip
async def _(portal: PortalSubject) -> None:
    await _has(portal, "LayDanhMucLinhVuc", "MALINHVUC", "TENLINHVUC")


@PORTAL.asserts("LGSP-PT-23", "LayThuTuc gives the listed procedure that was asked for",
                "LayThuTuc trả đúng thủ tục được hỏi", source=CLIENTS)  # fmt: skip
async def _(portal: PortalSubject) -> None:
    listed = await portal.rows("LayDanhSachTTHC")
    demand(listed, "no procedure is listed")
    for row in (listed[0], listed[-1]):
        found = await portal.rows("LayThuTuc", maTTHC=row["MATTHC"])
        demand(found and found[0].get("MATTHC") == row["MATTHC"], f"{row['MATTHC']}: another, or none")


@PORTAL.asserts(
    "LGSP-PT-24",
    "A procedure that nobody published is not made up",
    "Thủ tục chưa công bố không được bịa ra",
    source=CLIENTS,
)
async def _(portal: PortalSubject) -> None:
    answer = await portal.ask("LayThuTuc", maTTHC=UNKNOWN)
    demand(not answer.get("result"), "a procedure of an unknown code is given")


@PORTAL.asserts("LGSP-PT-30", "A dossier that is not there is an empty list and no error",
                "Hồ sơ chưa có: danh sách rỗng, không phải lỗi", source=CLIENTS)  # fmt: skip
async def _(portal: PortalSubject) -> None:
    demand(await portal.found(await portal.dossier()) == [], "found, though nobody sent it")


@PORTAL.asserts("LGSP-PT-31", "A new dossier is found with its number, procedure and state",
                "Hồ sơ mới tra cứu được đúng mã, thủ tục, trạng thái", source=TABLE_2)  # fmt: skip
async def _(portal: PortalSubject) -> None:
    made = await portal.stored(TrangThaiHoSo="4")
    demand(await _state(portal, made) == "4", "its TrangThaiHoSo is another one")
    [row] = await portal.found(made)
    demand(row.get("MaHoSo") == made["MaHoSo"], "another MaHoSo")


@PORTAL.asserts("LGSP-PT-32", "A new dossier whose number exists is refused, with \"đã tồn tại\" in the message",
                "Thêm mới hồ sơ trùng mã bị từ chối, thông báo có \"đã tồn tại\"", source=DUPLICATES)  # fmt: skip
async def _(portal: PortalSubject) -> None:
    made = await portal.stored()
    answer = await portal.synchronize(made)
    refused(answer)
    demand("đã tồn tại" in str(answer["message"]), f"message: {answer['message']!r}")


@PORTAL.asserts(
    "LGSP-PT-33",
    "The refusal of a duplicate has the number 3",
    "Từ chối trùng mã bằng số 3",
    source=DUPLICATES,
    level=Level.SHOULD,
)
async def _(portal: PortalSubject) -> None:
    refused(await portal.synchronize(await portal.stored()), 3)


@PORTAL.asserts(
    "LGSP-PT-34",
    "A refused duplicate changes nothing",
    "Bản trùng bị từ chối không làm đổi hồ sơ",
    source=TABLE_2,
)
async def _(portal: PortalSubject) -> None:
    made = await portal.stored(TrangThaiHoSo="2")
    await portal.synchronize(made | {"TrangThaiHoSo": "4"})
    demand(await _state(portal, made) == "2", "the state of the duplicate was taken")


@PORTAL.asserts("LGSP-PT-35", "isUpdating \"True\" changes the dossier that is there",
                "isUpdating \"True\" cập nhật hồ sơ đã có", source=TABLE_2)  # fmt: skip
async def _(portal: PortalSubject) -> None:
    made = await portal.stored(TrangThaiHoSo="2")
    accepted(await portal.synchronize(made | {"TrangThaiHoSo": "4"}, updating="True"))
    demand(await _state(portal, made) == "4", "it has not changed")


@PORTAL.asserts("LGSP-PT-36", "An update of a dossier that is not there is refused and makes none",
                "Cập nhật hồ sơ chưa có bị từ chối và không tạo hồ sơ", source="assumed")  # fmt: skip
async def _(portal: PortalSubject) -> None:
    made = await portal.dossier()
    refused(await portal.synchronize(made, updating="True"))
    demand(await portal.found(made) == [], "refused, and stored all the same")


@PORTAL.asserts("LGSP-PT-37", "A packet without a mandatory field is refused and stored not at all",
                "Gói tin thiếu trường bắt buộc bị từ chối và không được lưu", source=TABLE_2)  # fmt: skip
async def _(portal: PortalSubject) -> None:
    await portal.stored()  # a right one is taken: a refusal means what it says
    made = await portal.dossier()
    refused(await portal.synchronize({name: value for name, value in made.items() if name != "MaTTHC"}))
    demand(await portal.found(made) == [], "refused, and stored all the same")


@PORTAL.asserts(
    "LGSP-PT-38",
    "A day that the calendar does not have is refused",
    "Ngày không có thật bị từ chối",
    source=TABLE_2,
)
async def _(portal: PortalSubject) -> None:
    await portal.stored()  # a right one is taken: a refusal means what it says
    refused(await portal.synchronize(await portal.dossier(NgayTiepNhan="20250230000000")))


@PORTAL.asserts(
    "LGSP-PT-39", "A state outside 1 to 10 is refused", "Trạng thái ngoài 1–10 bị từ chối", source=TABLE_2
)
async def _(portal: PortalSubject) -> None:
    await portal.stored()  # a right one is taken: a refusal means what it says
    refused(await portal.synchronize(await portal.dossier(TrangThaiHoSo="99")))


@PORTAL.asserts("LGSP-PT-40", "A batch with one bad dossier is refused whole", "Lô có một hồ sơ sai bị từ chối toàn bộ",
                source="assumed", level=Level.SHOULD)  # fmt: skip
async def _(portal: PortalSubject) -> None:
    await portal.stored()  # a right one is taken: a refusal means what it says
    good, bad = await portal.dossier(), await portal.dossier(MaTTHC=UNKNOWN)
    refused(await portal.synchronize(good, bad))
    demand(await portal.found(good) == [], "half of the batch was stored")


@PORTAL.asserts(
    "LGSP-PT-50", "A step moves the dossier", "Bước xử lý làm đổi trạng thái hồ sơ", source=TABLE_3
)
async def _(portal: PortalSubject) -> None:
    made = await portal.stored(TrangThaiHoSo="2")
    accepted(await portal.ask("CapNhatTienDoHoSoMC", data=[_step(made, "4")]))
    demand(await _state(portal, made) == "4", "its state is still another one")


@PORTAL.asserts(
    "LGSP-PT-51",
    "A step that is told again is no error",
    "Gửi lại bước đã có không phải lỗi",
    source="assumed",
)
async def _(portal: PortalSubject) -> None:
    step = _step(await portal.stored(), "4")
    for _again in range(2):
        accepted(await portal.ask("CapNhatTienDoHoSoMC", data=[step]))


@PORTAL.asserts(
    "LGSP-PT-52",
    "A step of a dossier that is not there is refused",
    "Bước của hồ sơ chưa có bị từ chối",
    source=TABLE_3,
)
async def _(portal: PortalSubject) -> None:
    refused(await portal.ask("CapNhatTienDoHoSoMC", data=[_step(await portal.dossier(), "4")]))


@PORTAL.asserts("LGSP-PT-53", "A late step does not reopen a dossier whose result was handed out",
                "Bước đến muộn không mở lại hồ sơ đã trả kết quả", source="assumed", level=Level.SHOULD)  # fmt: skip
async def _(portal: PortalSubject) -> None:
    made = await portal.stored(TrangThaiHoSo="10")
    await portal.ask("CapNhatTienDoHoSoMC", data=[_step(made, "4")])
    demand(await _state(portal, made) == "10", "it was reopened")
