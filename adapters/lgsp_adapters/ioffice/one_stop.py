"""The one-stop link of iOffice (liên thông một cửa - QLVB): `GuiHoSo` out, `LayGoiTinVanBan` in."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from pydantic import JsonValue, ValidationError

from lgsp.adapter import BlobStore
from lgsp.clock import VIETNAM
from lgsp.errors import Fault, InvalidMessageError, NotFoundError, RejectedError
from lgsp.message import Message, faults_of, type_name
from lgsp.model.attachment import Attachment
from lgsp.model.result import ResultIssued, ResultRequested
from lgsp.standards import identifiers
from lgsp_adapters import edoc

__all__ = ["MAX_DRAFT_BYTES", "issued_message", "requested_packet"]

MAX_DRAFT_BYTES = 100 * 1024 * 1024
"""All drafts of one dossier together, before Base64."""

_YES = frozenset({"1", "true"})
_SCHEMA = "https://lgsp.vn/schemas/result.issued/1"


async def requested_packet(message: Message, blobs: BlobStore) -> dict[str, JsonValue]:
    """GuiHoSo of a `result.requested`. `ThamSoAn`, which iOffice hands back as it is, carries what its wire has no field for.

    Raises:
        InvalidMessageError: the data breaks the schema.
        RejectedError: a draft is not in the store, or they are too large.
    """
    try:
        request = ResultRequested.model_validate(message.data)
    except ValidationError as exc:
        raise InvalidMessageError("result.requested", faults_of(exc, "/data")) from exc
    packet: dict[str, JsonValue] = {
        "IDHoSo": request.igate_id or request.code,
        "MaHoSo": request.code,
        "TenHoSo": _named(request),
        "ThuTuc": request.procedure_name,
        "NguoiNop": {
            "Ten": request.applicant.name,
            "CMND": request.applicant.citizen_id or "",
            "SoDienThoai": request.applicant.telephone,
            "DiaChi": request.applicant.address,
        },
        "NguoiKy": {"Ten": request.signer},
        "DonVi": {"Ten": request.unit_name, "MaDinhDanh": request.unit_id},
        "VanBanDuThao": {
            "TrichYeu": request.abstract,
            "LoaiVanBan": request.document_type,
            "NgayTao": _wire_day(request.requested_at),
            "DinhKem": list(await _wire_drafts(request.drafts, blobs)),
        },
        "ThanhPhanHoSo": [],
        "ThamSoAn": json.dumps(_hidden(request, message), ensure_ascii=False),
    }
    if request.due_at is not None:
        packet["HanXuLyVanBan"] = _wire_day(request.due_at)
    return packet


def _named(request: ResultRequested) -> str:
    """TenHoSo; what a later round changed stands there, since the wire has no field for it and VanBanDuThao's own abstract comes back."""
    return f"{request.abstract} (lần {request.round}: {request.note})" if request.note else request.abstract


def _hidden(request: ResultRequested, message: Message) -> dict[str, str]:
    hidden = {
        "national_code": request.national_code,
        "correlation": message.correlationid or message.subject,
        "causation": message.id,
        "round": str(request.round),
    }
    return {key: value for key, value in hidden.items() if value}


async def _wire_drafts(drafts: Sequence[Attachment], blobs: BlobStore) -> list[dict[str, JsonValue]]:
    size = sum(draft.blob.size for draft in drafts)
    if size > MAX_DRAFT_BYTES:
        raise RejectedError(f"the drafts have {size} bytes, the limit is {MAX_DRAFT_BYTES}", wire_code="413")
    return [
        {"Ten": draft.name, "Base64": base64.b64encode(await _content(draft, blobs)).decode(), "Link": ""}
        for draft in drafts
    ]


async def _content(draft: Attachment, blobs: BlobStore) -> bytes:
    try:
        return b"".join([chunk async for chunk in blobs.open(draft.blob)])
    except NotFoundError as exc:
        raise RejectedError(f"{draft.name}: its content is not in the store", wire_code="blob") from exc


async def issued_message(
    packet: Mapping[str, JsonValue], reference: str, source: str, now: datetime, blobs: BlobStore
) -> Message:
    """The `result.issued` of a LayGoiTinVanBan; its id follows from `reference` (MaVanBan), so a repeated poll is harmless.

    The request that is answered is part of the id, too: an iOffice may keep its MaVanBan when a draft comes a second time.
    LoaiKetQua 03 says "not approved"; that the leader wants another round is YeuCauChinhSua (assumed).

    Raises:
        InvalidMessageError: a field is missing or wrong, by its place in the packet.
    """
    reader = _Reader(packet)
    hidden = reader.hidden()
    document = reader.inner("VanBanDi")
    promulgated_on = document.day("NgayBanHanh")
    fields: dict[str, object] = {
        "code": reader.text("MaHoSo"),
        "national_code": hidden.get("national_code"),
        "igate_id": reader.text("IDHoSo"),
        "outcome": reader.text("LoaiKetQua"),
        "number": document.text("SoKyHieu"),
        "abstract": document.text("TrichYeu"),
        "document_type": document.text("LoaiVanBan"),
        "promulgated_on": promulgated_on,
        "signer": document.text("NguoiKy"),
        "position": document.text("ChucVu"),
        "reason": reader.text("LyDo"),
        "round": _round(hidden.get("round", "")),
        "changes_requested": reader.flag("YeuCauChinhSua"),
        "attachments": await _canonical_files(document, blobs),
    }
    try:
        issued = ResultIssued.model_validate(fields)
        unit = reader.inner("DonVi").text("MaDinhDanh") or None
        return Message(
            id=identifiers.deterministic_id(source, "result.issued", reference, hidden.get("causation", "")),
            source=source,
            type=type_name("result.issued"),
            subject=issued.national_code or issued.code,
            time=now,
            dataschema=_SCHEMA,
            data=issued.model_dump(mode="json"),
            correlationid=hidden.get("correlation") or issued.national_code or issued.code,
            causationid=hidden.get("causation"),
            sender=unit,
            recipients=unit,
        )
    except ValidationError as exc:
        raise InvalidMessageError("LayGoiTinVanBan", faults_of(exc)) from exc


async def _canonical_files(document: "_Reader", blobs: BlobStore) -> tuple[Attachment, ...]:
    files = []
    for place, name, content in document.files("DinhKem"):
        try:
            raw = base64.b64decode(content, validate=True)
        except (binascii.Error, ValueError) as exc:
            raise _fault(f"{place}/Base64", "not Base64", "không phải Base64") from exc
        safe = edoc.safe_name(name)
        blob = await blobs.put(raw)
        files.append(Attachment(name=safe, media_type=edoc.media_type(safe), blob=blob))
    return tuple(files)


class _Reader:
    """A JSON object of the wire whose fields may be missing, null or of another type."""

    def __init__(self, value: object, place: str = "") -> None:
        self._value = value if isinstance(value, Mapping) else {}
        self._place = place

    def text(self, key: str) -> str:
        value = self._value.get(key)
        return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""

    def flag(self, key: str) -> bool:
        return str(self._value.get(key, "")).strip().lower() in _YES

    def inner(self, key: str) -> "_Reader":
        return _Reader(self._value.get(key), f"{self._place}/{key}")

    def hidden(self) -> dict[str, str]:
        try:
            value = json.loads(self.text("ThamSoAn") or "{}")
        except (ValueError, RecursionError):
            return {}
        return {k: v for k, v in value.items() if isinstance(v, str)} if isinstance(value, dict) else {}

    def day(self, key: str) -> date | None:
        value = self.text(key)
        if not value:
            return None
        try:
            return datetime.strptime(value[:10], "%d/%m/%Y").replace(tzinfo=VIETNAM).date()
        except ValueError as exc:
            raise _fault(
                f"{self._place}/{key}", f"not dd/MM/yyyy: {value!r:.40}", "ngày phải có dạng dd/MM/yyyy"
            ) from exc

    def files(self, key: str) -> list[tuple[str, str, str]]:
        value = self._value.get(key)
        entries = [_Reader(entry) for entry in value] if isinstance(value, list) else []
        return [
            (f"{self._place}/{key}/{index}", entry.text("Ten"), entry.text("Base64"))
            for index, entry in enumerate(entries)
        ]


def _round(value: str) -> int:
    """Of a draft that nobody numbered it is the first."""
    return max(1, int(value)) if value.isascii() and value.isdigit() and len(value) < 5 else 1


def _fault(place: str, message: str, vietnamese: str) -> InvalidMessageError:
    return InvalidMessageError("LayGoiTinVanBan", [Fault("ioffice.field", place, message, vietnamese)])


def _wire_day(moment: datetime) -> str:
    return moment.astimezone(VIETNAM).strftime("%d/%m/%Y")
