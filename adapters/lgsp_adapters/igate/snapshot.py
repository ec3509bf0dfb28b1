"""A dossier as it stood at one of its steps, made of what never changes again: so that a late reader tells the same as an early one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from pydantic import JsonValue

from lgsp.standards.dossier_life import STATES
from lgsp_adapters.igate.client import Record

__all__ = ["Snapshot", "name_of", "said"]

_KINDS = {"0": "1", "1": "2", "2": "4"}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`detail` up to and including step number `at`, counted from 1; `url` is the base of iGate's files."""

    detail: Record
    at: int
    url: str

    @property
    def step(self) -> Record:
        """The step itself."""
        return self._steps[-1]

    @property
    def _steps(self) -> list[Record]:
        return cast("list[Record]", self.detail["tasks"])[: self.at]

    def keys(self) -> dict[str, object]:
        """Its numbers: what was born elsewhere gets the province's own upon acceptance, what iGate made has it from the start."""
        has_own = self._is_accepted() or not self.detail["nationCode"]
        code = (self.detail["code"] or None) if has_own else None
        return {"code": code, "national_code": self.detail["nationCode"] or None}

    def fields(self) -> dict[str, object]:
        """Of DossierSynchronized, but note and results."""
        detail = self.detail
        procedure, agency = cast("Record", detail["procedure"]), cast("Record", detail["agency"])
        sector = cast("Record", procedure["sector"])
        return {
            **self.keys(), "procedure_code": procedure["code"], "procedure_name": name_of(procedure["translate"]),
            "field_code": sector["code"], "field_name": name_of(sector["name"]), "applicant": self.applicant(),
            "abstract": detail["abstract"], "channel": str(detail["receivingKind"]), "state": str(self.step["status"]),
            "unit_id": agency["code"], "unit_name": name_of(agency["name"]), "submitted_at": detail["submittedDate"] or None,
            "accepted_at": self._accepted_at(), "due_at": self.step["dueAt"] or None,
            "finished_at": self._moment_of("3") or self._moment_of("9"),
            "returned_at": self._moment_of("10"), "documents": self._documents(), "fees": self._fees(), "pauses": self.pauses(),
        }  # fmt: skip

    def applicant(self) -> dict[str, object]:
        """Chủ hồ sơ; `fullname` is the one who handed it in, where another is named beside."""
        data = cast("Record", cast("Record", self.detail["applicant"])["data"])
        return {
            "name": data.get("ownerFullname") or data["fullname"], "kind": _KINDS.get(str(data.get("kind", "0")), "1"),
            "citizen_id": data.get("identityNumber") or None, "email": data.get("email", ""),
            "telephone": data.get("phoneNumber", ""), "address": data.get("address", ""),
        }  # fmt: skip

    def pauses(self) -> list[dict[str, object]]:
        """The requests until then; one that was answered later is still open here, and one that was left unanswered stays so."""
        return [
            self._pause(one, ended=self._is_answered(int(str(one["endedStep"]))))
            for one in self._requests()
            if int(str(one["startedStep"])) <= self.at
        ]

    def _is_answered(self, ended: int) -> bool:
        return 0 < ended <= self.at and str(self._steps[ended - 1]["status"]) in {"2", "4"}

    def _pause(self, one: Record, *, ended: bool) -> dict[str, object]:
        return {
            "request_id": str(one["id"]), "state": str(one["kind"]), "content": said(one["reason"], one["kind"]), "officer": one["officer"],
            "requested_at": one["startedAt"], "due_before": one["NgayHenTraTruoc"] or None,
            "answered_at": one["endedAt"] if ended else None, "answer": one["answer"] if ended else "",
            "due_after": (one["NgayHenTraMoi"] or None) if ended else None,
            "documents": [self._document(file) for file in _rows(one["documents"])] if ended else [],
            "fees": [{**_fee(fee), "collected": "2"} for fee in _rows(one["fees"])],
        }  # fmt: skip

    def _requests(self) -> list[Record]:
        return _rows(self.detail.get("supplementRequests"))

    def _documents(self) -> list[dict[str, object]]:
        arrived = {one["request_id"] for one in self.pauses() if one["answered_at"]}
        files = _rows(self.detail["dossierFormFile"])
        return [
            self._document(file)
            for file in files
            if not file.get("supplement") or file["supplement"] in arrived
        ]

    def _document(self, file: Record) -> dict[str, object]:
        return {"code": file["code"], "name": file["name"], "url": f"{self.url}/fi/file/{file['id']}"}

    def _fees(self) -> list[object]:
        asked = [fee for one in self.pauses() for fee in cast("list[object]", one["fees"])]
        return [*(_fee(fee) for fee in _rows(self.detail["dossierFee"])), *asked]

    def _is_accepted(self) -> bool:
        return any(str(step["status"]) == "2" for step in self._steps)

    def _accepted_at(self) -> JsonValue:
        accepted = self.detail["acceptedDate"] if self._is_accepted() else ""
        return accepted or self.detail["submittedDate"]

    def _moment_of(self, state: str) -> JsonValue:
        """When the dossier last came into that state, where it did since."""
        moments = [step["at"] for step in self._steps if str(step["status"]) == state]
        return moments[-1] if moments else None


def _rows(value: JsonValue) -> list[Record]:
    return cast("list[Record]", value or [])


def _fee(fee: Record) -> dict[str, object]:
    return {"code": fee["code"], "name": fee["name"], "amount": fee["amount"]}


def said(words: JsonValue, state: JsonValue) -> str:
    """What the officer wrote; where nothing, the state's name, since NoiDungXuLy is obligatory on the portal's wire."""
    return str(words).strip() or STATES[str(state)].name_vi


def name_of(names: JsonValue) -> str:
    """The Vietnamese name (languageId 228) of a translated field."""
    rows: Sequence[JsonValue] = names if isinstance(names, list) else []
    found = [row for row in rows if isinstance(row, dict)]
    best = next((row for row in found if row.get("languageId") == 228), found[0] if found else {})
    return str(best.get("name", ""))
