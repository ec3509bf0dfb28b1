"""The small code lists (LayDanhMuc*): their names are public, their rows are not.

ASSUMED throughout: MA… and TEN… with the list's own name, as the lists of agencies and fields have it; CanCuPhapLy as in LayThuTuc.
"""

from typing import Literal, get_args

from pydantic import BaseModel

from lgsp.standards.dvcqg.catalogue import LegalBasis
from lgsp.standards.dvcqg.envelope import Envelope
from lgsp.standards.dvcqg.values import ProcedureCode, Reply, Required

__all__ = ["DICTIONARIES", "DICTIONARY_ROWS", "LayDanhMuc"]

DictionaryName = Literal[
    "LayDanhMucGioiTinh", "LayDanhMucTinhThanh", "LayDanhMucQuanHuyen", "LayDanhMucPhuongXa", "LayDanhMucQuocGia",
    "LayDanhMucDanToc", "LayDanhMucTonGiao", "LayDanhMucTinhTrangHonNhan", "LayDanhMucDoiTuong", "LayDanhMucCapThucHien",
    "LayDanhMucCanCuPhapLy", "LayDanhMucLePhi",
]  # fmt: skip
DICTIONARIES: tuple[str, ...] = get_args(DictionaryName)
"""Their services."""


class LayDanhMuc(Envelope):
    """One of the small code lists, whole."""

    service: DictionaryName


class GenderRecord(Reply):
    """LayDanhMucGioiTinh."""

    MAGIOITINH: Required
    TENGIOITINH: Required


class ProvinceRecord(Reply):
    """LayDanhMucTinhThanh."""

    MATINHTHANH: Required
    TENTINHTHANH: Required


class DistrictRecord(Reply):
    """LayDanhMucQuanHuyen."""

    MAQUANHUYEN: Required
    TENQUANHUYEN: Required
    MATINHTHANH: Required


class CommuneRecord(Reply):
    """LayDanhMucPhuongXa; MAQUANHUYEN is empty since there are no districts."""

    MAPHUONGXA: Required
    TENPHUONGXA: Required
    MAQUANHUYEN: str = ""
    MATINHTHANH: Required


class CountryRecord(Reply):
    """LayDanhMucQuocGia."""

    MAQUOCGIA: Required
    TENQUOCGIA: Required


class EthnicGroupRecord(Reply):
    """LayDanhMucDanToc."""

    MADANTOC: Required
    TENDANTOC: Required


class ReligionRecord(Reply):
    """LayDanhMucTonGiao."""

    MATONGIAO: Required
    TENTONGIAO: Required


class MaritalStatusRecord(Reply):
    """LayDanhMucTinhTrangHonNhan."""

    MATINHTRANGHONNHAN: Required
    TENTINHTRANGHONNHAN: Required


class ObjectRecord(Reply):
    """LayDanhMucDoiTuong: LoaiDoiTuong of a dossier."""

    MADOITUONG: Required
    TENDOITUONG: Required


class LevelRecord(Reply):
    """LayDanhMucCapThucHien."""

    CAPTHUCHIEN: Literal["0", "1", "2", "3"]
    TENCAP: Required


class FeeRecord(Reply):
    """LayDanhMucLePhi; SOTIEN in đồng."""

    MALEPHI: Required
    TENLEPHI: Required
    MATTHC: ProcedureCode
    SOTIEN: Required


DICTIONARY_ROWS: dict[str, type[BaseModel]] = {
    "LayDanhMucGioiTinh": GenderRecord,
    "LayDanhMucTinhThanh": ProvinceRecord,
    "LayDanhMucQuanHuyen": DistrictRecord,
    "LayDanhMucPhuongXa": CommuneRecord,
    "LayDanhMucQuocGia": CountryRecord,
    "LayDanhMucDanToc": EthnicGroupRecord,
    "LayDanhMucTonGiao": ReligionRecord,
    "LayDanhMucTinhTrangHonNhan": MaritalStatusRecord,
    "LayDanhMucDoiTuong": ObjectRecord,
    "LayDanhMucCapThucHien": LevelRecord,
    "LayDanhMucCanCuPhapLy": LegalBasis,
    "LayDanhMucLePhi": FeeRecord,
}
"""A row of each list."""
