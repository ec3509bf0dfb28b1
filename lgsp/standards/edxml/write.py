"""Writing edXML in the shape of real files: default namespace on the root, prefix `edXML` from the envelope downwards."""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from functools import partial

from lxml import etree

from lgsp.clock import VIETNAM
from lgsp.standards import xml
from lgsp.standards.content import Content
from lgsp.standards.edxml import attachments
from lgsp.standards.edxml.model import (
    EdxmlAttachment,
    EdxmlBusiness,
    EdxmlDocument,
    EdxmlExtension,
    EdxmlOrgan,
    EdxmlResponseFor,
    EdxmlStaff,
    EdxmlStatus,
)
from lgsp.standards.edxml.schema import NAMESPACE, Kind, Model, root_model
from lgsp.standards.xml import Element, local_name

__all__ = ["Contents", "Sign", "draft", "filled", "write", "write_content"]

Contents = Mapping[str, Callable[[], Iterable[bytes]]]
"""By marker: the text that takes the marker's place, in chunks."""

Sign = Callable[[Element, Contents], None]
"""Puts a Signature into the tree, whose files' texts are still markers."""

_Q = f"{{{NAMESPACE}}}"
_Value = str | int | bool | None


def write(packet: EdxmlDocument | EdxmlStatus, *, zipped: bool = True, sign: Sign | None = None) -> bytes:
    """As `write_content`, in memory."""
    return write_content(packet, zipped=zipped, sign=sign).read()


def write_content(
    packet: EdxmlDocument | EdxmlStatus, *, zipped: bool = True, sign: Sign | None = None
) -> Content:
    """The packet's XML; attachments as base64 of a ZIP (`zipped`), as the real library does, or of the file itself.

    Raises:
        ValueError: a character that XML 1.0 does not have.
    """
    root, contents = draft(packet, zipped=zipped, sign=sign)
    return Content.of(filled(xml.serialize(root), contents))


def draft(
    packet: EdxmlDocument | EdxmlStatus, *, zipped: bool = True, sign: Sign | None = None
) -> tuple[Element, Contents]:
    """The packet's tree, and the texts of its files, which are still markers there."""
    root = etree.Element(f"{_Q}edXML", nsmap={None: NAMESPACE})
    envelope = etree.SubElement(root, f"{_Q}edXMLEnvelope", nsmap={"edXML": NAMESPACE})
    header = _add(envelope, "edXMLHeader")
    message = _add(header, "MessageHeader")
    contents: dict[str, Callable[[], Iterable[bytes]]] = {}
    if isinstance(packet, EdxmlStatus):
        _status(message, packet)
        _traces(header, packet)
    else:
        _document(message, packet)
        _traces(header, packet)
        _manifest(envelope, packet)
        contents = _files(root, packet.attachments, zipped=zipped)
    for extension in packet.extensions:
        _extend(root, extension, "status" if isinstance(packet, EdxmlStatus) else "document")
    if sign is not None:
        sign(root, contents)
    elif packet.signature:
        # As text, so that its prefixes stay what they were.
        marker = secrets.token_hex(12)
        header[-1].tail = marker
        contents = {marker: lambda: [packet.signature.encode()], **contents}
    return root, contents


def filled(skeleton: bytes, contents: Contents) -> Iterator[bytes]:
    """The packet as it travels, in chunks."""
    for marker, chunks in contents.items():
        before, _, skeleton = skeleton.partition(marker.encode())
        yield before
        yield from chunks()
    yield skeleton


def _add(parent: Element, name: str) -> Element:
    # The prefixed spelling comes from the nearest declaration, which is the envelope's.
    return etree.SubElement(parent, _Q + name)


def _texts(parent: Element, pairs: Iterable[tuple[str, _Value]]) -> None:
    """A child for each value that there is."""
    for name, value in pairs:
        if value is not None and value != "":
            text = (
                value if isinstance(value, str) else str(value).lower()
            )  # a flag, which XML writes small, or a number
            etree.SubElement(parent, _Q + name).text = text


def _lists(parent: Element, name: str, item: str, values: Iterable[str]) -> None:
    """A list, if it has anything in it."""
    if texts := [(item, value) for value in values]:
        _texts(_add(parent, name), texts)


def _flag(value: bool | None) -> int | None:
    return None if value is None else int(value)


def _day(value: date | None) -> str:
    return f"{value:%Y/%m/%d}" if value else ""


def _moment(value: datetime | None) -> str:
    return f"{value.astimezone(VIETNAM):%Y/%m/%d %H:%M:%S}" if value else ""


def _organ(parent: Element, name: str, organ: EdxmlOrgan) -> None:
    _texts(_add(parent, name), [
        ("OrganId", organ.id), ("OrganizationInCharge", organ.in_charge), ("OrganName", organ.name), ("OrganAdd", organ.address),
        ("Email", organ.email), ("Telephone", organ.telephone), ("Fax", organ.fax), ("Website", organ.website),
    ])  # fmt: skip


def _response_for(parent: Element, about: EdxmlResponseFor) -> None:
    _texts(_add(parent, "ResponseFor"), [
        ("OrganId", about.organ_id), ("Code", about.code), ("PromulgationDate", _day(about.promulgation_date)),
        ("DocumentId", about.document_id),
    ])  # fmt: skip


def _staff(parent: Element, staff: EdxmlStaff | None) -> None:
    if staff is None or staff == EdxmlStaff():
        return
    reached = [("Email", staff.email), ("Mobile", staff.mobile)]
    _texts(_add(parent, "StaffInfo"), [
        ("Department", staff.department), ("DepartmentId", staff.department_id), ("Staff", staff.staff), ("StaffId", staff.staff_id),
        # Real statuses have the telephone first, real changes of documents the mail.
        *(reached if local_name(parent) == "Bussiness" else reversed(reached)),
    ])  # fmt: skip


def _status(message: Element, packet: EdxmlStatus) -> None:
    _organ(message, "From", packet.sender)
    _response_for(message, packet.response_for)
    _staff(message, packet.staff)
    _texts(message, [
        ("StatusCode", packet.status_code), ("Description", packet.description), ("Timestamp", _moment(packet.timestamp)),
    ])  # fmt: skip


def _document(message: Element, packet: EdxmlDocument) -> None:
    _organ(message, "From", packet.sender)
    for receiver in packet.recipients:
        _organ(message, "To", receiver)
    _texts(message, [("DocumentId", packet.document_id)])
    _texts(_add(message, "Code"), [("CodeNumber", packet.number), ("CodeNotation", packet.notation)])
    day = _day(packet.promulgation_date)
    _texts(_add(message, "PromulgationInfo"), [("Place", packet.place), ("PromulgationDate", day)])
    kind = [("Type", packet.type_code), ("TypeDetail", packet.type_detail), ("TypeName", packet.type_name)]
    _texts(_add(message, "DocumentType"), kind)
    _texts(message, [("Subject", packet.subject), ("Content", packet.content)])
    signer = packet.signer
    named = [("Competence", signer.competence), ("Position", signer.position), ("FullName", signer.name)]
    if any(value for _, value in named):
        _texts(_add(message, "SignerInfo"), named)
    _texts(message, [("DueDate", _day(packet.due_date))])
    _other(message, packet)
    for about in packet.responses:
        _response_for(message, about)
    _texts(message, [("SteeringType", packet.steering_type)])
    _lists(message, "ResponseForTask", "TaskCode", packet.task_codes)
    _texts(message, [("ApplicationType", packet.application_type)])
    _lists(message, "ToPlaces", "Place", packet.to_places)


def _other(message: Element, packet: EdxmlDocument) -> None:
    other = _add(message, "OtherInfo")
    _texts(other, [
        ("Priority", packet.priority), ("SphereOfPromulgation", packet.sphere), ("TyperNotation", packet.typer_notation),
        ("PromulgationAmount", packet.promulgation_amount), ("PageAmount", packet.page_amount), ("Direction", packet.direction),
    ])  # fmt: skip
    _lists(other, "ReplyFors", "ReplyFor", packet.reply_fors)
    _lists(other, "ReferenceCodes", "ReferenceCode", packet.reference_codes)
    _lists(other, "Appendixes", "Appendix", packet.appendixes)
    if len(other) == 0:
        message.remove(other)


def _traces(header: Element, packet: EdxmlDocument | EdxmlStatus) -> None:
    attributes = {"id": packet.trace_id, "version": packet.trace_version}
    if not (packet.traces or packet.business or any(attributes.values())):
        return
    traces = _add(header, "TraceHeaderList")
    for name, value in attributes.items():
        if value:
            traces.set(name, value)
    for trace in packet.traces:
        stamp = _moment(trace.timestamp)
        _texts(_add(traces, "TraceHeader"), [("OrganId", trace.organ_id), ("Timestamp", stamp)])
    if packet.business:
        _business(_add(traces, "Bussiness"), packet.business)


def _business(element: Element, business: EdxmlBusiness) -> None:
    _texts(element, [
        ("DocumentId", business.document_id), ("BussinessDocType", business.doc_type), ("BussinessDocReason", business.reason),
        ("Paper", _flag(business.paper)),
    ])  # fmt: skip
    flags = [("DocumentInfo", business.document_info), ("DocumentReceiver", business.document_receiver)]
    if business.receivers or any(value is not None for _, value in flags):
        info = _add(element, "BussinessDocumentInfo")
        _texts(info, [(name, _flag(value)) for name, value in flags])
        receivers = _add(info, "ReceiverList") if business.receivers else info
        for receiver in business.receivers:
            named = [("OrganId", receiver.organ_id), ("ReceiverType", receiver.kind)]
            _texts(_add(receivers, "Receiver"), named)
    if business.replacements:
        replaced = _add(element, "ReplacementInfoList")
        for one in business.replacements:
            item = _add(replaced, "ReplacementInfo")
            _texts(item, [("DocumentId", one.document_id)])
            _lists(item, "OrganIdList", "OrganId", one.organ_ids)
    _staff(element, business.staff)


def _manifest(envelope: Element, packet: EdxmlDocument) -> None:
    manifest = _add(_add(envelope, "edXMLBody"), "edXMLManifest")
    if packet.manifest_version:
        manifest.set("version", packet.manifest_version)
    for file in packet.attachments:
        _texts(_add(manifest, "Reference"), [
            ("ContentId", file.content_id), ("ContentType", file.content_type), ("Description", file.description),
            ("AttachmentName", file.name),
        ])  # fmt: skip


def _files(
    root: Element, files: tuple[EdxmlAttachment, ...], *, zipped: bool
) -> dict[str, Callable[[], Iterable[bytes]]]:
    contents: dict[str, Callable[[], Iterable[bytes]]] = {}
    token = secrets.token_hex(12)
    box = _add(root, "AttachmentEncoded") if files else root
    for number, file in enumerate(files):
        attachment = _add(box, "Attachment")
        _texts(attachment, [
            ("ContentId", file.content_id), ("AttachmentName", file.name), ("Description", file.description),
            ("FieldName", file.field_name), ("MimeType", file.mime_type), ("ContentType", file.content_type), ("Format", file.format),
        ])  # fmt: skip
        encoded = etree.SubElement(attachment, f"{_Q}ContentTransferEncoded", nsmap={"edXML": NAMESPACE})
        # Nobody can guess it, so that no other text of the packet can be mistaken for it; and it is base64 itself, as the XSD wants.
        encoded.text = f"{token}{number:04}"
        contents[encoded.text] = partial(attachments.encode, file.content, zipped=zipped)
    return contents


def _extend(root: Element, extension: EdxmlExtension, kind: Kind) -> None:
    """Back under the parent that it had, also where that has nothing else in it."""
    parent, model = root, root_model(kind)
    for step in filter(None, extension.path.split("/")):
        name, _, index = step.partition("[")
        child = model.places.get(f"{_Q}{name}", (0, None))[1]
        if child is None or child.model is None:
            break
        same = parent.findall(f"{_Q}{name}")
        place = int(index.rstrip("]")) - 1 if index else 0
        parent = same[place] if place < len(same) else _inserted(parent, name, model)
        model = child.model
    parent.append(xml.parse(extension.xml.encode()))


def _inserted(parent: Element, name: str, model: Model) -> Element:
    """A new child where the regulation's order wants it."""
    element = _add(parent, name)
    own = model.places[f"{_Q}{name}"][0]
    behind = (each for each in parent if model.places.get(str(each.tag), (-1,))[0] > own)
    if (after := next(behind, None)) is not None:
        after.addprevious(element)
    return element
