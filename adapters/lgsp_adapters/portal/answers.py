"""What citizens do on the portal with a dossier that is under way: supplement, payment, withdrawal -> canonical requests' answers."""

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import ValidationError

from lgsp.adapter import Ports
from lgsp.errors import Fault, InvalidMessageError
from lgsp.message import Message, faults_of, type_name
from lgsp.model.attachment import Attachment
from lgsp.model.dossier import DossierDocument, DossierFee, DossierRequest
from lgsp.standards import dvcqg, identifiers

__all__ = ["FALLBACK_UNIT", "PORTAL_OWNER", "documents_of", "from_payment", "from_supplement"]

PORTAL_OWNER = "000.00.00.G22"
FALLBACK_UNIT = "000.00.00.H34"
WITHDRAWN = "7"
PAID = "1"


async def from_supplement(packet: dvcqg.InboundSupplement, ports: Ports) -> Message:
    """`dossier.supplemented`, or `dossier.withdrawn` where the form says state 7.

    Raises:
        InvalidMessageError: it does not fit the canonical model.
    """
    changes, code = packet.data.ThongTinSuaDoi, packet.data.MaHoSoQG
    at = dvcqg.read_stamp(changes.ThoiDiem)
    if changes.TrangThai == WITHDRAWN:
        content = changes.NoiDung or "Công dân yêu cầu rút hồ sơ"
        return _message("dossier.withdrawn", code, at, {"content": content[:2000]}, ports)
    documents = await documents_of(changes.TaiLieuNop, ports)
    fields = {
        "content": (changes.NoiDung or "Bổ sung giấy tờ")[:2000], "request_id": changes.HoSoBoSungId, "documents": documents,
    }  # fmt: skip
    return _message("dossier.supplemented", code, at, fields, ports)


def from_payment(packet: dvcqg.InboundPayment, ports: Ports) -> Message:
    """`dossier.fee_paid`.

    Raises:
        InvalidMessageError: the payment did not succeed, or it does not fit the canonical model.
    """
    proof = packet.Data
    payment = proof.ThongTinThanhToan
    if payment.TrangThaiThanhToan != PAID:
        fault = Fault(
            "portal.unpaid", "/Data/ThongTinThanhToan/TrangThaiThanhToan", "the payment did not succeed", "chưa thanh toán"
        )  # fmt: skip
        raise InvalidMessageError("nhantbthuedvcqg", [fault])
    content = payment.NoiDungThanhToan or "Nộp phí, lệ phí"
    fee = DossierFee(name=content[:500], amount=int(payment.SoTien), collected="2")
    fields = {
        "content": content[:2000], "request_id": payment.MaThongBaoThue, "by": proof.HoTenNguoiNopTien, "fees": (fee,),
    }  # fmt: skip
    return _message(
        "dossier.fee_paid", proof.MaHoSo, dvcqg.read_stamp(payment.ThoiGianThanhToan), fields, ports
    )


async def documents_of(files: Sequence[dvcqg.InboundDocument], ports: Ports) -> tuple[DossierDocument, ...]:
    """The papers, their content put beside the stream."""
    documents = []
    for one in files:
        blob = await ports.blobs.put(base64.b64decode(one.Base64))
        name = one.TenTepDinhKem.replace("/", "_").replace("\\", "_")[:255]
        documents.append(
            DossierDocument(code=one.MaThanhPhanHoSo, name=name, attachment=Attachment(name=name, blob=blob))
        )
    return tuple(documents)


def _message(kind: str, code: str, at: datetime, fields: Mapping[str, object], ports: Ports) -> Message:
    """The id says which request is answered, and when: the portal's repeat of the same answer is the same message."""
    try:
        data = DossierRequest.model_validate({"national_code": code, "at": at, **fields})
    except ValidationError as exc:
        raise InvalidMessageError(kind, faults_of(exc)) from exc
    source = f"/systems/{ports.system}"
    part = (kind, data.request_id, dvcqg.write_stamp(at))
    return Message(
        id=identifiers.deterministic_id(source, code, *part), source=source, type=type_name(kind), subject=code, time=at,
        dataschema=f"https://lgsp.vn/schemas/{kind}/1", data=data.model_dump(mode="json"), correlationid=code,
        sender=PORTAL_OWNER, recipients=FALLBACK_UNIT,
    )  # fmt: skip
