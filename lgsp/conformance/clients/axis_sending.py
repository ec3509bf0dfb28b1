"""What a connector sends: only where the kit is told how to make it send (`--send`)."""

from lgsp.conformance.clients.axis import AXIS_CLIENT, OUTSIDE, AxisConnector, Call
from lgsp.conformance.clients.connector import Row
from lgsp.conformance.model import demand
from lgsp.conformance.servers.axis import RECORDED

__all__: list[str] = []

NEEDS = "--send: a command that makes the connector send one document to 000.00.00.G22"


WORK = {"kind": "document.issued", "to": OUTSIDE["sender"]}


async def _own(connector: AxisConnector) -> list[Row]:
    """What the axis holds for others."""
    packets = (await connector.packets()).values()
    return [row for row in packets if row["system"] != connector.options["system"]]


async def _calls(connector: AxisConnector, least: int) -> list[Call]:
    """Its sendEdoc, once there are so many or patience has ended."""

    async def enough() -> bool:
        return len(await connector.calls("sendEdoc")) >= least

    await connector.until(enough)
    return await connector.calls("sendEdoc")


@AXIS_CLIENT.asserts("LGSP-AXC-41", "sendEdoc names servicetype eDoc, the messagetype and the sender",
                     "sendEdoc có servicetype, messagetype, from",
                     source=RECORDED, needs=NEEDS)  # fmt: skip
async def _(connector: AxisConnector) -> None:
    await connector.begin()
    await connector.give(WORK)
    calls = await _calls(connector, 1)
    demand(calls, "nothing was sent")
    missing = [name for name in ("servicetype", "messagetype", "from", "hash-file") if not calls[0][name]]
    demand(not missing, f"missing: {', '.join(missing)}")
    demand(calls[0]["servicetype"].lower() == "edoc", f"servicetype {calls[0]['servicetype']!r}")


@AXIS_CLIENT.asserts("LGSP-AXC-42", "What is sent is taken by the axis: hash and packet are right", "Trục nhận gói: hash và nội dung đúng",
                     source=RECORDED, needs=NEEDS)  # fmt: skip
async def _(connector: AxisConnector) -> None:
    await connector.begin()
    await connector.give(WORK)
    await _calls(connector, 1)
    own = await _own(connector)
    demand(len(own) == 1, f"the axis holds {len(own)} packets for others")


@AXIS_CLIENT.asserts("LGSP-AXC-43", "After a lost answer the same document is sent again, as the same",
                     "Mất trả lời thì gửi lại cùng văn bản, cùng định danh",
                     source="AS4 TA09, TA10; assumed", needs=NEEDS)  # fmt: skip
async def _(connector: AxisConnector) -> None:
    await connector.begin()
    await connector.arrange("faults", {"kind": "reset", "path": "/sendEdoc", "when": "after", "count": 1})
    await connector.give(WORK)
    await connector.give(WORK)
    demand(len(await _calls(connector, 2)) >= 2, "not sent again")
    own = await _own(connector)
    demand(len(own) == 1, f"its receiver has it {len(own)} times")
