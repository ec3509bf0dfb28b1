"""The VXP wire: every call of the recorded client. Errors are answers with HTTP 200 and an ErrorCode."""

from collections.abc import Awaitable, Callable
from contextlib import closing
from typing import cast

from pydantic import JsonValue
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from lgsp.standards.content import Content
from lgsp.standards.vxp import ErrorCode, Parameters
from lgsp_mocks.axis import packets
from lgsp_mocks.axis.exchange import Exchange
from lgsp_mocks.axis.refusal import Refusal
from lgsp_mocks.axis.registration import Registration
from lgsp_mocks.axis.streaming import (
    beside_the_loop,
    json_answer,
    raw_answer,
    receive,
    record_answer,
    skip,
    small_body,
)
from lgsp_mocks.kit import Record

__all__ = ["LISTED", "MAX_JSON_BYTES", "VxpWire", "check_read_state"]

LISTED = 500
MAX_JSON_BYTES = 64 * 1024
READ_STATES = frozenset({"processing", "done", "fail"})
_LIST_FIELDS = (
    "docId",
    "messageType",
    "created_time",
    "updated_time",
    "from",
    "status",
    "status_desc",
    "title",
)
_OK: Record = {"status": "OK", "ErrorCode": ErrorCode.OK.value, "ErrorDesc": ErrorCode.OK.text}
Answer = Callable[[Request, Parameters, str], Awaitable[Record | Response]]
Call = Callable[[Parameters, str, bytes], Record | Response]


class VxpWire:
    """Answers the calls from the exchange's state."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._registration = Registration(exchange)

    def routes(self) -> list[Route]:
        """One route for each call."""
        calls: dict[str, Call] = {
            "getReceivedEdocList": self._received, "getSentEdocList": self._sent, "getEdoc": self._get,
            "updateStatus": self._update, "getAgenciesList": self._agencies, "getAgenciesListQD20": self._agencies,
            "getSynchronizeUnit": self._agencies, "registerAgency": self._register, "updateAgency": self._change,
            "deleteAgency": self._delete,
            "countReceiveEdoc": lambda _asked, system, _: self._count(system, "edoc"),
            "countReceiveStatus": lambda _asked, system, _: self._count(system, "status"),
        }  # fmt: skip
        answers = {"sendEdoc": self._send, **{name: _with_body(call) for name, call in calls.items()}}
        routes = [Route(f"/{name}", self._guarded(one), methods=["POST"]) for name, one in answers.items()]
        download = self._guarded(_with_body(self._download))
        return [*routes, Route("/downloadEdoc", download, methods=["GET", "POST"])]

    def _guarded(self, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            asked = Parameters(request.scope["headers"])
            try:
                # Before the body: a client that waits for `100 Continue` need not send what nobody will read.
                await self._authenticate(request, asked)
                reply = await answer(request, asked, asked["systemid"])
            except Refusal as refusal:
                reply = {"status": "FAIL", "ErrorCode": refusal.code.value, "ErrorDesc": refusal.text}
            except ClientDisconnect:
                reply = Response(status_code=400)
            return reply if isinstance(reply, Response) else record_answer(reply)

        return guarded

    async def _authenticate(self, request: Request, asked: Parameters) -> None:
        if not asked.are_signed(self._exchange.secret_of):
            await skip(request)
            raise Refusal(ErrorCode.BAD_CREDENTIALS)

    async def _send(self, request: Request, asked: Parameters, system: str) -> Record:
        content, digest = await receive(request, self._exchange.max_packet_bytes)
        with closing(content):
            size = digest.file_size(asked["hash-file"])
            if size is None:
                raise Refusal(ErrorCode.BAD_FILE, "hash-file không khớp với nội dung")
            kind, sender = asked["messagetype"], asked["from"]
            if size == content.size:
                return _ok(DocId=await self._exchange.take(content, system, kind, sender))
            with closing(await beside_the_loop(Content.of, content.chunks(0, size), size)) as file:
                return _ok(DocId=await self._exchange.take(file, system, kind, sender))

    def _received(self, asked: Parameters, system: str, _: bytes) -> Record:
        rows: list[JsonValue] = [
            {**{field: packet[field] for field in _LIST_FIELDS}, "serviceType": "eDoc", "to": _to(packet)}
            for packet in self._exchange.inbox(system, _wanted(asked))[:LISTED]
        ]
        return _ok(data=rows)

    def _sent(self, asked: Parameters, system: str, _: bytes) -> Record:
        kind = _wanted(asked)
        rows: list[JsonValue] = [
            {
                "serviceType": "eDoc", "messageType": kind, "receiverDocId": packet["docId"], "senderDocId": packet["senderDocId"],
                "fromCode": packet["from"], "toCode": _to(packet), "title": packet["title"], "notation": packet["code"],
                "sendStatus": "done", "sendStatusDesc": "", "sentTime": packet["created_time"],
                "receiveStatus": packet["status"], "receiveStatusDesc": packet["status_desc"],
                "receivedTime": "" if packet["status"] == "initial" else packet["updated_time"],
            }
            for packet in self._exchange.outbox(system, kind)[-LISTED:]
        ]  # fmt: skip
        return _ok(data=rows)

    def _get(self, asked: Parameters, system: str, _: bytes) -> Response:
        packet, content = self._exchange.held(system, asked["docId"])
        return json_answer(_ok(docId=packet["docId"]), data=content)

    def _download(self, asked: Parameters, system: str, _: bytes) -> Response:
        return raw_answer(self._exchange.held(system, asked["docId"])[1])

    def _update(self, asked: Parameters, system: str, _: bytes) -> Record:
        status = check_read_state(asked["status"])
        self._exchange.mark(system, asked["docId"], status, asked["description"])
        return _ok()

    def _count(self, system: str, kind: str) -> Record:
        return _ok(count=len(self._exchange.inbox(system, kind)))

    def _agencies(self, asked: Parameters, _system: str, _body: bytes) -> Record:
        level = asked["level"]
        if level not in {"", "1", "2", "3", "4"}:
            raise Refusal(ErrorCode.BAD_FILE, f"level {level!r}: cần 1, 2, 3 hoặc 4")
        return _ok(data=self._exchange.directory.listing(int(level) if level else None))

    def _register(self, _: Parameters, system: str, body: bytes) -> Record:
        return _ok(data=[_numbered(self._registration.register(system, body))])

    def _change(self, _: Parameters, system: str, body: bytes) -> Record:
        return _ok(data=[_numbered(self._registration.change(system, body))])

    def _delete(self, _: Parameters, system: str, body: bytes) -> Record:
        self._registration.delete(system, body)
        return _ok()


def _with_body(call: Call) -> Answer:
    async def answer(request: Request, asked: Parameters, system: str) -> Record | Response:
        return call(asked, system, await small_body(request, MAX_JSON_BYTES))

    return answer


def check_read_state(status: str) -> str:
    """The read state, if it is one.

    Raises:
        Refusal: 10.
    """
    if status not in READ_STATES:
        raise Refusal(ErrorCode.BAD_FILE, f"status {status!r}: cần processing, done hoặc fail")
    return status


def _wanted(asked: Parameters) -> str:
    kind = asked["messagetype"] or "edoc"
    if kind not in packets.KINDS:
        raise Refusal(ErrorCode.BAD_FILE, f"messagetype {kind!r}: cần edoc hoặc status")
    return kind


def _numbered(agency: Record) -> Record:
    return {"id": agency["id"], "code": agency["code"]}


def _to(packet: Record) -> str:
    return ",".join(str(one) for one in cast("list[JsonValue]", packet["to"]))


def _ok(**more: JsonValue) -> Record:
    return {**_OK, **more}
