"""Tables for spreadsheets: CSV in UTF-8 with a byte order mark, in which nothing runs."""

import csv
import io
from collections.abc import Iterable

__all__ = ["BYTE_ORDER_MARK", "csv_lines", "safe_cell"]

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""At the beginning of a file: without it, spreadsheets don't read Vietnamese."""


def safe_cell(value: object) -> str | int:
    """A cell that no spreadsheet takes for a formula (OWASP: CSV injection)."""
    if isinstance(value, int):
        return value
    text = str(value)
    return f"'{text}" if text.lstrip().startswith(("=", "+", "-", "@", "\t", "\r")) else text


def csv_lines(rows: Iterable[Iterable[object]]) -> bytes:
    """Rows as lines, each cell safe."""
    text = io.StringIO()
    csv.writer(text).writerows([safe_cell(value) for value in row] for row in rows)
    return text.getvalue().encode()
