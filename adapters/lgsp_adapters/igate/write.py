"""Canonical -> iGate: submitting a dossier, and what became of its draft."""

from typing import TypeVar

from pydantic import BaseModel, JsonValue, ValidationError
from pydantic_core import to_json

from lgsp.adapter import BlobStore, Receipt
from lgsp.clock import VIETNAM
from lgsp.errors import InvalidMessageError, NotFoundError, RejectedError
from lgsp.message import Message, faults_of
from lgsp.model.attachment import Attachment
from lgsp.model.dossier import ApplicantKind, DossierSubmitted
from lgsp.model.result import ResultIssued, ResultOutcome
from lgsp_adapters.igate.client import IGateClient, Record

__all__ = ["answer_draft", "submit"]

M = TypeVar("M", bound=BaseModel)
_KINDS = {
    ApplicantKind.CITIZEN: "0",
    ApplicantKind.ENTERPRISE: "1",
    ApplicantKind.AGENCY: "1",
    ApplicantKind.OTHER: "2",
}
RESULT_CODE = "KQ.G15.000001"


def _read(message: Message, model: type[M]) -> M:
    try:
        return model.model_validate_json(to_json(message.data))
    except ValidationError as exc:
        raise InvalidMessageError(message.kind, faults_of(exc, "/data")) from exc


async def submit(message: Message, client: IGateClient, blobs: BlobStore) -> Receipt:
    """`dossier.submitted` as UploadFile for each paper, then NopHoSo; the same number again gives the same dossier."""
    dossier = _read(message, DossierSubmitted)
    components: list[JsonValue] = []
    for one in dossier.documents:
        papers: list[JsonValue] = []
        if one.attachment is not None:
            file = await _upload(one.attachment, client, blobs)
            papers.append(
                {
                    "IdGiayTo": file["IdTepTin"],
                    "MaKetQua": "",
                    "TenGiayTo": one.name,
                    "HashTepTin": file.get("HashTepTin", ""),
                }
            )
        components.append({
            "MaThanhPhanHoSo": one.code, "TenThanhPhanHoSo": one.name, "SoLuong": 1, "LoaiBan": 2, "GiayToDinhKem": papers,
        })  # fmt: skip
    who = dossier.applicant
    body: Record = {
        "MaHoSo": dossier.national_code or dossier.code or "", "MaTTHC": dossier.procedure_code,
        "MaDichVuCong": f"{dossier.procedure_code}.01",
        "ChuHoSo": who.name, "LoaiDoiTuong": _KINDS[who.kind], "MaDonViTiepNhan": dossier.unit_id,
        "NgayNop": f"{dossier.submitted_at.astimezone(VIETNAM):%Y-%m-%d %H:%M:%S}", "TrichYeu": dossier.abstract,
        "ThanhPhanHoSo": components,
        "ThongTinNguoiNop": {"LoaiDoiTuong": _KINDS[who.kind], "IdDoiTuong": who.citizen_id or "", "ThongTinChiTiet": {
            "TenNguoiNop": who.name, "SoDinhDanh": who.citizen_id or "", "SoDienThoai": who.telephone, "Email": who.email,
            "DiaChi": who.address, "TenChuHs": who.name,
        }},
    }  # fmt: skip
    data = (await client.post("NopHoSo", body)).get("data")
    return Receipt(str(data.get("idHoSo", "")) if isinstance(data, dict) else "")


async def answer_draft(message: Message, client: IGateClient, blobs: BlobStore) -> Receipt:
    """`result.issued` as CapNhatTrangThai: 9 with the signed papers, or 5 with the leader's reason."""
    issued = _read(message, ResultIssued)
    refused = issued.outcome == ResultOutcome.NOT_APPROVED
    papers: list[JsonValue] = []
    for attachment in () if refused else issued.attachments:
        file = await _upload(attachment, client, blobs)
        papers.append({"IdGiayTo": file["IdTepTin"], "TenGiayTo": attachment.name, "MaKetQua": RESULT_CODE})
    body: Record = {
        "IdHoSo": issued.igate_id, "MaHoSo": issued.code, "TrangThai": "5" if refused else "9",
        "NoiDungYKien": issued.reason if refused else f"Đã ký văn bản {issued.number}", "PhongBanXuLy": "", "NoiDungXuLy": issued.abstract,
        "DanhSachLePhi": [], "DanhSachGiayToKetQua": papers,
    }  # fmt: skip
    await client.post("CapNhatTrangThai", [body])
    return Receipt(issued.code)


async def _upload(attachment: Attachment, client: IGateClient, blobs: BlobStore) -> Record:
    try:
        content = b"".join([chunk async for chunk in blobs.open(attachment.blob)])
    except NotFoundError as exc:
        raise RejectedError(f"{attachment.name}: its content is not in the store", wire_code="blob") from exc
    return await client.upload(attachment.name, content, attachment.media_type)
