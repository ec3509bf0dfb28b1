"""A procedure as LayThuTuc hands it out: every UPPERCASE key, all of them telling the same fee, time and papers."""

from datetime import date, timedelta

from pydantic import JsonValue

from lgsp_mocks.kit.population import Population
from lgsp_mocks.kit.procedures import PROVINCE, Procedure
from lgsp_mocks.kit.procedures_content import CHANNELS, Edition, Paper, Way, papers, ways

__all__ = ["procedure_row"]

Row = dict[str, JsonValue]
LEVELS = {"0": "Cấp Bộ", "1": "Cấp Tỉnh", "2": "Cấp Huyện", "3": "Cấp Xã"}
UNPUBLISHED, PUBLISHED = "0", "1"
"""TRANGTHAI: only "1" (công khai) is documented; "0" for a repealed procedure is assumed."""


def procedure_row(population: Population, edition: Edition) -> Row:
    """`result[0]` of LayThuTuc."""
    procedure = edition.procedure
    unit = population.agency(procedure.unit_id)
    name = unit.name if unit else procedure.unit_id
    return {
        **_head(edition, name, unit.address if unit else ""),
        "TRINHTUTHUCHIEN": [{"TRUONGHOP": "", "TRINHTU": [{"TENTRINHTU": step} for step in _steps(procedure, name)]}],
        "CAPTHUCHIEN": [{"CAPTHUCHIEN": procedure.level, "TENCAP": LEVELS[procedure.level]}],
        "LINHVUCTHUCHIEN": [{"MALINHVUC": procedure.field_code, "TENLINHVUC": procedure.field_name}],
        "CACHTHUCTHUCHIEN": [_way(way) for way in ways(procedure)],
        "DOITUONGTHUCHIEN": _applicants(procedure),
        "THANHPHANHOSO": [{"TRUONGHOP": "Bao gồm", "GIAYTO": [_paper(paper, procedure) for paper in papers(procedure)]}],
        "KETQUATHUCHIEN": [_result(procedure)],
        "CANCUPHAPLY": _legal_bases(edition, population),
        "TTHCLIENQUAN": [],
        "TTHCLIENTHONG": [],
        "COQUANTHUCHIEN": [{"MADONVI": procedure.unit_id, "TENDONVI": name}],
        "COQUANCOTHAMQUYEN": [{"MADONVI": procedure.unit_id, "TENDONVI": name}],
        "COQUANDUOCUYQUYEN": [],
        "COQUANPHOIHOP": _partners(procedure, population),
    }  # fmt: skip


def _head(edition: Edition, unit: str, address: str) -> Row:
    procedure = edition.procedure
    return {
        "ID": str(procedure.number), "MATTHC": procedure.code, "TENTTHC": procedure.name, "MACOQUANCONGBO": procedure.publisher_id,
        "LOAITTHC": "1", "TRANGTHAI": PUBLISHED if edition.in_force else UNPUBLISHED,
        "MOTADOITUONGTHUCHIEN": "Cá nhân, tổ chức có nhu cầu", "DIACHITIEPNHAN": f"Bộ phận Một cửa, {unit}, {address}",
        "QUYETDINH": edition.decision, "YEUCAU": f"Nộp đủ {len(papers(procedure))} giấy tờ trong thành phần hồ sơ",
        "TUKHOA": procedure.field_name.lower(), "IDQUYETDINHCONGBO": edition.decision_id, "MOTACOQUANTHUCHIEN": unit,
        "MOTACOQUANTHAMQUYEN": unit, "MOTA": f"Dữ liệu mô phỏng, phiên bản {edition.version}",
    }  # fmt: skip


def _steps(procedure: Procedure, unit: str) -> tuple[str, ...]:
    fee = f"nộp phí, lệ phí {procedure.fee} đồng" if procedure.fee else "không phải nộp phí, lệ phí"
    return (
        f"Bước 1: Nộp hồ sơ gồm {len(papers(procedure))} giấy tờ, {fee}",
        "Bước 2: Bộ phận Một cửa kiểm tra, cấp giấy tiếp nhận và hẹn trả kết quả",
        f"Bước 3: {unit} giải quyết trong {procedure.working_days} ngày làm việc",
        "Bước 4: Nhận kết quả",
    )


def _way(way: Way) -> Row:
    fee: Row = {
        "MAPHILEPHI": "LP01", "SOTIEN": str(way.fee), "DONVI": "Đồng", "MOTA": CHANNELS[way.channel], "TENTEP": "", "URL": "",
    }  # fmt: skip
    duration: Row = {
        "THOIGIANGIAIQUYET": str(way.working_days), "DONVITINH": "Ngày làm việc", "MOTA": "Kể từ ngày nhận đủ hồ sơ hợp lệ",
        "PHILEPHI": [fee] if way.fee else [],
    }  # fmt: skip
    return {"KENH": way.channel, "THOIGIAN": [duration]}


def _applicants(procedure: Procedure) -> list[JsonValue]:
    kinds = (("1", "Công dân Việt Nam"), ("2", "Doanh nghiệp"), ("3", "Tổ chức"))
    return [{"MADOITUONG": code, "TENDOITUONG": name} for code, name in kinds[: procedure.number % 3 + 1]]


def _paper(paper: Paper, procedure: Procedure) -> Row:
    form = f"Mẫu số 01 - {procedure.field_name}" if paper.originals else ""
    return {
        "MAGIAYTO": paper.code, "TENGIAYTO": paper.name, "TENMAUDON": form, "URL": "", "SOBANCHINH": str(paper.originals),
        "SOBANSAO": str(paper.copies), "MA_KQ_THAYTHE": "",
    }  # fmt: skip


def _result(procedure: Procedure) -> Row:
    return {
        "MAKETQUA": procedure.result_code, "TENKETQUA": "Văn bản trả lời kết quả giải quyết", "TENTEP": "", "URL": "",
    }  # fmt: skip


def _legal_bases(edition: Edition, population: Population) -> list[JsonValue]:
    """The law of the field and the decision that published this version; both invented."""
    publisher = population.agency(edition.procedure.publisher_id)
    name = publisher.name if publisher else edition.procedure.publisher_id
    day = date.fromisoformat(edition.decided_on)
    field = edition.procedure.field_name.lower()
    law = _basis("00/2023/QH15", f"Luật mô phỏng về {field}", "Quốc hội", date(2023, 6, 20))
    return [
        law,
        _basis(edition.decision, f"Quyết định công bố thủ tục hành chính lĩnh vực {field}", name, day),
    ]


def _basis(number: str, name: str, issuer: str, day: date) -> Row:
    return {
        "SOVANBAN": number, "TENVANBAN": name, "COQUANBANHANH": issuer, "NGAYBANHANH": f"{day:%d/%m/%Y}",
        "NGAYHIEULUC": f"{day + timedelta(days=10):%d/%m/%Y}", "DIACHITRUYCAP": "",
    }  # fmt: skip


def _partners(procedure: Procedure, population: Population) -> list[JsonValue]:
    """A commune's dossiers that need a signature pass the provincial office."""
    office = population.agency("000.00.01.H34")
    involved = procedure.level == "3" and procedure.needs_signature and procedure.publisher_id == PROVINCE
    return [{"MADONVI": office.id, "TENDONVI": office.name}] if office and involved else []
