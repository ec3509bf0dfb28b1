"""Questions and answers (hỏi đáp): those that citizens ask on the national portal, and those that agencies keep (OpenCPS)."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from lgsp.standards.dvcqg.envelope import Envelope
from lgsp.standards.dvcqg.values import Packet, Reply, Required, Text, UnitCode, check_day

__all__ = [
    "AnswerRecord",
    "DongBoHoiDap",
    "DongBoKetQuaHoiDapGuiTuDVCQG",
    "LayDanhSachHoiDapBoCoQuan",
    "LayDanhSachHoiDapGuiTuDVCQG",
    "LayNoiDungTraLoiTheoCauHoi",
    "Question",
    "QuestionAnswer",
    "QuestionRecord",
]

QuestionId = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
Day = Annotated[str, AfterValidator(check_day)]


class QuestionRecord(Reply):
    """A row of both lists; clients skip TRANGTHAI 0, and what the other values mean is not public."""

    HOIDAPID: Required
    MALINHVUC: str = ""
    TENDONVI: str = ""
    MADONVI: str = ""
    NOIDUNG: str = ""
    NOIDUNGTRALOI: str = ""
    TRALOIID: str = ""
    HOVATEN: str = ""
    DIACHI: str = ""
    THUDIENTU: str = ""
    SODIENTHOAI: str = ""
    MATTHCDP: str = ""
    TRANGTHAI: str = ""


class AnswerRecord(Reply):
    """LayNoiDungTraLoiTheoCauHoi."""

    TRALOIID: Required
    NOIDUNGTRALOI: str = ""


class Question(Packet):
    """An item of DongBoHoiDap; MaLinhVuc alone is not written in capitals."""

    HOIDAPID: QuestionId
    MaLinhVuc: Required
    NOIDUNG: Required
    MADONVI: UnitCode
    TENDONVI: Required


class QuestionAnswer(Packet):
    """An item of DongBoKetQuaHoiDapGuiTuDVCQG; NGAYTRALOI is dd/MM/yyyy, unlike the dossier's moments."""

    HOIDAPID: QuestionId
    MADONVI: UnitCode
    NGUOITRALOI: Required
    CHUCVUNGUOITRALOI: Text = ""
    NGAYTRALOI: Day
    NOIDUNGTRALOI: Required


class LayDanhSachHoiDapGuiTuDVCQG(Envelope):
    """What citizens asked the unit on the portal."""

    service: Literal["LayDanhSachHoiDapGuiTuDVCQG"]


class LayDanhSachHoiDapBoCoQuan(Envelope):
    """What the unit itself put there."""

    service: Literal["LayDanhSachHoiDapBoCoQuan"]


class LayNoiDungTraLoiTheoCauHoi(Envelope):
    """The answers to one question."""

    service: Literal["LayNoiDungTraLoiTheoCauHoi"]
    cauhoiid: QuestionId


class DongBoHoiDap(Envelope):
    """The unit's own questions."""

    service: Literal["DongBoHoiDap"]
    data: Annotated[list[Question], Field(min_length=1, max_length=500)]


class DongBoKetQuaHoiDapGuiTuDVCQG(Envelope):
    """Answers to what citizens asked."""

    service: Literal["DongBoKetQuaHoiDapGuiTuDVCQG"]
    data: Annotated[list[QuestionAnswer], Field(min_length=1, max_length=500)]
