"""What a connector tells the portal about dossiers: fields, codes, moments, states, and each thing once."""

from pydantic import JsonValue

from lgsp.conformance.clients.connector import Row
from lgsp.conformance.clients.portal import NEEDS, PORTAL_CLIENT, Call, PortalConnector
from lgsp.conformance.model import Level, demand
from lgsp.conformance.servers.portal import CLIENTS, QCVN
from lgsp.standards import dvcqg

__all__: list[str] = []

TABLE_2, TABLE_3 = f"{QCVN}, DongBoHoSoMC", f"{QCVN}, CapNhatTienDoHoSoMC"
NO_PROCEDURE = "9.999999.000.00.00.H34"
PAPER: Row = {"code": "GT1", "name": "Tờ khai.pdf", "url": "http://igate/f/1"}
RESOLVED_AT = "2025-03-05T02:00:00Z"


async def _told(portal: PortalConnector, **changes: JsonValue) -> Row:
    dossier = portal.dossier(**changes)
    await portal.tell(dossier)
    await portal.must_show(dossier["code"], str(dossier["state"]))
    return dossier


def _items(call: Call) -> list[Row]:
    data = call.packet.get("data")
    return [one for one in data if isinstance(one, dict)] if isinstance(data, list) else []


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-20",
    "A new dossier is there with its number, procedure, state and owner, letter by letter",
    "Hồ sơ mới có đúng mã, thủ tục, trạng thái, chủ hồ sơ",
    source=TABLE_2,
    needs=NEEDS,
)
async def _(portal: PortalConnector) -> None:
    await portal.begin()
    dossier = await _told(portal)
    row = await portal.row(dossier["code"])
    wanted = {
        "MaHoSo": dossier["code"], "MaTTHC": dossier["procedure_code"], "TrangThaiHoSo": "2", "ChuHoSo": "Y Thử Nghiệm Đặng",
    }  # fmt: skip
    wrong = [f"{name} {row.get(name)!r}" for name, value in wanted.items() if row.get(name) != value]
    demand(not wrong, ", ".join(wrong))


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-21",
    "Every packet keeps the regulation's tables: mandatory fields, types, lengths, code lists",
    "Gói tin đủ trường bắt buộc, đúng kiểu, độ dài, danh mục",
    source=f"{TABLE_2}; {TABLE_3}",
    needs=NEEDS,
)
async def _(portal: PortalConnector) -> None:
    await portal.begin()
    fee: Row = {"name": "Lệ phí", "amount": 8000}
    dossier = await _told(portal, fees=[fee], documents=[PAPER])
    await portal.tell(portal.step(dossier, "4"), "dossier.progressed")
    await portal.must_show(dossier["code"], "4")
    for call in await portal.calls():
        is_whole = len(call.request.body.encode()) == call.request.size
        faults = [str(one) for one in dvcqg.check(call.packet) if not one.warning] if is_whole else []
        demand(not faults, f"{call.name or call.request.path}: {'; '.join(faults)}")


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-22",
    'isUpdating is the text "False" for what the portal does not have, "True" for what it has',
    'isUpdating "False" khi Cổng chưa có, "True" khi đã có',
    source=TABLE_2,
    needs=NEEDS,
)
async def _(portal: PortalConnector) -> None:
    await portal.begin()
    dossier = await _told(portal)
    await portal.tell(dossier | {"state": "4"})
    await portal.must_show(dossier["code"], "4")
    told = [one.packet.get("isUpdating") for one in await portal.calls("DongBoHoSoMC") if one.accepted]
    demand(told == ["False", "True"], f"what the portal took had isUpdating {told}")


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-23",
    "Moments are yyyyMMddHHmmss of Vietnam, wherever they were written down",
    "Thời điểm yyyyMMddHHmmss theo giờ Việt Nam",
    source=TABLE_2,
    needs=NEEDS,
)
async def _(portal: PortalConnector) -> None:
    await portal.begin()
    row = await portal.row((await _told(portal))["code"])
    told = (row.get("NgayTiepNhan"), row.get("NgayHenTra"))
    demand(told == ("20250303083000", "20250310170000"), f"NgayTiepNhan, NgayHenTra: {told}")


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-24",
    "A step arrives with its officer, content and moment, and moves the dossier",
    "Bước xử lý đến đủ người, nội dung, thời điểm và đổi trạng thái",
    source=TABLE_3,
    needs=NEEDS,
)
async def _(portal: PortalConnector) -> None:
    await portal.begin()
    dossier = await _told(portal)
    await portal.tell(portal.step(dossier, "4"), "dossier.progressed")
    row = await portal.must_show(dossier["code"], "4")
    wanted = {"NguoiXuLy": "A Mẫu", "NoiDungXuLy": "Thụ lý hồ sơ", "ThoiDiemXuLy": "20250304080200", "TrangThai": "4"}  # fmt: skip
    steps = row.get("tien_do")
    found = [one for one in steps if isinstance(one, dict)] if isinstance(steps, list) else []
    fits = any(all(one.get(name) == value for name, value in wanted.items()) for one in found)
    demand(fits, f"the portal's steps: {found}")


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-25",
    "States are told in their order, none left out, none refused",
    "Trạng thái gửi đúng thứ tự, đủ, không bị từ chối",
    source=f"{TABLE_3}; states 1–10",
    needs=NEEDS,
)
async def _(portal: PortalConnector) -> None:
    await portal.begin()
    dossier = portal.dossier()
    await portal.tell(dossier)
    for number, state in enumerate(("4", "9", "10"), 2):
        await portal.tell(portal.step(dossier, state, number), "dossier.progressed")
    row = await portal.must_show(dossier["code"], "10")
    demand(row.get("da_qua") == ["2", "4", "9", "10"], f"the portal has seen the states {row.get('da_qua')}")
    refused = [
        one.answer.get("message") for one in await portal.calls("CapNhatTienDoHoSoMC") if not one.accepted
    ]
    demand(not refused, f"refused on the way: {refused[:1]}")


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-26",
    "Papers and results are named, with where each lies",
    "Giấy tờ nộp, kết quả có tên và đường dẫn",
    source=TABLE_2,
    needs=NEEDS,
)
async def _(portal: PortalConnector) -> None:
    await portal.begin()
    dossier = await _told(portal, documents=[PAPER])
    result: Row = {"name": "Trích lục.pdf", "url": "http://igate/f/2"}
    ended: Row = {"state": "9", "finished_at": RESOLVED_AT, "results": [result]}
    await portal.tell(dossier | ended, "dossier.resolved")
    row = await portal.must_show(dossier["code"], "9")
    text = str(row.get("TaiLieuNop")), str(row.get("DanhSachGiayToKetQua"))
    demand("Tờ khai.pdf" in text[0] and "http://igate/f/1" in text[0], f"TaiLieuNop: {text[0][:200]}")
    demand(
        "Trích lục.pdf" in text[1] and "http://igate/f/2" in text[1], f"DanhSachGiayToKetQua: {text[1][:200]}"
    )


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-27",
    "What is longer than the tables allow is cut, and not lost",
    "Nội dung quá dài được cắt, không mất hồ sơ",
    source=f"{TABLE_2} (TrichYeuHoSo 1000); {TABLE_3} (NguoiXuLy 50)",
    level=Level.SHOULD,
    needs=NEEDS,
)
async def _(portal: PortalConnector) -> None:
    await portal.begin()
    dossier = await _told(portal, abstract="Nội dung dài " * 100)
    await portal.tell(portal.step(dossier, "4", officer="Nguyễn Thị " * 8), "dossier.progressed")
    await portal.must_show(dossier["code"], "4")


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-28",
    "What the portal has taken is not sent again",
    "Gói tin đã được nhận không gửi lại",
    source="assumed (AS4 TA09)",
    needs=NEEDS,
)
async def _(portal: PortalConnector) -> None:
    await portal.begin()
    dossier = await _told(portal)
    await portal.quiet()
    taken = [one for one in await portal.calls("DongBoHoSoMC") if one.about(str(dossier["code"]))]
    demand(len(taken) == 1, f"sent {len(taken)} times")


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-29",
    "What the portal refuses is not sent again as it was",
    "Gói tin bị từ chối không gửi lại y nguyên",
    source=CLIENTS,
    needs=NEEDS,
)
async def _(portal: PortalConnector) -> None:
    await portal.begin()
    await portal.tell(portal.dossier(procedure_code=NO_PROCEDURE))
    await portal.must_call("DongBoHoSoMC")
    await portal.quiet()
    bodies = [one.packet | {"session": ""} for one in await portal.calls("DongBoHoSoMC")]
    demand(all(bodies.count(one) == 1 for one in bodies), f"refused, and sent {len(bodies)} times")


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-30",
    "A dossier that is refused does not hold up the next",
    "Hồ sơ bị từ chối không chặn hồ sơ sau",
    source="assumed",
    needs=NEEDS,
)
async def _(portal: PortalConnector) -> None:
    await portal.begin()
    await portal.tell(portal.dossier(procedure_code=NO_PROCEDURE))
    await _told(portal)


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-31",
    "What a citizen submitted on the portal keeps its number there, and its intake is reported",
    "Hồ sơ nộp trên Cổng giữ mã quốc gia và được báo trạng thái",
    source=f"{CLIENTS}, DongBoTrangThaiHoSo",
    needs=NEEDS,
)
async def _(portal: PortalConnector) -> None:
    await portal.begin()
    submission = {"procedure": portal.options["procedure"], "unit": portal.options["intake"]}
    national = (await portal.control("POST", "act/submit-dossier", submission))["national_code"]
    dossier = portal.dossier(national_code=national, channel="2")
    await portal.tell(dossier)
    await portal.must_show(national, "2")
    demand(not await portal.row(dossier["code"]), f"it is there a second time as {dossier['code']}")

    async def reported() -> bool:
        return bool((await portal.row(national)).get("bao_trang_thai"))

    demand(await portal.until(reported), "no DongBoTrangThaiHoSo of it")
