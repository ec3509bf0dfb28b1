"""Reading edXML: any prefix, any order of elements, either generation of namespace; every fault is reported, not the first."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import TypeVar

from lgsp.clock import VIETNAM
from lgsp.errors import Fault, InvalidMessageError
from lgsp.standards import identifiers, xml
from lgsp.standards.content import Content
from lgsp.standards.edxml import attachments
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
from lgsp.standards.edxml.schema import NAMESPACE
from lgsp.standards.edxml.shape import Shaped, shape
from lgsp.standards.edxml.skeleton import Cut, cut
from lgsp.standards.xml import Element

__all__ = ["check", "read"]

_NO_DAY = date(1900, 1, 1)
_NOTHING = Content.of(b"")
T = TypeVar("T")


def check(raw: bytes | Content) -> list[Fault]:
    """Every fault and warning; empty for a clean packet."""
    try:
        return list(read(raw).warnings)
    except InvalidMessageError as exc:
        return list(exc.faults)


def read(raw: bytes | Content) -> EdxmlDocument | EdxmlStatus:
    """A document or a status; its files are unpacked beside the tree, so that memory does not grow with them.

    Raises:
        InvalidMessageError: with every fault by XPath and line, in both languages (warnings among them).
    """
    source = raw if isinstance(raw, Content) else Content.of(raw)
    skeleton = cut(source)
    shaped = shape(xml.parse(skeleton.xml))
    beginning = skeleton.xml[:8]
    if beginning and not beginning.startswith(b"<"):
        habit = "a byte-order mark or white space before the XML", "có ký tự BOM hoặc khoảng trắng trước XML"
        shaped.warn(shaped.root, "beginning", *habit)
    reader = _Reader(shaped, {each.marker: each for each in skeleton.cuts})
    # Also of a packet that is broken already: its sender is to hear of everything at once.
    packet = reader.packet()
    if packet is None or shaped.is_broken:
        raise InvalidMessageError("edXML", _sorted(shaped.faults))
    return packet


def _sorted(faults: list[Fault]) -> list[Fault]:
    return sorted(faults, key=lambda fault: (fault.warning, fault.line))


class _Reader:
    """Binds a tree of the XSD's shape; what an XSD can't say is checked here."""

    def __init__(self, shaped: Shaped, cuts: Mapping[str, Cut]) -> None:
        self._shaped = shaped
        self._cuts = cuts

    def packet(self) -> EdxmlDocument | EdxmlStatus | None:
        header = _one(self._shaped.root, "edXMLEnvelope", "edXMLHeader")
        message = _one(header, "MessageHeader")
        if message is None:
            return None
        return self._status(message) if self._shaped.kind == "status" else self._document(message, header)

    def _status(self, message: Element) -> EdxmlStatus:
        about = self._response_for(_one(message, "ResponseFor"))
        if not (about.document_id or about.code):
            wrong = "neither DocumentId nor Code says which document", "cần DocumentId hoặc Code của văn bản"
            self._shaped.fault(_one(message, "ResponseFor") or message, "missing", *wrong)
        return EdxmlStatus(
            sender=self._organ(_one(message, "From")),
            response_for=about,
            status_code=_text(message, "StatusCode"),
            description=_text(message, "Description"),
            timestamp=self._moment(message, "Timestamp"),
            staff=_staff(_one(message, "StaffInfo")) or EdxmlStaff(),
            signature=self._shaped.signature,
            extensions=tuple(self._shaped.extensions),
            warnings=tuple(self._shaped.faults),
        )

    def _document(self, message: Element, header: Element | None) -> EdxmlDocument:
        code, kind, other = (_one(message, name) for name in ("Code", "DocumentType", "OtherInfo"))
        promulgation, signer = _one(message, "PromulgationInfo"), _one(message, "SignerInfo")
        traces = _one(header, "TraceHeaderList")
        return EdxmlDocument(
            sender=self._organ(_one(message, "From")),
            recipients=tuple(self._organ(each) for each in _all(message, "To")),
            document_id=_text(message, "DocumentId"),
            number=_text(code, "CodeNumber"), notation=_text(code, "CodeNotation"),
            place=_text(promulgation, "Place"), promulgation_date=self._day(promulgation, "PromulgationDate") or _NO_DAY,
            type_code=_number(kind, "Type"), type_detail=_number(kind, "TypeDetail"), type_name=_text(kind, "TypeName"),
            subject=_text(message, "Subject"), content=_text(message, "Content"),
            signer=EdxmlSigner(_text(signer, "Competence"), _text(signer, "Position"), _text(signer, "FullName")),
            due_date=self._day(message, "DueDate"),
            priority=_number(other, "Priority"), sphere=_text(other, "SphereOfPromulgation"), typer_notation=_text(other, "TyperNotation"),
            promulgation_amount=_number(other, "PromulgationAmount"), page_amount=_number(other, "PageAmount"),
            direction=_flag(other, "Direction"),
            reply_fors=_texts(_one(other, "ReplyFors"), "ReplyFor"),
            reference_codes=_texts(_one(other, "ReferenceCodes"), "ReferenceCode"),
            appendixes=_texts(_one(other, "Appendixes"), "Appendix"),
            responses=tuple(self._response_for(each) for each in _all(message, "ResponseFor")),
            steering_type=_number(message, "SteeringType"), task_codes=_texts(_one(message, "ResponseForTask"), "TaskCode"),
            application_type=_text(message, "ApplicationType"), to_places=_texts(_one(message, "ToPlaces"), "Place"),
            trace_id=_attribute(traces, "id"), trace_version=_attribute(traces, "version"),
            traces=tuple(EdxmlTrace(self._organ_id(each), self._moment(each, "Timestamp")) for each in _all(traces, "TraceHeader")),
            business=self._business(_one(traces, "Bussiness")),
            attachments=self._attachments(),
            signature=self._shaped.signature, extensions=tuple(self._shaped.extensions), warnings=tuple(self._shaped.faults),
        )  # fmt: skip

    def _business(self, element: Element | None) -> EdxmlBusiness | None:
        if element is None:
            return None
        kind, info = _number(element, "BussinessDocType") or 0, _one(element, "BussinessDocumentInfo")
        concerned, replaced = _text(element, "DocumentId"), _one(element, "ReplacementInfoList")
        if kind in {1, 2} and not concerned:
            self._missing(element, "DocumentId")
        if kind == 3 and replaced is None:
            self._missing(element, "ReplacementInfoList")
        return EdxmlBusiness(
            doc_type=kind,
            document_id=concerned,
            reason=_text(element, "BussinessDocReason"),
            paper=_flag(element, "Paper"),
            document_info=_flag(info, "DocumentInfo"),
            document_receiver=_flag(info, "DocumentReceiver"),
            receivers=tuple(
                EdxmlReceiver(self._organ_id(each), _number(each, "ReceiverType"))
                for each in _all(_one(info, "ReceiverList"), "Receiver")
            ),
            replacements=tuple(
                EdxmlReplacement(_text(each, "DocumentId"), self._organ_ids(_one(each, "OrganIdList")))
                for each in _all(replaced, "ReplacementInfo")
            ),
            staff=_staff(_one(element, "StaffInfo")),
        )

    def _missing(self, element: Element, name: str) -> None:
        self._shaped.fault(element, "missing", f"{name} is missing or empty", f"thiếu {name} hoặc để trống", below=name)  # fmt: skip

    def _organ(self, element: Element | None) -> EdxmlOrgan:
        names = ("OrganName", "OrganizationInCharge", "OrganAdd", "Email", "Telephone", "Fax", "Website")
        return EdxmlOrgan(self._organ_id(element), *(_text(element, name) for name in names))

    def _response_for(self, element: Element | None) -> EdxmlResponseFor:
        day = self._day(element, "PromulgationDate")
        return EdxmlResponseFor(self._organ_id(element), _text(element, "Code"), day, _text(element, "DocumentId"))  # fmt: skip

    def _organ_ids(self, element: Element | None) -> tuple[str, ...]:
        return tuple(self._checked_organ(each) for each in _all(element, "OrganId"))

    def _organ_id(self, element: Element | None) -> str:
        found = _one(element, "OrganId")
        return self._checked_organ(found) if found is not None else ""

    def _checked_organ(self, element: Element) -> str:
        hint = "không phải mã định danh cơ quan (ví dụ 000.00.00.H34 hoặc H34.1.2)"
        return self._made(element, identifiers.check_organization_id, hint) or ""

    def _day(self, element: Element | None, name: str) -> date | None:
        found = _one(element, name)
        return None if found is None else self._made(found, _day, "cần ngày yyyy/MM/dd có thật")

    def _moment(self, element: Element, name: str) -> datetime | None:
        found = _one(element, name)
        hint = "cần thời điểm yyyy/MM/dd HH:mm:ss có thật"
        return None if found is None else self._made(found, _moment, hint)

    def _made(self, element: Element, make: Callable[[str], T], hint_vi: str) -> T | None:
        value = element.text or ""
        try:
            return make(value)
        except ValueError as exc:
            self._shaped.fault(element, "value", f"{value!r}: {exc}", f"{value!r}: {hint_vi}")
            return None

    def _attachments(self) -> tuple[EdxmlAttachment, ...]:
        """Each Reference of the manifest has its Attachment by ContentId, and the reverse."""
        manifest = _one(self._shaped.root, "edXMLEnvelope", "edXMLBody", "edXMLManifest")
        listed = {_text(each, "ContentId"): each for each in _all(manifest, "Reference")}
        files = []
        for element in _all(_one(self._shaped.root, "AttachmentEncoded"), "Attachment"):
            content_id = _text(element, "ContentId")
            if listed.pop(content_id, None) is None and manifest is not None:
                wrong = f"{content_id} is not in the manifest", f"{content_id} không có trong edXMLManifest"
                self._shaped.fault(element, "manifest", *wrong)
            files.append(self._attachment(element, content_id))
        for content_id, reference in listed.items():
            wrong = (
                f"no Attachment has ContentId {content_id}",
                f"không có Attachment nào mang ContentId {content_id}",
            )
            self._shaped.fault(reference, "manifest", *wrong)
        return tuple(files)

    def _attachment(self, element: Element, content_id: str) -> EdxmlAttachment:
        name, encoded = _text(element, "AttachmentName"), _one(element, "ContentTransferEncoded")
        content = _NOTHING
        if encoded is not None:
            try:
                content = self._content(encoded, name)
            except ValueError as exc:
                wrong_vi = f"{name}: nội dung tệp đính kèm không đọc được ({exc})"
                self._shaped.fault(encoded, "attachment", f"{name}: {exc}", wrong_vi)
        more = ("Description", "ContentType", "FieldName", "MimeType", "Format")
        return EdxmlAttachment(content_id, name, content, *(_text(element, each) for each in more))

    def _content(self, encoded: Element, name: str) -> Content:
        found = self._cuts.get(encoded.text or "")
        if found is None:
            raise ValueError("its content is not one plain text of base64")
        return attachments.decode(found.chunks(), name)


def _one(element: Element | None, *path: str) -> Element | None:
    for step in path:
        if element is None:
            return None
        element = element.find(f"{{{NAMESPACE}}}{step}")
    return element


def _all(element: Element | None, name: str) -> list[Element]:
    return [] if element is None else element.findall(f"{{{NAMESPACE}}}{name}")


def _text(element: Element | None, name: str) -> str:
    return "" if element is None else element.findtext(f"{{{NAMESPACE}}}{name}") or ""


def _texts(element: Element | None, name: str) -> tuple[str, ...]:
    return tuple(each.text or "" for each in _all(element, name))


def _number(element: Element | None, name: str) -> int | None:
    value = _text(element, name)
    return int(value) if value.isdecimal() else None


def _flag(element: Element | None, name: str) -> bool | None:
    value = _text(element, name).lower()
    return value in {"1", "true"} if value else None


def _attribute(element: Element | None, name: str) -> str:
    return "" if element is None else element.get(name) or ""


def _staff(element: Element | None) -> EdxmlStaff | None:
    if element is None:
        return None
    names = ("Department", "Staff", "Email", "Mobile", "DepartmentId", "StaffId")
    return EdxmlStaff(*(_text(element, name) for name in names))


def _day(value: str) -> date:
    return datetime.strptime(value, "%Y/%m/%d").replace(tzinfo=VIETNAM).date()


def _moment(value: str) -> datetime:
    return datetime.strptime(value, "%Y/%m/%d %H:%M:%S").replace(tzinfo=VIETNAM)
