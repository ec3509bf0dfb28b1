"""The agencies outside the province: they issue documents, take others in, and say what becomes of them."""

import base64
import binascii
import hashlib
from typing import Annotated, cast

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from lgsp.standards import edxml, identifiers
from lgsp_mocks.axis.exchange import EXTERNAL_SYSTEM, Exchange, Refusal
from lgsp_mocks.kit import Agency, Context, Record

__all__ = ["People", "SendDocument"]

NEXT = {"": "01", "01": "03", "03": "04", "04": "05", "05": "06"}
WORDS = {
    "01": "Đã đến: phần mềm QLVB đã nhận, văn thư chưa xử lý", "02": "Từ chối tiếp nhận: văn bản gửi không đúng nơi nhận",
    "03": "Đã tiếp nhận, vào sổ văn bản đến", "04": "Phân công xử lý", "05": "Đang xử lý", "06": "Hoàn thành",
}  # fmt: skip


class AttachedFile(BaseModel):
    """A file as the person attached it."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^/\\\x00-\x1f]+$")]
    content_base64: str


class SendDocument(BaseModel):
    """What a clerk of an external agency fills in."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    sender: Annotated[str, Field(alias="from")]
    to: Annotated[list[str], Field(min_length=1, max_length=200)]
    subject: Annotated[str, Field(min_length=1, max_length=2000)]
    attachments: Annotated[list[AttachedFile], Field(max_length=50)] = []
    document_type: str = "Công văn"


class People:
    """Plays every agency that the population has outside the province."""

    def __init__(self, context: Context, exchange: Exchange) -> None:
        self._context = context
        self._exchange = exchange
        self._documents = context.state.table("external_documents")

    def router(self) -> APIRouter:
        """What a user does."""
        router = APIRouter()

        @router.post("/__mock__/act/send-document", status_code=201)
        async def send_document(body: SendDocument) -> Record:
            return self.send(body)

        return router

    def send(self, body: SendDocument) -> Record:
        """Issue a document to agencies of the province."""
        sender = self._context.population.agency(body.sender)
        if sender is None or sender.province:
            raise HTTPException(422, f"from: {body.sender} is not an agency outside the province")
        document = self._document(sender, body)
        try:
            self._exchange.send(edxml.write(document), EXTERNAL_SYSTEM, sender.id)
        except Refusal as refusal:
            raise HTTPException(422, refusal.text) from refusal
        self._keep(document, sender.id, "out")
        return {"document_id": document.document_id, "code": document.code}

    def _document(self, sender: Agency, body: SendDocument) -> edxml.EdxmlDocument:
        now = self._context.clock.now()
        number = str(self._context.state.next(f"number:{sender.id}:{now.year}"))
        notation = f"{sender.code}-VP"
        receivers = [self._exchange.agency(organ_id) for organ_id in body.to]
        missing = [organ_id for organ_id, found in zip(body.to, receivers, strict=True) if found is None]
        if missing:
            raise HTTPException(422, f"to: the axis does not know {', '.join(missing)}")
        return edxml.EdxmlDocument(
            sender=edxml.EdxmlOrgan(sender.id, sender.name, sender.name, sender.address, sender.email, sender.telephone),
            recipients=tuple(edxml.EdxmlOrgan(str(one["organ_id"]), str(one["name"])) for one in receivers if one is not None),
            number=number, notation=notation, promulgation_date=now.date(), place="Hà Nội", type_name=body.document_type,
            document_id=identifiers.document_id(sender.id, now.date(), f"{number}/{notation}"), subject=body.subject,
            content=body.subject, signer=edxml.EdxmlSigner("TL. THỦ TRƯỞNG", "Chánh Văn phòng", "Lê Mô Phỏng"),
            traces=(edxml.EdxmlTrace(sender.id, now.replace(microsecond=0)),),
            attachments=tuple(_attachment(index, file) for index, file in enumerate(body.attachments)),
        )  # fmt: skip

    async def tick(self) -> int:
        """One round: take in what has come, then each agency takes one more step with each document."""
        return self._take_in() + self._step()

    def _take_in(self) -> int:
        taken = 0
        for kind in ("edoc", "status"):
            for item in self._exchange.inbox(EXTERNAL_SYSTEM, kind):
                _, raw = self._exchange.packet(EXTERNAL_SYSTEM, str(item["docId"]))
                packet = edxml.read(raw)
                if isinstance(packet, edxml.EdxmlStatus):
                    self._note(packet)
                else:
                    for organ_id in cast("list[str]", item["to"]):
                        self._keep(packet, organ_id, "in")
                self._exchange.mark(EXTERNAL_SYSTEM, str(item["docId"]), "done")
                taken += 1
        return taken

    def _keep(self, document: edxml.EdxmlDocument, agency: str, direction: str) -> None:
        files: list[JsonValue] = [
            {"name": file.name, "size": len(file.content), "sha256": hashlib.sha256(file.content).hexdigest()}
            for file in document.attachments
        ]
        self._documents.put(f"{document.document_id}|{agency}", {
            "document_id": document.document_id, "agency": agency, "direction": direction, "from": document.sender.id,
            "from_name": document.sender.name, "to": [one.id for one in document.recipients], "code": document.code,
            "subject": document.subject, "promulgated_on": f"{document.promulgation_date:%Y/%m/%d}", "attachments": files, "status": "",
            "statuses": [],
        })  # fmt: skip

    def _note(self, status: edxml.EdxmlStatus) -> None:
        about = status.response_for
        key = f"{about.document_id}|{about.organ_id}"
        row = self._documents.get(key)
        if row is None:
            return
        note: Record = {
            "organ_id": status.sender.id,
            "code": status.status_code,
            "description": status.description,
            "at": str(status.timestamp),
        }
        statuses = cast("list[JsonValue]", row["statuses"])
        if note not in statuses:
            self._documents.put(key, {**row, "statuses": [*statuses, note], "status": status.status_code})

    def _step(self) -> int:
        steps = 0
        for key, row in self._documents.items():
            if row["direction"] != "in":
                continue
            refuses = "[từ chối]" in str(row["subject"]) and row["status"] == "01"
            following = "02" if refuses else NEXT.get(str(row["status"]))
            if following is not None:
                self._report(row, following)
                self._documents.put(key, {**row, "status": following})
                steps += 1
        return steps

    def _report(self, row: Record, code: str) -> None:
        agency = self._context.population.agency(str(row["agency"]))
        name = agency.name if agency else str(row["agency"])
        day = self._context.clock.now().strptime(str(row["promulgated_on"]), "%Y/%m/%d").date()
        status = edxml.EdxmlStatus(
            sender=edxml.EdxmlOrgan(str(row["agency"]), name, name),
            response_for=edxml.EdxmlResponseFor(str(row["from"]), str(row["code"]), day, str(row["document_id"])),
            status_code=code, description=f"Văn thư - {name}: {WORDS[code]}",
            timestamp=self._context.clock.now().replace(microsecond=0), staff=edxml.EdxmlStaff("Phòng Hành chính", "Trần Mô Phỏng"),
        )  # fmt: skip
        self._exchange.send(edxml.write(status), EXTERNAL_SYSTEM, str(row["agency"]))


def _attachment(index: int, file: AttachedFile) -> edxml.EdxmlAttachment:
    try:
        content = base64.b64decode(file.content_base64, validate=True)
    except binascii.Error as exc:
        raise HTTPException(422, f"attachments/{index}/content_base64: {exc}") from exc
    return edxml.EdxmlAttachment(
        f"cid:{index + 1}", file.name, content, file.name, "application/octet-stream"
    )
