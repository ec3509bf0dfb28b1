"""The year's deeds as canonical messages, between agencies that are all invented but for the published codes."""

from datetime import datetime

from pydantic import JsonValue

from lgsp.clock import VIETNAM
from lgsp.message import Message, type_name
from lgsp.schemas import dataschema
from lgsp.simulate.plan import Dossier, Paper

__all__ = ["message_of"]

_PROVINCE = [("000.00.00.H34", "UBND tỉnh Kon Tum")]
_PROVINCE += [(f"000.00.{number:02}.H34", f"Sở số {number} tỉnh Kon Tum") for number in range(1, 21)]
_PROVINCE += [(f"000.{number:02}.00.H34", f"UBND xã số {number}") for number in range(1, 41)]
_OUTSIDE = [
    (f"000.00.00.{code}", name)
    for code, name in (
        ("G22", "Văn phòng Chính phủ"), ("G09", "Bộ Nội vụ"), ("G15", "Bộ Tư pháp"), ("G12", "Bộ Tài chính"),
        ("G18", "Bộ Y tế"), ("G17", "Bộ Xây dựng"), ("H41", "UBND tỉnh Nghệ An"), ("H14", "UBND tỉnh Cao Bằng"),
    )
]  # fmt: skip
_KINDS = (
    ("Công văn", "CV"),
    ("Báo cáo", "BC"),
    ("Quyết định", "QĐ"),
    ("Kế hoạch", "KH"),
    ("Tờ trình", "TTr"),
)
_ABOUT = (
    "V/v triển khai nhiệm vụ phát triển kinh tế - xã hội", "V/v báo cáo công tác cải cách hành chính", "V/v góp ý dự thảo nghị quyết",
    "V/v đôn đốc thực hiện kết luận của lãnh đạo tỉnh", "V/v cử cán bộ tham gia tập huấn", "V/v cung cấp số liệu thống kê",
)  # fmt: skip
_TEXT = (
    "Căn cứ chương trình công tác năm, đề nghị các đơn vị khẩn trương thực hiện và báo cáo kết quả đúng thời hạn. "
    * 8
)
_CITIZENS = ("Nguyễn Văn An", "Trần Thị Bình", "Y Minh Châu", "A Đức Dũng", "Lê Thu Hà", "Phạm Quốc Khánh")

Party = tuple[str, str]

_NAMED: dict[Party, JsonValue] = {
    party: {"id": party[0], "name": party[1]} for party in (*_PROVINCE, *_OUTSIDE)
}
_VERDICTS: dict[Party, JsonValue] = {
    party: [{"state": "valid", "organization": party[0], "signer": party[1]}] for party in _NAMED
}
_CHECKED = {
    kind: Message(
        id="year", source="/systems/year", type=type_name(kind), subject="year", time=datetime.min.replace(tzinfo=VIETNAM),
        dataschema=dataschema(kind), data={},
    )
    for kind in ("document.issued", "dossier.synchronized", "dossier.progressed", "dossier.resolved")
}  # fmt: skip
"""One of each kind, checked: to change a copy costs a third of checking each anew, and the bus checks what it is given."""


def message_of(at: datetime, deed: Paper | Dossier) -> Message:
    """What the system that does it publishes."""
    return _document(at, deed) if isinstance(deed, Paper) else _dossier(at, deed)


def _document(at: datetime, paper: Paper) -> Message:
    sender, receiver = _parties(paper)
    kind, short = _KINDS[paper.number % len(_KINDS)]
    number = str(paper.number + 1)
    document_id = f"{sender[0]},{at.year}/{at.month:02}/{at.day:02},{number}/{short}"
    data: dict[str, JsonValue] = {
        "document_id": document_id, "issuer": _NAMED[sender], "recipients": [_NAMED[receiver]],
        "code": {"number": number, "notation": short}, "promulgated_on": f"{at.year}-{at.month:02}-{at.day:02}", "type_name": kind,
        "subject": f"{_ABOUT[paper.number % len(_ABOUT)]} số {number}", "content": _TEXT,
        # Số bản phát hành trên giấy: none of what went without paper.
        "copies": 0 if paper.electronic else 1, "pages": 1 + paper.number % 9,
    }  # fmt: skip
    if paper.signed:
        data["signatures"] = _VERDICTS[sender]
    return _CHECKED["document.issued"].model_copy(
        update={
            "id": f"year-{at.year}-document-{number}", "source": "/systems/axis" if paper.direction == "into" else "/systems/ioffice",
            "subject": document_id, "time": at, "sender": sender[0], "recipients": receiver[0], "data": data,
        }
    )  # fmt: skip


def _parties(paper: Paper) -> tuple[Party, Party]:
    inside, outside = _PROVINCE[paper.number % len(_PROVINCE)], _OUTSIDE[paper.number % len(_OUTSIDE)]
    match paper.direction:
        case "out":
            return inside, outside
        case "into":
            return outside, inside
        case _:
            return inside, _PROVINCE[(paper.number * 7 + 1) % len(_PROVINCE)]


def _dossier(at: datetime, dossier: Dossier) -> Message:
    unit = _PROVINCE[1 + dossier.number % 20]
    code = f"{unit[0]}-{dossier.accepted_at:%y%m%d}-{dossier.number % 10_000:04}"
    kind = ("dossier.synchronized", "dossier.progressed", "dossier.progressed", "dossier.resolved")[
        dossier.step
    ]
    step: dict[str, JsonValue] = {
        "code": code, "sequence": dossier.step, "state": dossier.state, "officer": "Nguyễn Mô Phỏng", "at": at.isoformat(),
        "content": "Chuyển phòng chuyên môn thụ lý" if dossier.state == "4" else "Kết thúc xử lý hồ sơ",
    }  # fmt: skip
    return _CHECKED[kind].model_copy(
        update={
            "id": f"year-{dossier.accepted_at.year}-dossier-{dossier.number + 1}-{dossier.step}", "source": "/systems/igate",
            "subject": code, "time": at, "sender": unit[0],
            "data": step if kind == "dossier.progressed" else _whole(dossier, code, unit),
        }
    )  # fmt: skip


def _whole(dossier: Dossier, code: str, unit: Party) -> dict[str, JsonValue]:
    whole: dict[str, JsonValue] = {
        "code": code, "procedure_code": "1.000001.000.00.00.H34", "procedure_name": "Cấp bản sao trích lục", "field_code": "H34-LV01",
        "field_name": "Hộ tịch", "applicant": {"name": _CITIZENS[dossier.number % len(_CITIZENS)], "citizen_id": f"999{dossier.number:09}"},
        "channel": dossier.channel, "state": dossier.state, "unit_id": unit[0], "unit_name": unit[1],
        "accepted_at": dossier.accepted_at.isoformat(), "due_at": dossier.due_at.isoformat(),
    }  # fmt: skip
    if dossier.state in {"9", "10"}:
        whole["finished_at"] = dossier.ended_at.isoformat()
    return whole
