"""The dossiers of iGate: intake, numbering per unit and day, steps, files."""

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import cast

from pydantic import JsonValue

from lgsp.clock import VIETNAM, WorkCalendar
from lgsp.standards.dossier_life import check_transition
from lgsp_mocks.igate.numbers import Numbers
from lgsp_mocks.igate.packets import iso
from lgsp_mocks.igate.procedures import Procedures
from lgsp_mocks.kit import Agency, Context, Procedure, Record

__all__ = ["OFFICER", "Dossiers", "IllegalStepError", "drafts_of", "ended_drafts", "iso", "paper"]

OFFICER = {"officer": "Trần Mô Phỏng", "position": "Chuyên viên", "department": "Bộ phận Một cửa"}
PAPER = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)


class IllegalStepError(Exception):
    """A state that can't follow; the text is the reason, in Vietnamese and English."""


_MOVING = frozenset({"1", "2", "4", "9"})
_CHANGES = 100
"""So many of them are looked for together."""


def _change(one: Record) -> int:
    return int(str(one.get("revision") or 0))


class Dossiers:
    """Table `dossiers` by iGate's own id; `files` by file id."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._calendar = WorkCalendar()
        self.table = context.state.table("dossiers")
        self._by_code = self.table.grouped(lambda one: str(one["code"]) or None)
        self._by_national_code = self.table.grouped(lambda one: str(one["national_code"]) or None)
        self._moving = self.table.grouped(lambda one: "" if one["status"] in _MOVING else None)
        self._by_change = self.table.grouped(lambda one: str(_change(one) // _CHANGES))
        self._undo: dict[str, Record] | None = None
        self.files = context.state.table("files")
        self.procedures = Procedures(context)
        self.numbers = Numbers(context, lambda: (str(one["code"]) for one in self.table.values()))

    def add(self, procedure: Procedure, unit: Agency, applicant: Record, fields: Record) -> Record:
        """A new dossier in state 1; `fields` has procedure_version, national_code, channel, abstract, submitted_at and files."""
        # Since July 2025 any unit may take a dossier in; the one that is competent decides it (NĐ 118/2025/NĐ-CP).
        competent = self._context.population.agency(procedure.unit_id) or unit
        fees: list[JsonValue] = (
            [{"code": "LP01", "name": "Lệ phí", "amount": procedure.fee}] if procedure.fee else []
        )
        dossier: Record = {
            "id": self._object_id("dossier"), "code": "", "national_code": "", "status": "1", "procedure_code": procedure.code,
            "procedure_name": procedure.name, "field_code": procedure.field_code, "field_name": procedure.field_name,
            "unit_id": competent.id, "unit_name": competent.name, "intake_unit_id": unit.id,
            "intake_unit_name": unit.name, "applicant": applicant, "channel": "1", "abstract": "", "submitted_at": self._now(),
            "accepted_at": "", "due_at": "", "finished_at": "", "returned_at": "", "steps": [], "files": [], "results": [], "drafts": [],
            "pauses": [], "fees": fees, "updated_at": self._now(), **fields,
        }  # fmt: skip
        return self.save(dossier)

    def save(self, dossier: Record) -> Record:
        """Store, with the moment of the change; changes never carry the same moment twice."""
        change = self._context.state.next("change")
        dossier = {**dossier, "updated_at": self._now(), "revision": change}
        before = self.table.get(str(dossier["id"]))
        if self._undo is not None and before is not None:
            self._undo.setdefault(str(dossier["id"]), before)
        self.table.put(str(dossier["id"]), dossier)
        return dossier

    def find(self, *, internal_id: str = "", code: str = "") -> Record | None:
        """By iGate's id, or by either of its codes."""
        if internal_id and (found := self.table.get(internal_id)) is not None:
            return found
        if not code:
            return None
        return next(iter([*self._by_code.of(code), *self._by_national_code.of(code)]), None)

    def with_code(self, code: str) -> list[Record]:
        """Those with this number, iGate's or the national one, in the order in which they came."""
        found = {str(one["id"]): one for one in (*self._by_code.of(code), *self._by_national_code.of(code))}
        return [found[key] for key in sorted(found)]

    def changed_last(self, count: int) -> list[Record]:
        """As many of those that changed last, the newest first."""
        found: list[Record] = []
        for part in sorted(self._by_change.sizes(), key=int, reverse=True):
            found += sorted(self._by_change.of(part), key=_change, reverse=True)
            if len(found) >= count:
                break
        return found[:count]

    def twice(self) -> list[str]:
        """National numbers under which more than one dossier was taken in."""
        return self._by_national_code.repeated()

    def moving(self) -> list[Record]:
        """Those with which an officer has something to do."""
        return self._moving.of("")

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """What is refused half-way leaves every dossier as it was."""
        self._undo = {}
        try:
            yield
        except BaseException:
            for key, one in self._undo.items():
                self.table.put(key, one)
            raise
        finally:
            self._undo = None

    def accept(self, dossier: Record) -> Record:
        """Take it in: number, receipt (Mẫu 01), due date in working days; a number and dates that it came with are kept."""
        now = self._context.clock.now()
        told = str(dossier.get("told_accepted_at") or "")
        taken = {
            **dossier,
            "code": dossier["code"] or self._number(str(dossier["intake_unit_id"]), now),
            "accepted_at": told or iso(now),
            "due_at": dossier.get("told_due_at")
            or self._due(dossier, datetime.fromisoformat(told) if told else now),
        }
        content = "Tiếp nhận hồ sơ, cấp giấy tiếp nhận và hẹn trả kết quả (Mẫu 01)"
        if dossier["unit_id"] != dossier["intake_unit_id"]:
            content += f"; chuyển {dossier['unit_name']} giải quyết"
        return self.step(taken, "2", content)

    def _number(self, unit_id: str, now: datetime) -> str:
        unit = self._context.population.agency(unit_id)
        if unit is None:
            raise IllegalStepError(f"{unit_id}: đơn vị không còn tồn tại / the unit is gone")
        return self.numbers.next(unit, now.astimezone(VIETNAM).date())

    def _due(self, dossier: Record, accepted: datetime) -> str:
        procedure = self.procedures.of(dossier)
        return iso(self._calendar.add_working_days(accepted, procedure.working_days if procedure else 1))

    def apologize(self, dossier: Record) -> Record:
        """Late: an apology with a new date (Mẫu 04), half as many working days from now."""
        procedure = self.procedures.of(dossier)
        days = max(1, (procedure.working_days if procedure else 1) // 2)
        due = iso(self._calendar.add_working_days(self._context.clock.now(), days))
        told = f"Xin lỗi và hẹn lại ngày trả kết quả: {due[:10]} (Mẫu 04)"
        return self.step({**dossier, "due_at": due}, str(dossier["status"]), told)

    def is_late(self, dossier: Record) -> bool:
        """Whether the appointed moment has passed."""
        due = str(dossier["due_at"])
        return bool(due) and datetime.fromisoformat(due) < self._context.clock.now()

    def step(self, dossier: Record, status: str, content: str) -> Record:
        """One more step of the process.

        Raises:
            IllegalStepError: that state can't follow.
        """
        if reason := check_transition(str(dossier["status"]), status):
            raise IllegalStepError(f"{dossier['code'] or dossier['national_code']}: {reason}")
        steps = cast("list[JsonValue]", dossier["steps"])
        before = cast("Record", steps[-1])["at"] if steps else dossier["submitted_at"]
        step: Record = {
            "sequence": len(steps) + 1, "status": status, **OFFICER, "content": content, "at": self._now(), "startedAt": before,
            "dueAt": dossier["due_at"],
        }  # fmt: skip
        return self.save({**dossier, "status": status, "steps": [*steps, step]})

    def finish(self, dossier: Record, content: str = "") -> Record:
        """State 9: a result paper there must be."""
        results = cast("list[JsonValue]", dossier["results"]) or [
            self.keep("ket-qua.pdf", paper(dossier), self.result_code(dossier))
        ]
        return self.step(
            {**dossier, "results": results, "finished_at": self._now()},
            "9",
            content or "Đã xử lý xong, có kết quả",
        )

    def result_code(self, dossier: Record) -> str:
        """MaKetQua, as the dossier's procedure names it (KETQUATHUCHIEN)."""
        procedure = self.procedures.of(dossier)
        return procedure.result_code if procedure else ""

    def give_back(self, dossier: Record, content: str = "") -> Record:
        """State 10: handed to the citizen."""
        said = content or "Đã trả kết quả cho người dân"
        return self.step({**dossier, "returned_at": self._now()}, "10", said)

    def keep(self, name: str, content: bytes, code: str) -> Record:
        """Store a file; what refers to it."""
        file_id = self._object_id("file")
        self.files.put(file_id, {
            "id": file_id, "name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest(),
            "content": base64.b64encode(content).decode(),
        })  # fmt: skip
        return {"id": file_id, "name": name, "size": len(content), "code": code}

    def _object_id(self, kind: str) -> str:
        """24 hexadecimal digits, as MongoDB writes its ids."""
        number = self._context.state.next("objectId")
        return hashlib.sha256(f"{kind}:{number}".encode()).hexdigest()[:24]

    def _now(self) -> str:
        return iso(self._context.clock.now())


def paper(dossier: Record) -> bytes:
    """A small PDF that is this dossier's own."""
    return PAPER + f"% {dossier['id']}\n".encode()


def drafts_of(dossier: Record) -> list[Record]:
    """The rounds of the draft for signature, oldest first; before there were rounds there was one `draft`."""
    if rounds := dossier.get("drafts"):
        return cast("list[Record]", rounds)
    only = dossier.get("draft")
    return [{"round": 1, "note": "", "opinion": "", "digests": [], **only}] if isinstance(only, dict) else []


def ended_drafts(dossier: Record, status: str) -> Record:
    """The dossier ends without a result: nobody waits for the signature any more."""
    state = "refused" if status == "8" else "dropped"
    rounds: list[JsonValue] = [
        {**one, "state": state} if one["state"] == "waiting" else one for one in drafts_of(dossier)
    ]
    return {**dossier, "drafts": rounds}
