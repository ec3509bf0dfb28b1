"""Trục liên thông văn bản quốc gia: a VXP client that sends edXML, and polls for what came to the province."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice

import httpx
from pydantic import JsonValue

from lgsp.adapter import AdapterSettings, Delivered, Delivery, Intake, Ports, Receipt
from lgsp.clock import VIETNAM
from lgsp.errors import InvalidMessageError, RejectedError, TransientError
from lgsp.message import Message
from lgsp.standards import vxp
from lgsp.standards.content import Content
from lgsp_adapters import edoc, wire
from lgsp_adapters.rounds import Failure, side_by_side

__all__ = ["AxisAdapter"]

MAX_PACKET_BYTES = 150 * 1024 * 1024
"""Largest edXML that is sent or read; 100 MB of attachments happens."""

ITEMS_PER_ROUND = 100
"""The wire has no paging; the rest stays in the list and is taken by the next round."""

REFUSED_KEPT = 1024 * 1024
"""How much of a packet that can't be read is kept for the operator."""

_JSON = "application/json"
_RETRY_HELPS = frozenset({"20", "21"})
_REFUSALS = frozenset({"10", "15", "18", "19", "22", "23"})


@dataclass(frozen=True, slots=True)
class _Item:
    doc_id: str
    sender: str


class AxisAdapter:
    """Settings: `url`, `secret`, `system_id`, `timeout_s`, `max_connections`."""

    def __init__(self, settings: AdapterSettings, ports: Ports) -> None:
        name = ports.system
        self._ports = ports
        self._system_id = wire.setting(settings, name, "system_id", "sim.lgsp.01")
        self._secret = wire.setting(settings, name, "secret")
        self._client = wire.build_client(
            wire.url_setting(settings, name),
            timeout_s=wire.number_setting(settings, name, "timeout_s", 10.0),
            max_connections=int(wire.number_setting(settings, name, "max_connections", 10)),
        )

    async def send(self, delivery: Delivery) -> Receipt:
        """sendEdoc: a document or a status, with only those recipients that this delivery is for."""
        packet = await edoc.from_canonical(delivery.message, delivery.organizations, self._ports.blobs)
        raw = await edoc.encode(packet)
        if raw.size > MAX_PACKET_BYTES:
            raise RejectedError(
                f"the packet has {raw.size} bytes, the limit is {MAX_PACKET_BYTES}", wire_code="10"
            )
        parameters = {
            "servicetype": "eDoc",
            "messagetype": edoc.message_type(packet),
            "hash-file": vxp.file_hash(raw),
            "from": packet.sender.id,
        }
        headers = self._signed(parameters, "application/octet-stream") | {"Content-Length": str(raw.size)}
        body = wire.body_of(raw)
        answer = _judge(await wire.ask(self._client, "/sendEdoc", headers, body), "/sendEdoc")
        doc_id = answer.get("DocId")
        return Receipt(str(doc_id) if isinstance(doc_id, str | int) else "")

    async def poll(self, intake: Intake) -> int:
        """Documents, then statuses, of several senders at a time; each is confirmed (`done`, `fail`) only after the bus has it.

        An item that can't be fetched now holds back the later ones of its sender, so that their order is kept, and nobody
        else's. BackpressureError passes through: what was not confirmed is offered again.

        Raises:
            TransientError, RejectedError: the axis is away, or no item at all went through.
        """
        taken = 0
        room = ITEMS_PER_ROUND
        failures: list[Failure] = []
        for kind in ("edoc", "status"):
            items = list(islice(await self._list(kind), room))
            room -= len(items)
            by_sender: dict[str, list[str]] = {}
            for item in items:
                by_sender.setdefault(item.sender, []).append(item.doc_id)
            now_taken, failed = await side_by_side(by_sender.values(), partial(self._take, intake))
            taken += now_taken
            failures += failed
        if failures and not taken:
            raise failures[0]
        return taken

    async def missing(self, delivered: Sequence[Delivered]) -> Mapping[str, str]:
        """By getSentEdocList: what was sent and is not in it, or could not be read by its receiver."""
        listed = [row for kind in ("edoc", "status") for row in await self._sent(kind)]
        states = {
            str(row.get(name)): str(row.get("receiveStatus"))
            for row in listed
            for name in ("senderDocId", "receiverDocId")
        }
        # The list has no paging: what is older than its oldest row can't be looked up.
        oldest = min((str(row.get("sentTime") or "") for row in listed), default="")
        found: dict[str, str] = {}
        for each in delivered:
            at = datetime.fromtimestamp(each.at_ms / 1000, tz=VIETNAM).strftime("%Y/%m/%d %H:%M:%S")
            state = states.get(each.reference)
            if state is None and at >= oldest:
                found[each.message.id] = f"DocId {each.reference or '(none)'} is not among what was sent"
            elif state == "fail":
                found[each.message.id] = f"DocId {each.reference}: its receiver could not read it"
        return found

    async def _sent(self, kind: str) -> list[Mapping[str, JsonValue]]:
        answer = await self._ask("/getSentEdocList", {"servicetype": "eDoc", "messagetype": kind})
        data = answer.get("data")
        return [row for row in data if isinstance(row, dict)] if isinstance(data, list) else []

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _take(self, intake: Intake, doc_id: str) -> int:
        raw = await self._fetch(doc_id)
        try:
            message = await edoc.receive(raw, edoc.Source.of(self._ports), self._ports.blobs)
        except InvalidMessageError as exc:
            await intake.refuse(b"".join(raw.chunks(0, REFUSED_KEPT)), exc, reference=doc_id)
            state = "fail"
        else:
            state = await self._accepted(message, intake)
        await self._confirm(doc_id, state)
        return 1

    async def _accepted(self, message: Message, intake: Intake) -> str:
        try:
            await intake.accept(message)
        except InvalidMessageError:
            return "fail"
        return "done"

    async def _list(self, kind: str) -> Iterator[_Item]:
        answer = await self._ask("/getReceivedEdocList", {"servicetype": "eDoc", "messagetype": kind})
        data = answer.get("data")
        entries = data if isinstance(data, list) else []
        items = (_item(entry) for entry in entries if isinstance(entry, dict))
        return (item for item in items if item is not None)

    async def _fetch(self, doc_id: str) -> Content:
        """DownloadEdoc: the raw packet, to disk; getEdoc would say the same in base64 within JSON, all of it in memory."""
        headers = self._signed({"docId": doc_id, "filePath": "./"}, _JSON)
        status, raw = await wire.download(self._client, "/downloadEdoc", headers, max_bytes=MAX_PACKET_BYTES)
        if status != httpx.codes.OK or raw.begins_with(b"{"):
            answer = wire.Reply(status, b"".join(raw.chunks(0, REFUSED_KEPT)))
            _judge(answer, f"/downloadEdoc {doc_id}")
            raise TransientError(f"/downloadEdoc {doc_id}: HTTP {status}, no packet")
        return raw

    async def _confirm(self, doc_id: str, state: str) -> None:
        await self._ask("/updateStatus", {"docid": doc_id, "status": state}, b"{}")

    async def _ask(self, path: str, parameters: Mapping[str, str], body: bytes = b"") -> dict[str, JsonValue]:
        headers = self._signed(parameters, _JSON)
        return _judge(await wire.ask(self._client, path, headers, body), path)

    def _signed(self, parameters: Mapping[str, str], content_type: str) -> dict[str, str]:
        signed = {
            "systemid": self._system_id,
            **parameters,
            "timestamp": vxp.timestamp(self._ports.clock.now()),
            "Content-Type": content_type,
        }
        return {**vxp.sign(signed, self._secret), "Content-Type": content_type}


def _judge(response: wire.Reply, path: str) -> dict[str, JsonValue]:
    """The answer if its ErrorCode is 0; else the error that the code stands for (published error list of the wire)."""
    if response.status_code == 413:
        raise RejectedError(f"{path}: HTTP 413, the packet is too large", wire_code="413")
    answer = wire.json_object(response, path)
    code = str(answer.get("ErrorCode", ""))
    if code == "0":
        return answer
    problem = f"{path}: ErrorCode {code or 'missing'} {answer.get('ErrorDesc', '')}".rstrip()
    if code in _REFUSALS:
        raise RejectedError(problem, wire_code=code)
    # 20, 21 say "later"; a code that nobody knows may be a passing fault as well, and the message is not to be lost for it.
    raise TransientError(
        problem if code in _RETRY_HELPS else f"{problem} (unknown, HTTP {response.status_code})"
    )


def _item(entry: Mapping[str, JsonValue]) -> _Item | None:
    doc_id = entry.get("docId")
    if not isinstance(doc_id, str | int) or doc_id == "" or entry.get("status") in {"done", "fail"}:
        return None
    return _Item(str(doc_id), str(entry.get("from") or ""))
