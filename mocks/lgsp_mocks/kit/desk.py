"""Document desks (văn thư): the books of agencies, and what their people do with a document, on either side of it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import cast

from fastapi import HTTPException
from pydantic import JsonValue

from lgsp.clock import VIETNAM, WorkCalendar
from lgsp.standards import edxml, identifiers
from lgsp.standards.content import Content
from lgsp.standards.document_life import Life, Verdict, apply, next_steps, report_due
from lgsp_mocks.kit.desk_forms import (
    AttachedFile,
    IssueDocument,
    RecallDocument,
    ReplaceDocument,
    TakeBack,
    UpdateDocument,
    attached,
)
from lgsp_mocks.kit.population import Agency
from lgsp_mocks.kit.signing import sign_files, signed_packet
from lgsp_mocks.kit.standin import Context
from lgsp_mocks.kit.state import Record

__all__ = ["Desk", "Packet"]

Packet = edxml.EdxmlDocument | edxml.EdxmlStatus
Post = Callable[[Content, Packet, str, str], None]
"""Puts a packet of an agency on its way; the last argument is the key of the row that it is about."""

RECALL, UPDATE, REPLACE = 1, 2, 3
_REQUESTS = {RECALL: "recall", UPDATE: "update", REPLACE: "replace"}
_WORDS = {
    "01": "Đã đến: phần mềm QLVB đã nhận, văn thư chưa xử lý", "02": "Từ chối tiếp nhận: văn bản gửi không đúng nơi nhận",
    "03": "Đã tiếp nhận, vào sổ văn bản đến", "04": "Lãnh đạo phân công xử lý", "05": "Chuyên viên đang xử lý", "06": "Hoàn thành",
}  # fmt: skip
_UNTOUCHED = frozenset({"", "01", "03"})
REFUSES, WAITS = "[từ chối]", "[chờ]"
"""In a subject: the clerk refuses the document; nobody works on it after it was booked."""


class Desk:
    """The desks of every agency that is `ours`. Table `books`: key DocumentId for what went out, `DocumentId|agency` for what came in.

    An outgoing row has `receivers`: per agency its status and the state of the last request for a change.
    """

    def __init__(self, context: Context, books: str, post: Post, is_ours: Callable[[Agency], bool]) -> None:
        self._context = context
        self._post = post
        self._is_ours = is_ours
        self._calendar = WorkCalendar()
        self.rows = context.state.table(books)
        self._open = context.state.table(f"{books}_open")

    # What the issuer's people do

    async def issue(self, form: IssueDocument) -> Record:
        """Issue a document; of five that do not say, four are signed, as Kon Tum's were in 2019."""
        sender = self._agency(form.sender)
        if bad := [organ_id for organ_id in form.to if not identifiers.is_organization_id(organ_id)]:
            raise HTTPException(422, f"to: not organization ids: {', '.join(bad)}")
        signed = form.signed if form.signed is not None else self._context.state.next("issued") % 5 != 0
        files = await self._files(form.attachments, sender, signed=signed)
        document = replace(
            self._document(sender, form.subject, form.to, form.document_type, files),
            priority=form.priority,
            due_date=date.fromisoformat(form.due_on) if form.due_on else None,
            responses=tuple(self._response_to(sender.id, each) for each in form.responds_to),
        )
        self._send(document, sender.id, signed=signed)
        return {"document_id": document.document_id, "code": document.code}

    async def _files(
        self, files: Sequence[AttachedFile], sender: Agency, *, signed: bool
    ) -> tuple[edxml.EdxmlAttachment, ...]:
        plain = tuple(attached(index, file) for index, file in enumerate(files))
        if not signed:
            return plain
        return await asyncio.to_thread(sign_files, self._context, plain, sender.id, sender.name)

    def recall(self, form: RecallDocument) -> Record:
        """Ask every receiver to give the document back."""
        row = self._outgoing(form.document_id)
        subject = f"Thu hồi văn bản {row['code']}: {row['subject']}"
        business = edxml.EdxmlBusiness(RECALL, form.document_id, form.reason, paper=False)
        return self._change(row, subject, business)

    def update(self, form: UpdateDocument) -> Record:
        """Tell every receiver what has changed; new ones get the document itself."""
        row = self._outgoing(form.document_id)
        receivers = [
            edxml.EdxmlReceiver(organ_id, kind)
            for kind, organs in enumerate((form.added, form.removed))
            for organ_id in organs
        ]
        business = edxml.EdxmlBusiness(
            UPDATE, form.document_id, form.reason, paper=False, document_info=bool(form.subject),
            document_receiver=bool(receivers), receivers=tuple(receivers),
        )  # fmt: skip
        return self._change(row, form.subject or str(row["subject"]), business, more=form.added)

    async def replace(self, form: ReplaceDocument) -> Record:
        """Issue a document that takes the place of an earlier one."""
        row = self._outgoing(form.document_id)
        replaced = edxml.EdxmlReplacement(form.document_id, tuple(_organs(row)))
        business = edxml.EdxmlBusiness(
            REPLACE, form.document_id, form.reason, paper=False, replacements=(replaced,)
        )
        files = await self._files(
            form.attachments, self._agency(str(row["agency"])), signed=bool(row["signed"])
        )
        return self._change(row, form.subject, business, files=files)

    def take_back(self, form: TakeBack) -> Record:
        """Ask one receiver (13)."""
        row = self._outgoing(form.document_id)
        if form.organization not in _organs(row):
            raise HTTPException(
                422, f"organization: {form.organization} is no receiver of {form.document_id}"
            )
        # A status names no receiver; the agency that is asked stands where the issuer does in the others (assumed).
        self._report(
            str(row["agency"]),
            form.organization,
            row,
            ("13", f"Đề nghị lấy lại: {form.reason}"),
            form.document_id,
        )
        self._put(form.document_id, self._asked(row, [form.organization]))
        return {"document_id": form.document_id, "asked": form.organization}

    def _change(
        self, row: Record, subject: str, business: edxml.EdxmlBusiness, *, more: list[str] | None = None,
        files: tuple[edxml.EdxmlAttachment, ...] = (),
    ) -> Record:  # fmt: skip
        sender = self._agency(str(row["agency"]))
        to = [*_organs(row), *(more or [])]
        document = self._document(sender, subject, list(dict.fromkeys(to)), str(row["type"]), files)
        self._put(business.document_id, self._asked(row, _organs(row)))
        self._send(replace(document, business=business), sender.id, signed=bool(row["signed"]))
        return {"document_id": document.document_id, "code": document.code, "concerns": business.document_id}

    def _asked(self, row: Record, organs: list[str]) -> Record:
        receivers = dict(cast("dict[str, JsonValue]", row["receivers"]))
        for organ_id in organs:
            life = apply(_life(receivers.get(organ_id)), "13").life
            receivers[organ_id] = {"status": life.status, "request": life.request}
        return {**row, "receivers": receivers}

    def _send(self, document: edxml.EdxmlDocument, agency: str, *, signed: bool) -> None:
        row = self._row(document, agency, "out") | {"signed": signed}
        receivers: dict[str, JsonValue] = {
            one.id: {"status": "", "request": ""} for one in document.recipients
        }
        self._put(document.document_id, {**row, "receivers": receivers, "sending": "waiting"})
        name = document.sender.name
        content = (
            signed_packet(self._context, document, agency, name) if signed else edxml.write_content(document)
        )
        self._post(content, document, agency, document.document_id)

    def _document(
        self, sender: Agency, subject: str, to: list[str], kind: str, files: tuple[edxml.EdxmlAttachment, ...]
    ) -> edxml.EdxmlDocument:
        now = self._context.clock.now()
        number = str(self._context.state.next(f"number:{sender.id}:{now.year}"))
        notation = (
            "UBND-VX" if sender.province and sender.level == 1 else f"{sender.code.replace('.', '')}-VP"
        )
        return edxml.EdxmlDocument(
            sender=self._organ(sender.id), recipients=tuple(self._organ(one) for one in to), number=number, notation=notation,
            promulgation_date=now.date(), place="Kon Tum" if sender.province else "Hà Nội", type_code=1, type_name=kind,
            document_id=identifiers.document_id(sender.id, now.date(), f"{number}/{notation}"), subject=subject, content=subject,
            signer=edxml.EdxmlSigner("KT. THỦ TRƯỞNG", "Cấp phó", "Nguyễn Mô Phỏng"), priority=0, promulgation_amount=1, page_amount=2,
            traces=(edxml.EdxmlTrace(sender.id, now.replace(microsecond=0)),), attachments=files,
        )  # fmt: skip

    def _response_to(self, agency: str, document_id: str) -> edxml.EdxmlResponseFor:
        row = self.rows.get(f"{document_id}|{agency}")
        if row is None:
            raise HTTPException(422, f"responds_to: {agency} holds no document {document_id}")
        return edxml.EdxmlResponseFor(str(row["from"]), str(row["code"]), _day(row), document_id)

    # What the wire brings

    def take_in(self, packet: edxml.EdxmlDocument, agency: str) -> None:
        """Book what came for an agency of ours, once, and report 01; a change is put before the clerk."""
        business = packet.business
        if business is not None and packet.change:
            self._put_before_clerk(packet, business, agency)
            if packet.change == RECALL:
                return
        concerned = business.document_id if business is not None and packet.change == UPDATE else ""
        key = f"{concerned or packet.document_id or packet.code}|{agency}"
        if key in self.rows:
            return
        self._put(key, self._row(packet, agency, "in") | ({"document_id": concerned} if concerned else {}))
        for response in packet.responses:
            self._link(response.document_id, packet.document_id)
        self._step(key, "01")

    def _put_before_clerk(
        self, packet: edxml.EdxmlDocument, business: edxml.EdxmlBusiness, agency: str
    ) -> None:
        concerned = [each.document_id for each in business.replacements] or [business.document_id]
        removed = [each.organ_id for each in business.receivers if each.kind == 1]
        for document_id in concerned:
            key = f"{document_id}|{agency}"
            row = self.rows.get(key)
            request: Record = {
                "kind": _REQUESTS[packet.change], "by": packet.document_id, "reason": business.reason, "state": "asked",
                "subject": packet.subject if business.document_info else "", "removed": agency in removed,
            }  # fmt: skip
            if row is None:
                self._answer_unknown(packet, document_id, agency)
            elif all(each.get("by") != packet.document_id for each in _requests(row)):
                self._put(key, {**row, "requests": [*_requests(row), request]})

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
        self._report(
            agency, packet.sender.id, about, ("16", "Không tìm thấy văn bản cần thu hồi, cập nhật"), ""
        )

    def note(self, status: edxml.EdxmlStatus) -> None:
        """A receiver's report about a document of ours, or a sender's wish (13) about one that we hold."""
        about, code = status.response_for, status.status_code
        if code == "13":
            self._note_wish(status)
            return
        row = self.rows.get(about.document_id)
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
        done = apply(_life(receivers.get(status.sender.id)), code)
        receivers[status.sender.id] = {"status": done.life.status, "request": done.life.request}
        faults = cast("list[JsonValue]", row["faults"])
        if done.verdict == Verdict.FAULT:
            faults = [*faults, f"{status.sender.id}: {done.reason_vi}"]
        least = min((_life(one).status for one in receivers.values()), default="")
        self._put(about.document_id, {
            **row, "receivers": receivers, "status": least, "statuses": [*statuses, note], "faults": faults,
        })  # fmt: skip

    def _note_wish(self, status: edxml.EdxmlStatus) -> None:
        key = f"{status.response_for.document_id}|{status.response_for.organ_id}"
        row, by = self.rows.get(key), f"13|{status.timestamp}"
        if row is not None and all(each.get("by") != by for each in _requests(row)):
            request: Record = {
                "kind": "take-back",
                "by": by,
                "reason": status.description,
                "state": "asked",
                "subject": "",
                "removed": False,
            }
            self._put(key, {**row, "requests": [*_requests(row), request]})

    # A round of work

    def work(self) -> int:
        """Each document that is still being worked on takes one step: how many did."""
        return sum(self._work_on(key) for key, _ in self._open.items())

    def _work_on(self, key: str) -> bool:
        row = self.rows.get(key)
        if row is None:
            return False
        asked = next((each for each in _requests(row) if each["state"] == "asked"), None)
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
        others = [each for each in _requests(row) if each["by"] != asked["by"]]
        requests: list[JsonValue] = [*others, {**asked, "state": "agreed" if agreed else "refused"}]
        changed: Record = {**row, "requests": requests}
        if agreed and gives_back:
            changed["withdrawn"] = True
        if agreed and asked["kind"] == "replace":
            changed["replaced_by"] = asked["by"]
        if agreed and asked["subject"]:
            changed["subject"] = asked["subject"]
        answer = ("15", "Đồng ý, đã thực hiện") if agreed else ("16", "Từ chối: văn bản đã được xử lý")
        self._put(key, self._noted(changed, *answer))
        self._report(str(row["agency"]), str(row["from"]), row, answer, key)

    def _step(self, key: str, code: str) -> None:
        row = self.rows.get(key)
        if row is None:
            return
        self._put(key, {**self._noted(row, code, _WORDS[code]), "status": code})
        self._report(str(row["agency"]), str(row["from"]), row, (code, f"Văn thư: {_WORDS[code]}"), key)

    def _noted(self, row: Record, code: str, description: str) -> Record:
        at = self._context.clock.now().replace(microsecond=0).isoformat()
        note: Record = {"code": code, "organ_id": row["agency"], "description": description, "at": at}
        return {**row, "statuses": [*cast("list[JsonValue]", row["statuses"]), note]}

    def _report(self, reporter: str, issuer: str, row: Record, said: tuple[str, str], key: str) -> None:
        about = edxml.EdxmlResponseFor(issuer, str(row["code"]), _day(row), str(row["document_id"]))
        now = self._context.clock.now().replace(microsecond=0)
        staff = edxml.EdxmlStaff("Văn phòng", "Phạm Mô Phỏng")
        status = edxml.EdxmlStatus(self._organ(reporter), about, *said, now, staff)
        self._post(edxml.write_content(status), status, reporter, f"{key}|{said[0]}")

    # The books

    def _row(self, document: edxml.EdxmlDocument, agency: str, direction: str) -> Record:
        files: list[JsonValue] = [
            {"name": file.name, "size": file.content.size, "sha256": self._context.files.put(file.content)}
            for file in document.attachments
        ]
        now, priority = self._context.clock.now(), document.priority or 0
        due = report_due("03", now, priority, self._calendar) if direction == "in" else None
        return {
            "document_id": document.document_id, "direction": direction, "agency": agency, "from": document.sender.id,
            "from_name": document.sender.name, "to": [one.id for one in document.recipients], "code": document.code,
            "type": document.type_name, "subject": document.subject, "signer": document.signer.name, "priority": priority,
            "promulgated_on": f"{document.promulgation_date:%Y/%m/%d}", "due_on": f"{document.due_date or ''}",
            "attachments": files, "signed": bool(document.signature), "status": "", "statuses": [], "receivers": {}, "requests": [],
            "responds_to": [each.document_id for each in document.responses], "answered_by": [], "withdrawn": False, "replaced_by": "",
            "faults": [], "sending": "", "at": now.isoformat(), "register_by": due.isoformat() if due else "",
        }  # fmt: skip

    def _link(self, document_id: str, answer: str) -> None:
        row = self.rows.get(document_id)
        if row is not None:
            self._put(
                document_id, {**row, "answered_by": [*cast("list[JsonValue]", row["answered_by"]), answer]}
            )

    def _put(self, key: str, row: Record) -> None:
        self.rows.put(key, row)
        asked = any(each["state"] == "asked" for each in _requests(row))
        if row["direction"] == "in" and (asked or (next_steps(str(row["status"])) and not row["withdrawn"])):
            self._open.put(key, {})
        elif key in self._open:
            self._open.delete(key)

    def _outgoing(self, document_id: str) -> Record:
        row = self.rows.get(document_id)
        if row is None or row["direction"] != "out":
            raise HTTPException(404, f"document_id: no outgoing document {document_id!r}")
        return row

    def _agency(self, organ_id: str) -> Agency:
        agency = self._context.population.agency(organ_id)
        if agency is None or not self._is_ours(agency):
            raise HTTPException(422, f"from: {organ_id} has no desk here")
        return agency

    def _organ(self, organ_id: str) -> edxml.EdxmlOrgan:
        agency = self._context.population.agency(organ_id)
        if agency is None:
            return edxml.EdxmlOrgan(organ_id, organ_id)
        return edxml.EdxmlOrgan(
            agency.id, agency.name, agency.name, agency.address, agency.email, agency.telephone
        )


def _organs(row: Record) -> list[str]:
    return list(cast("dict[str, JsonValue]", row["receivers"]))


def _requests(row: Record) -> list[Record]:
    return cast("list[Record]", row["requests"])


def _life(value: JsonValue) -> Life:
    return (
        Life(str(value.get("status", "")), str(value.get("request", "")))
        if isinstance(value, dict)
        else Life()
    )


def _day(row: Record) -> date:
    return datetime.strptime(str(row["promulgated_on"]), "%Y/%m/%d").replace(tzinfo=VIETNAM).date()
