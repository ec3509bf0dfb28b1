"""What the people of a receiver do with a document, and what its issuer hears of it."""

from datetime import datetime
from typing import cast

from pydantic import JsonValue

from lgsp.standards import edxml
from lgsp.standards.document_life import Verdict, apply, next_steps
from lgsp_mocks.kit.desk.book import Book, life_of, requests
from lgsp_mocks.kit.state import Record

__all__ = ["REFUSES", "WAITS", "Receiving"]

RECALL, UPDATE, REPLACE = 1, 2, 3
_REQUESTS = {RECALL: "recall", UPDATE: "update", REPLACE: "replace"}
_WORDS = {
    "01": "Đã đến: phần mềm QLVB đã nhận, văn thư chưa xử lý", "02": "Từ chối tiếp nhận: văn bản gửi không đúng nơi nhận",
    "03": "Đã tiếp nhận, vào sổ văn bản đến", "04": "Lãnh đạo phân công xử lý", "05": "Chuyên viên đang xử lý", "06": "Hoàn thành",
}  # fmt: skip
_UNTOUCHED = frozenset({"", "01", "03"})
REFUSES, WAITS = "[từ chối]", "[chờ]"
"""In a subject: the clerk refuses the document; nobody works on it after it was booked."""


class Receiving:
    """On the receiver's side of the books, and the issuer's view of it."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def take_in(self, packet: edxml.EdxmlDocument, agency: str) -> None:
        """Book what came for an agency of ours, once, and report 01; a change is put before the clerk."""
        business = packet.business
        if business is not None and packet.change:
            self._put_before_clerk(packet, business, agency)
            if packet.change == RECALL:
                return
        concerned = business.document_id if business is not None and packet.change == UPDATE else ""
        key = f"{concerned or packet.document_id or packet.code}|{agency}"
        if key in self._book.rows:
            return
        self._book.put(
            key, self._book.row(packet, agency, "in") | ({"document_id": concerned} if concerned else {})
        )
        for response in packet.responses:
            self._book.link(response.document_id, packet.document_id)
        self._step(key, "01")

    def _put_before_clerk(
        self, packet: edxml.EdxmlDocument, business: edxml.EdxmlBusiness, agency: str
    ) -> None:
        concerned = [each.document_id for each in business.replacements] or [business.document_id]
        removed = [each.organ_id for each in business.receivers if each.kind == 1]
        for document_id in concerned:
            key = f"{document_id}|{agency}"
            row = self._book.rows.get(key)
            request: Record = {
                "kind": _REQUESTS[packet.change], "by": packet.document_id, "reason": business.reason, "state": "asked",
                "subject": packet.subject if business.document_info else "", "removed": agency in removed,
            }  # fmt: skip
            if row is None:
                self._answer_unknown(packet, document_id, agency)
            elif all(each.get("by") != packet.document_id for each in requests(row)):
                self._book.put(key, {**row, "requests": [*requests(row), request]})

    def _answer_unknown(self, packet: edxml.EdxmlDocument, document_id: str, agency: str) -> None:
        if packet.change == REPLACE or (
            packet.business and any(r.organ_id == agency and r.kind == 0 for r in packet.business.receivers)
        ):
            return
        about: Record = {
            "code": packet.code,
            "document_id": document_id,
            "promulgated_on": f"{packet.promulgation_date:%Y/%m/%d}",
        }
        self._book.report(
            agency, packet.sender.id, about, ("16", "Không tìm thấy văn bản cần thu hồi, cập nhật"), ""
        )

    def note(self, status: edxml.EdxmlStatus) -> None:
        """A receiver's report about a document of ours, or a sender's wish (13) about one that we hold."""
        about, code = status.response_for, status.status_code
        if code == "13":
            self._note_wish(status)
            return
        row = self._book.rows.get(about.document_id)
        if row is None:
            return
        note: Record = {
            "code": code, "organ_id": status.sender.id, "description": status.description,
            "at": status.timestamp.isoformat() if status.timestamp else "",
        }  # fmt: skip
        statuses = cast("list[JsonValue]", row["statuses"])
        if note in statuses:
            return
        receivers = dict(cast("dict[str, JsonValue]", row["receivers"]))
        done = apply(life_of(receivers.get(status.sender.id)), code)
        receivers[status.sender.id] = {"status": done.life.status, "request": done.life.request}
        faults = cast("list[JsonValue]", row["faults"])
        if done.verdict == Verdict.FAULT:
            faults = [*faults, f"{status.sender.id}: {done.reason_vi}"]
        least = min((life_of(one).status for one in receivers.values()), default="")
        self._book.put(about.document_id, {
            **row, "receivers": receivers, "status": least, "statuses": [*statuses, note], "faults": faults,
        })  # fmt: skip

    def _note_wish(self, status: edxml.EdxmlStatus) -> None:
        key = f"{status.response_for.document_id}|{status.response_for.organ_id}"
        row, by = self._book.rows.get(key), f"13|{status.timestamp}"
        if row is not None and all(each.get("by") != by for each in requests(row)):
            request: Record = {
                "kind": "take-back",
                "by": by,
                "reason": status.description,
                "state": "asked",
                "subject": "",
                "removed": False,
            }
            self._book.put(key, {**row, "requests": [*requests(row), request]})

    # A round of work

    def work(self) -> int:
        """Each document that is still being worked on takes one step: how many did."""
        return sum(self._work_on(key) for key, _ in self._book.open.items())

    def _work_on(self, key: str) -> bool:
        row = self._book.rows.get(key)
        if row is None:
            return False
        asked = next((each for each in requests(row) if each["state"] == "asked"), None)
        if asked is not None:
            self._decide(key, row, asked)
            return True
        status, subject = str(row["status"]), str(row["subject"])
        following = next_steps(status)
        if row["withdrawn"] or not following or (WAITS in subject and status == "03"):
            return False
        self._step(key, "02" if REFUSES in subject and status == "01" else following[0])
        return True

    def _decide(self, key: str, row: Record, asked: Record) -> None:
        """A document that somebody already works on is not given back; every other change is agreed to."""
        gives_back = asked["kind"] in {"recall", "take-back"} or bool(asked["removed"])
        agreed = not gives_back or (str(row["status"]) in _UNTOUCHED and not row["withdrawn"])
        others = [each for each in requests(row) if each["by"] != asked["by"]]
        decided: list[JsonValue] = [*others, {**asked, "state": "agreed" if agreed else "refused"}]
        changed: Record = {**row, "requests": decided}
        if agreed and gives_back:
            changed["withdrawn"] = True
        if agreed and asked["kind"] == "replace":
            changed["replaced_by"] = asked["by"]
        if agreed and asked["subject"]:
            changed["subject"] = asked["subject"]
        answer = ("15", "Đồng ý, đã thực hiện") if agreed else ("16", "Từ chối: văn bản đã được xử lý")
        self._book.put(key, self._noted(changed, *answer))
        self._book.report(str(row["agency"]), str(row["from"]), row, answer, key)

    def _step(self, key: str, code: str) -> None:
        row = self._book.rows.get(key)
        if row is None:
            return
        # Registered or refused after the end of the working day (QĐ 28/2018/QĐ-TTg).
        due = str(row["register_by"])
        late = (
            code in {"02", "03"}
            and bool(due)
            and self._book.context.clock.now() > datetime.fromisoformat(due)
        )
        late = late or bool(row["late"])
        self._book.put(key, {**self._noted(row, code, _WORDS[code]), "status": code, "late": late})
        self._book.report(str(row["agency"]), str(row["from"]), row, (code, f"Văn thư: {_WORDS[code]}"), key)

    def _noted(self, row: Record, code: str, description: str) -> Record:
        at = self._book.context.clock.now().isoformat(timespec="seconds")
        note: Record = {"code": code, "organ_id": row["agency"], "description": description, "at": at}
        return {**row, "statuses": [*cast("list[JsonValue]", row["statuses"]), note]}
