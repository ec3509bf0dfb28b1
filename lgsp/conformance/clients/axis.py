"""A connector of the document axis: what it asks for, takes and confirms. It points at the kit's stand-in."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import httpx
from pydantic import JsonValue

from lgsp.conformance.clients.connector import Connector, Row
from lgsp.conformance.model import Level, Suite, demand
from lgsp.conformance.servers.axis import QUIRKS, RECORDED, AxisSubject
from lgsp.standards import edxml, vxp

__all__ = ["AXIS_CLIENT", "OUTSIDE", "POLLING", "AxisConnector", "Call"]

POLLING = "recorded; axis.md, how a provincial system polls"
OUTSIDE = {
    "system": "sim.external",
    "secret": "sim-secret",
    "sender": "000.00.00.G22",
    "receiver": "000.00.00.H34",
}
FETCHES = frozenset({"getEdoc", "downloadEdoc"})


@dataclass(frozen=True, slots=True)
class Call:
    """A request of the connector, from the stand-in's journal."""

    name: str
    headers: httpx.Headers
    status: int

    def __getitem__(self, parameter: str) -> str:
        return vxp.parameter(self.headers, parameter)


@dataclass
class AxisConnector(Connector):
    """A connector under test, seen from the stand-in."""

    outside: AxisSubject = field(init=False)

    def __post_init__(self) -> None:
        self.outside = AxisSubject(self.line, OUTSIDE)

    async def instead(self, doc_id: str, raw: bytes) -> None:
        """Fetching that docId gives these bytes."""
        data = base64.b64encode(raw).decode()
        answers: dict[str, dict[str, JsonValue]] = {
            "/downloadEdoc": {"base64": data},
            "/getEdoc": {"json_body": {"status": "OK", "ErrorCode": "0", "ErrorDesc": "", "data": data}},
        }
        for path, answer in answers.items():
            match = {"path": path, "headers": {"XroadVnpt-docId": doc_id}}
            await self.arrange("expectations", {"request": match, "answers": [answer]})

    async def once(self, path: str, **answer: object) -> None:
        """The next call of that path is answered so."""
        match = {"path": path, "headers": {"XroadVnpt-systemid": self.options["system"]}}
        await self.arrange("expectations", {"request": match, "answers": [answer], "times": 1})

    async def stage(self, packet: edxml.EdxmlDocument | edxml.EdxmlStatus | None = None) -> str:
        """A packet in the connector's inbox; its docId there."""
        await self.outside.sent(packet or self.outside.document())
        return max(
            (key for key, row in (await self.packets()).items() if row["system"] == self.options["system"]),
            key=int,
        )

    async def packets(self) -> dict[str, Row]:
        """Every packet of the axis."""
        return await self.table("packets")

    async def calls(self, *names: str) -> list[Call]:
        """What the connector has asked so far."""
        made = [Call(one.path.strip("/"), one.headers, one.status) for one in await self.requests()]
        return [
            one
            for one in made
            if one["systemid"] == self.options["system"] and (not names or one.name in names)
        ]

    async def settled(self, *doc_ids: str) -> list[str]:
        """Their read states, as soon as none of them is open any more, or patience has ended."""
        states: list[str] = []

        async def closed() -> bool:
            rows = await self.packets()
            states[:] = [str(rows.get(one, {}).get("status")) for one in doc_ids]
            return not {"initial", "processing"} & set(states)

        await self.until(closed)
        return states

    async def must_settle(self, expected: str, *doc_ids: str) -> None:
        """All of them end in that read state."""
        states = await self.settled(*doc_ids)
        demand(states == [expected] * len(doc_ids), f"read state {', '.join(states)}, expected {expected}")


def _index(calls: Sequence[Call], fits: Callable[[Call], bool]) -> int:
    return next((index for index, call in enumerate(calls) if fits(call)), -1)


AXIS_CLIENT: Suite[AxisConnector] = Suite(
    "axis-client", "Connector of the document axis (VXP)", "Phần mềm kết nối Trục liên thông văn bản (VXP)",
    {"system": "sim.lgsp.01", "secret": "sim-secret", "patience_s": "10"}, AxisConnector,
)  # fmt: skip


@AXIS_CLIENT.asserts(
    "LGSP-AXC-01",
    "Every call is signed over all its parameters",
    "Mọi lời gọi đều ký trên toàn bộ tham số",
    source=RECORDED,
)
async def _(connector: AxisConnector) -> None:
    await connector.begin()
    await connector.settled(await connector.stage())
    calls = await connector.calls()
    demand(calls, "the connector called nothing as its system")
    wrong = [
        call.name for call in calls if not vxp.verify(call.headers, lambda _: connector.options["secret"])
    ]
    demand(not wrong, f"not signed, or signed wrongly: {', '.join(wrong)}")
    beside = sorted({f"{call.name}: {name}" for call in calls for name in _unsigned(call)})
    demand(not beside, f"sent beside the signature: {', '.join(beside)}")


def _unsigned(call: Call) -> set[str]:
    """Parameters that the signature does not cover; those of the signature itself are none."""
    prefix = vxp.PREFIX.lower()
    sent = {name.removeprefix(prefix) for name in call.headers if name.startswith(prefix)}
    signed = {name.lower().removeprefix(prefix) for name in json.loads(call["sign-header"])}
    return sent - signed - {"sign-header", "sign-header-key", "hash-header", "version"}


@AXIS_CLIENT.asserts(
    "LGSP-AXC-02",
    "It asks for documents and for statuses",
    "Hỏi cả danh sách văn bản và danh sách trạng thái",
    source=POLLING,
)
async def _(connector: AxisConnector) -> None:
    await connector.begin()
    await connector.rounds(2)
    kinds = {call["messagetype"] for call in await connector.calls("getReceivedEdocList")}
    demand({"edoc", "status"} <= kinds, f"messagetype asked for: {', '.join(sorted(kinds)) or 'none'}")


@AXIS_CLIENT.asserts(
    "LGSP-AXC-03",
    "A document is fetched and then confirmed with done",
    "Văn bản được tải rồi xác nhận done",
    source=POLLING,
)
async def _(connector: AxisConnector) -> None:
    await connector.begin()
    await connector.must_settle("done", await connector.stage())


@AXIS_CLIENT.asserts(
    "LGSP-AXC-04",
    "Nothing is confirmed before it was fetched",
    "Không xác nhận trước khi tải",
    source=POLLING,
)
async def _(connector: AxisConnector) -> None:
    await connector.begin()
    doc_id = await connector.stage()
    await connector.settled(doc_id)
    calls = await connector.calls()
    fetched = _index(calls, lambda call: call.name in FETCHES and call["docId"] == doc_id)
    confirmed = _index(
        calls,
        lambda call: call.name == "updateStatus" and call["docId"] == doc_id and call["status"] == "done",
    )
    demand(
        confirmed < 0 or 0 <= fetched < confirmed, "done before, or without, getEdoc or downloadEdoc of it"
    )


@AXIS_CLIENT.asserts("LGSP-AXC-05", "From an empty list nothing is fetched or confirmed", "Danh sách rỗng thì không tải, không xác nhận gì",
                     source="assumed", level=Level.SHOULD)  # fmt: skip
async def _(connector: AxisConnector) -> None:
    await connector.begin()
    await connector.rounds(2)
    made = [call.name for call in await connector.calls(*FETCHES, "updateStatus")]
    demand(not made, f"called {', '.join(made)}")


@AXIS_CLIENT.asserts(
    "LGSP-AXC-06", "A status is fetched and confirmed", "Trạng thái được tải và xác nhận", source=POLLING
)
async def _(connector: AxisConnector) -> None:
    await connector.begin()
    await connector.must_settle(
        "done", await connector.stage(connector.outside.status_of(connector.outside.document(), "03"))
    )


@AXIS_CLIENT.asserts("LGSP-AXC-07", "Statuses that come late, and backwards, are taken all the same",
                     "Trạng thái đến muộn, lùi vẫn được nhận",
                     source="QĐ 28/2018/QĐ-TTg; axis.md: late, repeated or out of order")  # fmt: skip
async def _(connector: AxisConnector) -> None:
    await connector.begin()
    document = connector.outside.document()
    doc_ids = [
        await connector.stage(connector.outside.status_of(document, code)) for code in ("06", "01", "03")
    ]
    await connector.must_settle("done", *doc_ids)


@AXIS_CLIENT.asserts("LGSP-AXC-08", "Documents of one sender are fetched in the order of the list", "Tải văn bản theo thứ tự danh sách",
                     source="assumed (no cursor on the wire)", level=Level.SHOULD)  # fmt: skip
async def _(connector: AxisConnector) -> None:
    await connector.begin()
    doc_ids = [await connector.stage() for _ in range(3)]
    await connector.settled(*doc_ids)
    fetched = list(dict.fromkeys(call["docId"] for call in await connector.calls(*FETCHES)))
    demand(fetched == doc_ids, f"listed {', '.join(doc_ids)}; fetched {', '.join(fetched)}")


@AXIS_CLIENT.asserts(
    "LGSP-AXC-09",
    "A fetched docId is one that was listed, letter by letter",
    "docId tải đúng như trong danh sách",
    source=QUIRKS,
)
async def _(connector: AxisConnector) -> None:
    await connector.begin()
    doc_id = await connector.stage()
    await connector.settled(doc_id)
    other = {call["docId"] for call in await connector.calls(*FETCHES, "updateStatus")} - {doc_id}
    demand(not other, f"named {', '.join(sorted(other))}, which nobody listed")
