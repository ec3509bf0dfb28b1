"""edXML -> message."""

from collections.abc import Mapping
from datetime import datetime, time

from pydantic import BaseModel, ValidationError

from lgsp.adapter import BlobStore
from lgsp.clock import VIETNAM
from lgsp.errors import InvalidMessageError
from lgsp.message import Message, faults_of, type_name
from lgsp.model.attachment import Attachment
from lgsp.model.document import (
    ChangedReceiver,
    Document,
    DocumentChange,
    DocumentStatus,
    Replacement,
    SignatureCheck,
)
from lgsp.model.organization import Person
from lgsp.standards import edxml, identifiers
from lgsp.standards.content import Content
from lgsp_adapters.edoc.packets import CHANGES, Packet, beside_the_loop, media_type, safe_name, stored
from lgsp_adapters.edoc.signatures import check_signatures
from lgsp_adapters.edoc.source import Source

__all__ = ["read", "receive", "to_canonical"]


async def read(raw: bytes | Content) -> Packet:
    """The packet of these bytes; a large one is read in a thread.

    Raises:
        InvalidMessageError: with every fault by XPath and line.
    """
    return await beside_the_loop(edxml.read, raw, len(raw))


async def receive(raw: Content, source: Source, blobs: BlobStore) -> Message:
    """Read, judge the signatures, translate.

    Raises:
        InvalidMessageError: it can't be read, or does not fit the canonical model.
    """
    packet = await read(raw)
    return await to_canonical(packet, source, blobs, await check_signatures(raw, packet, source))


async def to_canonical(
    packet: Packet, source: Source, blobs: BlobStore, signatures: tuple[SignatureCheck, ...] = ()
) -> Message:
    """The message of a packet; its id follows from what the packet is, so that reading it twice is publishing it once.

    Raises:
        InvalidMessageError: it can be read, but does not fit the canonical model.
    """
    try:
        if isinstance(packet, edxml.EdxmlStatus):
            return _status_message(packet, source)
        return _document_message(packet, source, await _document(packet, blobs, signatures))
    except ValidationError as exc:
        raise InvalidMessageError("edXML", faults_of(exc)) from exc


def _status_message(packet: edxml.EdxmlStatus, source: Source) -> Message:
    about = _reference(packet.response_for)
    at = _aware(packet.timestamp) or source.now
    data = DocumentStatus.model_validate(
        {
            "reporter": _organization(packet.sender),
            "about": about,
            "status": packet.status_code,
            "description": packet.description,
            "at": at,
            "staff": _person(packet.staff),
        }
    )
    subject, reporter = data.about.document_id, data.reporter.id
    stamp = packet.timestamp.isoformat() if packet.timestamp else ""
    identity = (subject, "document.status", reporter, data.status.value, stamp)
    return _message("document.status", source, identity, data, {
        "subject": subject, "time": at, "sender": reporter, "recipients": data.about.organization_id
    })  # fmt: skip


def _document_message(packet: edxml.EdxmlDocument, source: Source, document: Document) -> Message:
    data: Document | DocumentChange = document
    kind = CHANGES.get(packet.change, "document.issued")
    subject = document.document_id
    if packet.business is not None and kind != "document.issued":
        data = _change(packet.business, document)
        # A change must not overtake the document that it changes: they share the ordering key.
        subject = data.concerns
    recipients = tuple(dict.fromkeys(each.id for each in document.recipients))
    identity = (document.document_id, kind, subject, *sorted(recipients))
    return _message(kind, source, identity, data, {
        "subject": subject, "time": _sent_at(packet, document), "sender": document.issuer.id, "recipients": ",".join(recipients)
    })  # fmt: skip


def _sent_at(packet: edxml.EdxmlDocument, document: Document) -> datetime:
    """When its issuer sent it, as the trace has it, or else the beginning of its day: what is relayed says in its trace when that was."""
    issuer = packet.sender.id
    own = (each.timestamp for each in packet.traces if each.timestamp and each.organ_id == issuer)
    return _aware(next(own, None)) or datetime.combine(document.promulgated_on, time.min, VIETNAM)


def _message(
    kind: str, source: Source, identity: tuple[str, ...], data: BaseModel, attributes: Mapping[str, object]
) -> Message:
    envelope = {
        "id": identifiers.deterministic_id(source.path, *identity),
        "source": source.path,
        "type": type_name(kind),
        "dataschema": _schema(kind),
        "correlationid": attributes["subject"],
        **attributes,
    }
    return Message.of_json(envelope, data.model_dump(mode="json"))


async def _document(
    packet: edxml.EdxmlDocument, blobs: BlobStore, signatures: tuple[SignatureCheck, ...]
) -> Document:
    built = identifiers.document_id(packet.sender.id, packet.promulgation_date, packet.code)
    fields: dict[str, object] = {
        "document_id": packet.document_id or built,
        "issuer": _organization(packet.sender),
        "recipients": [_organization(each) for each in packet.recipients],
        "code": {"number": packet.number, "notation": packet.notation},
        "promulgated_on": packet.promulgation_date,
        "place": packet.place,
        "type_code": 1 if packet.type_code is None else packet.type_code,
        "type_detail": packet.type_detail or 0,
        "type_name": packet.type_name,
        "subject": packet.subject,
        "content": packet.content,
        "signer": {
            "competence": packet.signer.competence,
            "position": packet.signer.position,
            "name": packet.signer.name,
        },
        "due_on": packet.due_date,
        "priority": packet.priority or 0,
        "sphere": packet.sphere,
        "typist": packet.typer_notation,
        "copies": packet.promulgation_amount or 0,
        "pages": packet.page_amount or 0,
        "direction": bool(packet.direction),
        "reply_fors": packet.reply_fors,
        "reference_codes": packet.reference_codes,
        "steering_type": packet.steering_type or 0,
        "task_codes": packet.task_codes,
        "application_type": packet.application_type,
        "appendixes": packet.appendixes,
        "to_places": packet.to_places,
        "responds_to": [_reference(each) for each in packet.responses if each.organ_id],
        "signatures": signatures,
    }
    # Checked before anything is stored, so that a packet that is refused leaves no content behind.
    checked = Document.model_validate(fields)
    if not packet.attachments:
        return checked
    attachments = tuple([await _stored(each, blobs) for each in packet.attachments])
    return Document.model_validate({**dict(checked), "attachments": attachments})


async def _stored(attachment: edxml.EdxmlAttachment, blobs: BlobStore) -> Attachment:
    name = safe_name(attachment.name)
    return Attachment(
        name=name,
        media_type=media_type(name),
        description=attachment.description[:1000],
        blob=await stored(attachment.content, blobs),
    )


def _change(business: edxml.EdxmlBusiness, document: Document) -> DocumentChange:
    return DocumentChange(
        concerns=business.document_id or document.document_id,
        reason=business.reason,
        paper_follows=bool(business.paper),
        changes_information=bool(business.document_info),
        changes_receivers=bool(business.document_receiver),
        receivers=tuple(
            ChangedReceiver(organization_id=each.organ_id, kind=each.kind or 0) for each in business.receivers
        ),
        staff=Person.model_validate(_person(business.staff or edxml.EdxmlStaff())),
        document=document,
        replacements=tuple(
            Replacement(document_id=each.document_id, organization_ids=each.organ_ids)
            for each in business.replacements
        ),
    )


def _organization(organ: edxml.EdxmlOrgan) -> dict[str, object]:
    return {
        "id": organ.id,
        "name": organ.name or organ.in_charge or organ.id,
        "in_charge": organ.in_charge,
        "address": organ.address,
        "email": organ.email,
        "telephone": organ.telephone,
        "fax": organ.fax,
        "website": organ.website,
    }


def _person(staff: edxml.EdxmlStaff) -> dict[str, object]:
    return {
        "name": staff.staff,
        "department": staff.department,
        "email": staff.email,
        "telephone": staff.mobile,
    }


def _reference(other: edxml.EdxmlResponseFor) -> dict[str, object]:
    identity = other.document_id
    if not identity and other.promulgation_date:
        identity = identifiers.document_id(other.organ_id, other.promulgation_date, other.code)
    return {
        "organization_id": other.organ_id,
        "code": other.code,
        "promulgated_on": other.promulgation_date,
        "document_id": identity,
    }


def _aware(moment: datetime | None) -> datetime | None:
    # The wire writes Vietnamese time without saying so.
    return moment.replace(tzinfo=VIETNAM) if moment and moment.tzinfo is None else moment


def _schema(kind: str) -> str:
    return f"https://lgsp.vn/schemas/{kind}/1"
