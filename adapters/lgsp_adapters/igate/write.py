"""Canonical -> iGate: submitting a dossier, and what became of its draft."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel, JsonValue, ValidationError

from lgsp.adapter import BlobStore, Receipt
from lgsp.clock import VIETNAM
from lgsp.errors import InvalidMessageError, NotFoundError, RejectedError
from lgsp.message import Message, faults_of
from lgsp.model.attachment import Attachment
from lgsp.model.dossier import ApplicantKind, DossierDocument, DossierRequest, DossierSubmitted
from lgsp.model.result import ResultIssued, ResultOutcome
from lgsp_adapters.igate.client import IGateClient, Record

__all__ = ["answer_draft", "pay", "submit", "supplement", "withdraw"]

M = TypeVar("M", bound=BaseModel)
_KINDS = {
    ApplicantKind.CITIZEN: "0",
    ApplicantKind.ENTERPRISE: "1",
    ApplicantKind.AGENCY: "1",
    ApplicantKind.OTHER: "2",
}


_SIGNED = {
    ResultOutcome.SIGNED_NOT_PROMULGATED: "Đã ký, không ban hành văn bản",
    ResultOutcome.APPROVED: "Đã ký duyệt văn bản",
}


def _read(message: Message, model: type[M]) -> M:
    try:
        return model.model_validate_json(message.data_json())
    except ValidationError as exc:
        raise InvalidMessageError(message.kind, faults_of(exc, "/data")) from exc


async def submit(message: Message, client: IGateClient, blobs: BlobStore) -> Receipt:
    """`dossier.submitted` as UploadFile for each paper, then NopHoSo; the same number again gives the same dossier."""
    dossier = _read(message, DossierSubmitted)
    who = dossier.applicant
    submitted_at = _wire_moment(dossier.submitted_at)
    body: Record = {
        "MaHoSo": dossier.national_code or dossier.code or "", "MaTTHC": dossier.procedure_code,
        "MaDichVuCong": f"{dossier.procedure_code}.01",
        "ChuHoSo": who.name, "LoaiDoiTuong": _KINDS[who.kind], "MaDonViTiepNhan": dossier.unit_id,
        # iGate sets the real moment of acceptance itself; the wire wants one, and none can be earlier (assumed).
        "NgayNop": submitted_at, "NgayTiepNhan": submitted_at,
        "EformThongTinChiTiet": {"TenThuTuc": dossier.procedure_name, "TrichYeu": dossier.abstract, "ChuHoSo": who.name},
        "ThanhPhanHoSo": await _components(dossier.documents, client, blobs),
        "ThongTinNguoiNop": {"LoaiDoiTuong": _KINDS[who.kind], "IdDoiTuong": who.citizen_id or "", "ThongTinChiTiet": {
            "TenNguoiNop": who.name, "SoDinhDanh": who.citizen_id or "", "SoDienThoai": who.telephone, "Email": who.email,
            "DiaChi": who.address, "TenChuHs": who.name,
        }},
    }  # fmt: skip
    data = (await client.post("NopHoSo", body)).get("data")
    return Receipt(str(data.get("idHoSo", "")) if isinstance(data, dict) else "")


async def supplement(message: Message, client: IGateClient, blobs: BlobStore) -> Receipt:
    """`dossier.supplemented` as NopHoSo of the same number, which EformThongTinChiTiet marks as the answer to a request."""
    answer = _read(message, DossierRequest)
    row = await client.find(_number(answer, message))
    procedure, applicant = _inner(row, "procedure"), _inner(_inner(row, "applicant"), "data")
    body: Record = {
        "MaHoSo": _number(answer, message), "MaTTHC": procedure.get("code", ""),
        "ChuHoSo": applicant.get("ownerFullname") or applicant.get("fullname", ""),
        "LoaiDoiTuong": applicant.get("kind", "0"), "MaDonViTiepNhan": _inner(row, "agency").get("code", ""),
        "NgayNop": _wire_moment(answer.at), "NgayTiepNhan": _wire_moment(answer.at),
        "EformThongTinChiTiet": {"HoSoBoSungId": answer.request_id, "NoiDungBoSung": answer.content},
        "ThanhPhanHoSo": await _components(answer.documents, client, blobs),
    }  # fmt: skip
    data = (await client.post("NopHoSo", body)).get("data")
    return Receipt(str(data.get("idHoSo", "")) if isinstance(data, dict) else "")


async def pay(message: Message, client: IGateClient) -> Receipt:
    """`dossier.fee_paid` as CapNhatTrangThai 6, with what was paid."""
    paid = _read(message, DossierRequest)
    row = await client.find(_number(paid, message))
    fees: list[JsonValue] = [
        {"TenPhiLePhi": fee.name, "MaPhiLePhi": fee.code, "HinhThucThu": fee.collected, "Gia": str(fee.amount), "LoaiPhiLePhi": fee.kind}
        for fee in paid.fees
    ]  # fmt: skip
    body: Record = {
        "IdHoSo": row.get("id", ""), "MaHoSo": _number(paid, message), "TrangThai": "6", "NoiDungYKien": paid.by, "PhongBanXuLy": "",
        "NoiDungXuLy": f"{paid.content} ({_wire_moment(paid.at)})"[:2000], "HoSoBoSungId": paid.request_id, "DanhSachLePhi": fees,
        "DanhSachGiayToKetQua": [],
    }  # fmt: skip
    await client.post("CapNhatTrangThai", [body])
    return Receipt(_number(paid, message))


async def withdraw(message: Message, client: IGateClient) -> Receipt:
    """`dossier.withdrawn` as a step 7 of CapNhatTienTrinh."""
    wish = _read(message, DossierRequest)
    row = await client.find(_number(wish, message))
    at = wish.at.astimezone(VIETNAM).isoformat(timespec="seconds")
    body: Record = {
        "IDHoSo": row.get("id", ""), "MaHoSo": _number(wish, message), "NguoiXuLy": wish.by or "Công dân", "ThoiDiemXuLy": at,
        "PhongBanXuLy": "", "NoiDungXuLy": wish.content, "TrangThai": "7", "NgayBatDau": at, "NgayKetThucTheoQuyDinh": "",
    }  # fmt: skip
    await client.post("CapNhatTienTrinh", [body])
    return Receipt(_number(wish, message))


async def answer_draft(message: Message, client: IGateClient, blobs: BlobStore) -> Receipt:
    """`result.issued`: CapNhatTrangThai 9 with the signed papers, or 5 with what has to be changed; a refusal is a step 8.

    MaKetQua stays empty: which result a procedure ends with is iGate's own catalogue's to say.
    """
    issued = _read(message, ResultIssued)
    if issued.outcome == ResultOutcome.NOT_APPROVED and not issued.changes_requested:
        return await _stop(issued, message, client)
    papers: list[JsonValue] = []
    for attachment in () if issued.changes_requested else issued.attachments:
        file = await _upload(attachment, client, blobs)
        papers.append({
            "IdGiayTo": file["IdTepTin"], "TenGiayTo": attachment.name, "MaKetQua": "", "HashTepTin": file.get("HashTepTin", ""),
        })  # fmt: skip
    opinion = f"{_SIGNED.get(issued.outcome, 'Đã ký văn bản')} {issued.number}".strip()
    if issued.changes_requested:
        opinion = issued.reason.strip() or "Lãnh đạo trả lại dự thảo, không nêu nội dung cần sửa"
    body: Record = {
        "IdHoSo": issued.igate_id, "MaHoSo": issued.code, "TrangThai": "5" if issued.changes_requested else "9",
        "NoiDungYKien": opinion, "LanTrinh": issued.round, "PhongBanXuLy": "", "NoiDungXuLy": issued.abstract,
        "DanhSachLePhi": [], "DanhSachGiayToKetQua": papers,
    }  # fmt: skip
    await client.post("CapNhatTrangThai", [body])
    return Receipt(issued.code)


async def _stop(issued: ResultIssued, message: Message, client: IGateClient) -> Receipt:
    """Refused for good: the dossier stops (8). ThoiDiemXuLy is the message's own, so that a repeat is known as one."""
    at = message.time.astimezone(VIETNAM).isoformat(timespec="milliseconds")
    reason = issued.reason.strip() or "lãnh đạo không duyệt"
    body: Record = {
        "IDHoSo": issued.igate_id, "MaHoSo": issued.code, "NguoiXuLy": issued.signer, "ThoiDiemXuLy": at, "PhongBanXuLy": "",
        "NoiDungXuLy": f"Dừng xử lý: {reason}"[:2000], "TrangThai": "8", "NgayBatDau": at, "NgayKetThucTheoQuyDinh": "",
    }  # fmt: skip
    await client.post("CapNhatTienTrinh", [body])
    return Receipt(issued.code)


async def _components(
    documents: Sequence[DossierDocument], client: IGateClient, blobs: BlobStore
) -> list[JsonValue]:
    """ThanhPhanHoSo, each paper uploaded."""
    components: list[JsonValue] = []
    for one in documents:
        papers: list[JsonValue] = []
        if one.attachment is not None:
            file = await _upload(one.attachment, client, blobs)
            papers.append({
                "IdGiayTo": file["IdTepTin"], "MaKetQua": "", "TenGiayTo": one.name, "HashTepTin": file.get("HashTepTin", ""),
            })  # fmt: skip
        components.append({
            "MaThanhPhanHoSo": one.code, "TenThanhPhanHoSo": one.name, "SoLuong": 1, "LoaiBan": 2, "GiayToDinhKem": papers,
        })  # fmt: skip
    return components


def _number(request: DossierRequest, message: Message) -> str:
    return request.national_code or request.code or message.subject


def _inner(record: Record, name: str) -> Record:
    value = record.get(name)
    return value if isinstance(value, dict) else {}


def _wire_moment(moment: datetime) -> str:
    """`2026-11-23 08:00:00`, in Vietnamese time."""
    return f"{moment.astimezone(VIETNAM):%Y-%m-%d %H:%M:%S}"


async def _upload(attachment: Attachment, client: IGateClient, blobs: BlobStore) -> Record:
    try:
        content = b"".join([chunk async for chunk in blobs.open(attachment.blob)])
    except NotFoundError as exc:
        raise RejectedError(f"{attachment.name}: its content is not in the store", wire_code="blob") from exc
    return await client.upload(attachment.name, content, attachment.media_type)
