"""iGate -> canonical: the messages that follow from a dossier's detail, each with an id made from what it says.

The content under one id never changes, so that polling twice publishes once: it is built from what is fixed at that step only.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import cast

from pydantic import BaseModel, JsonValue, ValidationError

from lgsp.adapter import BlobStore
from lgsp.errors import InvalidMessageError
from lgsp.message import Message, faults_of, type_name
from lgsp.model.attachment import Attachment
from lgsp.model.dossier import DossierProgressed, DossierResolved, DossierSynchronized
from lgsp.model.result import ResultRequested
from lgsp.standards import identifiers
from lgsp_adapters.igate.client import IGateClient, Record

__all__ = ["Reading"]

PORTAL_OWNER = "000.00.00.G22"
_KINDS = {"0": "1", "1": "2", "2": "4"}


@dataclass(frozen=True, slots=True)
class Reading:
    """Turns details into messages; files go to the blob store on the way."""

    system: str
    client: IGateClient
    blobs: BlobStore

    async def messages(self, detail: Record) -> AsyncIterator[Message]:
        """Everything that the dossier's detail says, in the order in which it happened.

        Raises:
            InvalidMessageError: the detail does not fit the canonical model.
        """
        try:
            async for message in self._messages(detail):
                yield message
        except (ValidationError, KeyError, TypeError) as exc:
            faults = faults_of(exc) if isinstance(exc, ValidationError) else []
            raise InvalidMessageError(
                f"iGate dossier {detail.get('code') or detail.get('id')}: {exc!r:.200}", faults
            ) from exc

    async def _messages(self, detail: Record) -> AsyncIterator[Message]:
        steps = cast("list[Record]", detail["tasks"])
        states = [str(step["status"]) for step in steps]
        if "3" in states:
            yield self._dossier(detail, "3", steps[states.index("3")], "refused")
        elif states:
            yield self._dossier(detail, "2", steps[0], "synchronized")
        for step in steps:
            if str(step["status"]) == "9" and detail.get("signatureDraft"):
                yield await self._requested(detail)
            yield self._progressed(detail, step)
            if str(step["status"]) in {"9", "10"}:
                yield await self._resolved(detail, step)
        if detail.get("signatureDraft") and "9" not in states:
            yield await self._requested(detail)

    def _message(self, kind: str, detail: Record, part: str, at: object, data: BaseModel) -> Message:
        source = f"/systems/{self.system}"
        subject = str(detail.get("nationCode") or detail["code"])
        unit = str(cast("Record", detail["agency"])["code"])
        return Message.model_validate({
            "id": identifiers.deterministic_id(source, subject, part), "source": source, "type": type_name(kind), "subject": subject,
            "time": str(at), "dataschema": f"https://lgsp.vn/schemas/{kind}/1", "data": data.model_dump(mode="json"),
            "correlationid": subject, "sender": unit, "recipients": unit if kind == "result.requested" else PORTAL_OWNER,
        })  # fmt: skip

    def _dossier(self, detail: Record, state: str, step: Record, part: str) -> Message:
        data = DossierSynchronized.model_validate(self._fields(detail, state, note=str(step["content"])))
        return self._message("dossier.synchronized", detail, part, step["at"], data)

    def _progressed(self, detail: Record, step: Record) -> Message:
        data = DossierProgressed.model_validate({
            **_keys(detail), "sequence": step["sequence"], "state": str(step["status"]), "officer": step["officer"],
            "position": step["position"], "department": step["department"], "content": step["content"], "at": step["at"],
            "started_at": step["startedAt"] or None, "due_at": step["dueAt"] or None,
        })  # fmt: skip
        return self._message("dossier.progressed", detail, f"step-{step['sequence']}", step["at"], data)

    async def _resolved(self, detail: Record, step: Record) -> Message:
        state = str(step["status"])
        results = [
            {
                "code": one["code"],
                "name": one["name"],
                "url": f"{self.client.url}/fi/file/{one['id']}",
                "attachment": await self._file(one),
            }
            for one in cast("list[Record]", detail["results"])
        ]
        ended = {
            "finished_at": detail["finishedDate"] or None,
            "returned_at": (detail["returnedDate"] or None) if state == "10" else None,
        }
        data = DossierResolved.model_validate({**self._fields(detail, state), **ended, "results": results})
        return self._message("dossier.resolved", detail, f"resolved-{state}", step["at"], data)

    async def _requested(self, detail: Record) -> Message:
        draft = cast("Record", detail["signatureDraft"])
        agency = cast("Record", detail["agency"])
        data = ResultRequested.model_validate({
            **_keys(detail), "igate_id": detail["id"], "applicant": _applicant(detail), "unit_id": agency["code"],
            "unit_name": _name(agency["name"]), "procedure_name": _name(cast("Record", detail["procedure"])["translate"]),
            "abstract": draft["abstract"], "document_type": draft["documentType"], "signer": draft["signer"],
            "requested_at": draft["requestedAt"], "due_at": draft["dueAt"] or None,
            "drafts": [await self._file(one) for one in cast("list[Record]", draft["files"])],
        })  # fmt: skip
        return self._message("result.requested", detail, "result", draft["requestedAt"], data)

    def _fields(self, detail: Record, state: str, *, note: str = "") -> dict[str, object]:
        procedure, agency = cast("Record", detail["procedure"]), cast("Record", detail["agency"])
        sector = cast("Record", procedure["sector"])
        documents = [
            {"code": one["code"], "name": one["name"], "url": f"{self.client.url}/fi/file/{one['id']}"}
            for one in cast("list[Record]", detail["dossierFormFile"])
        ]
        fees = [
            {"code": one["code"], "name": one["name"], "amount": one["amount"]}
            for one in cast("list[Record]", detail["dossierFee"])
        ]
        return {
            **_keys(detail), "procedure_code": procedure["code"], "procedure_name": _name(procedure["translate"]),
            "field_code": sector["code"], "field_name": _name(sector["name"]), "applicant": _applicant(detail),
            "abstract": detail["abstract"], "channel": str(detail["receivingKind"]), "state": state, "unit_id": agency["code"],
            "unit_name": _name(agency["name"]), "submitted_at": detail["submittedDate"] or None,
            "accepted_at": detail["acceptedDate"] or detail["submittedDate"], "due_at": detail["appointmentDate"] or None, "note": note,
            "documents": documents, "fees": fees,
        }  # fmt: skip

    async def _file(self, one: Record) -> Attachment:
        blob = await self.blobs.put(await self.client.file(str(one["id"])))
        return Attachment(name=str(one["name"]), blob=blob)


def _keys(detail: Record) -> dict[str, object]:
    return {"code": detail["code"] or None, "national_code": detail["nationCode"] or None}


def _applicant(detail: Record) -> dict[str, object]:
    data = cast("Record", cast("Record", detail["applicant"])["data"])
    return {
        "name": data["fullname"], "kind": _KINDS.get(str(data.get("kind", "0")), "1"), "citizen_id": data.get("identityNumber") or None,
        "email": data.get("email", ""), "telephone": data.get("phoneNumber", ""), "address": data.get("address", ""),
    }  # fmt: skip


def _name(names: JsonValue) -> str:
    """The Vietnamese name (languageId 228) of a translated field."""
    rows: Sequence[JsonValue] = names if isinstance(names, list) else []
    found = [row for row in rows if isinstance(row, dict)]
    best = next((row for row in found if row.get("languageId") == 228), found[0] if found else {})
    return str(best.get("name", ""))
