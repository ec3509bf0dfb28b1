"""Every change of a dossier's state: refused where it can't follow, and with the clock that stops while something is asked for."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from pydantic import JsonValue

from lgsp.clock import WorkCalendar
from lgsp.standards.dossier_life import check_transition, move_due, stops_clock, working_time
from lgsp_mocks.igate.dossiers import OFFICER, Dossiers, IllegalStepError, ended_drafts, iso
from lgsp_mocks.kit import Context, Record

__all__ = ["Answer", "Life", "open_pause", "pauses_of"]

USUAL_FEE = 20_000
NOT_ACCEPTED_YET = (
    "hồ sơ chưa được tiếp nhận nên phải chuyển sang 2 trước / the dossier was not accepted yet: 2 comes first"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the citizen brings to a request: `kind` 5 papers, 6 a payment of `amount` đồng. `request_id` empty = the open one."""

    kind: str
    content: str
    at: str
    request_id: str = ""
    files: tuple[Record, ...] = ()
    amount: int | None = None


class Life:
    """Moves dossiers. A pause keeps its start, end and reason, and the due date before and after (NgayHenTraTruoc, NgayHenTraMoi)."""

    def __init__(self, context: Context, dossiers: Dossiers) -> None:
        self._context = context
        self._dossiers = dossiers
        self._calendar = WorkCalendar()

    def move(self, dossier: Record, status: str, content: str) -> Record:
        """One step further.

        Raises:
            IllegalStepError: that state can't follow.
        """
        require(dossier, status)
        if stops_clock(str(dossier["status"])):
            dossier = self._end_pause(dossier, resumes=status in {"2", "4"})
        match status:
            case "2" if not dossier["accepted_at"]:
                return self._dossiers.accept(dossier)
            case "5" | "6":
                return self._begin_pause(dossier, status, content)
            case "9":
                return self._dossiers.finish(dossier, content)
            case "10":
                return self._dossiers.give_back(dossier, content)
            case "3" | "7" | "8":
                return self._dossiers.step(ended_drafts(dossier, status), status, content)
            case _:
                return self._dossiers.step(dossier, status, content)

    def answer(self, dossier: Record, answer: Answer) -> Record:
        """The supplement or the payment has arrived: the clock goes on. The same answer again changes nothing.

        Raises:
            IllegalStepError: nothing of that kind is asked for, or the payment is too small.
        """
        pause = _asked(dossier, answer)
        if pause["endedAt"]:
            return dossier
        asked = sum(int(str(fee["amount"])) for fee in cast("list[Record]", pause["fees"]))
        if answer.kind == "6" and answer.amount is not None and answer.amount < asked:
            raise IllegalStepError(
                f"số tiền {answer.amount} chưa đủ {asked} đồng / {answer.amount} of {asked} đồng were paid"
            )
        files: list[JsonValue] = [{**file, "supplement": pause["id"]} for file in answer.files]
        answered: Record = {**pause, "answer": answer.content, "answeredAt": answer.at, "documents": files}
        papers = cast("list[JsonValue]", dossier["files"])
        changed: Record = {
            **dossier,
            "pauses": [*pauses_of(dossier)[:-1], answered],
            "files": [*papers, *files],
        }
        back = "4" if pause["back"] == "4" else "2"
        what = "Đã nhận bổ sung" if answer.kind == "5" else "Đã nộp phí, lệ phí"
        return self.move(changed, back, f"{what}: {answer.content}"[:2000])

    def _begin_pause(self, dossier: Record, status: str, content: str) -> Record:
        procedure = self._dossiers.procedures.of(dossier)
        amount = (procedure.fee if procedure else 0) or USUAL_FEE
        fees: list[JsonValue] = [{"code": "LP02", "name": "Phí, lệ phí", "amount": amount}]
        pauses = pauses_of(dossier)
        pause: Record = {
            "id": str(len(pauses) + 1), "kind": status, "reason": content, "officer": OFFICER["officer"], "back": dossier["status"],
            "startedAt": iso(self._context.clock.now()), "endedAt": "", "startedStep": _next_step(dossier), "endedStep": 0,
            "NgayHenTraTruoc": dossier["due_at"], "NgayHenTraMoi": "", "answer": "", "answeredAt": "", "documents": [],
            "fees": fees if status == "6" else [],
        }  # fmt: skip
        return self._dossiers.step({**dossier, "pauses": [*pauses, pause]}, status, content)

    def _end_pause(self, dossier: Record, *, resumes: bool) -> Record:
        *earlier, pause = pauses_of(dossier)
        now, due = self._context.clock.now(), str(dossier["due_at"])
        if resumes and due:
            paused = working_time(self._calendar, datetime.fromisoformat(str(pause["startedAt"])), now)
            due = iso(move_due(self._calendar, datetime.fromisoformat(due), paused))
        ended: Record = {
            **pause, "endedAt": iso(now), "endedStep": _next_step(dossier), "NgayHenTraMoi": due if resumes else "",
        }  # fmt: skip
        return {**dossier, "due_at": due, "pauses": [*earlier, ended]}


def require(dossier: Record, status: str) -> None:
    """Refuse what can't follow.

    Raises:
        IllegalStepError: with the reason in both languages.
    """
    reason = check_transition(str(dossier["status"]), status)
    if not reason and status == "4" and not dossier["accepted_at"]:
        reason = NOT_ACCEPTED_YET
    if reason:
        raise IllegalStepError(f"{dossier['code'] or dossier['national_code']}: {reason}")


def pauses_of(dossier: Record) -> list[Record]:
    """The requests so far, oldest first."""
    return cast("list[Record]", dossier.get("pauses") or [])


def open_pause(dossier: Record) -> Record | None:
    """The request that waits for its answer."""
    pauses = pauses_of(dossier)
    return pauses[-1] if pauses and not pauses[-1]["endedAt"] else None


def _asked(dossier: Record, answer: Answer) -> Record:
    """The request that is answered: the open one, or the very one that was answered so before."""
    for pause in reversed(pauses_of(dossier)):
        if pause["kind"] != answer.kind or answer.request_id not in {"", pause["id"]}:
            continue
        if not pause["endedAt"] or pause["answeredAt"] == answer.at:
            return pause
    what = "bổ sung giấy tờ" if answer.kind == "5" else "nộp phí, lệ phí"
    what_en = "papers" if answer.kind == "5" else "a fee"
    number = f" ({answer.request_id})" if answer.request_id else ""
    raise IllegalStepError(
        f"{dossier['code'] or dossier['national_code']}: không có yêu cầu {what}{number} nào đang chờ"
        f" / no request for {what_en}{number} is open"
    )


def _next_step(dossier: Record) -> int:
    return len(cast("list[JsonValue]", dossier["steps"])) + 1
