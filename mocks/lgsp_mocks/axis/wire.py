"""The VXP wire: every call of the recorded client. Errors are answers with HTTP 200 and an ErrorCode."""

import base64
from collections.abc import Awaitable, Callable
from typing import cast

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lgsp.standards import vxp
from lgsp.standards.vxp import ErrorCode
from lgsp_mocks.axis.exchange import Exchange, Refusal
from lgsp_mocks.kit import Record

__all__ = ["VxpWire"]

MAX_BODY = 200 * 1024 * 1024
READ_STATES = frozenset({"processing", "done", "fail"})
Call = Callable[[Request, str, bytes], Record | Response]


class AgencyBody(BaseModel):
    """registerAgency, updateAgency."""

    model_config = ConfigDict(extra="ignore")

    code: str
    name: str
    pcode: str = ""
    mail: str = ""
    mobile: str = ""
    fax: str = ""


class VxpWire:
    """Answers the calls from the exchange's state."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def routes(self) -> list[Route]:
        """One route for each call."""
        calls: dict[str, Call] = {
            "sendEdoc": self._send, "getReceivedEdocList": self._received, "getSentEdocList": self._sent, "getEdoc": self._get,
            "updateStatus": self._update, "getAgenciesList": self._agencies, "getAgenciesListQD20": self._agencies,
            "getSynchronizeUnit": self._agencies, "registerAgency": self._register, "updateAgency": self._register,
            "deleteAgency": self._delete,
            "countReceiveEdoc": lambda request, system, _: self._count(system, "edoc"),
            "countReceiveStatus": lambda request, system, _: self._count(system, "status"),
        }  # fmt: skip
        routes = [Route(f"/{name}", self._guarded(call), methods=["POST"]) for name, call in calls.items()]
        return [*routes, Route("/downloadEdoc", self._guarded(self._download), methods=["GET", "POST"])]

    def _guarded(self, call: Call) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                body = await _body(request)
                self._authenticate(request)
                reply = call(request, vxp.parameter(request.headers, "systemid"), body)
            except Refusal as refusal:
                reply = {"status": "FAIL", "ErrorCode": refusal.code.value, "ErrorDesc": refusal.text}
            return reply if isinstance(reply, Response) else JSONResponse(reply)

        return answer

    def _authenticate(self, request: Request) -> None:
        if not vxp.verify(request.headers, self._exchange.secret_of):
            raise Refusal(ErrorCode.BAD_CREDENTIALS)

    def _send(self, request: Request, system: str, body: bytes) -> Record:
        claimed = vxp.parameter(request.headers, "hash-file")
        if not vxp.file_hash_matches(body, claimed):
            raise Refusal(ErrorCode.BAD_FILE, "hash-file không khớp với nội dung")
        doc_id = self._exchange.send(body, system, vxp.parameter(request.headers, "from"))
        return _ok(DocId=doc_id)

    def _received(self, request: Request, system: str, _: bytes) -> Record:
        kind = vxp.parameter(request.headers, "messagetype") or "edoc"
        rows: list[JsonValue] = []
        for packet in self._exchange.inbox(system, kind)[:500]:
            fields = (
                "docId",
                "messageType",
                "created_time",
                "updated_time",
                "from",
                "status",
                "status_desc",
                "title",
            )
            to = ",".join(str(one) for one in cast("list[JsonValue]", packet["to"]))
            rows.append({**{field: packet[field] for field in fields}, "serviceType": "eDoc", "to": to})
        return _ok(data=rows)

    def _sent(self, request: Request, system: str, _: bytes) -> Record:
        kind = vxp.parameter(request.headers, "messagetype") or "edoc"
        rows: list[JsonValue] = [
            {
                "serviceType": "eDoc", "messageType": kind, "receiverDocId": packet["docId"], "senderDocId": packet["content"],
                "fromCode": packet["from"], "toCode": organ, "title": packet["title"], "notation": packet["code"],
                "sendStatus": "done", "sendStatusDesc": "", "sentTime": packet["created_time"],
                "receiveStatus": packet["status"], "receiveStatusDesc": packet["status_desc"], "receivedTime": packet["updated_time"],
            }
            for packet in self._exchange.outbox(system, kind)[-500:]
            for organ in cast("list[JsonValue]", packet["to"])
        ]  # fmt: skip
        return _ok(data=rows)

    def _get(self, request: Request, system: str, _: bytes) -> Record:
        packet, raw = self._exchange.packet(system, vxp.parameter(request.headers, "docId"))
        return _ok(docId=packet["docId"], data=base64.b64encode(raw).decode())

    def _download(self, request: Request, system: str, _: bytes) -> Response:
        raw = self._exchange.packet(system, vxp.parameter(request.headers, "docId"))[1]
        return Response(raw, media_type="application/octet-stream")

    def _update(self, request: Request, system: str, _: bytes) -> Record:
        status = vxp.parameter(request.headers, "status")
        if status not in READ_STATES:
            raise Refusal(ErrorCode.FILE_PROCESSING, f"status {status!r}: cần processing, done hoặc fail")
        self._exchange.mark(system, vxp.parameter(request.headers, "docId"), status)
        return _ok()

    def _count(self, system: str, kind: str) -> Record:
        return _ok(count=len(self._exchange.inbox(system, kind)))

    def _agencies(self, _request: Request, _system: str, _body: bytes) -> Record:
        every = self._exchange.agencies.values()
        ids = {agency["organ_id"]: agency["id"] for agency in every}
        fields = ("id", "code", "code102", "name", "mail", "mobile", "fax")
        rows: list[JsonValue] = [
            {**{field: one[field] for field in fields}, "pid": ids.get(one["pcode"], "0")} for one in every
        ]
        return _ok(data=rows)

    def _register(self, _: Request, system: str, body: bytes) -> Record:
        try:
            agency = AgencyBody.model_validate_json(body)
        except ValidationError as exc:
            raise Refusal(
                ErrorCode.SYSTEM,
                f"{exc.error_count()} lỗi trong JSON: {exc.errors()[0]['loc']} {exc.errors()[0]['msg']}",
            ) from exc
        before = self._exchange.agency(agency.code)
        if before is not None and before["system"] != system:
            raise Refusal(ErrorCode.BAD_CREDENTIALS, f"{agency.code} thuộc hệ thống khác")
        fields: Record = {"closed": False, "code102": agency.code, "system": system, **agency.model_dump()}
        record = self._exchange.register(agency.code, fields)
        return _ok(data=[{"id": record["id"], "code": agency.code}])

    def _delete(self, _: Request, system: str, body: bytes) -> Record:
        try:
            code = AgencyBody.model_validate_json(body).code
        except ValidationError:
            code = ""
        before = self._exchange.agency(code)
        if before is None or before["system"] != system:
            raise Refusal(ErrorCode.UNKNOWN_SENDER, code)
        self._exchange.agencies.delete(str(before["organ_id"]))
        return _ok()


def _ok(**more: JsonValue) -> Record:
    return {"status": "OK", "ErrorCode": ErrorCode.OK.value, "ErrorDesc": ErrorCode.OK.text, **more}


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise Refusal(ErrorCode.BAD_FILE, f"lớn hơn {MAX_BODY} byte")
    return bytes(body)
