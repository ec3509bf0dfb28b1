"""The load: documents of two kilobytes, as many subjects as a busy province has on its way at once."""

from collections.abc import Iterator
from datetime import UTC, datetime

from lgsp.message import Message

__all__ = ["SUBJECTS", "documents"]

SUBJECTS = 5_000
_WHEN = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
_PADDING = "V/v triển khai thực hiện chuyển đổi số trong cơ quan nhà nước; "


def documents(count: int) -> Iterator[Message]:
    """Văn bản, each for one agency outside, about 2 KB as JSON."""
    issuer = {"id": "000.00.01.H34", "name": "UBND tỉnh Kon Tum"}
    for number in range(count):
        yield Message(
            id=f"bench-{number}",
            source="/systems/ioffice",
            type="vn.lgsp.document.issued",
            subject=f"bench-doc-{number % SUBJECTS}",
            time=_WHEN,
            dataschema="https://lgsp.vn/schemas/document.issued/1",
            sender="000.00.01.H34",
            recipients="000.00.00.G22",
            data={
                "document_id": f"000.00.01.H34,2026/11/23,{number}/CV-UBND",
                "code": {"number": str(number), "notation": "CV-UBND"},
                "type_name": "Công văn",
                "subject": _PADDING * 4,
                "content": _PADDING * 10,
                "issuer": issuer,
                "recipients": [{"id": "000.00.00.G22", "name": "Bộ Thông tin và Truyền thông"}],
                "promulgated_on": "2026-11-23",
            },
        )
