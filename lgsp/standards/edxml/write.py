"""Writing edXML in the shape of real files: default namespace on the root, prefix `edXML` from the envelope downwards."""

from collections.abc import Iterable
from datetime import date, datetime

from lxml import etree

from lgsp.clock import VIETNAM
from lgsp.standards.edxml import attachments
from lgsp.standards.edxml.model import (
    EdxmlBusiness,
    EdxmlDocument,
    EdxmlOrgan,
    EdxmlResponseFor,
    EdxmlStaff,
    EdxmlStatus,
)
from lgsp.standards.xml import Element, serialize

__all__ = ["write"]

NAMESPACE = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
_Q = f"{{{NAMESPACE}}}"


def write(packet: EdxmlDocument | EdxmlStatus, *, zipped: bool = True) -> bytes:
    """The packet's XML; attachments as base64 of a ZIP (`zipped`), as the real library does, or of the file itself."""
    root = etree.Element(f"{_Q}edXML", nsmap={None: NAMESPACE})
    envelope = etree.SubElement(root, f"{_Q}edXMLEnvelope", nsmap={"edXML": NAMESPACE})
    header = _add(envelope, "edXMLHeader")
    message = _add(header, "MessageHeader")
    if isinstance(packet, EdxmlStatus):
        _status(message, packet)
        return serialize(root)
    _document(message, packet)
    _traces(header, packet)
    _files(root, envelope, packet, zipped=zipped)
    return serialize(root)


def _add(parent: Element, name: str, text: str | None = None) -> Element:
    # The prefixed spelling comes from the nearest declaration, which is the envelope's.
    element = etree.SubElement(parent, f"{_Q}{name}")
    element.text = text
    return element


def _texts(parent: Element, pairs: Iterable[tuple[str, str]]) -> None:
    """A child for each value that is not empty."""
    for name, value in pairs:
        if value:
            _add(parent, name, value)


def _day(value: date | None) -> str:
    return f"{value:%Y/%m/%d}" if value else ""


def _moment(value: datetime | None) -> str:
    return f"{value.astimezone(VIETNAM):%Y/%m/%d %H:%M:%S}" if value else ""


def _organ(parent: Element, name: str, organ: EdxmlOrgan) -> None:
    element = _add(parent, name)
    _texts(element, [
        ("OrganId", organ.id), ("OrganizationInCharge", organ.in_charge), ("OrganName", organ.name), ("OrganAdd", organ.address),
        ("Email", organ.email), ("Telephone", organ.telephone), ("Fax", organ.fax), ("Website", organ.website),
    ])  # fmt: skip


def _response_for(parent: Element, about: EdxmlResponseFor) -> None:
    element = _add(parent, "ResponseFor")
    _texts(element, [
        ("OrganId", about.organ_id), ("Code", about.code), ("PromulgationDate", _day(about.promulgation_date)),
        ("DocumentId", about.document_id),
    ])  # fmt: skip


def _staff(parent: Element, staff: EdxmlStaff | None) -> None:
    if staff is None or staff == EdxmlStaff():
        return
    element = _add(parent, "StaffInfo")
    _texts(element, [
        ("Department", staff.department), ("DepartmentId", staff.department_id), ("Staff", staff.staff), ("StaffId", staff.staff_id),
        ("Mobile", staff.mobile), ("Email", staff.email),
    ])  # fmt: skip


def _status(message: Element, packet: EdxmlStatus) -> None:
    _organ(message, "From", packet.sender)
    _response_for(message, packet.response_for)
    _staff(message, packet.staff)
    _add(message, "StatusCode", packet.status_code)
    _texts(message, [("Description", packet.description), ("Timestamp", _moment(packet.timestamp))])


def _document(message: Element, packet: EdxmlDocument) -> None:
    _organ(message, "From", packet.sender)
    for receiver in packet.recipients:
        _organ(message, "To", receiver)
    _texts(message, [("DocumentId", packet.document_id)])
    _texts(_add(message, "Code"), [("CodeNumber", packet.number), ("CodeNotation", packet.notation)])
    _texts(
        _add(message, "PromulgationInfo"),
        [("Place", packet.place), ("PromulgationDate", _day(packet.promulgation_date))],
    )
    kind = [
        ("Type", str(packet.type_code)),
        ("TypeDetail", str(packet.type_detail)),
        ("TypeName", packet.type_name),
    ]
    _texts(_add(message, "DocumentType"), kind)
    _texts(message, [("Subject", packet.subject), ("Content", packet.content)])
    signer = packet.signer
    _texts(
        _add(message, "SignerInfo"),
        [("Competence", signer.competence), ("Position", signer.position), ("FullName", signer.name)],
    )
    _texts(message, [("DueDate", _day(packet.due_date))])
    _other(message, packet)
    for about in packet.responses:
        _response_for(message, about)
    _add(message, "SteeringType", str(packet.steering_type))
    if packet.to_places:
        _texts(_add(message, "ToPlaces"), [("Place", place) for place in packet.to_places])


def _other(message: Element, packet: EdxmlDocument) -> None:
    other = _add(message, "OtherInfo")
    _texts(other, [
        ("Priority", str(packet.priority)), ("SphereOfPromulgation", packet.sphere), ("TyperNotation", packet.typer_notation),
        ("PromulgationAmount", str(packet.promulgation_amount)), ("PageAmount", str(packet.page_amount)),
        ("Direction", str(packet.direction).lower()),
    ])  # fmt: skip
    if packet.appendixes:
        _texts(_add(other, "Appendixes"), [("Appendix", text) for text in packet.appendixes])


def _traces(header: Element, packet: EdxmlDocument) -> None:
    traces = _add(header, "TraceHeaderList")
    for trace in packet.traces:
        _texts(
            _add(traces, "TraceHeader"),
            [("OrganId", trace.organ_id), ("Timestamp", _moment(trace.timestamp))],
        )
    _business(_add(traces, "Bussiness"), packet.business)


def _business(element: Element, business: EdxmlBusiness) -> None:
    _texts(
        element,
        [
            ("DocumentId", business.document_id),
            ("BussinessDocType", str(business.doc_type)),
            ("BussinessDocReason", business.reason),
        ],
    )
    _add(element, "Paper", str(int(business.paper)))
    flags = [("DocumentInfo", business.document_info), ("DocumentReceiver", business.document_receiver)]
    if business.receivers or any(value is not None for _, value in flags):
        info = _add(element, "BussinessDocumentInfo")
        _texts(info, [(name, str(int(value))) for name, value in flags if value is not None])
        receivers = _add(info, "ReceiverList")
        for receiver in business.receivers:
            _texts(
                _add(receivers, "Receiver"),
                [("OrganId", receiver.organ_id), ("ReceiverType", str(receiver.kind))],
            )
    if business.replacements:
        replaced = _add(element, "ReplacementInfoList")
        for one in business.replacements:
            item = _add(replaced, "ReplacementInfo")
            _texts(item, [("DocumentId", one.document_id)])
            _texts(_add(item, "OrganIdList"), [("OrganId", organ_id) for organ_id in one.organ_ids])
    _staff(element, business.staff)


def _files(root: Element, envelope: Element, packet: EdxmlDocument, *, zipped: bool) -> None:
    manifest = _add(_add(envelope, "edXMLBody"), "edXMLManifest")
    manifest.set("version", "1.0")
    box = _add(root, "AttachmentEncoded") if packet.attachments else None
    for file in packet.attachments:
        described = [
            ("ContentType", file.content_type),
            ("Description", file.description),
            ("AttachmentName", file.name),
        ]
        _texts(_add(manifest, "Reference"), [("ContentId", file.content_id), *described])
        if box is not None:
            attachment = _add(box, "Attachment")
            _texts(
                attachment, [("ContentId", file.content_id), ("AttachmentName", file.name), *described[:2]]
            )
            content = etree.SubElement(attachment, f"{_Q}ContentTransferEncoded", nsmap={"edXML": NAMESPACE})
            content.text = attachments.encode(file.content, zipped=zipped)
