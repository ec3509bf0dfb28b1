"""The VXP wire as a server: what iOffice, itself a VXP client, finds under `/in/ioffice/`."""

import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import datetime
from functools import lru_cache

from pydantic import JsonValue
from pydantic_core import to_json
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from lgsp import wirelog
from lgsp.adapter import Intake, MailboxItem, Ports, chunks_of
from lgsp.clock import VIETNAM
from lgsp.errors import BackpressureError, ChannelUnavailableError, InvalidMessageError, NotFoundError
from lgsp.message import Message
from lgsp.model.attachment import BlobRef
from lgsp.standards import vxp
from lgsp.standards.content import Content, ContentWriter
from lgsp_adapters import edoc
from lgsp_adapters.ioffice import agencies
from lgsp_adapters.ioffice.agencies import Agencies

__all__ = ["MAX_BODY_BYTES", "VxpServer"]

MAX_BODY_BYTES = 150 * 1024 * 1024
SENT_KEPT = 200
"""How many sent packets getSentEdocList remembers; the wire has no paging."""

_FORGOTTEN_AT_ONCE = 50
_SENT = "sent-"
"""Before the id of what was sent: the same document may come back, and lie in the mailbox under its own."""

REFUSED_KEPT = 1024 * 1024
"""How much of a packet that can't be read is kept for the operator."""

_HERE, _BYTES = "@@here@@", "application/octet-stream"
_LISTED = 200
_SMALL_BYTES = 256 * 1024
"""Up to here a packet is answered at once, and not in a stream."""

_COUNTED = 10_000
_AGENCY_BYTES = 64 * 1024
_STATES = frozenset({"processing", "done", "fail"})
_Endpoint = Callable[[Request], Awaitable[Response]]
_Operation = Callable[[Request, vxp.Parameters], Awaitable[Response]]


class _RefusedError(Exception):
    """Ends a request with an ErrorCode of the wire."""

    def __init__(self, code: str, description: str, status: int = 200) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.status = status


class VxpServer:
    """Checks the signature of each call, hands what comes to `intake`, and offers the mailbox."""

    def __init__(self, account: tuple[str, str], ports: Ports, intake: Intake, known: Agencies) -> None:
        self._system_id, self._secret = account
        self._ports = ports
        self._intake = intake
        self._agencies = known
        self._remembered = 0

    def routes(self) -> list[BaseRoute]:
        """One per operation, relative to the mount point."""
        operations = {
            "sendEdoc": self._send,
            "getReceivedEdocList": self._received,
            "getSentEdocList": self._sent,
            "getEdoc": self._get,
            "updateStatus": self._update,
            "countReceiveEdoc": self._count_documents,
            "countReceiveStatus": self._count_statuses,
            "getAgenciesList": self._list_agencies,
            "registerAgency": self._register,
        }
        return [
            *(
                Route(f"/{name}", self._answering(each), methods=["POST"])
                for name, each in operations.items()
            ),
            Route("/downloadEdoc", self._answering(self._download), methods=["GET"]),
        ]

    def _answering(self, operation: _Operation) -> _Endpoint:
        async def endpoint(request: Request) -> Response:
            sent = vxp.Parameters(request.scope["headers"])
            if not sent.are_signed(self._secret_of):
                return _failure("15", "Sai SystemId hoặc SecretKey")
            try:
                return await operation(request, sent)
            except _RefusedError as exc:
                return _failure(exc.code, exc.description, exc.status)
            except NotFoundError:
                return _failure("10", "docId không tồn tại", 404 if request.method == "GET" else 200)
            except BackpressureError as exc:
                return _busy(exc.retry_after_s)
            except ChannelUnavailableError:
                return _busy(5.0)

        return endpoint

    def _secret_of(self, system_id: str) -> str | None:
        return self._secret if system_id == self._system_id else None

    async def _send(self, request: Request, sent: vxp.Parameters) -> Response:
        digest = sent["hash-file"].strip()
        raw = await _body(request, digest)
        try:
            message = await edoc.receive(raw, edoc.Source.of(self._ports), self._ports.blobs)
        except InvalidMessageError as exc:
            await self._intake.refuse(b"".join(raw.chunks(0, REFUSED_KEPT)), exc, reference=digest)
            raise _RefusedError("22", _listed(exc)) from exc
        claimed, kind = sent["messagetype"].strip(), _kind_of(message)
        if claimed not in {"", kind}:
            raise _RefusedError("22", f"messagetype là {claimed}, nội dung là {kind}")
        try:
            await self._intake.accept(message)
        except InvalidMessageError as exc:
            raise _RefusedError("22", _listed(exc)) from exc
        await self._remember(message)
        return _ok(DocId=message.id)

    async def _remember(self, message: Message) -> None:
        """Keep the newest `SENT_KEPT` for getSentEdocList; a crash before this loses the entry there, not the message."""
        now_ms = int(self._ports.clock.now().timestamp() * 1000)
        kind, code = _kind_of(message), _code_of(message)
        item = MailboxItem(
            id=_SENT + message.id,
            owner=message.recipients or "",
            sender=message.sender or "",
            kind="sent",
            state="initial",
            created_ms=now_ms,
            updated_ms=now_ms,
            title=str(message.data.get("subject", "")),
            note=f"{kind} {code}",
        )
        if await self._ports.mailbox.put(item, b""):
            if self._remembered % _FORGOTTEN_AT_ONCE == 0:
                kept = await self._ports.mailbox.waiting("sent", limit=SENT_KEPT + 2 * _FORGOTTEN_AT_ONCE)
                for old in kept[:-SENT_KEPT]:
                    await self._ports.mailbox.mark(old.id, "done", old.note)
            self._remembered += 1

    async def _received(self, _request: Request, sent: vxp.Parameters) -> Response:
        kind = sent["messagetype"].strip() or "edoc"
        items = await self._ports.mailbox.waiting(kind, limit=_LISTED) if kind in {"edoc", "status"} else ()
        return _ok(data=[_received_entry(item) for item in items])

    async def _sent(self, _request: Request, sent: vxp.Parameters) -> Response:
        kind = sent["messagetype"].strip() or "edoc"
        items = await self._ports.mailbox.waiting("sent", limit=SENT_KEPT + 2 * _FORGOTTEN_AT_ONCE)
        return _ok(data=[_sent_entry(item) for item in items[-SENT_KEPT:] if item.note.split(" ")[0] == kind])

    async def _get(self, _request: Request, sent: vxp.Parameters) -> Response:
        content = await self._content(sent)
        before, _, after = bytes(_ok(data=_HERE).body).partition(_HERE.encode())
        size = len(content) if isinstance(content, bytes) else content.size
        length = len(before) + (size + 2) // 3 * 4 + len(after)

        async def answer() -> AsyncIterator[bytes]:
            yield before
            async for chunk in _base64(chunks_of(content, self._ports.blobs)):
                yield chunk
            yield after

        headers = {"Content-Length": str(length)}
        return StreamingResponse(answer(), media_type="application/json", headers=headers)

    async def _download(self, _request: Request, sent: vxp.Parameters) -> Response:
        content = await self._content(sent)
        chunks = chunks_of(content, self._ports.blobs)
        if isinstance(content, bytes) or content.size <= _SMALL_BYTES:
            return Response(b"".join([chunk async for chunk in chunks]), media_type=_BYTES)
        headers = {"Content-Length": str(content.size)}
        return StreamingResponse(chunks, media_type=_BYTES, headers=headers)

    async def _content(self, sent: vxp.Parameters) -> BlobRef | bytes:
        item, content = await self._ports.mailbox.get(_received_id(sent))
        wirelog.about(reference=item.id)
        return content

    async def _update(self, _request: Request, sent: vxp.Parameters) -> Response:
        state = sent["status"].strip()
        if state not in _STATES:
            raise _RefusedError("10", "status phải là processing, done hoặc fail")
        item_id = _received_id(sent)
        wirelog.about(reference=item_id)
        await self._ports.mailbox.mark(item_id, state)
        return _ok()

    async def _count_documents(self, _request: Request, _sent: vxp.Parameters) -> Response:
        return _ok(count=len(await self._ports.mailbox.waiting("edoc", limit=_COUNTED)))

    async def _count_statuses(self, _request: Request, _sent: vxp.Parameters) -> Response:
        return _ok(count=len(await self._ports.mailbox.waiting("status", limit=_COUNTED)))

    async def _list_agencies(self, _request: Request, sent: vxp.Parameters) -> Response:
        level = sent["level"].strip()
        if level and level not in agencies.LEVELS:
            raise _RefusedError("10", "level phải là 1, 2, 3 hoặc 4")
        return _ok(data=await self._agencies.listing(level))

    async def _register(self, request: Request, _sent: vxp.Parameters) -> Response:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > _AGENCY_BYTES:
                raise _RefusedError("10", f"Nội dung lớn hơn {_AGENCY_BYTES} byte", 413)
        try:
            return _ok(data=[await self._agencies.register(bytes(body))])
        except InvalidMessageError as exc:
            raise _RefusedError("10", _listed(exc)) from exc


async def _body(request: Request, claimed: str) -> Content:
    """The body, to disk where it is large, checked against the hash that was claimed for it."""
    writer, digest = ContentWriter(max_bytes=MAX_BODY_BYTES), vxp.FileDigest()
    try:
        async for chunk in request.stream():
            digest.update(chunk)
            writer.write(chunk)
    except ValueError as exc:
        raise _RefusedError("10", f"Tệp lớn hơn {MAX_BODY_BYTES} byte", 413) from exc
    except ClientDisconnect as exc:
        writer.discard()
        raise _RefusedError("21", "Kết nối bị ngắt khi đang gửi tệp", 400) from exc
    content = writer.finish()
    if digest.file_size(claimed) is None:
        raise _RefusedError("10", "hash-file không khớp với nội dung tệp")
    return content


def _received_id(sent: vxp.Parameters) -> str:
    """The docId, of what lies in the mailbox for iOffice: what is remembered of its own calls can be neither fetched nor settled."""
    item_id = sent["docId"].strip()
    if item_id.startswith((_SENT, agencies.PREFIX)):
        raise NotFoundError(item_id)
    return item_id


async def _base64(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    rest = b""
    async for chunk in chunks:
        rest += chunk
        whole = len(rest) // 3 * 3
        yield base64.b64encode(rest[:whole])
        rest = rest[whole:]
    yield base64.b64encode(rest)


def _ok(**fields: object) -> Response:
    answer = {"status": "OK", "ErrorCode": "0", "ErrorDesc": "", **fields}
    return Response(to_json(answer), media_type="application/json")


def _failure(code: str, description: str, status: int = 200) -> JSONResponse:
    return JSONResponse({"status": "FAIL", "ErrorCode": code, "ErrorDesc": description}, status_code=status)


def _busy(retry_after_s: float) -> JSONResponse:
    answer = _failure("20", "Hệ thống đang bận, xin gửi lại sau", 503)
    answer.headers["Retry-After"] = str(max(1, round(retry_after_s)))
    return answer


def _listed(error: InvalidMessageError) -> str:
    """The faults for a person, in Vietnamese, bounded."""
    lines = [f"{fault.place or '/'} (dòng {fault.line}): {fault.message_vi}" for fault in error.faults[:20]]
    return "; ".join(lines)[:4000]


@lru_cache(maxsize=1024)
def _received_entry(item: MailboxItem) -> Mapping[str, JsonValue]:
    return {
        "docId": item.id,
        "serviceType": "eDoc",
        "messageType": item.kind,
        "created_time": _wire_time(item.created_ms),
        "updated_time": _wire_time(item.updated_ms),
        "from": item.sender,
        "to": item.owner,
        "status": item.state,
        "status_desc": item.note,
    }


def _sent_entry(item: MailboxItem) -> JsonValue:
    """What the adapter knows of it, under the DocId that sendEdoc answered; the receivers' read states are not known and stay empty."""
    kind, _, code = item.note.partition(" ")
    return {
        "serviceType": "eDoc",
        "messageType": kind,
        "senderDocId": item.id.removeprefix(_SENT),
        "receiverDocId": "",
        "fromCode": item.sender,
        "toCode": item.owner,
        "title": item.title,
        "notation": code,
        "sentTime": _wire_time(item.created_ms),
        "receivedTime": "",
        "sendStatus": "done",
        "sendStatusDesc": "",
        "receiveStatus": "",
        "receiveStatusDesc": "",
    }


def _kind_of(message: Message) -> str:
    """Its messagetype."""
    return "status" if message.kind == "document.status" else "edoc"


def _code_of(message: Message) -> str:
    """Số/ký hiệu."""
    code = message.data.get("code")
    return f"{code.get('number', '')}/{code.get('notation', '')}" if isinstance(code, dict) else ""


def _wire_time(moment_ms: int) -> str:
    return datetime.fromtimestamp(moment_ms / 1000, tz=VIETNAM).strftime("%Y/%m/%d %H:%M:%S")
