"""What a connector reads of iGate: every dossier that changed, once, whole, and whatever is wrong with another."""

from typing import cast

from lgsp.conformance.clients.connector import Row
from lgsp.conformance.clients.igate import CLIENTS, DETAIL, FILE, IGATE_CLIENT, SEARCH, IGateConnector
from lgsp.conformance.clients.lasting import LINE, MOST_TRIES
from lgsp.conformance.model import Level, demand

__all__: list[str] = []

PAGING = "Spring Data Slice (public client code: page, size, spec=slice)"


@IGATE_CLIENT.asserts(
    "LGSP-IGC-10",
    "A dossier that the search lists is read by its id",
    "Hồ sơ có trong kết quả tra cứu được đọc theo id",
    source=CLIENTS,
)
async def _(connector: IGateConnector) -> None:
    await connector.begin()
    await connector.must_read(await connector.received())


@IGATE_CLIENT.asserts(
    "LGSP-IGC-11",
    "It asks for the next page until `last`, whatever the size of a page",
    "Hỏi trang tiếp theo cho đến `last`, bất kể cỡ trang",
    source=PAGING,
)
async def _(connector: IGateConnector) -> None:
    await connector.begin()
    await connector.pages()
    dossiers = [await connector.received() for _ in range(3)]
    await connector.pages(*[[one] for one in dossiers])
    await connector.must_read(*dossiers)


@IGATE_CLIENT.asserts(
    "LGSP-IGC-12",
    "A dossier that slips from one page to the next is read once",
    "Hồ sơ trượt sang trang sau chỉ đọc một lần",
    source=f"{PAGING}; the list moves while it is read",
    level=Level.SHOULD,
)
async def _(connector: IGateConnector) -> None:
    await connector.begin()
    await connector.pages()
    first, second = await connector.received(), await connector.received()
    await connector.pages([second], [second, first])
    await connector.must_read(first, second)
    times = await connector.times_read(second)
    demand(times == 1, f"{second['code']} was read {times} times")


@IGATE_CLIENT.asserts(
    "LGSP-IGC-13",
    "What did not change is not read again",
    "Không đọc lại hồ sơ không đổi",
    source="assumed (a province has a hundred thousand dossiers a year)",
    level=Level.SHOULD,
)
async def _(connector: IGateConnector) -> None:
    await connector.begin()
    dossier = await connector.received()
    await connector.must_read(dossier)
    await connector.rounds(2)
    times = await connector.times_read(dossier)
    demand(times == 1, f"read {times} times")


@IGATE_CLIENT.asserts(
    "LGSP-IGC-14",
    "A dossier that changed is read again, every time",
    "Hồ sơ có thay đổi được đọc lại, lần nào cũng vậy",
    source=CLIENTS,
)
async def _(connector: IGateConnector) -> None:
    await connector.begin()
    dossier = await connector.received()
    await connector.must_read(dossier)
    for state in ("4", "5"):
        before = await connector.times_read(dossier)
        await connector.move(dossier, state)
        await connector.must_read(dossier, times=before + 1)


@IGATE_CLIENT.asserts(
    "LGSP-IGC-15",
    "An id that it asks for is one that iGate gave it, letter by letter",
    "Chỉ hỏi theo id iGate đã cấp, đúng từng ký tự",
    source="MongoDB ObjectId (public client code)",
)
async def _(connector: IGateConnector) -> None:
    await connector.begin()
    await connector.must_read(await connector.received())
    known = {DETAIL.format(key) for key in await connector.table("dossiers")}
    asked = {one.path for one in await connector.requests() if one.path.startswith("/pa/dossier/")}
    other = asked - known - {SEARCH}
    demand(not other, f"asked for {', '.join(sorted(other))}, which nobody listed")


@IGATE_CLIENT.asserts(
    "LGSP-IGC-16",
    "The papers of a result are fetched",
    "Tải các giấy tờ kết quả",
    source="NĐ 118/2025/NĐ-CP (điện tử hóa kết quả); public client code",
    level=Level.SHOULD,
)
async def _(connector: IGateConnector) -> None:
    await connector.begin()
    [path] = await _results(connector)
    await connector.clear()
    await _must_fetch(connector, path, 1)


@IGATE_CLIENT.asserts(
    "LGSP-IGC-20",
    "One that is gone (404) does not hold up the others",
    "Hồ sơ không còn (404) không chặn hồ sơ khác",
    source=LINE,
)
async def _(connector: IGateConnector) -> None:
    await _spoilt(connector, status=404, json_body={"code": "404", "message": "Không tìm thấy hồ sơ"})


@IGATE_CLIENT.asserts(
    "LGSP-IGC-21",
    "A page in place of a detail does not hold up the others",
    "Chi tiết trả về trang HTML không chặn hồ sơ khác",
    source=LINE,
)
async def _(connector: IGateConnector) -> None:
    await _spoilt(connector, text="<html>Bảo trì hệ thống</html>")


@IGATE_CLIENT.asserts(
    "LGSP-IGC-22",
    "A detail that lacks everything does not hold up the others",
    "Chi tiết thiếu mọi trường không chặn hồ sơ khác",
    source=LINE,
)
async def _(connector: IGateConnector) -> None:
    await _spoilt(connector, json_body={"id": None, "tasks": "?", "agency": []})


@IGATE_CLIENT.asserts(
    "LGSP-IGC-23",
    "A row without an id does not hold up the others",
    "Dòng tra cứu không có id không chặn dòng khác",
    source=LINE,
    level=Level.SHOULD,
)
async def _(connector: IGateConnector) -> None:
    await connector.begin()
    await connector.pages()
    dossier = await connector.received()
    await connector.pages([dossier], spoilt=[{"code": "?"}, None])
    await connector.must_read(dossier)


@IGATE_CLIENT.asserts(
    "LGSP-IGC-24",
    "Half a detail is not taken for one: it is asked for again",
    "Chi tiết bị cắt giữa chừng: hỏi lại",
    source=LINE,
)
async def _(connector: IGateConnector) -> None:
    await connector.begin()
    dossier = await connector.unseen()
    await connector.fault("half", DETAIL.format(dossier["id"]))
    await connector.clear()
    await connector.must_read(dossier, times=2)


@IGATE_CLIENT.asserts(
    "LGSP-IGC-25",
    "Half a file is not taken for one: it is fetched again",
    "Tệp bị cắt giữa chừng: tải lại",
    source=LINE,
)
async def _(connector: IGateConnector) -> None:
    await connector.begin()
    [path] = await _results(connector)
    await connector.fault("half", path)
    await connector.clear()
    await _must_fetch(connector, path, 2)


@IGATE_CLIENT.asserts(
    "LGSP-IGC-26", "A 503 on the search is survived", "Tra cứu trả 503: thử lại", source=LINE
)
async def _(connector: IGateConnector) -> None:
    await connector.begin()
    await connector.once(SEARCH, status=503)
    await connector.must_read(await connector.received())


@IGATE_CLIENT.asserts(
    "LGSP-IGC-27",
    "A page in place of the search is survived",
    "Tra cứu trả trang HTML: không hỏng",
    source=LINE,
)
async def _(connector: IGateConnector) -> None:
    await connector.begin()
    await connector.once(SEARCH, text="<html>Bảo trì hệ thống</html>")
    await connector.must_read(await connector.received())


@IGATE_CLIENT.asserts("LGSP-IGC-28", "A reset line is survived", "Đường truyền bị ngắt: thử lại", source=LINE)
async def _(connector: IGateConnector) -> None:
    await connector.begin()
    await connector.fault("reset", SEARCH)
    await connector.must_read(await connector.received())


@IGATE_CLIENT.asserts(
    "LGSP-IGC-29",
    "A call without an answer is given up, and made again",
    "Lời gọi không có trả lời: bỏ và gọi lại",
    source=LINE,
    needs="its time limit is shorter than patience_s",
    level=Level.SHOULD,
)
async def _(connector: IGateConnector) -> None:
    await connector.begin()
    await connector.fault("timeout", SEARCH, delay_s=300)
    await connector.must_read(await connector.received())


@IGATE_CLIENT.asserts(
    "LGSP-IGC-30",
    "Calls with a token do not follow a redirect to another host",
    "Không mang token theo chuyển hướng sang máy khác",
    source="RFC 6750 §5.3 (the token would go along)",
    level=Level.SHOULD,
)
async def _(connector: IGateConnector) -> None:
    await connector.begin()
    other = connector.line.base.replace("127.0.0.1", "localhost") + "/elsewhere"
    await connector.once(SEARCH, status=307, headers={"Location": other})
    await connector.must_read(await connector.received())
    demand(not await connector.calls("/elsewhere"), "followed")


@IGATE_CLIENT.asserts(
    "LGSP-IGC-31",
    "While iGate is away it does not ask without end",
    "Khi iGate không trả lời: không hỏi dồn dập",
    source=LINE,
)
async def _(connector: IGateConnector) -> None:
    await connector.begin()
    await connector.expect(SEARCH, status=503)
    await connector.one_go()
    tried = len(await connector.calls(SEARCH))
    demand(0 < tried <= MOST_TRIES, f"{tried} calls in one go")
    await connector.clear()
    await connector.must_read(await connector.received())


async def _spoilt(connector: IGateConnector, **answer: object) -> None:
    """Three dossiers, of which the middle one is not as it should be."""
    await connector.begin()
    await connector.pages()
    first, bad, last = [await connector.received() for _ in range(3)]
    await connector.expect(DETAIL.format(bad["id"]), **answer)
    await connector.pages([last, bad, first])
    await connector.must_read(first, last)


async def _results(connector: IGateConnector) -> list[str]:
    """Where the papers of a result are that the connector has not heard of, and does not before `clear`."""
    dossier = await connector.unseen("4", "9")
    [held] = await connector.dossier(str(dossier["code"]))
    return [f"{FILE}{one['id']}" for one in cast("list[Row]", held["results"])]


async def _must_fetch(connector: IGateConnector, path: str, times: int) -> None:
    async def is_fetched() -> bool:
        return len(await connector.calls(path, 200)) >= times

    demand(
        await connector.until(is_fetched),
        f"{path}: fetched {len(await connector.calls(path, 200))} times, {times} wanted",
    )
