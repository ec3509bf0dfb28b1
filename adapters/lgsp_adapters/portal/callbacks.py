"""`nhanhsdvcqg` and `nhantbthuedvcqg`: what citizens did on the portal; answered as the province's own endpoint does."""

from collections.abc import Sequence

from pydantic import JsonValue, ValidationError
from pydantic_core import from_json
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from lgsp.adapter import Intake, Ports
from lgsp.errors import BackpressureError, ChannelUnavailableError, Fault, InvalidMessageError
from lgsp.message import Message, faults_of, type_name
from lgsp.model.dossier import Applicant, ApplicantKind, DossierSubmitted
from lgsp.standards import dvcqg, identifiers
from lgsp_adapters.portal.answers import (
    FALLBACK_UNIT,
    PORTAL_OWNER,
    documents_of,
    from_payment,
    from_supplement,
)

__all__ = ["callback_routes"]

MAX_BODY = 50 * 1024 * 1024
NAMES = ("nhanhsdvcqg", "addtthcKhuyenMai", "nhantbthuedvcqg")

Packet = dvcqg.InboundDossier | dvcqg.InboundSupplement | dvcqg.InboundPayment


def callback_routes(ports: Ports, intake: Intake) -> Sequence[BaseRoute]:
    """The paths that the portal calls, behind either forwarder."""

    async def receive(request: Request) -> Response:
        return await _receive(request, ports, intake)

    pattern = "/web/guest/{forwarder}/RestService/forward/"
    return [Route(pattern + name, receive, methods=["POST"]) for name in NAMES]


async def _receive(request: Request, ports: Ports, intake: Intake) -> Response:
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MAX_BODY:
            return _reply(-1, f"gói tin lớn hơn {MAX_BODY} byte", status=413)
    reference = request.url.path.rpartition("/")[2]
    try:
        try:
            packet = _packet(bytes(raw), reference)
            reference = _code_of(packet)
            message = await _message(packet, ports)
        except InvalidMessageError as exc:
            await intake.refuse(bytes(raw), exc, reference=reference)
            return _refusal(exc)
        await intake.accept(message)
    except InvalidMessageError as exc:
        return _refusal(exc)
    except (BackpressureError, ChannelUnavailableError) as exc:
        wait_s = exc.retry_after_s if isinstance(exc, BackpressureError) else 5.0
        return _reply(
            -1,
            "hệ thống đang bận, hãy gửi lại",
            status=503,
            headers={"Retry-After": str(max(1, round(wait_s)))},
        )
    return _reply(0, "Thành công")


def _packet(raw: bytes, name: str) -> Packet:
    try:
        value = from_json(raw)
    except ValueError as exc:
        raise InvalidMessageError(name, [Fault("json", "", str(exc), f"không phải JSON: {exc}")]) from exc
    try:
        return _model_of(value, name).model_validate(value)
    except ValidationError as exc:
        raise InvalidMessageError(name, faults_of(exc)) from exc


def _model_of(value: object, name: str) -> type[Packet]:
    if name == "nhantbthuedvcqg":
        return dvcqg.InboundPayment
    return dvcqg.InboundSupplement if isinstance(value, dict) and "data" in value else dvcqg.InboundDossier


def _code_of(packet: Packet) -> str:
    match packet:
        case dvcqg.InboundPayment():
            return packet.Data.MaHoSo
        case dvcqg.InboundSupplement():
            return packet.data.MaHoSoQG
        case dvcqg.InboundDossier():
            return packet.MaHoSo


async def _message(packet: Packet, ports: Ports) -> Message:
    match packet:
        case dvcqg.InboundPayment():
            return from_payment(packet, ports)
        case dvcqg.InboundSupplement():
            return await from_supplement(packet, ports)
        case dvcqg.InboundDossier():
            return await _submitted(packet, ports)


async def _submitted(packet: dvcqg.InboundDossier, ports: Ports) -> Message:
    unit = packet.MaDonViTiepNhan or FALLBACK_UNIT
    submitted_at = dvcqg.read_stamp(packet.NgayNopHoSo)
    owner = packet.DinhDanhCHS[0].SoDinhDanh if packet.DinhDanhCHS else None
    try:
        data = DossierSubmitted(
            national_code=packet.MaHoSo, procedure_code=packet.MaTTHC, procedure_name=packet.TenTTHC, unit_id=unit,
            applicant=Applicant(
                name=packet.ChuHoSo or packet.TenThuongNhan or packet.NguoiLienHe, kind=ApplicantKind(packet.LoaiDoiTuong.value),
                citizen_id=owner, email=packet.Email, telephone=packet.DienThoai, address=packet.DiaChi,
            ),
            submitted_at=submitted_at, abstract=packet.TrichYeuHoSo, documents=await documents_of(packet.TaiLieuNop, ports),
        )  # fmt: skip
    except ValidationError as exc:
        raise InvalidMessageError("nhanhsdvcqg", faults_of(exc)) from exc
    source = f"/systems/{ports.system}"
    return Message(
        id=identifiers.deterministic_id(source, packet.MaHoSo, "dossier.submitted"), source=source, type=type_name("dossier.submitted"),
        subject=packet.MaHoSo, time=submitted_at, dataschema="https://lgsp.vn/schemas/dossier.submitted/1",
        data=data.model_dump(mode="json"), correlationid=packet.MaHoSo, sender=PORTAL_OWNER, recipients=unit,
    )  # fmt: skip


def _refusal(error: InvalidMessageError) -> Response:
    return _reply(-1, "; ".join(f"{fault.place or '/'}: {fault.message_vi}" for fault in error.faults))


def _reply(code: int, message: str, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    body: dict[str, JsonValue] = {"error_code": code, "message": message}
    return JSONResponse(body, status, headers=headers)
