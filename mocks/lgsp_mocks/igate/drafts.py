"""Drafts that wait for a leader's signature in iOffice, round by round: signed, refused, or returned for changes and submitted again."""

from dataclasses import dataclass
from typing import cast

from pydantic import JsonValue

from lgsp_mocks.igate.dossiers import Dossiers, IllegalStepError, drafts_of, iso
from lgsp_mocks.igate.life import Life, require
from lgsp_mocks.kit import Context, Record

__all__ = ["RETURNED", "SIGNED", "Drafts", "Verdict"]

RETURNED, SIGNED = "returned", "signed"
_OBJECTS = (
    b"<</Type/Catalog/Pages 2 0 R>>",
    b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>",
)
_ENDED = {
    RETURNED: "đã được trả lại để chỉnh sửa / was returned for changes",
    SIGNED: "đã được ký / was signed",
    "answered": "đã có kết quả / was answered",
    "refused": "không được duyệt / was refused",
    "dropped": "không còn chờ ký / waits no more",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the leader said: `state` signed or returned; `round` 0 = the open one; `papers` and their `digests` where signed."""

    state: str
    opinion: str
    round: int = 0
    papers: tuple[Record, ...] = ()
    digests: tuple[str, ...] = ()


class Drafts:
    """`drafts` of a dossier, oldest round first; what a round asked never changes, only how it ended."""

    def __init__(self, context: Context, dossiers: Dossiers, life: Life) -> None:
        self._context = context
        self._dossiers = dossiers
        self._life = life

    def submit(self, dossier: Record) -> Record:
        """The first round."""
        return self._ask(dossier, str(dossier["abstract"]), "", ())

    def resubmit(
        self, dossier: Record, note: str, abstract: str = "", files: tuple[Record, ...] = ()
    ) -> Record:
        """The next round: `note` tells the leader what was changed.

        Raises:
            IllegalStepError: no draft was returned, or the dossier is not in process.
        """
        rounds = drafts_of(dossier)
        if not rounds or rounds[-1]["state"] != RETURNED:
            raise IllegalStepError(
                f"{dossier['code']}: không có dự thảo nào bị trả lại / no draft was returned for changes"
            )
        stepped = self._life.move(
            dossier, "4", f"Trình ký lại dự thảo (lần {len(rounds) + 1}): {note}"[:2000]
        )
        return self._ask(stepped, abstract or str(dossier["abstract"]), note, files)

    def check(self, dossier: Record, verdict: Verdict) -> bool:
        """Whether there is something to apply; what was told before changes nothing.

        Raises:
            IllegalStepError: that verdict can't follow.
        """
        found = _round(dossier, verdict)
        if found is not None and found["state"] == verdict.state and _same(found, verdict):
            return False
        require(dossier, "9")
        if found is not None and found["state"] != "waiting":
            raise _illegal(
                dossier, f"lần trình {found['round']} {_ENDED.get(str(found['state']), 'đã kết thúc')}"
            )
        if found is None and verdict.state == RETURNED:
            raise _illegal(dossier, "không có dự thảo nào đang trình ký / no draft waits for a signature")
        if verdict.state == RETURNED and not verdict.opinion.strip():
            raise _illegal(dossier, "cần nêu nội dung phải chỉnh sửa / say what has to be changed")
        return True

    def apply(self, dossier: Record, verdict: Verdict) -> Record:
        """Signed: its papers are the results, the officer goes on. Returned: a step says what has to be changed."""
        changed, rounds = dossier, drafts_of(dossier)
        if rounds:
            ended: Record = {
                **rounds[-1], "state": verdict.state, "opinion": verdict.opinion, "answeredAt": iso(self._context.clock.now()),
                "digests": list(verdict.digests),
            }  # fmt: skip
            changed = {**dossier, "drafts": [*rounds[:-1], ended]}
        if verdict.state == SIGNED:
            code = self._dossiers.result_code(dossier)
            results: list[JsonValue] = [{**one, "code": one["code"] or code} for one in verdict.papers]
            return self._dossiers.save({**changed, "results": results})
        return self._life.move(
            changed, "4", f"Lãnh đạo trả lại dự thảo, yêu cầu chỉnh sửa: {verdict.opinion}"[:2000]
        )

    def _ask(self, dossier: Record, abstract: str, note: str, files: tuple[Record, ...]) -> Record:
        rounds = drafts_of(dossier)
        number = len(rounds) + 1
        kept: list[JsonValue] = [*files] or [
            self._dossiers.keep("du-thao-quyet-dinh.pdf", _page(f"{dossier['id']} {number}"), "")
        ]
        draft: Record = {
            "round": number, "documentType": "Quyết định", "abstract": f"V/v giải quyết hồ sơ {dossier['code']}: {abstract}"[:900],
            "signer": "Nguyễn Mô Phỏng", "requestedAt": iso(self._context.clock.now()), "dueAt": dossier["due_at"], "files": kept,
            "note": note, "afterStep": len(cast("list[JsonValue]", dossier["steps"])), "state": "waiting", "opinion": "", "answeredAt": "",
            "digests": [],
        }  # fmt: skip
        return self._dossiers.save({**dossier, "drafts": [*rounds, draft]})


def _page(mark: str) -> bytes:
    """A PDF of one empty page that is this draft's own, and that a leader can sign."""
    pdf = f"%PDF-1.4\n% {mark}\n".encode()
    places = []
    for number, body in enumerate(_OBJECTS, 1):
        places.append(len(pdf))
        pdf += b"%d 0 obj%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(pdf)
    return pdf + b"xref\n0 4\n0000000000 65535 f \n" + table + end


def _round(dossier: Record, verdict: Verdict) -> Record | None:
    """The round that is meant: the named one, else the last. Without a draft there is none to mean."""
    rounds = drafts_of(dossier)
    if verdict.round > len(rounds):
        raise _illegal(dossier, f"chưa có lần trình {verdict.round} / there was no round {verdict.round}")
    if verdict.round:
        return rounds[verdict.round - 1]
    return rounds[-1] if rounds else None


def _same(found: Record, verdict: Verdict) -> bool:
    if verdict.state == RETURNED:
        return found["opinion"] == verdict.opinion
    return sorted(map(str, cast("list[JsonValue]", found["digests"]))) == sorted(verdict.digests)


def _illegal(dossier: Record, reason: str) -> IllegalStepError:
    return IllegalStepError(f"{dossier['code'] or dossier['national_code']}: {reason}")
