"""The shortest way to read: a packet that fits its pattern is bound from the match, without a tree."""

import re
from collections.abc import Sequence

from lgsp.errors import InvalidMessageError
from lgsp.standards import xml
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
from lgsp.standards.edxml.parts import to_day, to_moment
from lgsp.standards.edxml.patterns import fitting, part_of
from lgsp.standards.edxml.schema import NAMESPACE, Kind

__all__ = ["read_straight"]

_ENVELOPE = "edXMLEnvelope"
_MESSAGE = (_ENVELOPE, "edXMLHeader", "MessageHeader")
_TRACES = (_ENVELOPE, "edXMLHeader", "TraceHeaderList")
_BUSINESS = (*_TRACES, "Bussiness")
_REFERENCE = (_ENVELOPE, "edXMLBody", "edXMLManifest", "Reference")
_VALUE = re.compile(">([^<]+)</")
_ELEMENTS_IN_SIGNATURE = 60
_NO_STAFF = EdxmlStaff()
_TRACE_VALUES = 17
"""How many of a match's values are of the TraceHeaderList."""


def read_straight(raw: bytes) -> EdxmlDocument | EdxmlStatus | None:
    """The packet, if it has no fault and no habit and is written the usual way; else it has to be looked at with care."""
    kind: Kind = "status" if b"<edXML:StatusCode>" in raw else "document"
    found = fitting(raw, kind)
    if found is None:
        return None
    try:
        values = found.groups("")
        return _status(values) if kind == "status" else _document(values)
    except (ValueError, InvalidMessageError):  # such as a day that is none, or a file that can't be unpacked
        return None


def _status(values: Sequence[str]) -> EdxmlStatus:
    about = _response_for(values[8:12])
    if not (about.document_id or about.code):
        raise ValueError("which document?")
    code, description, stamp = values[18:21]
    trace_id, trace_version, traces, business = _traced("status", values[21 : 21 + _TRACE_VALUES])
    return EdxmlStatus(
        sender=_organ(values[:8]), response_for=about, status_code=code, description=description, timestamp=to_moment(stamp),
        staff=_staff(*values[12:16], mobile=values[16], email=values[17]), trace_id=trace_id, trace_version=trace_version,
        traces=traces, business=business, signature=_signature(values[-1]),
    )  # fmt: skip


def _document(values: Sequence[str]) -> EdxmlDocument:
    (
        to, document_id, number, notation, place, promulgated, type_code, type_detail, type_name, subject, content,
        competence, position, name, due, priority, sphere, typist, copies, pages, direction, reply_fors, reference_codes, appendixes,
        responses, steering, tasks, application, to_places,
    ) = values[8:37]  # fmt: skip
    trace_id, trace_version, traces, business = _traced("document", values[37 : 37 + _TRACE_VALUES])
    signature, manifest_version, references, attached = values[37 + _TRACE_VALUES :]
    organ, about = part_of("document", *_MESSAGE, "To"), part_of("document", *_MESSAGE, "ResponseFor")
    return EdxmlDocument(
        sender=_organ(values[:8]), recipients=tuple(map(_organ, organ.findall(to))), number=number, notation=notation,
        promulgation_date=to_day(promulgated), type_name=type_name, subject=subject, document_id=document_id, place=place,
        type_code=_number(type_code), type_detail=_number(type_detail), content=content,
        signer=EdxmlSigner(competence, position, name), due_date=to_day(due) if due else None, priority=_number(priority),
        sphere=sphere, typer_notation=typist, promulgation_amount=_number(copies), page_amount=_number(pages),
        direction=_flag(direction), reply_fors=_texts(reply_fors), reference_codes=_texts(reference_codes),
        appendixes=_texts(appendixes), responses=tuple(map(_response_for, about.findall(responses))) if responses else (),
        steering_type=_number(steering), task_codes=_texts(tasks), application_type=application, to_places=_texts(to_places),
        trace_id=trace_id, trace_version=trace_version, traces=traces, business=business,
        attachments=_files(references, attached) if references or attached else (), manifest_version=manifest_version,
        signature=_signature(signature),
    )  # fmt: skip


def _traced(
    kind: Kind, values: Sequence[str]
) -> tuple[str, str, tuple[EdxmlTrace, ...], EdxmlBusiness | None]:
    trace_id, trace_version, headers = values[:3]
    pairs = part_of(kind, *_TRACES, "TraceHeader").findall(headers) if headers else ()
    traces = tuple([EdxmlTrace(organ, to_moment(stamp) if stamp else None) for organ, stamp in pairs])
    return trace_id, trace_version, traces, _business(kind, values[3:]) if any(values[3:]) else None


def _business(kind: Kind, values: Sequence[str]) -> EdxmlBusiness:
    concerned, doc_type, reason, paper, info, receiver, receivers, replaced = values[:8]
    number = _number(doc_type) or 0
    if (number in {1, 2} and not concerned) or (number == 3 and not replaced):
        raise ValueError("which document?")
    to: list[tuple[str, str]] = []
    instead: list[tuple[str, str]] = []
    if receivers:
        to = part_of(kind, *_BUSINESS, "BussinessDocumentInfo", "ReceiverList", "Receiver").findall(receivers)
    if replaced:
        instead = part_of(kind, *_BUSINESS, "ReplacementInfoList", "ReplacementInfo").findall(replaced)
    staff = _staff(*values[8:12], email=values[12], mobile=values[13])
    return EdxmlBusiness(
        doc_type=number, document_id=concerned, reason=reason, paper=_flag(paper), document_info=_flag(info),
        document_receiver=_flag(receiver), receivers=tuple([EdxmlReceiver(organ, _number(what)) for organ, what in to]),
        replacements=tuple([EdxmlReplacement(document_id, _texts(organs)) for document_id, organs in instead]),
        staff=None if staff is _NO_STAFF else staff,
    )  # fmt: skip


def _files(references: str, attached: str) -> tuple[EdxmlAttachment, ...]:
    """Raises ValueError where manifest and files don't say the same."""
    listed = {each[0]: each[1:] for each in part_of("document", *_REFERENCE).findall(references)}
    files = part_of("document", "AttachmentEncoded", "Attachment").findall(attached)
    if sorted(listed) != sorted(each[0] for each in files) or len(listed) != references.count(
        "<edXML:Reference>"
    ):
        raise ValueError("the manifest")
    found = []
    for content_id, name, description, field_name, mime_type, content_type, form, text in files:
        for said, own in zip(listed[content_id], (content_type, description, name), strict=True):
            if said and own and said != own:
                raise ValueError("the manifest")
        content = attachments.decode([text.encode()], name)
        found.append(
            EdxmlAttachment(content_id, name, content, description, content_type, field_name, mime_type, form)
        )
    return tuple(found)


def _signature(text: str) -> str:
    if text.count("</") > _ELEMENTS_IN_SIGNATURE:
        raise ValueError("perhaps nested too deep")
    if not text:
        return ""
    # Taken by itself, it has to say the namespace that the packet's root gives it.
    by_itself = text.replace("<Signature>", f'<Signature xmlns="{NAMESPACE}">', 1)
    return xml.canonical(xml.parse(by_itself.encode()))


def _organ(values: Sequence[str]) -> EdxmlOrgan:
    organ_id, in_charge, name, address, email, telephone, fax, website = values
    return EdxmlOrgan(organ_id, name, in_charge, address, email, telephone, fax, website)


def _response_for(values: Sequence[str]) -> EdxmlResponseFor:
    organ_id, code, day, document_id = values
    return EdxmlResponseFor(organ_id, code, to_day(day) if day else None, document_id)


def _staff(
    department: str, department_id: str, staff: str, staff_id: str, *, email: str, mobile: str
) -> EdxmlStaff:
    if not (department or department_id or staff or staff_id or email or mobile):
        return _NO_STAFF
    return EdxmlStaff(department, staff, email, mobile, department_id, staff_id)


def _texts(listed: str) -> tuple[str, ...]:
    return tuple(_VALUE.findall(listed)) if listed else ()


def _number(value: str) -> int | None:
    return int(value) if value else None


def _flag(value: str) -> bool | None:
    return value.lower() in {"1", "true"} if value else None
