"""What routes want of a document's signature (QĐ 28/2018/QĐ-TTg: signatures are checked at receipt, and the result is kept)."""

from collections.abc import Mapping
from typing import Literal

from pydantic import JsonValue

from lgsp.model.document import SignatureState, overall_state
from lgsp.routing.conditions import pointer_value

__all__ = ["SignaturePolicy", "has_verdicts", "signature_state"]

SignaturePolicy = Literal["off", "warn", "require"]
"""`off`: nothing; `warn`: anything but a valid signature is said in the journal; `require`: such a document is refused."""


def signature_state(data: Mapping[str, JsonValue]) -> SignatureState:
    """What the verdicts in a document, or in a change of one, say together."""
    document = _document(data)
    verdicts = [each for each in _verdicts(document) if isinstance(each, dict)]
    issuer = str(pointer_value(document, "/issuer/id"))
    return overall_state(
        [(str(each.get("state")), str(each.get("organization"))) for each in verdicts], issuer
    )


def has_verdicts(data: Mapping[str, JsonValue]) -> bool:
    """Whether somebody has judged its signatures."""
    return bool(_verdicts(_document(data)))


def _document(data: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    inner = data.get("document")
    return inner if isinstance(inner, dict) else data


def _verdicts(document: Mapping[str, JsonValue]) -> list[JsonValue]:
    found = document.get("signatures")
    return found if isinstance(found, list) else []
