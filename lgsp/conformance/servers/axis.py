"""The VXP wire of the document axis, called as its recorded client calls it; assertions about access and signing.

The sender and the receiver are two agencies of the one system that the account belongs to, so that one account is enough.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from pydantic import JsonValue

from lgsp.clock import SystemClock
from lgsp.conformance.line import Answer, Line
from lgsp.conformance.model import Level, Suite, demand
from lgsp.standards import edxml, identifiers, vxp
from lgsp.standards.content import Content

__all__ = [
    "ASSUMED_CODES",
    "AXIS",
    "QUIRKS",
    "RECORDED",
    "AxisSubject",
    "accepted",
    "plainly_hashed",
    "refused",
]

RECORDED = "recorded (vxp-recording.txt)"
ASSUMED_CODES = "published error list of the provincial dialect; assumed for the national axis"
QUIRKS = "recorded (quirks of SDKVXP 2.0.1)"
Row = dict[str, JsonValue]


@dataclass
class AxisSubject:
    """An axis under test."""

    line: Line
    options: Mapping[str, str]
    before: frozenset[str] | None = None
    """What lay in the inbox before this assertion sent anything."""

    def signed(self, secret: str = "", **fields: str) -> dict[str, str]:
        """Headers of a call."""
        signed = {
            "systemid": self.options["system"], **{name.replace("_", "-"): value for name, value in fields.items()},
            "timestamp": vxp.timestamp(SystemClock().now()), "Content-Type": "application/json",
        }  # fmt: skip
        return {"Content-Type": "application/json", **vxp.sign(signed, secret or self.options["secret"])}

    async def ask(self, name: str, body: bytes = b"", **fields: str) -> Row:
        """A signed call's answer."""
        return (await self.line.call("POST", f"/{name}", body=body, headers=self.signed(**fields))).object()

    async def done(self, name: str, body: bytes = b"", **fields: str) -> Row:
        """The answer of a call that has to succeed."""
        answer = await self.ask(name, body, **fields)
        demand(str(answer.get("ErrorCode")) == "0", f"{name}: {_short(answer)}")
        return answer

    def document(self, **changes: object) -> edxml.EdxmlDocument:
        """A new document that nobody has sent before."""
        number = str(int(identifiers.new_id().replace("-", "")[:12], 16))
        today, sender = SystemClock().now().date(), str(changes.pop("sender", self.options["sender"]))
        receiver = str(changes.pop("receiver", self.options["receiver"]))
        subject = str(changes.pop("subject", "V/v kiểm tra tuân thủ: Trường Đại học, ngữ âm ắằẳẵặ"))
        return edxml.EdxmlDocument(
            edxml.EdxmlOrgan(sender, "Nơi gửi"), (edxml.EdxmlOrgan(receiver, "Nơi nhận"),), number, "UBND-KT", today, "Công văn",
            subject, document_id=f"{sender},{today:%Y/%m/%d},{number}/UBND-KT",
            attachments=(edxml.EdxmlAttachment("cid:1", "kiểm tra.pdf", Content.of(b"%PDF-1.4 conformance")),),
        )  # fmt: skip

    def status_of(self, about: edxml.EdxmlDocument, code: str, sender: str = "") -> edxml.EdxmlStatus:
        """A status about a document whose issuer is this packet's receiver; `sender` as in the options without."""
        issuer = self.options["receiver"]
        response_for = edxml.EdxmlResponseFor(issuer, about.code, about.promulgation_date, about.document_id)
        moment = SystemClock().now().replace(microsecond=0)
        reporter = edxml.EdxmlOrgan(sender or self.options["sender"], "Văn thư")
        return edxml.EdxmlStatus(reporter, response_for, code, "", moment)

    async def send(
        self, raw: bytes, kind: str = "edoc", *, claimed_hash: str = "", sender: str = "", **headers: str
    ) -> Row:
        """SendEdoc as recorded: the bytes, then a line break."""
        fields = {
            "servicetype": "eDoc", "messagetype": kind, "hash_file": claimed_hash or vxp.file_hash(raw),
            "from": sender or self.options["sender"],
        }  # fmt: skip
        signed = self.signed(**fields) | headers
        if self.before is None:
            self.before = frozenset(str(row.get("docId")) for row in await self.inbox())
        return (await self.line.call("POST", "/sendEdoc", body=raw + b"\r\n", headers=signed)).object()

    async def sent(self, packet: edxml.EdxmlDocument | edxml.EdxmlStatus) -> str:
        """The DocId of a packet that has to be taken; types, names and hash spelling are left to assertions of their own."""
        kind = "status" if isinstance(packet, edxml.EdxmlStatus) else "edoc"
        answer = await self.send(plainly_hashed(edxml.write(packet)), kind, sender=packet.sender.id)
        accepted(answer)
        found = next((answer[name] for name in ("DocId", "docId", "docid") if answer.get(name)), None)
        demand(found, f"no DocId in the answer of sendEdoc: {_short(answer)}")
        return str(found)

    async def inbox(self, kind: str = "edoc") -> list[Row]:
        """What the receiver has not settled."""
        data = (await self.done("getReceivedEdocList", servicetype="eDoc", messagetype=kind)).get("data")
        demand(
            isinstance(data, list) and all(isinstance(row, dict) for row in data),
            "data is no list of objects",
        )
        return [row for row in data if isinstance(row, dict)] if isinstance(data, list) else []

    async def fetch(self, doc_id: str, spelling: str = "docId") -> Answer:
        """DownloadEdoc."""
        return await self.line.call("GET", "/downloadEdoc", headers=self.signed(**{spelling: doc_id}))

    async def received(self, document: edxml.EdxmlDocument) -> list[str]:
        """The docIds under which a document lies in the inbox: found by fetching those that are new."""
        found = []
        for row in (await self.new())[:20]:
            answer = await self.fetch(str(row.get("docId")))
            if (document.document_id or "?").encode() in answer.body:
                found.append(str(row["docId"]))
        return found

    async def new(self) -> list[Row]:
        """Rows of the inbox that were not there before this assertion sent anything."""
        return [row for row in await self.inbox() if str(row.get("docId")) not in (self.before or ())]

    async def arrived(self) -> tuple[edxml.EdxmlDocument, str]:
        """A new document, and the docId that its receiver knows it by."""
        document = self.document()
        await self.sent(document)
        found = await self.received(document)
        demand(found, "what was sent is not in the receiver's list")
        return document, found[-1]

    async def settle(self, doc_id: str, status: str = "done", spelling: str = "docid") -> Row:
        """UpdateStatus."""
        return await self.ask("updateStatus", b"{}", **{spelling: doc_id, "status": status})


AXIS: Suite[AxisSubject] = Suite(
    "axis", "National document axis (VXP)", "Trục liên thông văn bản quốc gia (VXP)",
    {"system": "sim.lgsp.01", "secret": "sim-secret", "sender": "000.00.00.H34", "receiver": "000.00.02.H34"}, AxisSubject,
)  # fmt: skip


def refused(answer: Row, *codes: str) -> None:
    """The answer is a refusal with one of these codes (any but 0 without)."""
    code = answer.get("ErrorCode")
    demand(code is not None and str(code) not in {"", "0"}, f"not refused: {_short(answer)}")
    demand(not codes or str(code) in codes, f"ErrorCode {code!r}, expected {' or '.join(codes)}")


def accepted(answer: Row) -> None:
    """The answer is no refusal."""
    demand(str(answer.get("ErrorCode")) == "0", f"refused: {_short(answer)}")


def plainly_hashed(raw: bytes) -> bytes:
    """The packet, with line breaks behind it until its hash has one spelling only."""
    for _ in range(500):
        if len(vxp.file_hash(raw)) == 64:
            break
        raw += b"\n"
    return raw


def _short(answer: Row) -> str:
    return json.dumps(answer, ensure_ascii=False)[:200]


@AXIS.asserts("LGSP-AX-01", "A signed call is answered with ErrorCode \"0\" as text and status OK",
              "Lời gọi có chữ ký đúng được trả ErrorCode \"0\" (chuỗi) và status OK", source=RECORDED)  # fmt: skip
async def _(axis: AxisSubject) -> None:
    answer = await axis.done("getAgenciesList")
    demand(answer["ErrorCode"] == "0", f"ErrorCode is {answer['ErrorCode']!r}, not text")
    demand(answer.get("status") == "OK", f"status is {answer.get('status')!r}")


@AXIS.asserts("LGSP-AX-02", "The list of agencies has id, pid, code and name, all as text",
              "Danh sách đơn vị có id, pid, code, name, đều là chuỗi", source=RECORDED)  # fmt: skip
async def _(axis: AxisSubject) -> None:
    data = (await axis.done("getAgenciesList")).get("data")
    demand(isinstance(data, list) and data, "data is empty or no list")
    for row in data if isinstance(data, list) else []:
        demand(isinstance(row, dict), "a row is no object")
        wrong = [
            name
            for name in ("id", "pid", "code", "name")
            if isinstance(row, dict) and not isinstance(row.get(name), str)
        ]
        demand(not wrong, f"{', '.join(wrong)}: missing or not text")


@AXIS.asserts("LGSP-AX-03", "A call signed with a wrong secret is refused with 15",
              "Lời gọi ký bằng khóa sai bị từ chối với mã 15", source=ASSUMED_CODES)  # fmt: skip
async def _(axis: AxisSubject) -> None:
    answer = await axis.line.call("POST", "/getAgenciesList", headers=axis.signed(secret="not-the-secret"))  # noqa: S106
    refused(answer.object(), "15")


@AXIS.asserts("LGSP-AX-04", "A header that was changed after signing is noticed",
              "Tham số bị sửa sau khi ký phải bị phát hiện", source=RECORDED)  # fmt: skip
async def _(axis: AxisSubject) -> None:
    headers = axis.signed(messagetype="edoc") | {"XroadVnpt-messagetype": "status"}
    refused((await axis.line.call("POST", "/getReceivedEdocList", headers=headers)).object(), "15")


@AXIS.asserts("LGSP-AX-05", "An unsigned call is refused", "Lời gọi không ký bị từ chối", source=RECORDED)
async def _(axis: AxisSubject) -> None:
    answer = await axis.line.call("POST", "/getAgenciesList")
    if answer.status not in {401, 403}:
        refused(answer.object())


@AXIS.asserts("LGSP-AX-06", "An old time stamp is accepted: the client sets it once per object",
              "Chấp nhận timestamp cũ: SDK chỉ đặt một lần cho mỗi đối tượng", source=QUIRKS)  # fmt: skip
async def _(axis: AxisSubject) -> None:
    old = vxp.timestamp(SystemClock().now() - timedelta(hours=30))
    headers = vxp.sign({"systemid": axis.options["system"], "timestamp": old}, axis.options["secret"])
    answer = (await axis.line.call("POST", "/getAgenciesList", headers=headers)).object()
    accepted(answer)


@AXIS.asserts("LGSP-AX-07", "Stale parameters of earlier calls, signed along, do no harm",
              "Tham số thừa của lời gọi trước (đã ký) không gây lỗi", source=QUIRKS)  # fmt: skip
async def _(axis: AxisSubject) -> None:
    await axis.done(
        "getReceivedEdocList",
        servicetype="eDoc",
        messagetype="edoc",
        docId="999999",
        filePath="./",
        status="done",
    )


@AXIS.asserts(
    "LGSP-AX-08", "Expect: 100-continue is answered", "Trả lời được Expect: 100-continue", source=QUIRKS
)
async def _(axis: AxisSubject) -> None:
    headers = axis.signed(servicetype="eDoc") | {"Expect": "100-continue"}
    answer = (await axis.line.call("POST", "/countReceiveEdoc", body=b"{}", headers=headers)).object()
    accepted(answer)


@AXIS.asserts("LGSP-AX-09", "Refusals are HTTP 200 with status FAIL and a text", "Từ chối bằng HTTP 200, status FAIL và có ErrorDesc",
              source="assumed (public code reads ErrorCode of a 200)", level=Level.SHOULD)  # fmt: skip
async def _(axis: AxisSubject) -> None:
    answer = await axis.line.call("POST", "/getAgenciesList", headers=axis.signed(secret="not-the-secret"))  # noqa: S106
    body = answer.object()
    demand(
        answer.status == 200 and body.get("status") == "FAIL" and body.get("ErrorDesc"),
        f"HTTP {answer.status}: {_short(body)}",
    )
