"""Reading edXML: any prefix, any order of elements, either generation of namespace; every fault is reported, not the first."""

import re
from dataclasses import replace
from datetime import date
from typing import TypeVar

from lxml import etree

from lgsp.errors import Fault, InvalidMessageError
from lgsp.standards.edxml import attachments
from lgsp.standards.edxml.fields import Fields
from lgsp.standards.edxml.model import (
    EdxmlAttachment,
    EdxmlBusiness,
    EdxmlDocument,
    EdxmlOrgan,
    EdxmlReceiver,
    EdxmlReplacement,
    EdxmlResponseFor,
    EdxmlSigner,
    EdxmlStaff,
    EdxmlStatus,
    EdxmlTrace,
)
from lgsp.standards.xml import parse

__all__ = ["CURRENT_NAMESPACE", "check", "read"]

CURRENT_NAMESPACE = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
OLDER_NAMESPACES = frozenset({"http://www.e-doc.vn/Schema/", "http://www.go.vn/eDoc"})
STATUS_CODES = frozenset({"01", "02", "03", "04", "05", "06", "13", "15", "16"})
_UNSAFE_NAME = re.compile(r"[/\\\x00-\x1f]|^\.\.?$")
_TODAY = date(1900, 1, 1)
P = TypeVar("P", EdxmlDocument, EdxmlStatus)


def check(raw: bytes) -> list[Fault]:
    """Every fault and warning; empty for a clean packet."""
    try:
        return list(read(raw).warnings)
    except InvalidMessageError as exc:
        return list(exc.faults)


def read(raw: bytes) -> EdxmlDocument | EdxmlStatus:
    """A document or a status.

    Raises:
        InvalidMessageError: with every fault by XPath and line, in both languages (warnings among them).
    """
    root = Fields(parse(raw), [])
    _check_root(root)
    packet = _packet(root)
    if packet is None or any(not fault.warning for fault in root.faults):
        raise InvalidMessageError("edXML", root.faults)
    return replace(packet, warnings=tuple(root.faults))


def _check_root(root: Fields) -> None:
    name = etree.QName(root.element)
    if name.localname not in {"edXML", "EdxmlEnvelope", "EdXMLEnvelope", "edXMLEnvelope"}:
        root.fault(
            "root",
            f"the root is {name.localname}, expected edXML",
            f"phần tử gốc là {name.localname}, cần edXML",
        )
    if name.namespace in OLDER_NAMESPACES:
        root.fault("namespace", f"older namespace {name.namespace}", "không gian tên thế hệ cũ", warning=True)
    elif name.namespace != CURRENT_NAMESPACE:
        root.fault(
            "namespace",
            f"namespace {name.namespace!r}, expected {CURRENT_NAMESPACE}",
            f"không gian tên phải là {CURRENT_NAMESPACE}",
        )


def _packet(root: Fields) -> EdxmlDocument | EdxmlStatus | None:
    envelope = root.child("edXMLEnvelope") or root
    header = envelope.child("edXMLHeader") or envelope
    message = header.child("MessageHeader", required=True)
    if message is None:
        return None
    if message.child("StatusCode") is not None:
        return _status(message)
    return _document(root, envelope, header, message)


def _status(message: Fields) -> EdxmlStatus | None:
    sender, about = message.child("From", required=True), message.child("ResponseFor", required=True)
    code = message.text("StatusCode", required=True)
    if code and code not in STATUS_CODES:
        known = ", ".join(sorted(STATUS_CODES))
        message.fault(
            "status",
            f"unknown status {code!r}; known: {known}",
            f"mã trạng thái không có trong danh mục: {known}",
            below="StatusCode",
        )
    moment = message.moment("Timestamp", required=True)
    description = message.text("Description")
    staff = _staff(message.child("StaffInfo"))
    if sender is None or about is None:
        return None
    response_for = _response_for(about)
    if not (response_for.document_id or response_for.code):
        about.fault(
            "missing",
            "neither DocumentId nor Code says which document",
            "cần DocumentId hoặc Code của văn bản",
        )
    return EdxmlStatus(_organ(sender), response_for, code, description, moment, staff or EdxmlStaff())


def _document(root: Fields, envelope: Fields, header: Fields, message: Fields) -> EdxmlDocument:
    sender = message.child("From", required=True)
    receivers = message.all("To")
    if not receivers:
        message.fault(
            "missing",
            "To is missing: a document needs a receiver",
            "thiếu To: văn bản phải có nơi nhận",
            below="To",
        )
    code = message.child("Code", required=True)
    promulgation = message.child("PromulgationInfo", required=True)
    kind = message.child("DocumentType", required=True)
    other = message.child("OtherInfo")
    signer = message.child("SignerInfo")
    body = envelope.child("edXMLBody") or root.child("edXMLBody")
    places = message.child("ToPlaces")
    document = EdxmlDocument(
        sender=_organ(sender) if sender else EdxmlOrgan(""),
        recipients=tuple(_organ(receiver) for receiver in receivers),
        number=code.text("CodeNumber", required=True) if code else "",
        notation=code.text("CodeNotation", required=True) if code else "",
        promulgation_date=(promulgation.day("PromulgationDate", required=True) if promulgation else None)
        or _TODAY,
        place=promulgation.text("Place") if promulgation else "",
        type_name=kind.text("TypeName", required=True) if kind else "",
        type_code=kind.number("Type", 1) if kind else 1,
        type_detail=kind.number("TypeDetail") if kind else 0,
        subject=message.text("Subject", required=True),
        content=message.text("Content"),
        document_id=message.text("DocumentId"),
        signer=_signer(signer) if signer else EdxmlSigner(),
        due_date=message.day("DueDate"),
        responses=tuple(_response_for(one) for one in message.all("ResponseFor")),
        steering_type=message.number("SteeringType"),
        to_places=places.texts("Place") if places else (),
        attachments=_attachments(root, body),
        signed=header.child("Signature") is not None,
    )
    return _with_traces(_with_other(document, other), header.child("TraceHeaderList"))


def _with_other(document: EdxmlDocument, other: Fields | None) -> EdxmlDocument:
    if other is None:
        return document
    priority = other.number("Priority")
    if priority > 3:
        other.fault(
            "value", f"Priority {priority}: 0 to 3 are defined", "Priority phải từ 0 đến 3", below="Priority"
        )
    appendixes = other.child("Appendixes")
    return replace(
        document,
        priority=min(priority, 3),
        sphere=other.text("SphereOfPromulgation"),
        typer_notation=other.text("TyperNotation"),
        promulgation_amount=other.number("PromulgationAmount"),
        page_amount=other.number("PageAmount"),
        direction=bool(other.flag("Direction")),
        appendixes=appendixes.texts("Appendix") if appendixes else (),
    )


def _with_traces(document: EdxmlDocument, traces: Fields | None) -> EdxmlDocument:
    if traces is None:
        return document
    headers = tuple(EdxmlTrace(one.organ_id(), one.moment("Timestamp")) for one in traces.all("TraceHeader"))
    business = traces.child("Bussiness") or traces.child("Business")
    return replace(document, traces=headers, business=_business(business) if business else EdxmlBusiness())


def _business(fields: Fields) -> EdxmlBusiness:
    kind = fields.number("BussinessDocType")
    if kind > 3:
        fields.fault(
            "value",
            f"BussinessDocType {kind}: 0 to 3 are defined",
            "BussinessDocType phải từ 0 đến 3",
            below="BussinessDocType",
        )
    concerned = fields.text("DocumentId", required=kind in {1, 2})
    info = fields.child("BussinessDocumentInfo")
    receivers = info.child("ReceiverList") if info else None
    replaced = fields.child("ReplacementInfoList", required=kind == 3)
    return EdxmlBusiness(
        doc_type=kind,
        document_id=concerned,
        reason=fields.text("BussinessDocReason", "BusinessDocReason"),
        paper=bool(fields.flag("Paper")),
        document_info=info.flag("DocumentInfo") if info else None,
        document_receiver=info.flag("DocumentReceiver") if info else None,
        receivers=tuple(
            EdxmlReceiver(one.organ_id(), one.number("ReceiverType")) for one in receivers.all("Receiver")
        )
        if receivers
        else (),
        replacements=tuple(_replacement(one) for one in replaced.all("ReplacementInfo")) if replaced else (),
        staff=_staff(fields.child("StaffInfo")),
    )


def _replacement(fields: Fields) -> EdxmlReplacement:
    organs = fields.child("OrganIdList")
    return EdxmlReplacement(
        fields.text("DocumentId", required=True), organs.texts("OrganId") if organs else ()
    )


def _organ(fields: Fields) -> EdxmlOrgan:
    return EdxmlOrgan(
        id=fields.organ_id(),
        name=fields.text("OrganName", required=True),
        in_charge=fields.text("OrganizationInCharge"),
        address=fields.text("OrganAdd"),
        email=fields.text("Email"),
        telephone=fields.text("Telephone"),
        fax=fields.text("Fax"),
        website=fields.text("Website"),
    )


def _response_for(fields: Fields) -> EdxmlResponseFor:
    return EdxmlResponseFor(
        fields.organ_id(), fields.text("Code"), fields.day("PromulgationDate"), fields.text("DocumentId")
    )


def _signer(fields: Fields) -> EdxmlSigner:
    return EdxmlSigner(fields.text("Competence"), fields.text("Position"), fields.text("FullName"))


def _staff(fields: Fields | None) -> EdxmlStaff | None:
    if fields is None:
        return None
    names = ("Department", "Staff", "Email", "Mobile", "DepartmentId", "StaffId")
    return EdxmlStaff(*(fields.text(name) for name in names))


def _attachments(root: Fields, body: Fields | None) -> tuple[EdxmlAttachment, ...]:
    manifest = body.child("edXMLManifest") if body else None
    listed = {
        one.text("ContentId", required=True): one for one in (manifest.all("Reference") if manifest else [])
    }
    box = root.child("AttachmentEncoded")
    files = []
    for one in box.all("Attachment") if box else []:
        content_id = one.text("ContentId", required=True)
        reference = listed.pop(content_id, None)
        if manifest is not None and reference is None and content_id:
            one.fault(
                "manifest",
                f"{content_id} is not in the manifest",
                f"{content_id} không có trong edXMLManifest",
            )
        files.append(_attachment(one, content_id))
    for content_id, reference in listed.items():
        reference.fault(
            "manifest",
            f"no Attachment has ContentId {content_id}",
            f"không có Attachment nào mang ContentId {content_id}",
        )
    return tuple(files)


def _attachment(fields: Fields, content_id: str) -> EdxmlAttachment:
    name = fields.text("AttachmentName", required=True)
    if _UNSAFE_NAME.search(name):
        fields.fault(
            "name",
            f"{name!r} is not a plain file name",
            f"{name!r} không phải tên tệp hợp lệ",
            below="AttachmentName",
        )
    encoded = fields.child("ContentTransferEncoded", required=True)
    content = b""
    if encoded is not None:
        try:
            content = attachments.decode(encoded.element.text or "", name)
        except ValueError as exc:
            encoded.fault(
                "attachment", f"{name}: {exc}", f"{name}: nội dung tệp đính kèm không đọc được ({exc})"
            )
    return EdxmlAttachment(content_id, name, content, fields.text("Description"), fields.text("ContentType"))
