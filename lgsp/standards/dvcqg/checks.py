"""Which packet is it, and what is wrong with it."""

from collections.abc import Mapping

from pydantic import BaseModel, ValidationError

from lgsp.errors import Fault, InvalidMessageError
from lgsp.standards.dvcqg.catalogue import (
    AgencyRecord,
    FieldRecord,
    ProcedureName,
    ProcedureRecord,
    ServiceRecord,
    TechId,
)
from lgsp.standards.dvcqg.dictionaries import DICTIONARY_ROWS
from lgsp.standards.dvcqg.dossier import Dossier, Step
from lgsp.standards.dvcqg.inbound import (
    InboundDossier,
    InboundPayment,
    InboundPromotion,
    InboundSupplement,
    InboundTaxNotice,
    LookUp,
)
from lgsp.standards.dvcqg.questions import AnswerRecord, Question, QuestionAnswer, QuestionRecord
from lgsp.standards.dvcqg.ratings import Rating
from lgsp.standards.dvcqg.requests import REQUESTS, LoginRequest, StatusReport
from lgsp.standards.faults import pydantic_faults

__all__ = ["check", "read", "read_items"]

_ITEMS: dict[str, type[BaseModel]] = {
    "DongBoHoSoMC": Dossier,
    "CapNhatTienDoHoSoMC": Step,
    "DongBoTrangThaiHoSo": StatusReport,
    "LayThuTuc": ProcedureRecord,
    "LayDanhSachTTHC": ProcedureName,
    "LayDanhMucCoQuan": AgencyRecord,
    "LayDanhMucLinhVuc": FieldRecord,
    "LayDVC": ServiceRecord,
    "TraCuuTechID": TechId,
    "LayDanhSachHoiDapGuiTuDVCQG": QuestionRecord,
    "LayDanhSachHoiDapBoCoQuan": QuestionRecord,
    "LayNoiDungTraLoiTheoCauHoi": AnswerRecord,
    "DongBoHoiDap": Question,
    "DongBoKetQuaHoiDapGuiTuDVCQG": QuestionAnswer,
    "DongBoDanhGia": Rating,
    **DICTIONARY_ROWS,
}


def check(packet: object) -> list[Fault]:
    """Every fault of a whole packet: a request by its `service`, a login, or what the portal posts to the province."""
    model = _model_of(packet)
    if isinstance(model, Fault):
        return [model]
    try:
        model.model_validate(packet)
    except ValidationError as exc:
        return pydantic_faults(exc)
    return []


def read(packet: object) -> BaseModel:
    """The packet as its model, recognised as `check` does.

    Raises:
        InvalidMessageError: the packet is of no known kind, or breaks its model; every fault by JSON Pointer.
    """
    model = _model_of(packet)
    if isinstance(model, Fault):
        raise InvalidMessageError("dvcqg", [model])
    try:
        return model.model_validate(packet)
    except ValidationError as exc:
        raise InvalidMessageError(f"dvcqg {model.__name__}", pydantic_faults(exc)) from exc


def read_items(service: str, data: object) -> list[BaseModel]:
    """A request's `data`, or an answer's `result`, item by item; a single object counts as a list of one.

    Raises:
        InvalidMessageError: the service has no items, or some are wrong; every fault by JSON Pointer below `/data` or `/result`.
    """
    model = _ITEMS.get(service)
    root = "/data" if service in _ITEMS and not service.startswith(("Lay", "TraCuu")) else "/result"
    if model is None:
        raise InvalidMessageError(service, [_unknown_service(service)])
    if isinstance(data, Mapping):
        # LayDVC alone wraps its list in an object; DongBoTrangThaiHoSo sends one object.
        wrapped = data.get("data") if service == "LayDVC" else None
        root, data = (f"{root}/data", wrapped) if wrapped is not None else (root, [data])
    if not isinstance(data, list):
        raise InvalidMessageError(service, [_not_a("list", root)])
    items: list[BaseModel] = []
    faults: list[Fault] = []
    for index, item in enumerate(data):
        try:
            items.append(model.model_validate(item))
        except ValidationError as exc:
            faults += pydantic_faults(exc, f"{root}/{index}")
    if faults:
        raise InvalidMessageError(service, faults)
    return items


def _model_of(packet: object) -> type[BaseModel] | Fault:
    if not isinstance(packet, Mapping):
        return _not_a("object", "")
    if "masohoso" in packet:
        return LookUp
    service = packet.get("service")
    if isinstance(service, str) and service in REQUESTS:
        return REQUESTS[service]
    data = packet.get("data")
    if isinstance(data, Mapping) and "MaHoSoQG" in data:
        return InboundSupplement
    if service is not None:
        return _unknown_service(str(service))
    return _model_without_service(packet)


def _model_without_service(packet: Mapping[object, object]) -> type[BaseModel] | Fault:
    if isinstance(data := packet.get("Data"), Mapping):
        return InboundTaxNotice if "FileThongBaoThue" in data else InboundPayment
    if "TenThuongNhan" in packet:
        return InboundPromotion
    if "MaHoSo" in packet or "MaTTHC" in packet:
        return InboundDossier
    if "username" in packet or "password" in packet:
        return LoginRequest
    return Fault(
        "dvcqg.service_missing",
        "/service",
        "missing: the request must name its service",
        "thiếu trường service: yêu cầu phải nêu tên dịch vụ",
    )


def _unknown_service(service: str) -> Fault:
    return Fault(
        "dvcqg.service_unknown",
        "/service",
        f"{service!r} is no known service; known: {', '.join(REQUESTS)}",
        f"không có dịch vụ {service!r}; các dịch vụ: {', '.join(REQUESTS)}",
    )


def _not_a(kind: str, place: str) -> Fault:
    vietnamese = "đối tượng JSON" if kind == "object" else "danh sách"
    return Fault("dvcqg.type", place, f"must be a JSON {kind}", f"phải là {vietnamese}")
