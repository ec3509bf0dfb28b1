"""iGate -> canonical: the messages that follow from a dossier's detail, each with an id made from what it says.

The content under one id never changes, so that polling twice publishes once: each is built from a Snapshot of its own step.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import cast

import msgspec
from pydantic import BaseModel, JsonValue, ValidationError

from lgsp.adapter import BlobStore
from lgsp.errors import Fault, InvalidMessageError
from lgsp.message import Message, faults_of, type_name
from lgsp.model.attachment import Attachment, BlobRef
from lgsp.model.dossier import DossierProgressed, DossierRequest, DossierResolved, DossierSynchronized
from lgsp.model.result import ResultRequested
from lgsp.standards import identifiers
from lgsp.standards.dossier_life import stops_clock
from lgsp_adapters.igate.client import IGateClient, Record
from lgsp_adapters.igate.snapshot import Snapshot, name_of, said

__all__ = ["Reading"]

PORTAL_OWNER = "000.00.00.G22"
_WITH_RESULTS = frozenset({"9", "10"})
_REQUESTS = {"5": "dossier.supplement_requested", "6": "dossier.fee_requested"}


_EVERY_STEP = (
    "nationCode", "code", "procedure", "agency", "applicant", "abstract", "receivingKind", "submittedDate", "acceptedDate",
    "supplementRequests", "dossierFormFile", "dossierFee",
)  # fmt: skip
"""Fields of a detail that any step's messages are made of."""
_OF_A_DRAFT = (
    "round",
    "afterStep",
    "requestedAt",
    "documentType",
    "abstract",
    "signer",
    "dueAt",
    "files",
    "note",
)
"""Fields of a draft that its request is made of; how it ended is none of them."""
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Reading:
    """Turns a detail into messages; files go to the blob store on the way, each once.

    `told` are digests of what was told before, and of what it was made of: it is told again only where iGate says something else now.
    """

    system: str
    client: IGateClient
    blobs: BlobStore
    told: set[bytes] = field(default_factory=set)
    _files: dict[str, BlobRef] = field(default_factory=dict)

    async def messages(self, detail: Record) -> AsyncIterator[Message]:
        """What the dossier's detail says and was not told yet, in the order in which it happened.

        Raises:
            InvalidMessageError: the detail does not fit the canonical model.
        """
        try:
            async for message in self._messages(detail):
                yield message
        except (ValidationError, KeyError, TypeError, ValueError, AttributeError) as exc:
            what = f"iGate dossier {detail.get('code') or detail.get('id')}"
            faults = faults_of(exc) if isinstance(exc, ValidationError) else [_unreadable(exc)]
            raise InvalidMessageError(what, faults) from exc

    async def _messages(self, detail: Record) -> AsyncIterator[Message]:
        steps = cast("list[Record]", detail["tasks"])
        drafts = [(_draft_place(one, steps), one) for one in _drafts(detail)]
        made_of = blake2b(_encode([detail.get(name) for name in _EVERY_STEP]), digest_size=16)
        for number, step in enumerate(steps, 1):
            made_of.update(_encode(step))
            shot = Snapshot(detail, number, self.client.url)
            results = detail["results"] if str(step["status"]) in _WITH_RESULTS else None
            if (key := _with(made_of, results)) not in self.told:
                async for message in self._of_step(shot, steps[: number - 1]):
                    yield message
                self.told.add(key)  # whoever asks for the next one is done with it
            for draft in (one for place, one in drafts if place == number):
                if (key := _with(made_of, [draft.get(name) for name in _OF_A_DRAFT])) not in self.told:
                    yield await self._requested(shot, draft)
                    self.told.add(key)

    async def _of_step(self, shot: Snapshot, earlier: list[Record]) -> AsyncIterator[Message]:
        state, before = str(shot.step["status"]), str(earlier[-1]["status"]) if earlier else ""
        if state == "3":
            yield self._dossier(shot, "refused")
        elif not earlier:
            yield self._dossier(shot, "synchronized")
        elif stops_clock(before) and state in {"2", "4"}:
            yield self._dossier(shot, f"resumed-{shot.at}")
        elif state in {"2", "4"} and shot.step["dueAt"] != earlier[-1]["dueAt"]:
            yield self._dossier(shot, f"appointed-{shot.at}")  # late: a new day (Mẫu 04)
        yield self._progressed(shot)
        if stops_clock(state):
            yield self._asked(shot)
        if state in _WITH_RESULTS:
            again = sum(str(step["status"]) == state for step in earlier)
            yield await self._resolved(shot, f"resolved-{state}" + (f"-{again + 1}" if again else ""))

    def _message(self, kind: str, shot: Snapshot, part: str, at: object, data: BaseModel) -> Message:
        source = f"/systems/{self.system}"
        subject = str(shot.detail.get("nationCode") or shot.detail["code"])
        unit = str(cast("Record", shot.detail["agency"])["code"])
        return Message.of_json({
            "id": identifiers.deterministic_id(source, subject, part), "source": source, "type": type_name(kind), "subject": subject,
            "time": str(at), "dataschema": f"https://lgsp.vn/schemas/{kind}/1", "correlationid": subject, "sender": unit,
            "recipients": unit if kind == "result.requested" else PORTAL_OWNER,
        }, data.model_dump(mode="json"))  # fmt: skip

    def _dossier(self, shot: Snapshot, part: str) -> Message:
        note = str(shot.step["content"])
        data = DossierSynchronized.model_validate({**shot.fields(), "note": note})
        return self._message("dossier.synchronized", shot, part, shot.step["at"], data)

    def _progressed(self, shot: Snapshot) -> Message:
        step = shot.step
        data = DossierProgressed.model_validate({
            **shot.keys(), "sequence": step["sequence"], "state": str(step["status"]), "officer": step["officer"],
            "position": step["position"], "department": step["department"], "at": step["at"],
            "content": said(step["content"], step["status"]), "started_at": step["startedAt"] or None,
            "due_at": step.get("ownDueAt") or step["dueAt"] or None,
        })  # fmt: skip
        return self._message("dossier.progressed", shot, f"step-{step['sequence']}", step["at"], data)

    def _asked(self, shot: Snapshot) -> Message:
        """The request of a step 5 or 6, with the whole dossier, which the portal's wire wants along with it."""
        step, state = shot.step, str(shot.step["status"])
        pauses = shot.pauses()
        pause = pauses[-1] if pauses and pauses[-1]["state"] == state else {}
        dossier = DossierSynchronized.model_validate({**shot.fields(), "note": str(step["content"])})
        data = DossierRequest.model_validate({
            **shot.keys(), "content": said(step["content"], step["status"]), "at": step["at"], "by": step["officer"],
            "request_id": pause.get("request_id", ""), "fees": pause.get("fees", []), "dossier": dossier,
        })  # fmt: skip
        return self._message(_REQUESTS[state], shot, f"request-{shot.at}", step["at"], data)

    async def _resolved(self, shot: Snapshot, part: str) -> Message:
        results = [
            {
                "code": one["code"],
                "name": one["name"],
                "url": f"{self.client.url}/fi/file/{one['id']}",
                "attachment": await self._file(one),
            }
            for one in cast("list[Record]", shot.detail["results"])
        ]
        data = DossierResolved.model_validate({**shot.fields(), "results": results})
        return self._message("dossier.resolved", shot, part, shot.step["at"], data)

    async def _requested(self, shot: Snapshot, draft: Record) -> Message:
        detail = shot.detail
        number = int(str(draft.get("round") or 1))
        agency = cast("Record", detail["agency"])
        data = ResultRequested.model_validate({
            **shot.keys(), "igate_id": detail["id"], "applicant": shot.applicant(), "unit_id": agency["code"],
            "unit_name": name_of(agency["name"]), "procedure_name": name_of(cast("Record", detail["procedure"])["translate"]),
            "abstract": draft["abstract"], "document_type": draft["documentType"], "signer": draft["signer"],
            "requested_at": draft["requestedAt"], "due_at": draft["dueAt"] or None,
            "drafts": [await self._file(one) for one in cast("list[Record]", draft["files"])],
            "round": number, "note": draft.get("note") or "",
        })  # fmt: skip
        part = "result" if number == 1 else f"result-{number}"
        return self._message("result.requested", shot, part, draft["requestedAt"], data)

    async def _file(self, one: Record) -> Attachment:
        file_id = str(one["id"])
        if file_id not in self._files:
            self._files[file_id] = await self.blobs.put(await self.client.file(file_id))
        return Attachment(name=str(one["name"]), blob=self._files[file_id])


def _drafts(detail: Record) -> list[Record]:
    """Every round of the draft for signature, oldest first; an iGate that knows no rounds has one."""
    rounds: JsonValue = detail.get("signatureDrafts") or [detail.get("signatureDraft")]
    return [one for one in rounds if isinstance(one, dict)] if isinstance(rounds, list) else []


def _draft_place(draft: Record, steps: list[Record]) -> int:
    """The number of the step after which the draft went out for signature."""
    if isinstance(place := draft.get("afterStep"), int):
        return place
    asked = datetime.fromisoformat(str(draft["requestedAt"]))
    earlier = [step for step in steps if datetime.fromisoformat(str(step["at"])) <= asked]
    return max(1, len(earlier))


def _with(made_of: "blake2b", more: JsonValue) -> bytes:
    whole = made_of.copy()
    whole.update(_encode(more))
    return whole.digest()


def _unreadable(error: Exception) -> Fault:
    detail = f"{type(error).__name__}: {error}"[:200]
    return Fault(
        "igate.detail", "", f"the detail lacks or misuses a field: {detail}", f"chi tiết hồ sơ sai: {detail}"
    )
