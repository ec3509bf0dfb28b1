"""Builders of valid things, each with the few words that a test cares about."""

from datetime import UTC, datetime

from pydantic import JsonValue

from lgsp.message import Message

PROVINCE = {"id": "000.00.00.H34", "name": "UBND tỉnh Kon Tum"}
MINISTRY = {"id": "000.00.00.G22", "name": "Văn phòng Chính phủ"}


def document_data(
    document_id: str = "000.00.00.H34,2026/11/23,1/UBND-VX", **changes: JsonValue
) -> dict[str, JsonValue]:
    """Data of `document.issued`."""
    data: dict[str, JsonValue] = {
        "document_id": document_id,
        "issuer": PROVINCE,
        "recipients": [MINISTRY],
        "code": {"number": "1", "notation": "UBND-VX"},
        "promulgated_on": "2026-11-23",
        "type_name": "Công văn",
        "subject": "V/v kết nối liên thông",
    }
    return data | changes


def message(message_id: str = "m-1", *, subject: str = "s-1", **changes: object) -> Message:
    """A `document.issued` from iOffice to a ministry."""
    fields: dict[str, object] = {
        "id": message_id,
        "source": "/systems/ioffice",
        "type": "vn.lgsp.document.issued",
        "subject": subject,
        "time": datetime(2026, 11, 23, 1, 30, tzinfo=UTC),
        "dataschema": "https://lgsp.vn/schemas/document.issued/1",
        "sender": "000.00.00.H34",
        "recipients": "000.00.00.G22",
        "data": document_data(subject if "," in subject else f"000.00.00.H34,2026/11/23,{subject}/UBND-VX"),
    }
    return Message.model_validate(fields | changes)
