"""Pydantic's complaints about a published packet, as faults with a JSON Pointer (RFC 6901), in both languages."""

from pydantic import ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from lgsp.errors import Fault

__all__ = ["bilingual", "pointer", "pydantic_faults"]

_VIETNAMESE = {
    "missing": "thiếu trường bắt buộc",
    "extra_forbidden": "trường không được định nghĩa",
    "string_pattern_mismatch": "sai định dạng",
    "string_too_short": "chuỗi quá ngắn hoặc để trống",
    "string_too_long": "chuỗi quá dài",
    "string_type": "phải là chuỗi ký tự",
    "bool_type": "phải là true hoặc false",
    "int_type": "phải là số nguyên",
    "list_type": "phải là danh sách",
    "model_type": "phải là đối tượng JSON",
    "model_attributes_type": "phải là đối tượng JSON",
    "too_short": "danh sách quá ngắn",
    "too_long": "danh sách quá dài",
    "enum": "giá trị ngoài danh mục",
    "literal_error": "giá trị ngoài danh mục",
    "value_error": "giá trị không hợp lệ",
}


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
        Fault(f"schema.{item['type']}", pointer(prefix, *item["loc"]), item["msg"], _vietnamese(item))
        for item in error.errors(include_url=False, include_input=False)
    ]


def _vietnamese(item: ErrorDetails) -> str:
    own = item.get("ctx", {}).get("vi")
    if isinstance(own, str):
        return own
    return f"{_VIETNAMESE.get(item['type'], 'giá trị không hợp lệ')} ({item['msg']})"
