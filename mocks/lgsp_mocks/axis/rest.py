"""The REST dialect of provincial axes (public client code of Lạng Sơn's), on the same exchange as the VXP wire."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import date, datetime
from typing import Annotated, cast

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lgsp.clock import VIETNAM
from lgsp.standards import edxml
from lgsp.standards.content import CHUNK_BYTES, Content, ContentWriter
from lgsp.standards.vxp import ErrorCode
from lgsp_mocks.axis import packets
from lgsp_mocks.axis.exchange import Exchange
from lgsp_mocks.axis.refusal import Refusal
from lgsp_mocks.axis.rest_access import Access, UnauthorizedError
from lgsp_mocks.axis.streaming import bounded, check_declared, json_answer, skip, small_body
from lgsp_mocks.axis.wire import LISTED, MAX_JSON_BYTES, check_read_state
from lgsp_mocks.kit import Context, Record

__all__ = ["RestWire"]

FORM_BYTES = 64 * 1024
"""What a multipart body may have beside the file."""

Answer = Callable[[Request, str], Awaitable[Record | Response]]


class StatusBody(BaseModel):
    """updateStatus."""

    model_config = ConfigDict(extra="ignore")

    docId: Annotated[str, Field(max_length=100)] | int  # noqa: N815 - the wire's name
    status: Annotated[str, Field(max_length=100)]
    description: Annotated[str, Field(max_length=2000)] | None = None


class RestWire:
    """Bearer token, X-SystemId and X-SecretKey on every call but the login."""

    def __init__(self, context: Context, exchange: Exchange) -> None:
        self._exchange = exchange
        self._access = Access(context, exchange.secret_of)

    def routes(self) -> list[Route]:
        """One route for each call."""
        calls: tuple[tuple[str, str, Answer], ...] = (
            ("POST", "sendEdoc", self._send),
            ("GET", "syncReceivedEdocList", self._received),
            ("GET", "getEdoc", self._get),
            ("POST", "updateStatus", self._update),
            ("GET", "getAgenciesList", self._agencies),
        )
        login = Route("/v1/auth/login", _answered(self._login), methods=["POST"])
        return [
            login,
            *(Route(f"/v1/{name}", self._guarded(one), methods=[verb]) for verb, name, one in calls),
        ]

    def _guarded(self, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Record | Response:
            try:
                system = self._access.system(request.headers)
            except (Refusal, UnauthorizedError):
                await skip(request)
                raise
            return await answer(request, system)

        return _answered(guarded)

    async def _login(self, request: Request) -> Record:
        return _ok(data={"token": self._access.log_in(await small_body(request, MAX_JSON_BYTES))})

    async def _send(self, request: Request, system: str) -> Record:
        bound = self._exchange.max_packet_bytes + FORM_BYTES
        await check_declared(request, bound)
        counted = Request(request.scope, bounded(request.receive, bound))
        try:
            async with counted.form(max_files=1, max_fields=20) as form:
                content, kind = await _file(form, self._exchange.max_packet_bytes), form.get("messageType")
        except (MultiPartException, HTTPException) as exc:
            raise Refusal(ErrorCode.BAD_FILE, "multipart không đọc được") from exc
        with closing(content):
            claimed = kind if isinstance(kind, str) else ""
            return _ok(docId=await self._exchange.take(content, system, claimed))

    async def _received(self, request: Request, system: str) -> Record:
        kind = request.query_params.get("messageType", "edoc")
        if kind not in packets.KINDS:
            raise Refusal(ErrorCode.BAD_FILE, f"messageType {kind!r}: cần edoc hoặc status")
        first, last = (_day(request, name) for name in ("fromDate", "toDate"))
        rows: list[JsonValue] = [
            _row(packet)
            for packet in self._exchange.inbox(system, kind)
            if (first or date.min) <= _created_on(packet) <= (last or date.max)
        ]
        return _ok(count=len(rows[:LISTED]), data=rows[:LISTED])

    async def _get(self, request: Request, system: str) -> Response:
        held, content = self._exchange.held(system, request.query_params.get("docId", ""))
        packet = await asyncio.to_thread(packets.read, content)
        files = packet.attachments if isinstance(packet, edxml.EdxmlDocument) else ()
        sender = self._exchange.agency(str(held["from"])) or {}
        return json_answer(_ok(), data={
            "docId": str(held["docId"]), "from": str(held["from"]), "fromName": str(sender.get("name") or packet.sender.name),
            "edocCode": str(held["code"]), "edocAbstract": str(held["title"]), "edxml": content,
            "attachments": [{"fileName": file.name, "fileContent": file.content} for file in files],
        })  # fmt: skip

    async def _update(self, request: Request, system: str) -> Record:
        try:
            body = StatusBody.model_validate_json(await small_body(request, MAX_JSON_BYTES))
        except ValidationError as exc:
            raise Refusal(ErrorCode.BAD_FILE, "cần JSON {docId, status}") from exc
        status = check_read_state(body.status)
        self._exchange.mark(system, str(body.docId), status, body.description or "")
        return _ok()

    async def _agencies(self, _: Request, _system: str) -> Record:
        rows = self._exchange.directory.listing()
        return _ok(count=len(rows), data=rows)


def _answered(
    answer: Callable[[Request], Awaitable[Record | Response]],
) -> Callable[[Request], Awaitable[Response]]:
    async def answered(request: Request) -> Response:
        try:
            reply = await answer(request)
        except UnauthorizedError as exc:
            reply = JSONResponse({"success": False, "message": str(exc)}, 401)
        except Refusal as refusal:
            detail: Record = {
                "docId": "",
                "status": "error",
                "errorCode": refusal.code.value,
                "errorDesc": refusal.text,
            }
            reply = {"success": False, "message": refusal.code.text, "data": detail}
        except ClientDisconnect:
            reply = Response(status_code=400)
        return reply if isinstance(reply, Response) else JSONResponse(reply)

    return answered


async def _file(form: FormData, max_bytes: int) -> Content:
    upload = form.get("edocFile")
    if not isinstance(upload, UploadFile):
        raise Refusal(ErrorCode.BAD_FILE, "thiếu edocFile")
    writer = ContentWriter(max_bytes=max_bytes)
    try:
        while chunk := await upload.read(CHUNK_BYTES):
            writer.write(chunk)
    except ValueError as exc:
        raise Refusal(ErrorCode.BAD_FILE, f"gói tin lớn hơn {max_bytes} byte") from exc
    except BaseException:
        writer.discard()
        raise
    return writer.finish()


def _row(packet: Record) -> Record:
    to = ",".join(str(one) for one in cast("list[JsonValue]", packet["to"]))
    return {
        "serviceType": "eDoc", "createdTime": packet["created_time"], "updatedTime": packet["updated_time"],
        "messageType": packet["messageType"], "docId": packet["docId"], "from": packet["from"], "to": to,
        "status": packet["status"], "statusDesc": packet["status_desc"],
    }  # fmt: skip


def _created_on(packet: Record) -> date:
    return _parsed(str(packet["created_time"])[:10])


def _day(request: Request, name: str) -> date | None:
    value = request.query_params.get(name, "")
    try:
        return _parsed(value) if value else None
    except ValueError as exc:
        raise Refusal(ErrorCode.BAD_FILE, f"{name} {value!r}: cần YYYY/MM/DD") from exc


def _parsed(value: str) -> date:
    return datetime.strptime(value, "%Y/%m/%d").replace(tzinfo=VIETNAM).date()


def _ok(**more: JsonValue) -> Record:
    return {"success": True, "message": ErrorCode.OK.text, **more}
