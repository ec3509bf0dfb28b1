"""Records that the national portal hands out: procedures (UPPERCASE keys), agencies, fields, services."""

from typing import Literal

from pydantic import Field

from lgsp.standards.dvcqg.values import ProcedureCode, Reply, Required

__all__ = [
    "AgencyRecord",
    "FieldRecord",
    "ProcedureName",
    "ProcedureRecord",
    "ServiceList",
    "ServiceRecord",
    "TechId",
]


class ProcedureName(Reply):
    """LayDanhSachTTHC."""

    MATTHC: ProcedureCode
    TENTTHC: Required


class AgencyRecord(Reply):
    """LayDanhMucCoQuan. The record is all that is known; CAPDONVI's list is not public (assumed: 0-3 as CAPTHUCHIEN)."""

    MADONVI: Required
    TENDONVI: Required
    CAPDONVI: str = ""


class FieldRecord(Reply):
    """LayDanhMucLinhVuc."""

    MALINHVUC: Required
    TENLINHVUC: Required
    MANGANH: str = ""


class ServiceRecord(Reply):
    """LayDVC: an online service upon a procedure (`{MaTTHC}.NN`)."""

    MADVC: Required
    TENDVC: Required
    MATTHC: ProcedureCode
    TENTTHC: str = ""
    TENCOQUANBANHANH: str = ""
    TENLINHVUC: str = ""
    APDUNGDVC: list[object] = Field(default_factory=list)


class ServiceList(Reply):
    """LayDVC answers an object, where every other service answers a list."""

    data: list[ServiceRecord]


class TechId(Reply):
    """TraCuuTechID: what MaDoiTuong carries."""

    TECHNICALID: Required


class Order(Reply):
    """A step of the procedure's own description."""

    TENTRINHTU: str


class OrderCase(Reply):
    """TRINHTUTHUCHIEN."""

    TRUONGHOP: str = ""
    TRINHTU: list[Order] = Field(default_factory=list)


class Level(Reply):
    """CAPTHUCHIEN: 0 ministry, 1 province, 2 district, 3 commune."""

    CAPTHUCHIEN: Literal["0", "1", "2", "3"]
    TENCAP: str = ""


class FieldName(Reply):
    """LINHVUCTHUCHIEN."""

    MALINHVUC: str
    TENLINHVUC: str = ""


class FeeLine(Reply):
    """PHILEPHI."""

    MAPHILEPHI: str = ""
    SOTIEN: str = ""
    DONVI: str = ""
    MOTA: str = ""
    TENTEP: str = ""
    URL: str = ""


class Duration(Reply):
    """THOIGIAN."""

    THOIGIANGIAIQUYET: str = ""
    DONVITINH: str = ""
    MOTA: str = ""
    PHILEPHI: list[FeeLine] = Field(default_factory=list)


class Way(Reply):
    """CACHTHUCTHUCHIEN: KENH 1 at the counter, 2 online, 3 by post."""

    KENH: Literal["1", "2", "3"]
    THOIGIAN: list[Duration] = Field(default_factory=list)


class ObjectName(Reply):
    """DOITUONGTHUCHIEN."""

    MADOITUONG: str
    TENDOITUONG: str = ""


class Paper(Reply):
    """GIAYTO."""

    MAGIAYTO: str = ""
    TENGIAYTO: str = ""
    TENMAUDON: str = ""
    URL: str = ""
    SOBANCHINH: str = ""
    SOBANSAO: str = ""
    MA_KQ_THAYTHE: str = ""


class PaperCase(Reply):
    """THANHPHANHOSO."""

    TRUONGHOP: str = ""
    GIAYTO: list[Paper] = Field(default_factory=list)


class Outcome(Reply):
    """KETQUATHUCHIEN."""

    MAKETQUA: str = ""
    TENKETQUA: str = ""
    TENTEP: str = ""
    URL: str = ""


class LegalBasis(Reply):
    """CANCUPHAPLY; its dates are dd/MM/yyyy, unlike the dossier's."""

    SOVANBAN: str = ""
    TENVANBAN: str = ""
    COQUANBANHANH: str = ""
    NGAYBANHANH: str = ""
    NGAYHIEULUC: str = ""
    DIACHITRUYCAP: str = ""


class AgencyName(Reply):
    """COQUANTHUCHIEN and its like."""

    MADONVI: str
    TENDONVI: str = ""


class ProcedureRecord(Reply):
    """LayThuTuc: `result[0]`. TRANGTHAI "1" = published."""

    ID: str = ""
    MATTHC: ProcedureCode
    TENTTHC: Required
    MACOQUANCONGBO: str = ""
    LOAITTHC: str = ""
    MOTADOITUONGTHUCHIEN: str = ""
    DIACHITIEPNHAN: str = ""
    QUYETDINH: str = ""
    YEUCAU: str = ""
    TUKHOA: str = ""
    IDQUYETDINHCONGBO: str = ""
    TRANGTHAI: str = ""
    MOTACOQUANTHUCHIEN: str = ""
    MOTACOQUANTHAMQUYEN: str = ""
    MOTA: str = ""
    TRINHTUTHUCHIEN: list[OrderCase] = Field(default_factory=list)
    CAPTHUCHIEN: list[Level] = Field(default_factory=list)
    LINHVUCTHUCHIEN: list[FieldName] = Field(default_factory=list)
    CACHTHUCTHUCHIEN: list[Way] = Field(default_factory=list)
    DOITUONGTHUCHIEN: list[ObjectName] = Field(default_factory=list)
    THANHPHANHOSO: list[PaperCase] = Field(default_factory=list)
    KETQUATHUCHIEN: list[Outcome] = Field(default_factory=list)
    CANCUPHAPLY: list[LegalBasis] = Field(default_factory=list)
    TTHCLIENQUAN: list[object] = Field(default_factory=list)
    TTHCLIENTHONG: list[object] = Field(default_factory=list)
    COQUANTHUCHIEN: list[AgencyName] = Field(default_factory=list)
    COQUANCOTHAMQUYEN: list[AgencyName] = Field(default_factory=list)
    COQUANDUOCUYQUYEN: list[AgencyName] = Field(default_factory=list)
    COQUANPHOIHOP: list[AgencyName] = Field(default_factory=list)
