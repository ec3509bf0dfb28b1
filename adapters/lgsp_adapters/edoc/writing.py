"""Message -> edXML."""

from collections.abc import Sequence
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from lgsp.adapter import BlobStore
from lgsp.clock import VIETNAM
from lgsp.errors import Fault, InvalidMessageError, NotFoundError, RejectedError
from lgsp.message import Message, faults_of
from lgsp.model.attachment import Attachment
from lgsp.model.document import Document, DocumentChange, DocumentReference, DocumentStatus, Replacement
from lgsp.model.organization import Organization, Person
from lgsp.standards import edxml
from lgsp.standards.content import Content
from lgsp_adapters.edoc.packets import CHANGES, Packet, beside_the_loop, fetched

__all__ = ["MAX_ATTACHMENT_BYTES", "encode", "from_canonical"]

MAX_ATTACHMENT_BYTES = 100 * 1024 * 1024
"""All attachments of one packet together; Base64 makes them a third larger."""

Data = TypeVar("Data", bound=BaseModel)

_BUSINESS = {kind: code for code, kind in CHANGES.items()}


async def encode(packet: Packet) -> Content:
    """The packet as it travels, checked as its receiver will check them (attachments apart, which only repeat the store).

    Raises:
        InvalidMessageError: the wire can't say it, such as a control character or no recipient.
    """
    attachments = packet.attachments if isinstance(packet, edxml.EdxmlDocument) else ()
    return await beside_the_loop(_encode, packet, sum(each.content.size for each in attachments))


def _encode(packet: Packet) -> Content:
    try:
        return edxml.write_readable(packet)
    except ValueError as exc:  # lxml: a character that XML 1.0 does not have
        fault = Fault("edxml.character", "/data", str(exc), "có ký tự mà XML không cho phép")
        raise InvalidMessageError("edXML", [fault]) from exc


async def from_canonical(message: Message, organizations: Sequence[str], blobs: BlobStore) -> Packet:
    """The packet of a `document.*` message, addressed to `organizations` only (to all recipients if empty).

    Raises:
        InvalidMessageError: the data breaks its schema, or the kind is none that edXML can say.
        RejectedError: an attachment is not in the store, or they are too large together.
    """
    if message.kind == "document.status":
        return _status_packet(_validated(DocumentStatus, message))
    if message.kind == "document.issued":
        document, business = _validated(Document, message), edxml.EdxmlBusiness(paper=False)
    elif message.kind in _BUSINESS:
        change = _validated(DocumentChange, message)
        document, business = change.document, _business(change, message.kind)
    else:
        raise RejectedError(f"edXML has no packet for {message.kind}", wire_code="kind")
    size = sum(each.blob.size for each in document.attachments)
    if size > MAX_ATTACHMENT_BYTES:
        raise RejectedError(
            f"attachments of {size} bytes, the limit is {MAX_ATTACHMENT_BYTES}", wire_code="10"
        )
    attachments = [await _attachment(n, each, blobs) for n, each in enumerate(document.attachments, start=1)]
    trace = edxml.EdxmlTrace(document.issuer.id, message.time.astimezone(VIETNAM))
    recipients = _addressed(document.recipients, organizations)
    return _packet(document, recipients, business, trace, tuple(attachments))


def _validated(model: type[Data], message: Message) -> Data:
    try:
        return model.model_validate(message.data)
    except ValidationError as exc:
        raise InvalidMessageError(message.kind, faults_of(exc, "/data")) from exc


def _addressed(recipients: Sequence[Organization], only: Sequence[str]) -> tuple[edxml.EdxmlOrgan, ...]:
    known = {each.id: each for each in recipients}
    return tuple(
        [
            _organ(known[each]) if each in known else edxml.EdxmlOrgan(each, name=each)
            for each in only or known
        ]
    )


def _packet(
    document: Document,
    recipients: tuple[edxml.EdxmlOrgan, ...],
    business: edxml.EdxmlBusiness,
    trace: edxml.EdxmlTrace,
    attachments: tuple[edxml.EdxmlAttachment, ...],
) -> edxml.EdxmlDocument:
    signer = document.signer
    return edxml.EdxmlDocument(
        sender=_organ(document.issuer),
        recipients=recipients,
        number=document.code.number,
        notation=document.code.notation,
        promulgation_date=document.promulgated_on,
        type_name=document.type_name,
        subject=document.subject,
        document_id=document.document_id,
        place=document.place,
        type_code=document.type_code,
        type_detail=document.type_detail,
        content=document.content,
        signer=edxml.EdxmlSigner(signer.competence, signer.position, signer.name),
        due_date=document.due_on,
        priority=document.priority,
        sphere=document.sphere,
        typer_notation=document.typist,
        promulgation_amount=document.copies,
        page_amount=document.pages,
        direction=document.direction,
        reply_fors=document.reply_fors,
        reference_codes=document.reference_codes,
        task_codes=document.task_codes,
        application_type=document.application_type,
        appendixes=document.appendixes,
        responses=tuple(_response(each) for each in document.responds_to),
        steering_type=document.steering_type,
        to_places=document.to_places,
        business=business,
        traces=(trace,),
        attachments=attachments,
    )


def _business(change: DocumentChange, kind: str) -> edxml.EdxmlBusiness:
    replacements = change.replacements
    if kind == "document.replaced" and not replacements:
        # The wire wants the list; without one the document replaces the concerned one for everybody that it is sent to.
        receivers = tuple(each.id for each in change.document.recipients)
        replacements = (Replacement(document_id=change.concerns, organization_ids=receivers),)
    return edxml.EdxmlBusiness(
        doc_type=_BUSINESS[kind],
        document_id=change.concerns,
        reason=change.reason,
        paper=change.paper_follows,
        document_info=change.changes_information if kind == "document.updated" else None,
        document_receiver=change.changes_receivers if kind == "document.updated" else None,
        receivers=tuple(edxml.EdxmlReceiver(each.organization_id, each.kind) for each in change.receivers),
        staff=_staff(change.staff),
        replacements=tuple(
            edxml.EdxmlReplacement(each.document_id, each.organization_ids) for each in replacements
        ),
    )


def _status_packet(status: DocumentStatus) -> edxml.EdxmlStatus:
    return edxml.EdxmlStatus(
        sender=_organ(status.reporter),
        response_for=_response(status.about),
        status_code=status.status.value,
        description=status.description,
        timestamp=status.at.astimezone(VIETNAM),
        staff=_staff(status.staff),
    )


def _staff(person: Person) -> edxml.EdxmlStaff:
    return edxml.EdxmlStaff(person.department, person.name, person.email, person.telephone)


def _organ(organization: Organization) -> edxml.EdxmlOrgan:
    of = organization
    return edxml.EdxmlOrgan(
        of.id, of.name, of.in_charge, of.address, of.email, of.telephone, of.fax, of.website
    )


def _response(reference: DocumentReference) -> edxml.EdxmlResponseFor:
    return edxml.EdxmlResponseFor(
        reference.organization_id, reference.code, reference.promulgated_on, reference.document_id
    )


async def _attachment(number: int, attachment: Attachment, blobs: BlobStore) -> edxml.EdxmlAttachment:
    try:
        content = await fetched(attachment.blob, blobs)
    except NotFoundError as exc:
        raise RejectedError(f"{attachment.name}: its content is not in the store", wire_code="blob") from exc
    return edxml.EdxmlAttachment(
        content_id=f"cid:{number}",
        name=attachment.name,
        content=content,
        description=attachment.description,
        content_type=attachment.media_type,
    )
