"""Faults of packets (edXML) on their way from one agency to another: lost, late, doubled, cut, or followed by another one."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial

from lgsp.errors import InvalidMessageError
from lgsp.standards import edxml, identifiers
from lgsp.standards.content import Content
from lgsp.standards.xml import Element, local_name, parse, serialize
from lgsp_mocks.kit.fault_kinds import Fault
from lgsp_mocks.kit.fault_rewrite import NEW_FIELD
from lgsp_mocks.kit.faults import Place
from lgsp_mocks.kit.standin import Context

__all__ = ["Delivery", "PacketFaults", "troubled"]

Packet = edxml.EdxmlDocument | edxml.EdxmlStatus
Change = Callable[[Element], None]
MOST_BYTES = 32 * 1024 * 1024
"""Larger packets are not changed."""

_LATE_S = 300.0
_EARLIER = {"03": "01", "04": "03", "05": "04", "06": "05"}
_RECALL = 1


@dataclass(frozen=True, slots=True)
class Delivery:
    """One packet to deliver, and how long from now."""

    content: Content
    packet: Packet
    after_s: float = 0


class PacketFaults:
    """What becomes of a packet under the faults that are on."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def deliveries(self, content: Content, packet: Packet, agencies: Iterable[str]) -> list[Delivery]:
        """What is delivered instead of this packet: nothing, itself, itself and another one."""
        if not self._context.faults.are_on:
            return [Delivery(content, packet)]
        is_status = isinstance(packet, edxml.EdxmlStatus)
        kind = "status" if is_status else "edoc"
        place = Place(f"/packets/{kind}", kind, frozenset(agencies))
        first = self._changed(content, packet, place)
        found = [first]
        if isinstance(packet, edxml.EdxmlStatus):
            found += self._status_before(packet, place)
        elif packet.change == 0:
            found += [*self._under_new_id(first.content, packet, place), *self._recall(packet, place)]
        return self._arriving(found, place)

    def _arriving(self, found: list[Delivery], place: Place) -> list[Delivery]:
        faults, (first, *others) = self._context.faults, found
        if faults.meet(["lost_receipt"], place):
            return others
        if (late := faults.meet(["late_receipt"], place)) is not None:
            return [*others, replace(first, after_s=late.delay_s or _LATE_S)]
        return [first, first, *others] if faults.meet(["doubled_receipt"], place) else found

    def _changed(self, content: Content, packet: Packet, place: Place) -> Delivery:
        has_files = isinstance(packet, edxml.EdxmlDocument) and bool(packet.attachments)
        changes: dict[str, Change] = {"schema_ahead": _put_new_field}
        if has_files and isinstance(packet, edxml.EdxmlDocument):
            changes |= {"cut_attachment": _cut, "wrong_digest": partial(_exchange_file, packet)}
        for kind, change in changes.items():
            if self._context.faults.could_meet([kind], place) and (other := _edited(content, change)):
                content = other if self._context.faults.meet([kind], place) else content
        return Delivery(content, packet)

    def _status_before(self, packet: edxml.EdxmlStatus, place: Place) -> list[Delivery]:
        earlier = _EARLIER.get(packet.status_code)
        if earlier is None or not self._context.faults.meet(["status_backwards"], place):
            return []
        now = self._context.clock.now().replace(microsecond=0)
        again = replace(
            packet, status_code=earlier, description="Trạng thái lùi (lỗi mô phỏng)", timestamp=now
        )
        return [Delivery(edxml.write_content(again), again)]

    def _under_new_id(self, content: Content, packet: edxml.EdxmlDocument, place: Place) -> list[Delivery]:
        if not self._context.faults.could_meet(["new_id"], place):
            return []
        number = self._context.state.next("new_id_fault")
        new_id = f"{packet.document_id or packet.code}-{number}"
        other = _edited(content, partial(_rename, new_id=new_id))
        if other is None or not self._context.faults.meet(["new_id"], place):
            return []
        return [Delivery(other, replace(packet, document_id=new_id))]

    def _recall(self, packet: edxml.EdxmlDocument, place: Place) -> list[Delivery]:
        fault = self._context.faults.meet(["recall_after_delivery"], place)
        return [self._recalling(packet, fault)] if fault else []

    def _recalling(self, packet: edxml.EdxmlDocument, fault: Fault) -> Delivery:
        number = f"TH{self._context.state.next('recall_fault')}"
        now = self._context.clock.now()
        notation = f"{number}/{packet.notation}"
        recall = replace(
            packet, number=number, promulgation_date=now.date(), subject=f"Thu hồi văn bản {packet.code}: {packet.subject}",
            document_id=identifiers.document_id(packet.sender.id, now.date(), notation), attachments=(), signature="", responses=(),
            business=edxml.EdxmlBusiness(_RECALL, packet.document_id or packet.code, "Thu hồi (lỗi mô phỏng)", paper=False),
            extensions=(),
        )  # fmt: skip
        return Delivery(edxml.write_content(recall), recall, fault.delay_s)


Post = Callable[[Content, Packet, str, str], None]


def troubled(context: Context, post: Post) -> Post:
    """The same post, through the faults that are on."""
    faults = PacketFaults(context)

    def posting(content: Content, packet: Packet, sender: str, about: str) -> None:
        if isinstance(packet, edxml.EdxmlStatus):
            agencies = {sender, packet.response_for.organ_id}
        else:
            agencies = {sender, *(one.id for one in packet.recipients)}
        for one in faults.deliveries(content, packet, agencies):
            context.later.after(one.after_s, partial(post, one.content, one.packet, sender, about))

    return posting


def _edited(content: Content, change: Change) -> Content | None:
    """The packet with a change in its XML; None where it can't be changed, or nothing changed."""
    if content.size > MOST_BYTES:
        return None
    raw = b"".join(content.chunks())
    try:
        root = parse(raw)
    except InvalidMessageError:
        return None
    before = serialize(root)
    change(root)
    after = serialize(root)
    return Content.of(after) if after != before else None


def _named(root: Element, name: str) -> list[Element]:
    return [each for each in root.iter() if local_name(each) == name]


def _put_new_field(root: Element) -> None:
    for header in [*_named(root, "MessageHeader"), *_named(root, "Status")][:1]:
        namespace = str(header.tag).rpartition("}")[0]
        new = header.makeelement(f"{namespace}}}{NEW_FIELD}" if namespace else NEW_FIELD)
        new.text = "2"
        header.append(new)


def _cut(root: Element) -> None:
    for encoded in _named(root, "ContentTransferEncoded")[:1]:
        text = "".join((encoded.text or "").split())
        encoded.text = text[: len(text) // 8 * 4]


def _exchange_file(packet: edxml.EdxmlDocument, root: Element) -> None:
    """The first file under its own name has another last byte."""
    for encoded in _named(root, "ContentTransferEncoded")[:1]:
        raw = packet.attachments[0].content.read()
        other = raw[:-1] + bytes([raw[-1] ^ 1]) if raw else b"\n"
        changed = replace(packet.attachments[0], content=Content.of(other))
        written = parse(edxml.write(replace(packet, attachments=(changed,))))
        encoded.text = _named(written, "ContentTransferEncoded")[0].text


def _rename(root: Element, *, new_id: str) -> None:
    for header in _named(root, "MessageHeader")[:1]:
        for name in (each for each in header if local_name(each) == "DocumentId"):
            name.text = new_id
