"""What the axis does with a packet: check it, find who gets it, and put it into their inboxes."""

import asyncio
from contextlib import closing
from functools import partial

from pydantic import JsonValue

from lgsp.standards import edxml
from lgsp.standards.content import Content
from lgsp.standards.vxp import ErrorCode
from lgsp_mocks.axis import packets
from lgsp_mocks.axis.agencies import Agencies
from lgsp_mocks.axis.packets import Letter, Packet
from lgsp_mocks.axis.refusal import Refusal
from lgsp_mocks.axis.streaming import SMALL_BYTES, beside_the_loop
from lgsp_mocks.kit import Context, Record
from lgsp_mocks.kit.faults import Place
from lgsp_mocks.kit.packet_faults import PacketFaults

__all__ = ["EXTERNAL_SYSTEM", "PROVINCE_SYSTEM", "Exchange", "Refusal"]

PROVINCE_SYSTEM = "sim.lgsp.01"
EXTERNAL_SYSTEM = "sim.external"
SECRET = "sim-secret"  # noqa: S105 - the demo account, plainly marked
MAX_PACKET_BYTES = 200 * 1024 * 1024
SETTLED = frozenset({"done", "fail"})
REFUSED_OR_RETURNED = frozenset({"02", "15"})
_KEPT_OPEN = 256
_SAID_ONCE = frozenset({"01", "03", "04", "05", "06"})


class Exchange:
    """Agencies, systems and inboxes. One row in `packets` per packet and receiving agency; the packets themselves are files.

    Setting: `max_packet_bytes`.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._sent = context.state.table("sent")
        self._systems = context.state.table("systems")
        self.directory = Agencies(context)
        self.agencies = self.directory.table
        self.packets = context.state.table("packets")
        self._inboxes = self.packets.grouped(_inbox_of)
        self._outboxes = self.packets.grouped(lambda packet: f"{packet['from']}|{packet['messageType']}")
        self.files = context.files
        self.clock = context.clock
        self._same = self.packets.grouped(self._identity_of)
        self._faults = PacketFaults(context)
        self._opened: dict[str, Packet] = {}
        self.max_packet_bytes = int(context.settings.get("max_packet_bytes") or MAX_PACKET_BYTES)

    def seed(self) -> None:
        """Register the population, and the two systems that they are connected by."""
        for system in (PROVINCE_SYSTEM, EXTERNAL_SYSTEM):
            self._systems.put(system, {"secret": SECRET})
        for agency in self._context.population.agencies:
            system = PROVINCE_SYSTEM if agency.province else EXTERNAL_SYSTEM
            self.register(agency.id, {
                "code": agency.code, "code102": agency.id, "name": agency.name, "mail": agency.email, "pcode": agency.parent or "",
                "mobile": agency.telephone, "fax": "", "system": system, "closed": False,
            })  # fmt: skip

    def secret_of(self, system_id: str) -> str | None:
        """The system's secret, if there is such a system."""
        found = self._systems.get(system_id)
        return str(found["secret"]) if found else None

    def register(self, organ_id: str, fields: Record) -> Record:
        """Add or change an agency."""
        return self.directory.put(organ_id, fields)

    def agency(self, organ_id: str) -> Record | None:
        """By either form of its id."""
        return self.directory.find(organ_id)

    def send(self, raw: bytes | Content, sender_system: str, claimed_from: str) -> str:
        """Take a packet in; the DocId, also of one that was sent before.

        Raises:
            Refusal: with the wire's code.
        """
        content = raw if isinstance(raw, Content) else Content.of(raw)
        return self._accept(packets.read(content), content, sender_system, claimed_from)

    def hand_in(self, content: Content, packet: Packet, sender_system: str, claimed_from: str) -> str:
        """`send` of what a desk of the axis has just written: a status is not read again, a document is, as its receivers will.

        Raises:
            Refusal: with the wire's code.
        """
        if not packets.is_status(packet):
            return self.send(content, sender_system, claimed_from)
        return self._accept(packet, content, sender_system, claimed_from)

    async def take(
        self, content: Content, system: str, claimed_kind: str = "", claimed_from: str = ""
    ) -> str:
        """`send` for packets of any size: others are served meanwhile, and no file is kept of what is refused.

        Raises:
            Refusal: with the wire's code.
        """
        packet = await beside_the_loop(packets.read, content, content.size)
        packets.check_kind(packet, claimed_kind)
        if content.size > SMALL_BYTES:
            sender = self._sender(packet, system, claimed_from)
            if f"{sender}|{content.sha256}" not in self._sent:
                letter = packets.letter(packet)
                self._earlier(packet, letter, sender, self._receivers(letter))
            await asyncio.to_thread(self.files.put, content)
        doc_id = self._accept(packet, content, system, claimed_from)
        if content.size + packets.size_of_files(packet) <= SMALL_BYTES:
            self._opened[content.sha256] = packet
            if len(self._opened) > _KEPT_OPEN:
                del self._opened[next(iter(self._opened))]
        return doc_id

    def _accept(self, packet: Packet, content: Content, sender_system: str, claimed_from: str) -> str:
        sender, letter = self._sender(packet, sender_system, claimed_from), packets.letter(packet)
        same_bytes = f"{sender}|{content.sha256}"
        if (before := self._sent.get(same_bytes)) is not None:
            self.files.put(content)  # it may have been lost
            return str(before["doc_id"])
        receivers = self._receivers(letter)
        earlier = self._earlier(packet, letter, sender, receivers)
        waiting = [one for one in receivers if one not in earlier]
        if not waiting:
            return str(earlier[receivers[0]]["doc_id"])
        sha256 = self.files.put(content)
        doc_id = str(self._context.state.next("docId"))
        self._sent.put(same_bytes, {"doc_id": doc_id})
        for organ_id in waiting:
            self._hand_over(doc_id, packet, sha256, sender, organ_id)
        self._reopen(letter, sender, receivers)
        return doc_id

    def _sender(self, packet: Packet, system: str, claimed_from: str) -> str:
        sender = self.agency(packet.sender.id)
        if sender is None or sender["system"] != system:
            raise Refusal(ErrorCode.UNKNOWN_SENDER, f"{packet.sender.id} không thuộc hệ thống {system}")
        # The recorded client names another agency than its packet does; both have to be the system's own (assumed).
        claimed = self.agency(claimed_from) if claimed_from else sender
        if claimed is None or claimed["system"] != system:
            raise Refusal(ErrorCode.UNKNOWN_SENDER, f"from {claimed_from} không thuộc hệ thống {system}")
        return str(sender["organ_id"])

    def _receivers(self, letter: Letter) -> list[str]:
        found: dict[str, None] = {}
        for organ_id in letter.receivers:
            agency = self.agency(organ_id)
            if agency is None:
                raise Refusal(ErrorCode.UNKNOWN_RECEIVER, organ_id)
            if agency["closed"] or self._is_closed(str(agency["organ_id"])):
                raise Refusal(ErrorCode.RECEIVER_LOCKED, organ_id)
            found[str(agency["organ_id"])] = None
        return list(found)

    def _earlier(
        self, packet: Packet, letter: Letter, sender: str, receivers: list[str]
    ) -> dict[str, Record]:
        """By receiver, how this document was sent before; changes and statuses are known by their bytes alone."""
        if not packets.is_new(packet):
            return {}
        rows = ((one, self._sent.get(_key(letter, sender, one))) for one in receivers)
        earlier = {one: row for one, row in rows if row is not None}
        for sha256 in {str(row["sha256"]) for row in earlier.values()}:
            self._check_same(packet, sha256)
        return earlier

    def _check_same(self, packet: Packet, sha256: str) -> None:
        try:
            before = self.files.get(sha256)
        except KeyError:  # what it said can't be known any more
            return
        with closing(before):
            same = packets.says_the_same(packets.read(before), packet)
        if not same:
            document_id = packets.letter(packet).document_id
            raise Refusal(ErrorCode.BAD_FILE, f"DocumentId {document_id} đã được gửi với nội dung khác")

    def _is_closed(self, organ_id: str) -> bool:
        if not self._context.faults.are_on:
            return False
        # Looked at twice for a large packet: before it is kept, and when it is taken in.
        place = Place("/packets/edoc", "edoc", frozenset({organ_id}))
        return self._context.faults.meet(["agency_closed"], place) is not None

    def _hand_over(self, doc_id: str, packet: Packet, sha256: str, sender: str, organ_id: str) -> None:
        """To the receiver's inbox: the packet, or what faults make of it."""
        if not self._context.faults.are_on:
            self._deliver(doc_id, packet, sha256, sender, organ_id)
            return
        with closing(self.files.get(sha256)) as content:
            for one in self._faults.deliveries(content, packet, {sender, organ_id}):
                kept = sha256 if one.content is content else self.files.put(one.content)
                deliver = partial(self._deliver, doc_id, one.packet, kept, sender, organ_id)
                self._context.later.after(one.after_s, deliver)

    def _deliver(self, doc_id: str, packet: Packet, sha256: str, sender: str, organ_id: str) -> None:
        now, letter, to = self.stamp(), packets.letter(packet), self.agencies.get(organ_id) or {}
        own_id = str(self._context.state.next("docId"))
        receivers: list[JsonValue] = [organ_id]
        key = _key(letter, sender, organ_id) if packets.is_new(packet) else ""
        self.packets.put(own_id, {
            "docId": own_id, "senderDocId": doc_id, "sha256": sha256, "messageType": letter.kind, "from": sender, "to": receivers,
            "system": to.get("system", ""), "status": "initial", "status_desc": "", "created_time": now, "updated_time": now,
            "document_id": letter.document_id, "title": letter.title, "code": letter.code, "sent_key": key,
        })  # fmt: skip
        if key:
            self._sent.put(key, {"doc_id": doc_id, "sha256": sha256})

    def _reopen(self, letter: Letter, sender: str, receivers: list[str]) -> None:
        """After a refusal or a recall that was agreed to, the document may come again, corrected (NĐ 30/2020)."""
        if letter.kind == "status" and letter.code in REFUSED_OR_RETURNED:
            self._forget(f"{receivers[0]}|{letter.document_id}|{sender}")

    def twice(self) -> list[str]:
        """What the province's agencies sent once and an agency was given more than once."""
        return self._same.repeated()

    def _identity_of(self, packet: Record) -> str | None:
        sender = self.agencies.get(str(packet["from"]))
        if sender is None or sender["system"] != PROVINCE_SYSTEM:
            return None
        if packet["messageType"] == "status":
            about = f"{packet['document_id']}|{packet['code']}"
            return f"{packet['from']}|{about}|{packet['to']}" if packet["code"] in _SAID_ONCE else None
        return str(packet["sent_key"]) or None

    def _forget(self, key: str) -> None:
        for row in self._same.of(key):  # may come again, and is another then
            self.packets.put(str(row["docId"]), {**row, "sent_key": ""})
        before = self._sent.get(key)
        if before is not None:
            self._sent.delete(key)
            self._sent.delete(f"{key.partition('|')[0]}|{before['sha256']}")

    def inbox(self, system: str, kind: str) -> list[Record]:
        """What a system's agencies have not yet settled, oldest first."""
        return self._inboxes.of(f"{system}|{kind}")

    def outbox(self, system: str, kind: str) -> list[Record]:
        """What agencies of a system have sent, a row per receiving agency."""
        own = [organ_id for organ_id, agency in self.agencies.items() if agency["system"] == system]
        found = [packet for organ_id in own for packet in self._outboxes.of(f"{organ_id}|{kind}")]
        return sorted(found, key=lambda packet: int(str(packet["docId"])))

    def held(self, system: str, doc_id: str) -> tuple[Record, Content]:
        """A packet of this system's inbox, as a file; closed by the caller.

        Raises:
            Refusal: no such packet, or another system's.
        """
        packet = self._row(system, doc_id)
        try:
            return packet, self.files.get(str(packet["sha256"]))
        except KeyError as exc:
            raise Refusal(ErrorCode.FILE_PROCESSING, f"tệp của docId {doc_id} không còn") from exc

    def packet(self, system: str, doc_id: str) -> tuple[Record, bytes]:
        """A packet of this system's inbox, in memory.

        Raises:
            Refusal: no such packet, or another system's.
        """
        packet, content = self.held(system, doc_id)
        with closing(content):
            return packet, content.read()

    def opened(self, system: str, doc_id: str) -> Packet:
        """What a packet of this system's inbox says: one that came just now was read at the door.

        Raises:
            Refusal: no such packet, or another system's.
            InvalidMessageError: it can't be read.
        """
        found = self._opened.get(str(self._row(system, doc_id)["sha256"]))
        return found if found is not None else edxml.read(self.held(system, doc_id)[1])

    def mark(self, system: str, doc_id: str, status: str, description: str = "") -> None:
        """Set the read state; a packet that could not be read may be sent again.

        Raises:
            Refusal: no such packet, or another system's.
        """
        packet = self._row(system, doc_id)
        marked: Record = {
            **packet,
            "status": status,
            "status_desc": description,
            "updated_time": self.stamp(),
        }
        self.packets.put(doc_id, marked)
        if status == "fail":
            self._forget(str(packet["sent_key"]))

    def _row(self, system: str, doc_id: str) -> Record:
        packet = self.packets.get(doc_id)
        if packet is None or packet["system"] != system:
            raise Refusal(ErrorCode.FILE_PROCESSING, f"không tìm thấy docId {doc_id}")
        return packet

    def stamp(self) -> str:
        """A moment as the wire's lists write it (assumed)."""
        return self.clock.now().isoformat(" ", "seconds")[:19].replace("-", "/")


def _key(letter: Letter, sender: str, receiver: str) -> str:
    return f"{sender}|{letter.document_id}|{receiver}"


def _inbox_of(packet: Record) -> str | None:
    return None if packet["status"] in SETTLED else f"{packet['system']}|{packet['messageType']}"
