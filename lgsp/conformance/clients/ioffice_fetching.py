"""What a connector fetches from iOffice: every package that is listed, whole, and confirmed only then."""

from pydantic import JsonValue

from lgsp.conformance.clients.ioffice import CONFIRM, FETCH, IOFFICE_CLIENT, LINK, LIST, IOfficeConnector
from lgsp.conformance.clients.lasting import LINE, MOST_TRIES, said, values_of
from lgsp.conformance.model import Level, demand

__all__: list[str] = []

HOME = "<html>Bảo trì hệ thống</html>"
WRONG: JsonValue = {
    "data": None,
    "error": {"code": "500", "internalMessage": "", "userMessage": "Lỗi hệ thống"},
}
PAGE = "A page in place of {} is survived"


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-10",
    "A listed package is fetched, and then confirmed as taken",
    "Gói tin trong danh sách được lấy rồi xác nhận đã nhận",
    source=LINK,
)
async def _(connector: IOfficeConnector) -> None:
    await connector.begin()
    [reference] = await connector.decided()
    await connector.must_take(reference)
    paths = [one.path for one in await connector.requests() if one.path in {FETCH, CONFIRM}]
    demand(
        FETCH in paths and paths.index(FETCH) < paths.index(CONFIRM),
        "confirmed before, or without, being fetched",
    )


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-11",
    "From an empty list nothing is fetched or confirmed",
    "Danh sách rỗng thì không lấy, không xác nhận gì",
    source="assumed",
    level=Level.SHOULD,
)
async def _(connector: IOfficeConnector) -> None:
    await connector.begin()
    await connector.unlisted()
    await connector.one_go()
    asked = {one.path for one in await connector.requests() if one.path in {FETCH, CONFIRM}}
    demand(not asked, f"called {', '.join(sorted(asked))}")


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-12",
    "Everything in the list is taken, each once, in its order",
    "Lấy hết danh sách, mỗi gói một lần, theo thứ tự",
    source=f"{LINK}; the order is assumed",
)
async def _(connector: IOfficeConnector) -> None:
    await connector.begin()
    references = await connector.unlisted(4)
    await connector.clear()
    await connector.must_take(*references)
    asked = [
        value for one in await connector.calls(FETCH, 200) for value in values_of(one) if value in references
    ]
    demand(asked == references, f"listed {', '.join(references)}; fetched {', '.join(asked)}")
    doubled = [one for one in references if len(await connector.confirmed(one)) != 1]
    demand(not doubled, f"confirmed more than once: {', '.join(doubled)}")


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-13",
    "MaVanBan is named as it was listed, letter by letter, also in a URL",
    "Nêu đúng MaVanBan từng ký tự, kể cả trong URL",
    source=f"{LINK}; RFC 3986 §2.1",
)
async def _(connector: IOfficeConnector) -> None:
    await connector.begin()
    [real] = await connector.unlisted()
    odd = "12/QĐ-SởTNMT & 7+1%20 #Đ"
    await connector.expect(FETCH, json_body=await connector.package(real))
    await connector.expect(CONFIRM, json_body={"data": odd, "error": {"code": "0"}})
    await connector.lists([odd], [])

    async def is_confirmed() -> bool:
        return bool(await connector.calls(CONFIRM))

    await connector.until(is_confirmed)
    asked = {value for one in await connector.calls(FETCH) for value in values_of(one)}
    demand(odd in asked, f"listed {odd!r}, asked for {', '.join(map(repr, sorted(asked))) or 'nothing'}")
    named = {str(said(one).get("MaVanBan")) for one in await connector.calls(CONFIRM)}
    demand(named == {odd}, f"listed {odd!r}, confirmed {', '.join(map(repr, sorted(named))) or 'nothing'}")


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-14",
    "What was confirmed is not fetched again",
    "Đã xác nhận thì không lấy lại",
    source=LINK,
    level=Level.SHOULD,
)
async def _(connector: IOfficeConnector) -> None:
    await connector.begin()
    [reference] = await connector.decided()
    await connector.must_take(reference)
    await connector.one_go()
    await connector.one_go()
    times = len(await connector.fetches(reference, 200))
    demand(times == 1, f"fetched {times} times")


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-15", "A signed package is taken with its file", "Gói tin đã ký được nhận kèm tệp", source=LINK
)
async def _(connector: IOfficeConnector) -> None:
    await connector.begin()
    await connector.must_take(*await connector.decided(subject=""))


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-16",
    "A confirmation that failed is made again",
    "Xác nhận thất bại thì xác nhận lại",
    source=LINE,
)
async def _(connector: IOfficeConnector) -> None:
    await connector.begin()
    await connector.once(CONFIRM, status=503)
    await connector.must_take(*await connector.decided())


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-20", "A 503 on the list is survived", "Danh sách trả 503: thử lại", source=LINE
)
async def _(connector: IOfficeConnector) -> None:
    await _survives(connector, status=503)


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-21", PAGE.format("the list"), "Danh sách trả trang HTML: không hỏng", source=LINE
)
async def _(connector: IOfficeConnector) -> None:
    await _survives(connector, text=HOME)


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-22",
    "An error, or no list, with HTTP 200 is survived",
    "Danh sách trả lỗi với HTTP 200: không hỏng",
    source=LINK,
)
async def _(connector: IOfficeConnector) -> None:
    await _survives(connector, json_body=WRONG)


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-23", "A reset line is survived", "Đường truyền bị ngắt: thử lại", source=LINE
)
async def _(connector: IOfficeConnector) -> None:
    await connector.begin()
    await connector.fault("reset", LIST)
    await connector.must_take(*await connector.decided())


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-24",
    "A call without an answer is given up, and made again",
    "Lời gọi không có trả lời: bỏ và gọi lại",
    source=LINE,
    needs="its time limit is shorter than patience_s",
    level=Level.SHOULD,
)
async def _(connector: IOfficeConnector) -> None:
    await connector.begin()
    await connector.fault("timeout", LIST, delay_s=300)
    await connector.must_take(*await connector.decided())


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-25",
    "Calls with the account do not follow a redirect to another host",
    "Không mang tài khoản theo chuyển hướng sang máy khác",
    source="RFC 7617 §4 (the password would go along)",
    level=Level.SHOULD,
)
async def _(connector: IOfficeConnector) -> None:
    other = connector.line.base.replace("127.0.0.1", "localhost") + "/elsewhere"
    await _survives(connector, status=307, headers={"Location": other})
    demand(not await connector.calls("/elsewhere"), "followed")


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-26",
    "While iOffice is away it does not ask without end",
    "Khi iOffice không trả lời: không hỏi dồn dập",
    source=LINE,
)
async def _(connector: IOfficeConnector) -> None:
    await connector.begin()
    await connector.expect(LIST, status=503)
    await connector.one_go()
    tried = len(await connector.calls(LIST))
    demand(0 < tried <= MOST_TRIES, f"{tried} calls in one go")
    await connector.clear()
    await connector.must_take(*await connector.decided())


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-30",
    "A package that is refused holds up no other, and is not confirmed as taken",
    "Gói tin bị từ chối không chặn gói khác, không xác nhận đã nhận",
    source=LINK,
)
async def _(connector: IOfficeConnector) -> None:
    await _spoilt(
        connector, json_body={"data": None, "error": {"code": "404", "userMessage": "không có gói tin"}}
    )


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-31",
    "Nor is an error 500 with HTTP 200 a package",
    "Lỗi 500 kèm HTTP 200 cũng không phải gói tin",
    source=LINK,
)
async def _(connector: IOfficeConnector) -> None:
    await _spoilt(connector, json_body=WRONG)


@IOFFICE_CLIENT.asserts("LGSP-IOC-32", "Nor a page", "Trang HTML cũng vậy", source=LINE)
async def _(connector: IOfficeConnector) -> None:
    await _spoilt(connector, text=HOME)


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-33",
    "Half a package is not taken: it is fetched again, and confirmed only then",
    "Gói tin bị cắt: lấy lại rồi mới xác nhận",
    source=LINE,
)
async def _(connector: IOfficeConnector) -> None:
    await connector.begin()
    [reference] = await connector.unlisted(subject="")
    await connector.fault("half", FETCH)
    await connector.lists([reference])
    await connector.must_take(reference)
    before = await _fetched_before(connector, reference)
    demand(len(before) > 1, "confirmed after half of it")


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-34",
    "A package that fails with 503 is fetched again, and confirmed only then",
    "Lấy gói tin bị 503: lấy lại rồi mới xác nhận",
    source=LINE,
)
async def _(connector: IOfficeConnector) -> None:
    await connector.begin()
    [reference] = await connector.unlisted()
    await connector.once(FETCH, status=503)
    await connector.lists([reference])
    await connector.must_take(reference)
    demand(200 in await _fetched_before(connector, reference), "confirmed without having it")


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-35",
    "A file that is no Base64 is not taken",
    "Tệp không phải Base64: không xác nhận đã nhận",
    source=LINK,
)
async def _(connector: IOfficeConnector) -> None:
    await _unfit(connector, VanBanDi={"DinhKem": [{"Ten": "a.pdf", "Base64": "JVBER*g=", "Link": ""}]})


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-36",
    "A day that is not in the calendar is not taken",
    "Ngày không có trong lịch: không xác nhận đã nhận",
    source=f"{LINK}: dd/MM/yyyy",
    level=Level.SHOULD,
)
async def _(connector: IOfficeConnector) -> None:
    await _unfit(connector, VanBanDi={"NgayBanHanh": "31/02/2026"})


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-37",
    "A LoaiKetQua that nobody knows is not taken for a result",
    "LoaiKetQua lạ: không coi là kết quả",
    source=f"{LINK}: 01 promulgated, 02 signed, 03 not approved, 04 approved",
)
async def _(connector: IOfficeConnector) -> None:
    await _unfit(connector, LoaiKetQua="77")


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-38",
    "A package that names no dossier is not taken",
    "Gói tin không có mã hồ sơ: không xác nhận đã nhận",
    source=LINK,
)
async def _(connector: IOfficeConnector) -> None:
    await _unfit(connector, MaHoSo="")


async def _fetched_before(connector: IOfficeConnector, reference: str) -> list[int]:
    """How its calls for that package were answered, up to the first confirmation."""
    found = []
    for one in await connector.requests():
        if one.path == CONFIRM and said(one).get("MaVanBan") == reference:
            break
        if one.path == FETCH and reference in values_of(one):
            found.append(one.status)
    return found


async def _survives(connector: IOfficeConnector, **answer: object) -> None:
    await connector.begin()
    await connector.once(LIST, **answer)
    await connector.must_take(*await connector.decided())


async def _spoilt(connector: IOfficeConnector, **answer: object) -> None:
    """Three packages, of which the middle one is not as it should be."""
    await connector.begin()
    first, bad, last = await connector.unlisted(3)
    await connector.spoil(bad, **answer)
    await connector.control("DELETE", "expectations/lists")
    await connector.must_take(first, last)
    await connector.must_not_take(bad)


async def _unfit(connector: IOfficeConnector, **changes: JsonValue) -> None:
    """A package with a field that can't be right."""
    await connector.begin()
    [bad] = await connector.unlisted()
    await connector.spoil(bad, json_body=await connector.package(bad, **changes))
    await connector.control("DELETE", "expectations/lists")
    await connector.must_not_take(bad)
