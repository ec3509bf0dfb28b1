"""Which service does what; and what else is wrong with a batch that breaks its model."""

from collections.abc import Callable
from typing import TypeVar

from pydantic import BaseModel, JsonValue, ValidationError

from lgsp.standards import dvcqg
from lgsp_mocks.kit.standin import Context
from lgsp_mocks.portal import dossiers, questions, ratings
from lgsp_mocks.portal.catalogues import CATALOGUES, procedure_record, technical_id
from lgsp_mocks.portal.dictionaries import dictionary
from lgsp_mocks.portal.reply import Problem

T = TypeVar("T", bound=BaseModel)

__all__ = ["other_problems", "serve"]

_COMMANDS: dict[str, Callable[..., None]] = {
    "DongBoHoSoMC": dossiers.synchronize,
    "CapNhatTienDoHoSoMC": dossiers.add_steps,
    "DongBoTrangThaiHoSo": dossiers.report_state,
    "DongBoHoiDap": questions.keep,
    "DongBoKetQuaHoiDapGuiTuDVCQG": questions.answer,
    "DongBoDanhGia": ratings.rate,
}


def serve(context: Context, request: dvcqg.Envelope) -> JsonValue:
    """Do what the request says; its result, or None where there is only an acknowledgement.

    Raises:
        WireError: refused, with nothing applied.
    """
    command = _COMMANDS.get(request.service)
    if command is not None:
        command(context, request)
        return None
    return _look_up(context, request)


def _look_up(context: Context, request: dvcqg.Envelope) -> JsonValue:
    result: JsonValue
    match request:
        case dvcqg.TraCuuHoSo():
            result = dossiers.look_up(context, request.mahoso)
        case dvcqg.LayThuTuc():
            result = procedure_record(context, request.maTTHC)
        case dvcqg.TraCuuTechID():
            result = technical_id(context, request.mstorcmnd)
        case dvcqg.LayNoiDungTraLoiTheoCauHoi():
            result = questions.answers_to(context, request.cauhoiid)
        case dvcqg.LayDanhMuc():
            result = dictionary(context, request.service)
        case dvcqg.LayDanhSachHoiDapGuiTuDVCQG():
            result = questions.asked_of(context, request.madonvi)
        case dvcqg.LayDanhSachHoiDapBoCoQuan():
            result = questions.kept_by(context, request.madonvi)
        case _:
            result = CATALOGUES[request.service](context)
    return result


def other_problems(context: Context, packet: dict[str, JsonValue]) -> list[Problem]:
    """Of a batch of dossiers or steps that breaks its model: what the portal would refuse in the items that keep it."""
    unit, data = packet.get("madonvi"), packet.get("data")
    if not isinstance(unit, str) or not isinstance(data, list) or len(data) > dossiers.MAX_BATCH:
        return []
    match packet.get("service"):
        case "DongBoHoSoMC":
            items = _valid(data, dvcqg.Dossier)
            return dossiers.Batch(context, unit).synchronized(items, str(packet.get("isUpdating")))
        case "CapNhatTienDoHoSoMC" if len(data) <= dvcqg.MAX_STEPS:
            return dossiers.Batch(context, unit).stepped(_valid(data, dvcqg.Step))
        case _:
            return []


def _valid(data: list[JsonValue], model: type[T]) -> list[tuple[int, T]]:
    items = []
    for index, item in enumerate(data):
        try:
            items.append((index, model.model_validate(item)))
        except ValidationError:
            continue  # its faults are listed already
    return items
