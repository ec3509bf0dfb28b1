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

_Value = str | int | bool | None
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


def _texts(*pairs: tuple[str, _Value], prefix: str = "edXML:") -> str:
    """An element for each value that there is; a flag is written small."""
    return "".join([
        f"<{prefix}{name}>{_escaped(value if isinstance(value, str) else str(value).lower())}</{prefix}{name}>"
        for name, value in pairs
        if value is not None and value != ""
    ])  # fmt: skip


def _escaped(text: str) -> str:
    # To look costs a tenth of replacing, and hardly a text has any of these.
    if "&" in text or "<" in text or ">" in text or "\r" in text:
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")
    return text


def _attribute(name: str, value: str) -> str:
    if not value:
        return ""
    quoted = _escaped(value).replace('"', "&quot;").replace("\t", "&#9;").replace("\n", "&#10;")
    return f' {name}="{quoted}"'


def _lists(name: str, item: str, values: Iterable[str]) -> str:
    """A list, if it has anything in it."""
    items = [(item, value) for value in values]
    return _element(name, _texts(*items)) if items else ""


def _flag(value: bool | None) -> int | None:
    return None if value is None else int(value)


def _day(value: date | None) -> str:
    return f"{value.year}/{value.month:02}/{value.day:02}" if value else ""


def _moment(value: datetime | None) -> str:
    if value is None:
        return ""
    at = value.astimezone(VIETNAM)
    return f"{_day(at)} {at.hour:02}:{at.minute:02}:{at.second:02}"


def _organ(name: str, organ: EdxmlOrgan) -> str:
    return _element(name, _texts(
        ("OrganId", organ.id), ("OrganizationInCharge", organ.in_charge), ("OrganName", organ.name), ("OrganAdd", organ.address),
        ("Email", organ.email), ("Telephone", organ.telephone), ("Fax", organ.fax), ("Website", organ.website),
    ))  # fmt: skip


def _response_for(about: EdxmlResponseFor) -> str:
    return _element("ResponseFor", _texts(
        ("OrganId", about.organ_id), ("Code", about.code), ("PromulgationDate", _day(about.promulgation_date)),
        ("DocumentId", about.document_id),
    ))  # fmt: skip


def _staff(staff: EdxmlStaff | None, *, mail_first: bool) -> str:
    if staff is None or staff == _NOBODY:
        return ""
    reached = [("Email", staff.email), ("Mobile", staff.mobile)]
    return _element("StaffInfo", _texts(
        ("Department", staff.department), ("DepartmentId", staff.department_id), ("Staff", staff.staff), ("StaffId", staff.staff_id),
        # Real statuses have the telephone first, real changes of documents the mail.
        *(reached if mail_first else reversed(reached)),
    ))  # fmt: skip


def _status(packet: EdxmlStatus) -> str:
    said = _texts(
        ("StatusCode", packet.status_code), ("Description", packet.description), ("Timestamp", _moment(packet.timestamp))
    )  # fmt: skip
    return (
        _organ("From", packet.sender)
        + _response_for(packet.response_for)
        + _staff(packet.staff, mail_first=False)
        + said
    )


def _document(packet: EdxmlDocument) -> str:
    kind = _texts(
        ("Type", packet.type_code), ("TypeDetail", packet.type_detail), ("TypeName", packet.type_name)
    )
    place = _texts(("Place", packet.place), ("PromulgationDate", _day(packet.promulgation_date)))
    by = packet.signer
    signer = _texts(("Competence", by.competence), ("Position", by.position), ("FullName", by.name))
    other = _other(packet)
    return "".join([
        _organ("From", packet.sender),
        *[_organ("To", receiver) for receiver in packet.recipients],
        _texts(("DocumentId", packet.document_id)),
        _element("Code", _texts(("CodeNumber", packet.number), ("CodeNotation", packet.notation))),
        _element("PromulgationInfo", place),
        _element("DocumentType", kind),
        _texts(("Subject", packet.subject), ("Content", packet.content)),
        _element("SignerInfo", signer) if signer else "",
        _texts(("DueDate", _day(packet.due_date))),
        _element("OtherInfo", other) if other else "",
        *[_response_for(about) for about in packet.responses],
        _texts(("SteeringType", packet.steering_type)),
        _lists("ResponseForTask", "TaskCode", packet.task_codes),
        _texts(("ApplicationType", packet.application_type)),
        _lists("ToPlaces", "Place", packet.to_places),
    ])  # fmt: skip


def _other(packet: EdxmlDocument) -> str:
    return _texts(
        ("Priority", packet.priority), ("SphereOfPromulgation", packet.sphere), ("TyperNotation", packet.typer_notation),
        ("PromulgationAmount", packet.promulgation_amount), ("PageAmount", packet.page_amount), ("Direction", packet.direction),
    ) + "".join([
        _lists("ReplyFors", "ReplyFor", packet.reply_fors),
        _lists("ReferenceCodes", "ReferenceCode", packet.reference_codes),
        _lists("Appendixes", "Appendix", packet.appendixes),
    ])  # fmt: skip


def _traces(packet: EdxmlDocument | EdxmlStatus) -> str:
    attributes = _attribute("id", packet.trace_id) + _attribute("version", packet.trace_version)
    if not (packet.traces or packet.business or attributes):
        return ""
    traces = [
        _element("TraceHeader", _texts(("OrganId", trace.organ_id), ("Timestamp", _moment(trace.timestamp))))
        for trace in packet.traces
    ]
    business = _element("Bussiness", _business(packet.business)) if packet.business else ""
    return _element("TraceHeaderList", *traces, business, attributes=attributes)


def _business(business: EdxmlBusiness) -> str:
    return "".join([
        _texts(
            ("DocumentId", business.document_id), ("BussinessDocType", business.doc_type), ("BussinessDocReason", business.reason),
            ("Paper", _flag(business.paper)),
        ),
        _changed(business),
        _element("ReplacementInfoList", *[
            _element(
                "ReplacementInfo", _texts(("DocumentId", one.document_id)), _lists("OrganIdList", "OrganId", one.organ_ids)
            )
            for one in business.replacements
        ]) if business.replacements else "",
        _staff(business.staff, mail_first=True),
    ])  # fmt: skip


def _changed(business: EdxmlBusiness) -> str:
    flags = _texts(
        ("DocumentInfo", _flag(business.document_info)),
        ("DocumentReceiver", _flag(business.document_receiver)),
    )
    receivers = [
        _element("Receiver", _texts(("OrganId", each.organ_id), ("ReceiverType", each.kind)))
        for each in business.receivers
    ]
    if not (flags or receivers):
        return ""
    return _element("BussinessDocumentInfo", flags, _element("ReceiverList", *receivers) if receivers else "")


def _manifest(packet: EdxmlDocument) -> str:
    references = [
        _element("Reference", _texts(
            ("ContentId", file.content_id), ("ContentType", file.content_type), ("Description", file.description),
            ("AttachmentName", file.name),
        ))
        for file in packet.attachments
    ]  # fmt: skip
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
        about = _texts(
            ("ContentId", file.content_id), ("AttachmentName", file.name), ("Description", file.description),
            ("FieldName", file.field_name), ("MimeType", file.mime_type), ("ContentType", file.content_type), ("Format", file.format),
            prefix="",
        )  # fmt: skip
        encoded = (
            f'<edXML:ContentTransferEncoded xmlns:edXML="{NAMESPACE}">{marker}</edXML:ContentTransferEncoded>'
        )
        written.append(f"<Attachment>{about}{encoded}</Attachment>")
    return f"<AttachmentEncoded>{''.join(written)}</AttachmentEncoded>" if files else ""
