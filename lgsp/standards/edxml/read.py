"""Reading edXML: any prefix, any order of elements, either generation of namespace; every fault is reported, not the first."""

from collections.abc import Callable
from datetime import date, datetime
from typing import TypeVar

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
from lgsp.standards.edxml.parts import (
    Parts,
    attribute,
    every,
    flag,
    number,
    one,
    part,
    parts,
    text,
    texts,
    to_day,
    to_moment,
)  # fmt: skip
from lgsp.standards.edxml.patterns import MAX_BYTES
from lgsp.standards.edxml.shape import shape
from lgsp.standards.edxml.shaped import Shaped
from lgsp.standards.edxml.skeleton import cut
from lgsp.standards.edxml.straight import read_straight
from lgsp.standards.xml import Element

__all__ = ["check", "read", "read_with_care"]

_NO_DAY = date(1900, 1, 1)
_NOTHING = Content.of(b"")
_MANIFEST = ("edXMLEnvelope", "edXMLBody", "edXMLManifest")
_REPEATED_IN_MANIFEST = ("ContentType", "Description", "AttachmentName")
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
    if len(raw) <= MAX_BYTES:
        packet = read_straight(raw.read() if isinstance(raw, Content) else raw)
        if packet is not None:
            return packet
    return read_with_care(raw if isinstance(raw, Content) else Content.of(raw))


def read_with_care(source: Content) -> EdxmlDocument | EdxmlStatus:
    """As `read`, of whatever it is."""
    skeleton = cut(source)
    cuts = {each.marker: each for each in skeleton.cuts}
    shaped = shape(xml.parse(skeleton.xml), cuts)
    beginning = skeleton.xml[:8]
    if beginning and not beginning.startswith(b"<"):
        habit = "a byte-order mark or white space before the XML", "có ký tự BOM hoặc khoảng trắng trước XML"
        shaped.warn(shaped.root, "beginning", *habit)
    reader = _Reader(shaped)
    # Also of a packet that is broken already: its sender is to hear of everything at once.
    packet = None if shaped.has("too_many") else reader.packet()
    if packet is None or shaped.is_broken:
        raise InvalidMessageError("edXML", _sorted(shaped.faults))
    return packet


def _sorted(faults: list[Fault]) -> list[Fault]:
    return sorted(faults, key=lambda fault: (fault.warning, fault.line))


class _Reader:
    """Binds a tree of the XSD's shape; what an XSD can't say is checked here."""

    def __init__(self, shaped: Shaped) -> None:
        self._shaped = shaped

    def packet(self) -> EdxmlDocument | EdxmlStatus | None:
        header = one(self._shaped.root, "edXMLEnvelope", "edXMLHeader")
        message = one(header, "MessageHeader")
        if message is None:
            return None
        return (
            self._status(message, header)
            if self._shaped.kind == "status"
            else self._document(message, header)
        )

    def _status(self, message: Element, header: Element | None) -> EdxmlStatus:
        own, traces = parts(message), one(header, "TraceHeaderList")
        concerned = part(own, "ResponseFor")
        about = self._response_for(concerned)
        if concerned is not None and not (about.document_id or about.code):
            wrong = "neither DocumentId nor Code says which document", "cần DocumentId hoặc Code của văn bản"
            self._shaped.fault(concerned, "missing", *wrong)
        return EdxmlStatus(
            sender=self._organ(part(own, "From")),
            response_for=about,
            status_code=text(own, "StatusCode"),
            description=text(own, "Description"),
            timestamp=self._moment(own, "Timestamp"),
            staff=_staff(part(own, "StaffInfo")) or EdxmlStaff(),
            signature=self._shaped.signature,
            trace_id=attribute(traces, "id"),
            trace_version=attribute(traces, "version"),
            traces=self._traces(traces),
            business=self._business(one(traces, "Bussiness")),
            extensions=tuple(self._shaped.extensions),
            warnings=tuple(self._shaped.faults),
        )

    def _document(self, message: Element, header: Element | None) -> EdxmlDocument:
        own, traces = parts(message), one(header, "TraceHeaderList")
        names = ("Code", "DocumentType", "OtherInfo", "PromulgationInfo", "SignerInfo")
        code, kind, other, promulgation, signer = (parts(part(own, name)) for name in names)
        return EdxmlDocument(
            sender=self._organ(part(own, "From")),
            recipients=tuple(self._organ(each) for each in every(message, "To")),
            document_id=text(own, "DocumentId"),
            number=text(code, "CodeNumber"), notation=text(code, "CodeNotation"),
            place=text(promulgation, "Place"), promulgation_date=self._day(promulgation, "PromulgationDate") or _NO_DAY,
            type_code=number(kind, "Type"), type_detail=number(kind, "TypeDetail"), type_name=text(kind, "TypeName"),
            subject=text(own, "Subject"), content=text(own, "Content"),
            signer=EdxmlSigner(text(signer, "Competence"), text(signer, "Position"), text(signer, "FullName")),
            due_date=self._day(own, "DueDate"),
            priority=number(other, "Priority"), sphere=text(other, "SphereOfPromulgation"), typer_notation=text(other, "TyperNotation"),
            promulgation_amount=number(other, "PromulgationAmount"), page_amount=number(other, "PageAmount"),
            direction=flag(other, "Direction"),
            reply_fors=texts(part(other, "ReplyFors"), "ReplyFor"),
            reference_codes=texts(part(other, "ReferenceCodes"), "ReferenceCode"),
            appendixes=texts(part(other, "Appendixes"), "Appendix"),
            responses=tuple(self._response_for(each) for each in every(message, "ResponseFor")),
            steering_type=number(own, "SteeringType"), task_codes=texts(part(own, "ResponseForTask"), "TaskCode"),
            application_type=text(own, "ApplicationType"), to_places=texts(part(own, "ToPlaces"), "Place"),
            trace_id=attribute(traces, "id"), trace_version=attribute(traces, "version"),
            traces=self._traces(traces),
            business=self._business(one(traces, "Bussiness")),
            attachments=self._attachments(), manifest_version=attribute(one(self._shaped.root, *_MANIFEST), "version"),
            signature=self._shaped.signature, extensions=tuple(self._shaped.extensions), warnings=tuple(self._shaped.faults),
        )  # fmt: skip

    def _traces(self, element: Element | None) -> tuple[EdxmlTrace, ...]:
        headers = (parts(each) for each in every(element, "TraceHeader"))
        return tuple(EdxmlTrace(self._organ_id(each), self._moment(each, "Timestamp")) for each in headers)

    def _business(self, element: Element | None) -> EdxmlBusiness | None:
        if element is None:
            return None
        own = parts(element)
        kind, info = number(own, "BussinessDocType") or 0, parts(part(own, "BussinessDocumentInfo"))
        concerned, replaced = text(own, "DocumentId"), part(own, "ReplacementInfoList")
        if kind in {1, 2} and not concerned:
            self._missing(element, "DocumentId")
        if kind == 3 and replaced is None:
            self._missing(element, "ReplacementInfoList")
        return EdxmlBusiness(
            doc_type=kind,
            document_id=concerned,
            reason=text(own, "BussinessDocReason"),
            paper=flag(own, "Paper"),
            document_info=flag(info, "DocumentInfo"),
            document_receiver=flag(info, "DocumentReceiver"),
            receivers=tuple(
                EdxmlReceiver(self._organ_id(each), number(each, "ReceiverType"))
                for each in map(parts, every(part(info, "ReceiverList"), "Receiver"))
            ),
            replacements=tuple(
                EdxmlReplacement(text(each, "DocumentId"), self._organ_ids(part(each, "OrganIdList")))
                for each in map(parts, every(replaced, "ReplacementInfo"))
            ),
            staff=_staff(part(own, "StaffInfo")),
        )

    def _missing(self, element: Element, name: str) -> None:
        self._shaped.fault(element, "missing", f"{name} is missing or empty", f"thiếu {name} hoặc để trống", below=name)  # fmt: skip

    def _organ(self, element: Element | None) -> EdxmlOrgan:
        names = ("OrganName", "OrganizationInCharge", "OrganAdd", "Email", "Telephone", "Fax", "Website")
        own = parts(element)
        return EdxmlOrgan(self._organ_id(own), *[text(own, name) for name in names])

    def _response_for(self, element: Element | None) -> EdxmlResponseFor:
        own = parts(element)
        day = self._day(own, "PromulgationDate")
        return EdxmlResponseFor(self._organ_id(own), text(own, "Code"), day, text(own, "DocumentId"))

    def _organ_ids(self, element: Element | None) -> tuple[str, ...]:
        return tuple(self._checked_organ(each) for each in every(element, "OrganId"))

    def _organ_id(self, of: Parts) -> str:
        found = part(of, "OrganId")
        return self._checked_organ(found) if found is not None else ""

    def _checked_organ(self, element: Element) -> str:
        hint = "không phải mã định danh cơ quan (ví dụ 000.00.00.H34 hoặc H34.1.2)"
        return self._made(element, identifiers.check_organization_id, hint) or ""

    def _day(self, of: Parts, name: str) -> date | None:
        found = part(of, name)
        return None if found is None else self._made(found, to_day, "cần ngày yyyy/MM/dd có thật")

    def _moment(self, of: Parts, name: str) -> datetime | None:
        found = part(of, name)
        hint = "cần thời điểm yyyy/MM/dd HH:mm:ss có thật"
        return None if found is None else self._made(found, to_moment, hint)

    def _made(self, element: Element, make: Callable[[str], T], hint_vi: str) -> T | None:
        value = element.text or ""
        try:
            return make(value)
        except ValueError as exc:
            shown = repr(value[:80])
            self._shaped.fault(element, "value", f"{shown}: {exc}", f"{shown}: {hint_vi}")
            return None

    def _attachments(self) -> tuple[EdxmlAttachment, ...]:
        """Each Reference of the manifest has its Attachment by ContentId, and the reverse."""
        manifest = one(self._shaped.root, *_MANIFEST)
        listed = self._by_id(every(manifest, "Reference"))
        attached = every(one(self._shaped.root, "AttachmentEncoded"), "Attachment")
        present = self._by_id(attached)
        for content_id, element in present.items():
            if content_id not in listed:
                wrong = f"{content_id} is not in the manifest", f"{content_id} không có trong edXMLManifest"
                self._shaped.fault(element, "manifest", *wrong)
        # In the older generations a file travelled beside the packet, and `cid:` led there.
        note = self._shaped.warn if self._shaped.is_older else self._shaped.fault
        for content_id, reference in listed.items():
            if content_id not in present:
                wrong = (
                    f"no Attachment has ContentId {content_id}",
                    f"không có Attachment nào mang ContentId {content_id}",
                )
                note(reference, "manifest", *wrong)
            else:
                self._compare(reference, present[content_id])
        return tuple(self._attachment(element) for element in attached)

    def _by_id(self, elements: list[Element]) -> dict[str, Element]:
        found: dict[str, Element] = {}
        for element in elements:
            content_id = text(parts(element), "ContentId")
            if content_id in found:
                wrong = f"ContentId {content_id} stands here twice", f"ContentId {content_id} bị trùng"
                self._shaped.fault(element, "duplicate", *wrong)
            elif content_id:
                found[content_id] = element
        return found

    def _compare(self, reference: Element, attachment: Element) -> None:
        in_manifest, with_file = parts(reference), parts(attachment)
        for name in _REPEATED_IN_MANIFEST:
            listed, own = text(in_manifest, name), text(with_file, name)
            if listed and own and listed != own:
                wrong = f"{listed!r} in the manifest, {own!r} with the file, which is what counts"
                wrong_vi = f"{listed!r} trong edXMLManifest, {own!r} ở tệp đính kèm; lấy theo tệp đính kèm"
                self._shaped.warn(reference, "manifest", wrong, wrong_vi)

    def _attachment(self, element: Element) -> EdxmlAttachment:
        own = parts(element)
        content_id, name = text(own, "ContentId"), text(own, "AttachmentName")
        encoded, content = part(own, "ContentTransferEncoded"), _NOTHING
        if encoded is not None:
            try:
                content = self._content(encoded, name)
            except ValueError as exc:
                wrong_vi = f"{name[:80]}: nội dung tệp đính kèm không đọc được ({exc})"
                self._shaped.fault(encoded, "attachment", f"{name[:80]}: {exc}", wrong_vi)
        more = ("Description", "ContentType", "FieldName", "MimeType", "Format")
        return EdxmlAttachment(content_id, name, content, *[text(own, each) for each in more])

    def _content(self, encoded: Element, name: str) -> Content:
        found = self._shaped.cuts.get(encoded.text or "")
        if found is None:
            raise ValueError("its content is not one plain text of base64")
        return attachments.decode(found.chunks(), name)


def _staff(element: Element | None) -> EdxmlStaff | None:
    if element is None:
        return None
    own = parts(element)
    names = ("Department", "Staff", "Email", "Mobile", "DepartmentId", "StaffId")
    staff = EdxmlStaff(*[text(own, name) for name in names])
    return None if staff == EdxmlStaff() else staff
