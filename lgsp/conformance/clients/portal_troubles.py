"""What a connector does when the portal, or the line to it, is not as it should be."""

from itertools import pairwise

from lgsp.conformance.clients.portal import ASSUMED, NEEDS, PORTAL_CLIENT, PortalConnector
from lgsp.conformance.model import Level, demand
from lgsp.conformance.servers.portal import CLIENTS
from lgsp.conformance.servers.portal_dossiers import DUPLICATES

__all__: list[str] = []

LEAST_PAUSE_S = 0.1
GROWTH = 1.2
ASKED_S = 2
SERVICES = ("TraCuuHoSo", "DongBoHoSoMC")
REPORTS = "*HoSo*"
"""As the faults know them: not what reads the catalogue meanwhile."""


async def _arrives(portal: PortalConnector) -> None:
    dossier = portal.dossier()
    await portal.tell(dossier)
    await portal.must_show(dossier["code"], "2")


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-40",
    "Where the answer to a new dossier was lost it is told under the same number, and is there once",
    "Mất trả lời khi gửi hồ sơ: gửi lại cùng mã, Cổng chỉ có một",
    source="AS4 TA09, TA10; assumed",
    needs=NEEDS,
)
async def _(portal: PortalConnector) -> None:
    await portal.begin()
    before = set(await portal.table("dossiers"))
    await portal.fault("reset", "DongBoHoSoMC", when="after")
    dossier = portal.dossier()
    await portal.tell(dossier)
    await portal.must_show(dossier["code"], "2")
    await portal.tell(dossier | {"state": "4"})
    await portal.must_show(dossier["code"], "4")
    made = set(await portal.table("dossiers")) - before
    demand(made == {dossier["code"]}, f"the portal has {', '.join(sorted(made))}")


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-41",
    "Where the answer to a step was lost the portal does not get it as another one",
    "Mất trả lời khi gửi bước: Cổng không có bước thứ hai",
    source="AS4 TA10; assumed",
    needs=NEEDS,
)
async def _(portal: PortalConnector) -> None:
    await portal.begin()
    dossier = portal.dossier()
    await portal.tell(dossier)
    await portal.must_show(dossier["code"], "2")
    await portal.fault("reset", "CapNhatTienDoHoSoMC", when="after")
    await portal.tell(portal.step(dossier, "4"), "dossier.progressed")
    await portal.tell(portal.step(dossier, "9", 3), "dossier.progressed")
    row = await portal.must_show(dossier["code"], "9")
    steps = row.get("tien_do")
    told = [one.get("TrangThai") for one in steps if isinstance(one, dict)] if isinstance(steps, list) else []
    demand(told.count("4") == 1, f"the portal's steps have the states {told}")


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-42",
    "A dossier that the portal says it has already is told as an update",
    'Cổng báo "đã tồn tại" thì gửi cập nhật',
    source=DUPLICATES,
    needs=NEEDS,
)
async def _(portal: PortalConnector) -> None:
    await portal.begin()
    dossier = portal.dossier()
    await portal.tell(dossier)
    await portal.must_show(dossier["code"], "2")
    await portal.instead("TraCuuHoSo", json_body={"error_code": 0, "message": "Thành công", "result": []})
    await portal.tell(dossier | {"state": "4"})
    await portal.must_show(dossier["code"], "4")


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-43",
    "A portal that is away for a while (503) loses no dossier",
    "Cổng tạm ngừng (503): gửi lại, không mất hồ sơ",
    source=ASSUMED,
    needs=NEEDS,
)
async def _(portal: PortalConnector) -> None:
    await portal.begin()
    await portal.fault("down", REPORTS, count=3)
    await _arrives(portal)


async def _pauses(portal: PortalConnector) -> list[float]:
    """Seconds, by the portal's clock, between the calls to a portal that is away."""
    await portal.begin()
    await portal.fault("down", REPORTS, count=1000)
    dossier = portal.dossier()
    await portal.tell(dossier)

    async def enough() -> bool:
        return len(await portal.calls(*SERVICES)) >= 4

    await portal.until(enough)
    moments = [call.request.at for call in (await portal.calls(*SERVICES))[:4]]
    await portal.resume(dossier["code"])
    demand(moments, "calls nothing")
    return [(after - before).total_seconds() for before, after in pairwise(moments)]


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-44",
    "Between its tries it waits",
    "Giữa các lần thử có khoảng nghỉ",
    source=ASSUMED,
    needs=NEEDS,
)
async def _(portal: PortalConnector) -> None:
    pauses = await _pauses(portal)
    shortest = min(pauses, default=LEAST_PAUSE_S)
    demand(shortest >= LEAST_PAUSE_S, f"tries again after {shortest * 1000:.0f} ms")


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-45", "Its pauses grow", "Khoảng nghỉ tăng dần", source=ASSUMED, level=Level.SHOULD, needs=NEEDS
)
async def _(portal: PortalConnector) -> None:
    pauses = await _pauses(portal)
    told = ", ".join(f"{each:.2f}" for each in pauses)
    demand(len(pauses) < 3 or pauses[-1] > GROWTH * pauses[0], f"pauses of {told} s")


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-46",
    "It waits as long as Retry-After asks it to",
    "Chờ đủ Retry-After",
    source="RFC 9110, 10.2.3; RFC 6585",
    level=Level.SHOULD,
    needs=NEEDS,
)
async def _(portal: PortalConnector) -> None:
    await portal.begin()
    busy = {"status": 429, "headers": {"Retry-After": str(ASKED_S)}, "text": "busy"}
    await portal.arrange(
        "expectations",
        {"request": {"body_regex": rf"(?s).*\b({'|'.join(SERVICES)})\b.*"}, "answers": [busy], "times": 1},
    )
    await _arrives(portal)
    first, second = [call.request.at for call in await portal.calls(*SERVICES)][:2]
    waited_s = (second - first).total_seconds()
    demand(waited_s >= ASKED_S, f"asked for {ASKED_S} s, came back after {waited_s:.2f} s")


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-47",
    "A portal that never answers is not waited for without end, and no dossier is lost",
    "Cổng treo: hết giờ thì bỏ, gửi lại, không mất hồ sơ",
    source=ASSUMED,
    level=Level.SHOULD,
    needs=f"{NEEDS}; its time-out is below patience_s",
)
async def _(portal: PortalConnector) -> None:
    await portal.begin()
    await portal.fault("timeout", REPORTS, delay_s=86_400)
    await _arrives(portal)


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-48",
    "Half an answer is no answer",
    "Trả lời bị cắt giữa chừng không phải là thành công",
    source=ASSUMED,
    needs=NEEDS,
)
async def _(portal: PortalConnector) -> None:
    await portal.begin()
    await portal.instead("DongBoHoSoMC", text='{"error_code": 0, "mess', headers={"Content-Type": "application/json"})  # fmt: skip
    await _arrives(portal)
    await portal.fault("half", REPORTS)
    await _arrives(portal)


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-49",
    "A page in place of JSON is no success",
    "Trang HTML thay JSON không phải là thành công",
    source=ASSUMED,
    needs=NEEDS,
)
async def _(portal: PortalConnector) -> None:
    await portal.begin()
    for name in SERVICES:
        await portal.instead(name, text="<html>Bảo trì hệ thống, Thành công</html>")
    await _arrives(portal)


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-50",
    "An answer without error_code is no success",
    "Trả lời thiếu error_code không phải là thành công",
    source=CLIENTS,
    needs=NEEDS,
)
async def _(portal: PortalConnector) -> None:
    await portal.begin()
    await portal.instead("DongBoHoSoMC", json_body={"message": "Thành công"})
    await _arrives(portal)


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-51",
    "A status other than 200 is no success, whatever the body says",
    "Mã HTTP khác 200 không phải là thành công",
    source=f"{CLIENTS}: errors of this wire come with HTTP 200",
    needs=NEEDS,
)
async def _(portal: PortalConnector) -> None:
    await portal.begin()
    for status in (500, 404):
        await portal.instead("DongBoHoSoMC", status=status, json_body={"error_code": 0, "message": "Thành công"})  # fmt: skip
    await _arrives(portal)


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-52",
    "A line that breaks loses no dossier",
    "Đường truyền bị ngắt không làm mất hồ sơ",
    source=ASSUMED,
    needs=NEEDS,
)
async def _(portal: PortalConnector) -> None:
    await portal.begin()
    await portal.fault("reset", REPORTS)
    await portal.fault("tls", REPORTS)
    await _arrives(portal)


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-53",
    "No step overtakes a dossier that is still being tried",
    "Bước xử lý không vượt hồ sơ đang gửi lại",
    source="assumed",
    level=Level.SHOULD,
    needs=NEEDS,
)
async def _(portal: PortalConnector) -> None:
    await portal.begin()
    await portal.fault("error", "DongBoHoSoMC", count=2, status=500)
    dossier = portal.dossier()
    await portal.tell(dossier)
    await portal.tell(portal.step(dossier, "4"), "dossier.progressed")
    await portal.must_show(dossier["code"], "4")
    calls = await portal.calls()
    taken = next(at for at, call in enumerate(calls) if call.name == "DongBoHoSoMC" and call.accepted)
    early = [call for call in calls[:taken] if call.name == "CapNhatTienDoHoSoMC"]
    demand(not early, "a step was told before the dossier was taken")


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-54",
    "Fields that nobody knows yet do no harm in an answer",
    "Trả lời có trường lạ: không hỏng",
    source="assumed (a later version of the format)",
    needs=NEEDS,
)
async def _(portal: PortalConnector) -> None:
    await portal.begin()
    await portal.fault("schema_ahead", REPORTS, count=1000)
    await _arrives(portal)
