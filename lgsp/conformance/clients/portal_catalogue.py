"""How a connector reads the catalogue of procedures, where it does."""

from lgsp.conformance.clients.portal import PORTAL_CLIENT, PortalConnector
from lgsp.conformance.model import Level, SkipError, demand
from lgsp.conformance.servers.portal import CLIENTS

__all__: list[str] = []

NEEDS = "a connector that reads the catalogue of procedures"
LIST, ONE = "LayDanhSachTTHC", "LayThuTuc"


async def _reads(portal: PortalConnector) -> list[str]:
    """Codes that it has read."""

    async def asked() -> bool:
        return any(call.accepted for call in await portal.calls(ONE))

    await portal.until(asked)
    codes = [str(call.packet.get("maTTHC")) for call in await portal.calls(ONE) if call.accepted]
    if not codes:
        raise SkipError(NEEDS)
    return codes


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-60",
    "Only procedures that were listed are asked for",
    "Chỉ hỏi thủ tục có trong danh sách",
    source=CLIENTS,
    needs=NEEDS,
)
async def _(portal: PortalConnector) -> None:
    await portal.begin()
    listed = {"MATTHC": portal.options["procedure"], "TENTTHC": "Thủ tục mang tên mới trong danh sách"}
    await portal.instead(LIST, None, json_body={"error_code": 0, "message": "Thành công", "result": [listed]})
    await _reads(portal)
    unknown = [one.packet.get("maTTHC") for one in await portal.calls(ONE) if not one.accepted]
    demand(not unknown, f"asks for {unknown[:3]}")


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-61",
    "A procedure that got a new version is read again",
    "Thủ tục có phiên bản mới được đọc lại",
    source="assumed (the wire has no list of changes)",
    level=Level.SHOULD,
    needs=NEEDS,
)
async def _(portal: PortalConnector) -> None:
    await portal.begin()
    code = (await _reads(portal))[0]
    asked = (await _reads(portal)).count(code)
    change = {"code": code, "working_days": 9}  # the list does not show it
    await portal.control("POST", "act/change-procedure", change)

    async def again() -> bool:
        return (await _reads(portal)).count(code) > asked

    demand(await portal.until(again), f"{code} was changed, and not read again")
