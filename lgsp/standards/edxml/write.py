"""Writing edXML in the shape of real files: default namespace on the root, prefix `edXML` from the envelope downwards.

It is written as text: a tree that is built only to be written took three quarters of the time.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from functools import partial

from lgsp.clock import VIETNAM
from lgsp.standards import xml
from lgsp.standards.content import Content
from lgsp.standards.edxml import attachments
from lgsp.standards.edxml.extend import extend
from lgsp.standards.edxml.model import (
    EdxmlAttachment,
    EdxmlBusiness,
    EdxmlDocument,
    EdxmlOrgan,
    EdxmlResponseFor,
    EdxmlStaff,
    EdxmlStatus,
)
from lgsp.standards.edxml.schema import NAMESPACE
from lgsp.standards.xml import Element

__all__ = ["Contents", "Sign", "draft", "filled", "write", "write_content"]

Contents = Mapping[str, Callable[[], Iterable[bytes]]]
"""By marker: the text that takes the marker's place, in chunks."""

Sign = Callable[[Element, Contents], None]
"""Puts a Signature into the tree, whose files' texts are still markers."""

_SMALL_BYTES = 64 * 1024
_NOBODY = EdxmlStaff()
_CONTROLS = bytes(set(range(0x20)) - set(b"\t\n\r"))
_FFFE, _FFFF = "\ufffe".encode(), "\uffff".encode()


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
    skeleton, contents = draft(packet, zipped=zipped, sign=sign)
    return Content.of(filled(skeleton, contents))


def draft(
    packet: EdxmlDocument | EdxmlStatus, *, zipped: bool = True, sign: Sign | None = None
) -> tuple[bytes, Contents]:
    """The packet's XML, where markers stand for the texts of its files (and its signature), and those texts."""
    contents: dict[str, Callable[[], Iterable[bytes]]] = {}
    if isinstance(packet, EdxmlStatus):
        message, body, files = _status(packet), "", ""
    else:
        message, body = _document(packet), _element("edXMLBody", _manifest(packet))
        files = _files(packet.attachments, contents, zipped=zipped)
    header = _element("edXMLHeader", _element("MessageHeader", message), _traces(packet))
    raw = (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        f'<edXML xmlns="{NAMESPACE}"><edXML:edXMLEnvelope xmlns:edXML="{NAMESPACE}">{header}{body}'
        f"</edXML:edXMLEnvelope>{files}</edXML>"
    ).encode()
    if len(raw.translate(None, _CONTROLS)) != len(raw) or _FFFE in raw or _FFFF in raw:
        raise ValueError("a character that XML 1.0 does not have")
    if sign is None and not (packet.signature or packet.extensions):
        return raw, contents
    return _with_more(raw, packet, contents, sign)


def _with_more(
    raw: bytes, packet: EdxmlDocument | EdxmlStatus, contents: Contents, sign: Sign | None
) -> tuple[bytes, Contents]:
    """With what is XML itself, and has to find its place: extensions, and a signature."""
    root = xml.parse(raw)
    for extension in packet.extensions:
        extend(root, extension, "status" if isinstance(packet, EdxmlStatus) else "document")
    if sign is not None:
        sign(root, contents)
    elif packet.signature:
        # As text, so that its prefixes stay what they were.
        marker = secrets.token_hex(12)
        root[0][0][-1].tail = marker
        contents = {marker: lambda: [packet.signature.encode()], **contents}
    return xml.serialize(root), contents


def filled(skeleton: bytes, contents: Contents) -> Iterator[bytes]:
    """The packet as it travels, in chunks."""
    for marker, chunks in contents.items():
        before, _, skeleton = skeleton.partition(marker.encode())
        yield before
        yield from chunks()
    yield skeleton


def _element(name: str, *inner: str, attributes: str = "") -> str:
    joined = "".join(inner)
    return f"<edXML:{name}{attributes}>{joined}</edXML:{name}>" if joined else f"<edXML:{name}{attributes}/>"


def _text(name: str, value: str, prefix: str = "edXML:") -> str:
    """An element for a value, if there is one."""
    if not value:
        return ""
    # To look costs a tenth of replacing, and hardly a text has any of these.
    if "&" in value or "<" in value or ">" in value or "\r" in value:
        value = _escaped(value)
    return f"<{prefix}{name}>{value}</{prefix}{name}>"


def _number(name: str, value: int | None) -> str:
    return "" if value is None else f"<edXML:{name}>{value}</edXML:{name}>"


def _flag(name: str, value: bool | None) -> str:
    return "" if value is None else f"<edXML:{name}>{int(value)}</edXML:{name}>"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


def _attribute(name: str, value: str) -> str:
    if not value:
        return ""
    quoted = _escaped(value).replace('"', "&quot;").replace("\t", "&#9;").replace("\n", "&#10;")
    return f' {name}="{quoted}"'


def _lists(name: str, item: str, values: Iterable[str]) -> str:
    """A list, if it has anything in it."""
    items = [_text(item, value) for value in values]
    return _element(name, *items) if items else ""


def _day(value: date | None) -> str:
    return f"{value.year}/{value.month:02}/{value.day:02}" if value else ""


def _moment(value: datetime | None) -> str:
    if value is None:
        return ""
    at = value.astimezone(VIETNAM)
    return f"{_day(at)} {at.hour:02}:{at.minute:02}:{at.second:02}"


def _organ(name: str, organ: EdxmlOrgan) -> str:
    return _element(
        name,
        _text("OrganId", organ.id),
        _text("OrganizationInCharge", organ.in_charge),
        _text("OrganName", organ.name),
        _text("OrganAdd", organ.address),
        _text("Email", organ.email),
        _text("Telephone", organ.telephone),
        _text("Fax", organ.fax),
        _text("Website", organ.website),
    )


def _response_for(about: EdxmlResponseFor) -> str:
    return _element(
        "ResponseFor",
        _text("OrganId", about.organ_id),
        _text("Code", about.code),
        _text("PromulgationDate", _day(about.promulgation_date)),
        _text("DocumentId", about.document_id),
    )


def _staff(staff: EdxmlStaff | None, *, mail_first: bool) -> str:
    if staff is None or staff == _NOBODY:
        return ""
    email, mobile = _text("Email", staff.email), _text("Mobile", staff.mobile)
    return _element(
        "StaffInfo",
        _text("Department", staff.department),
        _text("DepartmentId", staff.department_id),
        _text("Staff", staff.staff),
        _text("StaffId", staff.staff_id),
        # Real statuses have the telephone first, real changes of documents the mail.
        email + mobile if mail_first else mobile + email,
    )


def _status(packet: EdxmlStatus) -> str:
    return "".join([
        _organ("From", packet.sender),
        _response_for(packet.response_for),
        _staff(packet.staff, mail_first=False),
        _text("StatusCode", packet.status_code),
        _text("Description", packet.description),
        _text("Timestamp", _moment(packet.timestamp)),
    ])  # fmt: skip


def _document(packet: EdxmlDocument) -> str:
    by, day = packet.signer, _day(packet.promulgation_date)
    signer = _text("Competence", by.competence) + _text("Position", by.position) + _text("FullName", by.name)
    kind = _number("Type", packet.type_code) + _number("TypeDetail", packet.type_detail)
    other = _other(packet)
    return "".join([
        _organ("From", packet.sender),
        *[_organ("To", receiver) for receiver in packet.recipients],
        _text("DocumentId", packet.document_id),
        _element("Code", _text("CodeNumber", packet.number), _text("CodeNotation", packet.notation)),
        _element("PromulgationInfo", _text("Place", packet.place), _text("PromulgationDate", day)),
        _element("DocumentType", kind, _text("TypeName", packet.type_name)),
        _text("Subject", packet.subject),
        _text("Content", packet.content),
        _element("SignerInfo", signer) if signer else "",
        _text("DueDate", _day(packet.due_date)),
        _element("OtherInfo", other) if other else "",
        *[_response_for(about) for about in packet.responses],
        _number("SteeringType", packet.steering_type),
        _lists("ResponseForTask", "TaskCode", packet.task_codes),
        _text("ApplicationType", packet.application_type),
        _lists("ToPlaces", "Place", packet.to_places),
    ])  # fmt: skip


def _other(packet: EdxmlDocument) -> str:
    return "".join([
        _number("Priority", packet.priority),
        _text("SphereOfPromulgation", packet.sphere),
        _text("TyperNotation", packet.typer_notation),
        _number("PromulgationAmount", packet.promulgation_amount),
        _number("PageAmount", packet.page_amount),
        # A word, as real documents have it; the flags of a change are figures.
        "" if packet.direction is None else _text("Direction", str(packet.direction).lower()),
        _lists("ReplyFors", "ReplyFor", packet.reply_fors),
        _lists("ReferenceCodes", "ReferenceCode", packet.reference_codes),
        _lists("Appendixes", "Appendix", packet.appendixes),
    ])  # fmt: skip


def _traces(packet: EdxmlDocument | EdxmlStatus) -> str:
    attributes = _attribute("id", packet.trace_id) + _attribute("version", packet.trace_version)
    if not (packet.traces or packet.business or attributes):
        return ""
    traces = [
        _element(
            "TraceHeader", _text("OrganId", trace.organ_id), _text("Timestamp", _moment(trace.timestamp))
        )
        for trace in packet.traces
    ]
    business = _element("Bussiness", _business(packet.business)) if packet.business else ""
    return _element("TraceHeaderList", *traces, business, attributes=attributes)


def _business(business: EdxmlBusiness) -> str:
    replaced = [
        _element("ReplacementInfo", _text("DocumentId", one.document_id), _lists("OrganIdList", "OrganId", one.organ_ids))
        for one in business.replacements
    ]  # fmt: skip
    return "".join([
        _text("DocumentId", business.document_id),
        _number("BussinessDocType", business.doc_type),
        _text("BussinessDocReason", business.reason),
        _flag("Paper", business.paper),
        _changed(business),
        _element("ReplacementInfoList", *replaced) if replaced else "",
        _staff(business.staff, mail_first=True),
    ])  # fmt: skip


def _changed(business: EdxmlBusiness) -> str:
    flags = _flag("DocumentInfo", business.document_info) + _flag(
        "DocumentReceiver", business.document_receiver
    )
    receivers = [
        _element("Receiver", _text("OrganId", each.organ_id), _number("ReceiverType", each.kind))
        for each in business.receivers
    ]
    if not (flags or receivers):
        return ""
    return _element("BussinessDocumentInfo", flags, _element("ReceiverList", *receivers) if receivers else "")


def _manifest(packet: EdxmlDocument) -> str:
    references = [
        _element(
            "Reference",
            _text("ContentId", file.content_id),
            _text("ContentType", file.content_type),
            _text("Description", file.description),
            _text("AttachmentName", file.name),
        )
        for file in packet.attachments
    ]
    return _element("edXMLManifest", *references, attributes=_attribute("version", packet.manifest_version))


def _encoded(content: Content, *, zipped: bool) -> Callable[[], Iterable[bytes]]:
    """What is small is encoded once, for the signature and for the wire."""
    chunks = partial(attachments.encode, content, zipped=zipped)
    if content.size > _SMALL_BYTES:
        return chunks
    held = tuple(chunks())
    return lambda: held


def _files(
    files: tuple[EdxmlAttachment, ...],
    contents: dict[str, Callable[[], Iterable[bytes]]],
    *,
    zipped: bool,
) -> str:
    """The files, by their root's default namespace."""
    token = secrets.token_hex(12) if files else ""
    written = []
    for number, file in enumerate(files):
        # Nobody can guess it, so that no other text of the packet can be mistaken for it; and it is base64 itself, as the XSD wants.
        marker = f"{token}{number:04}"
        contents[marker] = _encoded(file.content, zipped=zipped)
        about = "".join([
            _text("ContentId", file.content_id, ""), _text("AttachmentName", file.name, ""),
            _text("Description", file.description, ""), _text("FieldName", file.field_name, ""),
            _text("MimeType", file.mime_type, ""), _text("ContentType", file.content_type, ""), _text("Format", file.format, ""),
        ])  # fmt: skip
        encoded = (
            f'<edXML:ContentTransferEncoded xmlns:edXML="{NAMESPACE}">{marker}</edXML:ContentTransferEncoded>'
        )
        written.append(f"<Attachment>{about}{encoded}</Attachment>")
    return f"<AttachmentEncoded>{''.join(written)}</AttachmentEncoded>" if files else ""
