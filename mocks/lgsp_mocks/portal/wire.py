"""The real wire: POST anything below `mapi/`, bare or behind an adapter's forward path; the body's `service` decides."""

import json
import re
from collections.abc import Sequence

from pydantic import JsonValue, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from lgsp.errors import InvalidMessageError
from lgsp.standards import dvcqg
from lgsp.standards.faults import pydantic_faults
from lgsp_mocks.kit.standin import Context
from lgsp_mocks.portal import dossiers
from lgsp_mocks.portal.catalogues import CATALOGUES, procedure_record, technical_id
from lgsp_mocks.portal.reply import FAILED, WireError, invalid_packet, ok, refusal
from lgsp_mocks.portal.sessions import check_session, log_in

__all__ = ["wire_routes"]

PREFIXES = ("", "/XrdAdapter/RestService/forward", "/VXPAdapter/RestService/forward")
_UNIT = r"[0-9]{3}(\.[0-9]{2}){2}\.[A-Z][0-9]{2}|[A-Z][0-9]{2}(\.[0-9]{1,3}){0,3}"
_DESTINATION = re.compile(rf"VN:(GOV:({_UNIT})|COM:[0-9]{{10}}(-[0-9]{{3}})?):[A-Za-z0-9_.-]+")


def wire_routes(context: Context) -> Sequence[BaseRoute]:
    """Routes of the wire."""

    async def log_in_route(request: Request) -> JSONResponse:
        try:
            packet = await _body(request)
            return JSONResponse(log_in(context, _read_login(packet)))
        except WireError as exc:
            return refusal(exc)

    async def service_route(request: Request) -> JSONResponse:
        try:
            packet = await _body(request)
            check_session(context, packet.get("session"))
            return ok(_serve(context, _read(context, packet)))
        except WireError as exc:
            return refusal(exc)

    routes: list[BaseRoute] = []
    for prefix in PREFIXES:
        routes.append(Route(f"{prefix}/mapi/login", log_in_route, methods=["POST"]))
        routes.append(Route(f"{prefix}/mapi/{{rest:path}}", service_route, methods=["POST"]))
    return routes


async def _body(request: Request) -> dict[str, JsonValue]:
    _check_destination(request)
    raw = await request.body()
    try:
        packet = json.loads(raw)
        # Half a surrogate pair is JSON, but no text that could be stored or answered.
        json.dumps(packet, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as exc:
        raise WireError(FAILED, "Gói tin không hợp lệ: /: không phải JSON") from exc
    if not isinstance(packet, dict):
        raise WireError(FAILED, "Gói tin không hợp lệ: /: phải là đối tượng JSON")
    return packet


def _check_destination(request: Request) -> None:
    given = request.headers.get("dstcode", request.query_params.get("dstcode"))
    if given is not None and not _DESTINATION.fullmatch(given):
        raise WireError(
            FAILED,
            f"dstcode không hợp lệ: {given}; cần VN:GOV:<mã định danh>:<hệ thống> hoặc VN:COM:<mã số thuế>:<hệ thống>",
        )


def _read_login(packet: dict[str, JsonValue]) -> dvcqg.LoginRequest:
    try:
        return dvcqg.LoginRequest.model_validate(packet)
    except ValidationError as exc:
        raise invalid_packet(pydantic_faults(exc)) from exc


def _read(context: Context, packet: dict[str, JsonValue]) -> dvcqg.Envelope:
    try:
        model = dvcqg.read(packet)
    except InvalidMessageError as exc:
        raise invalid_packet(exc.faults) from exc
    if not isinstance(model, dvcqg.Envelope):
        raise WireError(FAILED, "Gói tin không hợp lệ: /service: thiếu tên dịch vụ")
    if context.population.agency(model.madonvi) is None:
        raise WireError(FAILED, f"Đơn vị {model.madonvi} chưa được đăng ký (madonvi)")
    return model


def _serve(context: Context, request: dvcqg.Envelope) -> JsonValue:
    match request:
        case dvcqg.DongBoHoSoMC():
            dossiers.synchronize(context, request)
        case dvcqg.CapNhatTienDoHoSoMC():
            dossiers.add_steps(context, request)
        case dvcqg.DongBoTrangThaiHoSo():
            dossiers.report_state(context, request.data)
        case dvcqg.TraCuuHoSo():
            return dossiers.look_up(context, request.mahoso)
        case dvcqg.LayThuTuc():
            return procedure_record(context.population, request.maTTHC)
        case dvcqg.TraCuuTechID():
            return technical_id(context.population, request.mstorcmnd)
        case _:
            return CATALOGUES[request.service](context.population)
    return None
