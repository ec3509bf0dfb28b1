"""Pydantic's complaints about a published packet, as faults with a JSON Pointer (RFC 6901), in both languages."""

from pydantic import ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from lgsp.errors import Fault

__all__ = ["bilingual", "pointer", "pydantic_faults", "vietnamese"]

_VIETNAMESE = {
    "missing": "thiếu trường bắt buộc",
    "extra_forbidden": "trường không được định nghĩa",
    "json_invalid": "không phải JSON hợp lệ",
    "json_type": "không phải JSON hợp lệ",
    "string_pattern_mismatch": "sai định dạng; phải khớp với {pattern}",
    "string_too_short": "phải có ít nhất {min_length} ký tự",
    "string_too_long": "quá dài; tối đa {max_length} ký tự",
    "string_type": "phải là chuỗi ký tự",
    "bool_type": "phải là true hoặc false",
    "bool_parsing": "phải là true hoặc false",
    "int_type": "phải là số nguyên",
    "int_parsing": "phải là số nguyên",
    "int_from_float": "phải là số nguyên",
    "float_type": "phải là số",
    "float_parsing": "phải là số",
    "finite_number": "phải là số hữu hạn",
    "greater_than": "phải lớn hơn {gt}",
    "greater_than_equal": "phải từ {ge} trở lên",
    "less_than": "phải nhỏ hơn {lt}",
    "less_than_equal": "không được quá {le}",
    "list_type": "phải là danh sách",
    "tuple_type": "phải là danh sách",
    "dict_type": "phải là đối tượng JSON",
    "model_type": "phải là đối tượng JSON",
    "model_attributes_type": "phải là đối tượng JSON",
    "dataclass_type": "phải là đối tượng JSON",
    "too_short": "phải có ít nhất {min_length} phần tử",
    "too_long": "tối đa {max_length} phần tử",
    "enum": "giá trị ngoài danh mục; chỉ nhận {expected}",
    "literal_error": "giá trị ngoài danh mục; chỉ nhận {expected}",
    "date_type": "phải là ngày, như 2026-12-01",
    "date_parsing": "phải là ngày, như 2026-12-01",
    "date_from_datetime_parsing": "phải là ngày, như 2026-12-01",
    "date_from_datetime_inexact": "phải là ngày, không kèm giờ",
    "datetime_type": "phải là thời điểm, như 2026-12-01T08:00:00+07:00",
    "datetime_parsing": "phải là thời điểm, như 2026-12-01T08:00:00+07:00",
    "datetime_from_date_parsing": "phải là thời điểm, như 2026-12-01T08:00:00+07:00",
    "timezone_aware": "thời điểm phải có múi giờ, như +07:00",
}
"""By pydantic's name of the mistake; the places are filled in from its context."""


def bilingual(code: str, message: str, message_vi: str) -> PydanticCustomError:
    """An error for a validator to raise whose Vietnamese text `pydantic_faults` will find again."""
    # The context is interpolated by pydantic where the template has braces; the texts here have none.
    return PydanticCustomError(code, message.replace("{", "(").replace("}", ")"), {"vi": message_vi})


def pointer(prefix: str, *steps: str | int) -> str:
    """`prefix` and below it the steps, escaped as RFC 6901 says."""
    return prefix + "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)


def pydantic_faults(error: ValidationError, prefix: str = "") -> list[Fault]:
    """Every mistake that pydantic found, by JSON Pointer below `prefix`."""
    return [
        Fault(f"schema.{item['type']}", pointer(prefix, *item["loc"]), item["msg"], vietnamese(item))
        for item in error.errors(include_url=False, include_input=False)
    ]


def vietnamese(item: ErrorDetails) -> str:
    """What pydantic says there, in Vietnamese; where nobody wrote it down, its own words with it."""
    context = item.get("ctx", {})
    own = context.get("vi") or getattr(context.get("error"), "message_vi", "")
    if isinstance(own, str) and own:
        return own
    known = _VIETNAMESE.get(item["type"])
    if known is None:
        return f"giá trị không hợp lệ «{item['msg']}»"
    return known.format(**{name: _plain(value) for name, value in context.items()})


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value).replace(" or ", " hoặc ")
