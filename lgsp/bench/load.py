"""The load: documents of two kilobytes or more, as many subjects as a busy province has on its way at once."""

from collections.abc import Iterator
from datetime import UTC, datetime

from pydantic import JsonValue

from lgsp.message import Message

__all__ = ["MOST_BYTES", "SMALL_BYTES", "SUBJECTS", "documents"]

SUBJECTS = 5_000
SMALL_BYTES = 2_048
_WHEN = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
_COMMUNE = "Ủy ban nhân dân xã số {:04}, tỉnh Kon Tum (để biết, để thực hiện)"
_COMMUNE_BYTES = len(_COMMUNE.format(0).encode()) + len('{"id":"000.00.00.H34","name":""},')
MOST_BYTES = SMALL_BYTES + 999 * _COMMUNE_BYTES
"""A document has at most a thousand recipients."""
_PADDING = "V/v triển khai thực hiện chuyển đổi số trong cơ quan nhà nước; "


_BARE = Message(
    id="bench",
    source="/systems/ioffice",
    type="vn.lgsp.document.issued",
    subject="bench-doc",
    time=_WHEN,
    dataschema="https://lgsp.vn/schemas/document.issued/1",
    sender="000.00.01.H34",
    recipients="000.00.00.G22",
    data={},
)


def documents(count: int, size_bytes: int = SMALL_BYTES) -> Iterator[Message]:
    """Văn bản, each for one agency outside, of about that size as JSON: what is over 2 KB are communes that it also names."""
    communes: list[JsonValue] = [
        {"id": f"000.00.{number % 100:02}.H34", "name": _COMMUNE.format(number)}
        for number in range(max(0, size_bytes - SMALL_BYTES) // _COMMUNE_BYTES)
    ]
    recipients: JsonValue = [{"id": "000.00.00.G22", "name": "Bộ Thông tin và Truyền thông"}, *communes]
    data: dict[str, JsonValue] = {
        "type_name": "Công văn",
        "subject": (_PADDING * 4).strip(),
        "content": (_PADDING * 10).strip(),
        "issuer": {"id": "000.00.01.H34", "name": "UBND tỉnh Kon Tum"},
        "recipients": recipients,
        "promulgated_on": "2026-11-23",
    }
    for number in range(count):
        own: dict[str, JsonValue] = {
            "document_id": f"000.00.01.H34,2026/11/23,{number}/CV-UBND",
            "code": {"number": str(number), "notation": "CV-UBND"},
        }
        yield _BARE.model_copy(
            update={"id": f"bench-{number}", "subject": f"bench-doc-{number % SUBJECTS}", "data": own | data}
        )
