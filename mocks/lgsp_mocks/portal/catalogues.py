"""What the portal hands out of the population: procedures, agencies, fields, services, accounts."""

from collections.abc import Callable

from pydantic import JsonValue

from lgsp.standards.identifiers import deterministic_id
from lgsp_mocks.kit.population import Agency, Population, Procedure
from lgsp_mocks.portal.reply import NOT_FOUND, WireError

__all__ = ["CATALOGUES", "procedure_record", "technical_id"]

_UNKNOWN_ARRAYS = ("TTHCLIENQUAN", "TTHCLIENTHONG", "COQUANDUOCUYQUYEN", "COQUANPHOIHOP", "CANCUPHAPLY")
_EMPTY_TEXTS = (
    "MOTADOITUONGTHUCHIEN",
    "DIACHITIEPNHAN",
    "QUYETDINH",
    "YEUCAU",
    "TUKHOA",
    "IDQUYETDINHCONGBO",
    "MOTACOQUANTHUCHIEN",
    "MOTACOQUANTHAMQUYEN",
    "MOTA",
)


def technical_id(population: Population, number: str) -> JsonValue:
    """TraCuuTechID: one row where the citizen has an account, else none."""
    known = population.citizen(number) is not None
    return [{"TECHNICALID": deterministic_id("techid", number)}] if known else []


def procedure_record(population: Population, code: str) -> JsonValue:
    """LayThuTuc.

    Raises:
        WireError: no such procedure.
    """
    procedure = population.procedure(code)
    if procedure is None:
        raise WireError(NOT_FOUND, f"Không tồn tại thủ tục hành chính có mã {code}")
    return [_record(population, procedure)]


def _record(population: Population, procedure: Procedure) -> JsonValue:
    record: dict[str, JsonValue] = {
        "ID": str([known.code for known in population.procedures].index(procedure.code) + 1),
        "MATTHC": procedure.code,
        "TENTTHC": procedure.name,
        "MACOQUANCONGBO": procedure.publisher_id,
        "LOAITTHC": "1",
        "TRANGTHAI": "1",
    }
    record |= dict.fromkeys(_EMPTY_TEXTS, "")
    record |= {name: [] for name in _UNKNOWN_ARRAYS}
    record |= {
        "TRINHTUTHUCHIEN": [
            {
                "TRUONGHOP": "",
                "TRINHTU": [{"TENTRINHTU": step} for step in ("Nộp hồ sơ", "Giải quyết", "Trả kết quả")],
            }
        ],
        "CAPTHUCHIEN": [
            {"CAPTHUCHIEN": procedure.level, "TENCAP": "Cấp Xã" if procedure.level == "3" else "Cấp Tỉnh"}
        ],
        "LINHVUCTHUCHIEN": [{"MALINHVUC": procedure.field_code, "TENLINHVUC": procedure.field_name}],
        "CACHTHUCTHUCHIEN": [
            {"KENH": channel, "THOIGIAN": [_duration(procedure)]} for channel in ("1", "2", "3")
        ],
        "DOITUONGTHUCHIEN": [{"MADOITUONG": "1", "TENDOITUONG": "Công dân Việt Nam"}],
        "THANHPHANHOSO": [{"TRUONGHOP": "Bao gồm", "GIAYTO": [_form()]}],
        "KETQUATHUCHIEN": [
            {
                "MAKETQUA": f"{procedure.publisher_id}-KQ{procedure.code[2:8]}",
                "TENKETQUA": "Kết quả giải quyết",
                "TENTEP": "",
                "URL": "",
            }
        ],
        "COQUANTHUCHIEN": _names(population, procedure.unit_id),
        "COQUANCOTHAMQUYEN": _names(population, procedure.unit_id),
    }
    return record


def _duration(procedure: Procedure) -> JsonValue:
    fee: JsonValue = {
        "MAPHILEPHI": "LP01",
        "SOTIEN": str(procedure.fee),
        "DONVI": "Đồng",
        "MOTA": "",
        "TENTEP": "",
        "URL": "",
    }
    return {
        "THOIGIANGIAIQUYET": str(procedure.working_days),
        "DONVITINH": "Ngày làm việc",
        "MOTA": "",
        "PHILEPHI": [fee] if procedure.fee else [],
    }


def _form() -> JsonValue:
    return {
        "MAGIAYTO": "GT01",
        "TENGIAYTO": "Tờ khai",
        "TENMAUDON": "",
        "URL": "",
        "SOBANCHINH": "1",
        "SOBANSAO": "0",
        "MA_KQ_THAYTHE": "",
    }


def _names(population: Population, unit_id: str) -> list[JsonValue]:
    unit = population.agency(unit_id)
    return [{"MADONVI": unit.id, "TENDONVI": unit.name}] if unit else []


def _procedures(population: Population) -> JsonValue:
    return [{"MATTHC": procedure.code, "TENTTHC": procedure.name} for procedure in population.procedures]


def _agencies(population: Population) -> JsonValue:
    return [
        {"MADONVI": agency.id, "TENDONVI": agency.name, "CAPDONVI": _level(agency)}
        for agency in population.agencies
    ]


def _level(agency: Agency) -> str:
    # Written like CAPTHUCHIEN (0 ministry, 1 province, 3 commune): the list of CAPDONVI itself is not public.
    if agency.level == 3:
        return "3"
    return "0" if agency.level == 1 and ".G" in agency.id else "1"


def _fields(population: Population) -> JsonValue:
    names = {procedure.field_code: procedure.field_name for procedure in population.procedures}
    # MANGANH is the field's code without its number: G15-TP03 -> G15-TP.
    return [
        {"MALINHVUC": code, "TENLINHVUC": name, "MANGANH": code.rstrip("0123456789")}
        for code, name in names.items()
    ]


def _services(population: Population) -> JsonValue:
    services: list[JsonValue] = []
    for procedure in population.procedures:
        publisher = population.agency(procedure.publisher_id)
        services.append(
            {
                "MADVC": f"{procedure.code}.01",
                "TENDVC": procedure.name,
                "MATTHC": procedure.code,
                "TENTTHC": procedure.name,
                "TENCOQUANBANHANH": publisher.name if publisher else "",
                "TENLINHVUC": procedure.field_name,
                "APDUNGDVC": [],
            }
        )
    return {"data": services}


CATALOGUES: dict[str, Callable[[Population], JsonValue]] = {
    "LayDanhSachTTHC": _procedures,
    "LayDanhMucCoQuan": _agencies,
    "LayDanhMucLinhVuc": _fields,
    "LayDVC": _services,
}
"""Services without parameters."""
