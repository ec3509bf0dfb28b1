"""What a connector does when the axis, the line or a packet is not as it should be."""

from lgsp.conformance.clients.axis import AXIS_CLIENT, POLLING, AxisConnector
from lgsp.conformance.model import Level, demand
from lgsp.conformance.servers.axis import ASSUMED_CODES
from lgsp.standards import edxml

__all__: list[str] = []

LINE = "assumed (what breaks on a line)"


@AXIS_CLIENT.asserts(
    "LGSP-AXC-21",
    "What can't be read is confirmed with fail, never done",
    "Gói không đọc được: fail, không bao giờ done",
    source=POLLING,
)
async def _(connector: AxisConnector) -> None:
    await connector.begin()
    doc_id = await connector.stage()
    await connector.instead(doc_id, b"<edXML><broken")
    await connector.must_settle("fail", doc_id)


@AXIS_CLIENT.asserts("LGSP-AXC-22", "A packet with a DTD is not accepted, and no entity is expanded",
                     "Gói có DTD không được nhận, không mở entity",
                     source="QCVN 102:2016/BTTTT; OWASP XXE")  # fmt: skip
async def _(connector: AxisConnector) -> None:
    await connector.begin()
    doc_id = await connector.stage()
    raw = edxml.write(connector.outside.document(subject="MARK"))
    head, _, rest = raw.partition(b"?>")
    await connector.instead(
        doc_id, head + b'?><!DOCTYPE edXML [<!ENTITY e "boom">]>' + rest.replace(b"MARK", b"&e;")
    )
    states = await connector.settled(doc_id)
    demand(states != ["done"], "confirmed with done")


@AXIS_CLIENT.asserts(
    "LGSP-AXC-23",
    "One that can't be read does not hold up the next",
    "Gói hỏng không chặn gói sau",
    source=POLLING,
)
async def _(connector: AxisConnector) -> None:
    await connector.begin()
    bad, good = await connector.stage(), await connector.stage()
    await connector.instead(bad, b"\x00 no XML at all")
    states = await connector.settled(good)
    demand(states == ["done"], f"the right one behind a broken one is {states[0]}")


@AXIS_CLIENT.asserts("LGSP-AXC-24", "An error 21 while fetching means later: not fail, and done in the end",
                     "Lỗi 21 khi tải là để sau: không fail, rồi done",
                     source=ASSUMED_CODES)  # fmt: skip
async def _(connector: AxisConnector) -> None:
    await connector.begin()
    doc_id = await connector.stage()
    for path in ("/getEdoc", "/downloadEdoc"):
        await connector.once(
            path, json_body={"status": "FAIL", "ErrorCode": "21", "ErrorDesc": "Lỗi xử lý file"}
        )
    await connector.must_settle("done", doc_id)


@AXIS_CLIENT.asserts(
    "LGSP-AXC-25", "A 503 on the list is survived", "Danh sách trả 503: thử lại", source=LINE
)
async def _(connector: AxisConnector) -> None:
    await connector.begin()
    await connector.once("/getReceivedEdocList", status=503)
    await connector.must_settle("done", await connector.stage())


@AXIS_CLIENT.asserts(
    "LGSP-AXC-26",
    "A page in place of JSON is survived",
    "Trả về trang HTML thay JSON: không hỏng",
    source=LINE,
)
async def _(connector: AxisConnector) -> None:
    await connector.begin()
    await connector.once("/getReceivedEdocList", text="<html>Bảo trì hệ thống</html>")
    await connector.must_settle("done", await connector.stage())


@AXIS_CLIENT.asserts(
    "LGSP-AXC-27", "An ErrorCode that nobody knows is survived", "ErrorCode lạ: không hỏng", source="assumed"
)
async def _(connector: AxisConnector) -> None:
    await connector.begin()
    await connector.once(
        "/getReceivedEdocList", json_body={"status": "FAIL", "ErrorCode": "99", "ErrorDesc": "?"}
    )
    await connector.must_settle("done", await connector.stage())


@AXIS_CLIENT.asserts(
    "LGSP-AXC-28",
    "Half an answer is never taken for a packet",
    "Trả lời bị cắt giữa chừng không được coi là gói tin",
    source=LINE,
)
async def _(connector: AxisConnector) -> None:
    await connector.begin()
    doc_id = await connector.stage()
    for path in ("/getEdoc", "/downloadEdoc"):
        await connector.arrange("faults", {"kind": "half", "path": path, "count": 1})
    await connector.must_settle("done", doc_id)


@AXIS_CLIENT.asserts(
    "LGSP-AXC-29",
    "A confirmation that failed is made again",
    "Xác nhận thất bại thì xác nhận lại",
    source=POLLING,
)
async def _(connector: AxisConnector) -> None:
    await connector.begin()
    doc_id = await connector.stage()
    await connector.once("/updateStatus", status=503)
    await connector.must_settle("done", doc_id)


@AXIS_CLIENT.asserts("LGSP-AXC-30", "A reset line is survived", "Đường truyền bị ngắt: thử lại", source=LINE)
async def _(connector: AxisConnector) -> None:
    await connector.begin()
    doc_id = await connector.stage()
    await connector.arrange("faults", {"kind": "reset", "path": "/getReceivedEdocList", "count": 1})
    await connector.must_settle("done", doc_id)


@AXIS_CLIENT.asserts("LGSP-AXC-31", "Signed calls do not follow a redirect to another host", "Không theo chuyển hướng sang máy khác",
                     source="assumed (the signature would go along)", level=Level.SHOULD)  # fmt: skip
async def _(connector: AxisConnector) -> None:
    await connector.begin()
    other = connector.line.base.replace("127.0.0.1", "localhost") + "/elsewhere"
    await connector.once("/getReceivedEdocList", status=307, headers={"Location": other})
    await connector.settled(await connector.stage())
    demand(not await connector.calls("elsewhere"), "followed, with its signature")
