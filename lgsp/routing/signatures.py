"""What routes want of a document's signature (QĐ 28/2018/QĐ-TTg: signatures are checked at receipt, and the result is kept)."""

from collections.abc import Mapping
from typing import Literal

from pydantic import JsonValue

from lgsp.model.document import SignatureState, worst_state

__all__ = ["SignaturePolicy", "has_verdicts", "signature_state"]

SignaturePolicy = Literal["off", "warn", "require"]
"""`off`: nothing; `warn`: anything but a valid signature is said in the journal; `require`: such a document is refused."""


def signature_state(data: Mapping[str, JsonValue]) -> SignatureState:
    """What the verdicts in a document, or in a change of one, say together."""
    return worst_state(
        str(each["state"]) for each in _verdicts(data) if isinstance(each, dict) and "state" in each
    )


def has_verdicts(data: Mapping[str, JsonValue]) -> bool:
    """Whether somebody has judged its signatures."""
    return bool(_verdicts(data))


def _verdicts(data: Mapping[str, JsonValue]) -> list[JsonValue]:
    inner = data.get("document")
    found = (inner if isinstance(inner, dict) else data).get("signatures")
    return found if isinstance(found, list) else []
