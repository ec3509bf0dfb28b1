"""What a connector does with packets that are right and unusual, or were harmed on their way: a newer format, much content, half a file."""

from dataclasses import replace

from lgsp.conformance.clients.axis import AXIS_CLIENT, POLLING, AxisConnector
from lgsp.conformance.model import Level, demand
from lgsp.standards.content import Content

__all__: list[str] = []

LARGE_BYTES = 8 * 1024 * 1024


async def _faulty(connector: AxisConnector, kind: str) -> str:
    """A document's docId, which that fault struck."""
    await connector.arrange("faults", {"kind": kind, "count": 1})
    return await connector.stage()


@AXIS_CLIENT.asserts("LGSP-AXC-51", "A packet of a format one version ahead is settled, and does not hold up the next",
                     "Gói tin theo phiên bản mới hơn phải được xác nhận, không chặn gói sau",
                     source=f"assumed; {POLLING}")  # fmt: skip
async def _(connector: AxisConnector) -> None:
    await connector.begin()
    ahead, plain = await _faulty(connector, "schema_ahead"), await connector.stage()
    states = await connector.settled(ahead, plain)
    demand(states[0] in {"done", "fail"}, f"one with a field that nobody knows yet is left {states[0]}")
    demand(states[1] == "done", f"the one behind it is {states[1]}")


@AXIS_CLIENT.asserts("LGSP-AXC-52", "An attachment of 8 MB is fetched whole and confirmed with done",
                     "Tệp đính kèm 8 MB được tải trọn vẹn và xác nhận done",
                     source="assumed (scanned documents are this large)")  # fmt: skip
async def _(connector: AxisConnector) -> None:
    await connector.begin()
    document = connector.outside.document()
    file = replace(
        document.attachments[0], content=Content.of(b"%PDF-1.4 " + bytes(range(256)) * (LARGE_BYTES // 256))
    )
    await connector.must_settle("done", await connector.stage(replace(document, attachments=(file,))))


@AXIS_CLIENT.asserts("LGSP-AXC-53", "A packet whose attachment was cut is confirmed with fail, never done",
                     "Gói có tệp đính kèm bị cắt cụt: fail, không bao giờ done",
                     source=f"assumed; {POLLING}", level=Level.SHOULD)  # fmt: skip
async def _(connector: AxisConnector) -> None:
    await connector.begin()
    await connector.must_settle("fail", await _faulty(connector, "cut_attachment"))
