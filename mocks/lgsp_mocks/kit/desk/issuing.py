"""What the people of an issuer do with a document: issue it, and change their mind."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import cast

from pydantic import JsonValue

from lgsp.standards import edxml, identifiers
from lgsp.standards.document_life import apply
from lgsp_mocks.kit.desk.book import Book, day_of, life_of, organs
from lgsp_mocks.kit.desk.forms import (
    AttachedFile,
    IssueDocument,
    RecallDocument,
    ReplaceDocument,
    TakeBack,
    UpdateDocument,
    attached,
)
from lgsp_mocks.kit.population import Agency
from lgsp_mocks.kit.problems import RefusedError
from lgsp_mocks.kit.signing import is_signable, sign_files, signed_packet
from lgsp_mocks.kit.state import Record

__all__ = ["Issuing"]

RECALL, UPDATE, REPLACE = 1, 2, 3


class Issuing:
    """On the issuer's side of the books."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._signers: set[str] = set()
        """Agencies that have a key: to make one takes a tenth of a second, which a thread does."""

    async def issue(self, form: IssueDocument) -> Record:
        """Issue a document; of five that do not say, four are signed, as Kon Tum's were in 2019."""
        sender = self._book.agency(form.sender)
        if bad := [organ_id for organ_id in form.to if not identifiers.is_organization_id(organ_id)]:
            raise RefusedError(
                422,
                f"to: not organization ids: {', '.join(bad)}",
                f"to: không phải mã định danh: {', '.join(bad)}",
            )
        signed = form.signed if form.signed is not None else self._book.context.state.next("issued") % 5 != 0
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
        if not signed or (
            sender.id in self._signers and not any(is_signable(file.content) for file in plain)
        ):
            return plain
        signed_files = await asyncio.to_thread(sign_files, self._book.context, plain, sender.id, sender.name)
        self._signers.add(sender.id)
        return signed_files

    def recall(self, form: RecallDocument) -> Record:
        """Ask every receiver to give the document back."""
        row = self._book.outgoing(form.document_id)
        subject = f"Thu hồi văn bản {row['code']}: {row['subject']}"
        business = edxml.EdxmlBusiness(RECALL, form.document_id, form.reason, paper=False)
        return self._change(row, subject, business)

    def update(self, form: UpdateDocument) -> Record:
        """Tell every receiver what has changed; new ones get the document itself."""
        row = self._book.outgoing(form.document_id)
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
        row = self._book.outgoing(form.document_id)
        replaced = edxml.EdxmlReplacement(form.document_id, tuple(organs(row)))
        business = edxml.EdxmlBusiness(
            REPLACE, form.document_id, form.reason, paper=False, replacements=(replaced,)
        )
        files = await self._files(
            form.attachments, self._book.agency(str(row["agency"])), signed=bool(row["signed"])
        )
        return self._change(row, form.subject, business, files=files)

    def take_back(self, form: TakeBack) -> Record:
        """Ask one receiver (13)."""
        row = self._book.outgoing(form.document_id)
        if form.organization not in organs(row):
            raise RefusedError(
                422,
                f"organization: {form.organization} is no receiver of {form.document_id}",
                f"organization: {form.organization} không phải nơi nhận của {form.document_id}",
            )
        # A status names no receiver; the agency that is asked stands where the issuer does in the others (assumed).
        self._book.report(
            str(row["agency"]),
            form.organization,
            row,
            ("13", f"Đề nghị lấy lại: {form.reason}"),
            form.document_id,
        )
        self._book.put(form.document_id, self._asked(row, [form.organization]))
        return {"document_id": form.document_id, "asked": form.organization}

    def _change(
        self, row: Record, subject: str, business: edxml.EdxmlBusiness, *, more: list[str] | None = None,
        files: tuple[edxml.EdxmlAttachment, ...] = (),
    ) -> Record:  # fmt: skip
        sender = self._book.agency(str(row["agency"]))
        to = [*organs(row), *(more or [])]
        document = self._document(sender, subject, list(dict.fromkeys(to)), str(row["type"]), files)
        self._book.put(business.document_id, self._asked(row, organs(row)))
        self._send(replace(document, business=business), sender.id, signed=bool(row["signed"]))
        return {"document_id": document.document_id, "code": document.code, "concerns": business.document_id}

    def _asked(self, row: Record, organs: list[str]) -> Record:
        receivers = dict(cast("dict[str, JsonValue]", row["receivers"]))
        for organ_id in organs:
            life = apply(life_of(receivers.get(organ_id)), "13").life
            receivers[organ_id] = {"status": life.status, "request": life.request}
        return {**row, "receivers": receivers}

    def _send(self, document: edxml.EdxmlDocument, agency: str, *, signed: bool) -> None:
        row = self._book.row(document, agency, "out") | {"signed": signed}
        receivers: dict[str, JsonValue] = {
            one.id: {"status": "", "request": ""} for one in document.recipients
        }
        self._book.put(document.document_id, {**row, "receivers": receivers, "sending": "waiting"})
        name = document.sender.name
        content = (
            signed_packet(self._book.context, document, agency, name)
            if signed
            else edxml.write_content(document)
        )
        self._book.post(content, document, agency, document.document_id)

    def _document(
        self, sender: Agency, subject: str, to: list[str], kind: str, files: tuple[edxml.EdxmlAttachment, ...]
    ) -> edxml.EdxmlDocument:
        now = self._book.context.clock.now()
        number = str(self._book.context.state.next(f"number:{sender.id}:{now.year}"))
        notation = (
            "UBND-VX" if sender.province and sender.level == 1 else f"{sender.code.replace('.', '')}-VP"
        )
        return edxml.EdxmlDocument(
            sender=self._book.organ(sender.id), recipients=tuple(self._book.organ(one) for one in to), number=number, notation=notation,
            promulgation_date=now.date(), place="Kon Tum" if sender.province else "Hà Nội", type_code=1, type_name=kind,
            document_id=identifiers.document_id(sender.id, now.date(), f"{number}/{notation}"), subject=subject, content=subject,
            signer=edxml.EdxmlSigner("KT. THỦ TRƯỞNG", "Cấp phó", "Nguyễn Mô Phỏng"), priority=0, promulgation_amount=1, page_amount=2,
            traces=(edxml.EdxmlTrace(sender.id, now.replace(microsecond=0)),), attachments=files,
        )  # fmt: skip

    def _response_to(self, agency: str, document_id: str) -> edxml.EdxmlResponseFor:
        row = self._book.rows.get(f"{document_id}|{agency}")
        if row is None:
            raise RefusedError(
                422,
                f"responds_to: {agency} holds no document {document_id}",
                f"responds_to: {agency} không có văn bản {document_id}",
            )
        return edxml.EdxmlResponseFor(str(row["from"]), str(row["code"]), day_of(row), document_id)
