"""The real wire: POST anything below `mapi/`, bare or behind an adapter's forward path; the body's `service` decides."""

import json
from collections.abc import Callable, Sequence

import msgspec
from pydantic import JsonValue, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from lgsp.errors import InvalidMessageError
from lgsp.standards import dvcqg
from lgsp.standards.faults import pydantic_faults
from lgsp_mocks.kit.front import Short
from lgsp_mocks.kit.standin import Context
from lgsp_mocks.portal.destination import PREFIXES, check_destination
from lgsp_mocks.portal.reply import FAILED, WireError, invalid_packet, ok
from lgsp_mocks.portal.services import other_problems, serve
from lgsp_mocks.portal.sessions import check_session, log_in

__all__ = ["wire_routes"]

Packet = dict[str, JsonValue]
ANSWER_ROOT = "answer"
"""Root of an XML answer to what could not be read."""


def wire_routes(context: Context) -> Sequence[BaseRoute]:
    """Routes of the wire."""

    def enter(packet: Packet) -> Packet:
        return log_in(context, _read_login(packet))

    def ask(packet: Packet) -> Packet:
        check_session(context, packet.get("session"))
        return ok(serve(context, _read(context, packet)))

    async def log_in_route(request: Request) -> Response:
        return await _answer(request, enter, dvcqg.LOGIN_ROOT)

    async def service_route(request: Request) -> Response:
        return await _answer(request, ask, ANSWER_ROOT)

    routes: list[BaseRoute] = []
    for prefix in PREFIXES:
        routes.append(Route(f"{prefix}/mapi/login", log_in_route, methods=["POST"]))
        # As connectors write it: a path without a variable is known after the first call.
        routes.append(Route(f"{prefix}/mapi/g", service_route, methods=["POST"], include_in_schema=False))
        routes.append(Route(f"{prefix}/mapi/{{rest:path}}", service_route, methods=["POST"]))
    return routes


async def _answer(request: Request, serve_packet: Callable[[Packet], Packet], root: str) -> Response:
    """In the form of the request. Nothing is awaited between the check of the session and the last change."""
    in_xml = _is_xml(request.headers.get("content-type", ""))
    raw = await request.body()
    try:
        check_destination(request)
        packet = _xml(raw) if in_xml else _json(raw)
        root = _root(packet, root)
        body = serve_packet(packet)
    except WireError as exc:
        body = exc.answer()
    if in_xml:
        return Response(dvcqg.write_xml(root, body), media_type="application/xml")
    return Short(msgspec.json.encode(body), b"application/json")


def _is_xml(content_type: str) -> bool:
    essence = content_type.partition(";")[0].strip().lower()
    return essence in {"application/xml", "text/xml"} or essence.endswith("+xml")


def _root(packet: Packet, otherwise: str) -> str:
    """The answer is called as the request was; what the client made up becomes no element of ours."""
    service = packet.get("service")
    return service if isinstance(service, str) and service in dvcqg.REQUESTS else otherwise


def _xml(raw: bytes) -> Packet:
    try:
        return dvcqg.read_xml(raw)
    except InvalidMessageError as exc:
        raise invalid_packet(exc.faults) from exc


def _json(raw: bytes) -> Packet:
    try:
        packet = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        packet = _odd_json(raw)
    if not isinstance(packet, dict):
        raise WireError(FAILED, "Gói tin không hợp lệ: /: phải là đối tượng JSON / must be a JSON object")
    return packet


def _odd_json(raw: bytes) -> JsonValue:
    """What only the more patient reader takes: a mark at its beginning, another encoding."""
    try:
        value: JsonValue = json.loads(raw)
        # Half a surrogate pair is JSON, but no text that could be stored or answered.
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as exc:
        raise WireError(FAILED, "Gói tin không hợp lệ: /: không phải JSON / not JSON") from exc
    return value


def _read_login(packet: Packet) -> dvcqg.LoginRequest:
    try:
        return dvcqg.LoginRequest.model_validate(packet)
    except ValidationError as exc:
        raise invalid_packet(pydantic_faults(exc)) from exc


def _read(context: Context, packet: Packet) -> dvcqg.Envelope:
    try:
        model = dvcqg.read(packet)
    except InvalidMessageError as exc:
        raise invalid_packet(exc.faults, other_problems(context, packet)) from exc
    if not isinstance(model, dvcqg.Envelope):
        raise WireError(FAILED, "Gói tin không hợp lệ: /service: thiếu tên dịch vụ / missing")
    if context.population.agency(model.madonvi) is None:
        raise WireError(
            FAILED, f"/madonvi: đơn vị {model.madonvi} chưa được đăng ký / {model.madonvi} is not registered"
        )
    return model
