"""A document as a fact for the indicators, from the message that issued it."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import JsonValue

from lgsp.routing.signatures import signature_state
from lgsp.standards.statistics import DocumentFact

__all__ = ["fact_of"]


def fact_of(message: Mapping[str, JsonValue], data: Mapping[str, JsonValue]) -> DocumentFact:
    """Who issued it to whom and when, and whether its issuer validly signed it."""
    issuer, recipients = data.get("issuer"), data.get("recipients")
    named = issuer if isinstance(issuer, dict) else {}
    receivers = [one for one in recipients if isinstance(one, dict)] if isinstance(recipients, list) else []
    return DocumentFact(
        str(named.get("id", "")),
        str(named.get("name", "")),
        tuple((str(one.get("id", "")), str(one.get("name", ""))) for one in receivers),
        datetime.fromisoformat(str(message["time"])),
        signature_state(data) == "valid",
    )
