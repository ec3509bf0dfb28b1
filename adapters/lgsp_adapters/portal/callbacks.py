"""What citizens, businesses and the tax office did on the portal; answered as the province's own endpoint does."""

from collections.abc import AsyncIterator, Sequence

from pydantic import JsonValue, ValidationError
from pydantic_core import from_json
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from lgsp.adapter import Intake, Ports
from lgsp.errors import BackpressureError, ChannelUnavailableError, Fault, InvalidMessageError, NotFoundError
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
from lgsp_adapters.portal.ledger import DOWNLOAD_PATH, Ledger

__all__ = ["callback_routes"]

MAX_BODY = 50 * 1024 * 1024
NAMES = ("nhanhsdvcqg", "addtthcKhuyenMai", "nhantbthuedvcqg")

Packet = dvcqg.InboundDossier | dvcqg.InboundSupplement | dvcqg.InboundPayment | dvcqg.InboundTaxNotice


def callback_routes(ports: Ports, intake: Intake) -> Sequence[BaseRoute]:
    """The paths that the portal calls, behind either forwarder; and those where it looks something up."""
    ledger = Ledger(ports)

    async def receive(request: Request) -> Response:
        return await _receive(request, ports, intake, ledger)

    async def search(request: Request) -> Response:
        return await _search(request, ledger)

    async def download(request: Request) -> Response:
        return await _download(request, ledger)

    pattern = "/web/guest/{forwarder}/RestService/forward/"
    return [
        *(Route(pattern + name, receive, methods=["POST"]) for name in NAMES),
        Route("/web/guest/search/call", search, methods=["POST"]),
        Route(DOWNLOAD_PATH + "{name:path}", download, methods=["GET"]),
    ]


async def _receive(request: Request, ports: Ports, intake: Intake, ledger: Ledger) -> Response:
    raw = await _body(request)
    if raw is None:
        return _too_large()
    reference = request.url.path.rpartition("/")[2]
    try:
        try:
            packet = _packet(raw, reference)
            reference = _code_of(packet)
            message = await _message(packet, ports)
            notices = _tax_rows(packet)
        except InvalidMessageError as exc:
            await intake.refuse(raw, exc, reference=reference)
            return _refusal(exc)
        if message is not None:
            await intake.accept(message)
        await _note(packet, message, notices, ledger)
    except InvalidMessageError as exc:
        return _refusal(exc)
    except (BackpressureError, ChannelUnavailableError) as exc:
        return _busy(exc)
    return _reply(0, "Thành công")


async def _note(
    packet: Packet, message: Message | None, notices: Sequence[dvcqg.TaxRow], ledger: Ledger
) -> None:
    match packet:
        case dvcqg.InboundDossier() if message is not None:
            await ledger.note_dossier(message)
        case dvcqg.InboundPayment():
            await ledger.note_payment(packet.Data)
        case _:
            await ledger.note_tax(notices)


async def _search(request: Request, ledger: Ledger) -> Response:
    """search/call: error_code 1 where nobody has told the bus of such a dossier."""
    raw = await _body(request)
    if raw is None:
        return _too_large()
    try:
        asked = dvcqg.LookUp.model_validate(_json(raw, "search/call"))
        found = await ledger.look_up(asked.masohoso)
    except ValidationError as exc:
        return _refusal(InvalidMessageError("search/call", faults_of(exc)))
    except InvalidMessageError as exc:
        return _refusal(exc)
    except ChannelUnavailableError as exc:
        return _busy(exc)
    if found is None:
        return _reply(1, f"Không tìm thấy hồ sơ {asked.masohoso}", result=[])
    return _reply(0, "Thành công", result=[found])


async def _download(request: Request, ledger: Ledger) -> Response:
    try:
        blob, content = await ledger.open(request.path_params["name"])
        # The first chunk shows whether the file is there at all, while the status can still say so.
        first = await anext(content, b"")
    except NotFoundError:
        return _reply(-1, "Không tìm thấy tệp", status=404)
    except ChannelUnavailableError as exc:
        return _busy(exc)
    headers = {
        "Content-Length": str(blob.size), "X-Content-Type-Options": "nosniff",
        "Content-Disposition": f'attachment; filename="{blob.sha256[:16]}"',
    }  # fmt: skip

    async def chunks() -> AsyncIterator[bytes]:
        yield first
        async for chunk in content:
            yield chunk

    return StreamingResponse(chunks(), media_type="application/octet-stream", headers=headers)


async def _body(request: Request) -> bytes | None:
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MAX_BODY:
            return None
    return bytes(raw)


def _json(raw: bytes, name: str) -> object:
    try:
        value: object = from_json(raw)
    except ValueError as exc:
        raise InvalidMessageError(name, [Fault("json", "", str(exc), f"không phải JSON: {exc}")]) from exc
    return value


def _packet(raw: bytes, name: str) -> Packet:
    value = _json(raw, name)
    try:
        return _model_of(value, name).model_validate(value)
    except ValidationError as exc:
        raise InvalidMessageError(name, faults_of(exc)) from exc


def _model_of(value: object, name: str) -> type[Packet]:
    fields = value if isinstance(value, dict) else {}
    if name == "nhantbthuedvcqg":
        data = fields.get("Data")
        is_tax = isinstance(data, dict) and bool(data.get("FileThongBaoThue"))
        return dvcqg.InboundTaxNotice if is_tax else dvcqg.InboundPayment
    if "data" in fields:
        return dvcqg.InboundSupplement
    return dvcqg.InboundPromotion if name == "addtthcKhuyenMai" else dvcqg.InboundDossier


def _code_of(packet: Packet) -> str:
    match packet:
        case dvcqg.InboundPayment():
            return packet.Data.MaHoSo
        case dvcqg.InboundSupplement():
            return packet.data.MaHoSoQG
        case dvcqg.InboundTaxNotice():
            return "nhantbthuedvcqg"
        case dvcqg.InboundDossier():
            return packet.MaHoSo


def _tax_rows(packet: Packet) -> tuple[dvcqg.TaxRow, ...]:
    return (
        dvcqg.read_tax_notice(packet.Data.FileThongBaoThue)
        if isinstance(packet, dvcqg.InboundTaxNotice)
        else ()
    )


async def _message(packet: Packet, ports: Ports) -> Message | None:
    """None for a tax notice: the bus has no type for it, and it asks nothing of the one-stop system until it is paid."""
    match packet:
        case dvcqg.InboundPayment():
            return from_payment(packet, ports)
        case dvcqg.InboundSupplement():
            return await from_supplement(packet, ports)
        case dvcqg.InboundTaxNotice():
            return None
        case dvcqg.InboundDossier():
            return await _submitted(packet, ports)


def _files(packet: dvcqg.InboundDossier) -> list[dvcqg.InboundDocument]:
    """The papers, and before them the form itself where a business sends one."""
    if not packet.TepDonDangKy:
        return packet.TaiLieuNop
    form = dvcqg.InboundDocument(TenTepDinhKem="don-dang-ky", Base64=packet.TepDonDangKy)
    return [form, *packet.TaiLieuNop]


def _address(packet: dvcqg.InboundDossier) -> str:
    seat = packet.DiaChiDoanhNghiep
    return packet.DiaChi or (seat.DiaChiChiTiet if seat else "")


async def _submitted(packet: dvcqg.InboundDossier, ports: Ports) -> Message:
    unit = packet.MaDonViTiepNhan or FALLBACK_UNIT
    submitted_at = dvcqg.read_stamp(packet.NgayNopHoSo)
    owner = packet.DinhDanhCHS[0].SoDinhDanh if packet.DinhDanhCHS else None
    try:
        data = DossierSubmitted(
            national_code=packet.MaHoSo, procedure_code=packet.MaTTHC, procedure_name=packet.TenTTHC, unit_id=unit,
            applicant=Applicant(
                name=packet.ChuHoSo or packet.TenThuongNhan or packet.NguoiLienHe, kind=ApplicantKind(packet.LoaiDoiTuong.value),
                citizen_id=owner, email=packet.Email, telephone=packet.DienThoai, address=_address(packet),
            ),
            submitted_at=submitted_at, abstract=packet.TrichYeuHoSo, documents=await documents_of(_files(packet), ports),
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


def _too_large() -> Response:
    return _reply(-1, f"gói tin lớn hơn {MAX_BODY} byte", status=413)


def _busy(error: BackpressureError | ChannelUnavailableError) -> Response:
    wait_s = error.retry_after_s if isinstance(error, BackpressureError) else 5.0
    response = _reply(-1, "hệ thống đang bận, hãy gửi lại", status=503)
    response.headers["Retry-After"] = str(max(1, round(wait_s)))
    return response


def _reply(code: int, message: str, *, status: int = 200, result: list[JsonValue] | None = None) -> Response:
    body: dict[str, JsonValue] = {"error_code": code, "message": message}
    return JSONResponse(body if result is None else body | {"result": result}, status)
