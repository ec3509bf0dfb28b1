"""Documents as facts for the indicators, from the messages about them that flowed."""

from datetime import datetime

from pydantic import JsonValue
from pydantic_core import from_json
from sqlalchemy import Connection, select

from lgsp.routing.signatures import signature_state
from lgsp.standards.statistics import DocumentFact
from lgsp.store.names import read_names
from lgsp.store.tables import FACTS, MESSAGES

__all__ = ["document_facts"]

_KINDS = ("document.issued", "document.updated", "document.replaced")
_PAGE = 1000


def document_facts(connection: Connection) -> list[DocumentFact]:
    """One for each document that was ever issued; a later change may say that paper follows."""
    found: dict[str, DocumentFact] = {}
    paper: set[str] = set()
    kinds = [code for code, name in read_names(connection).types.items() if name in _KINDS]
    after = 0
    while True:
        wanted = (
            select(MESSAGES.c.seq, MESSAGES.c.type, MESSAGES.c.body)
            .join(FACTS, FACTS.c.seq == MESSAGES.c.seq)
            .where(FACTS.c.type.in_(kinds), FACTS.c.seq > after)
            .order_by(FACTS.c.seq)
            .limit(_PAGE)
        )
        rows = connection.execute(wanted).all()
        if not rows:
            return [one._replace(paper_follows=key in paper) for key, one in found.items()]
        for seq, kind, body in rows:
            after = seq
            message = from_json(body)
            data = message["data"]
            if data.get("paper_follows"):
                paper.add(str(data.get("concerns")))
            if kind == "document.issued":
                found.setdefault(str(data["document_id"]), _fact(message, data))


def _fact(message: dict[str, JsonValue], data: dict[str, JsonValue]) -> DocumentFact:
    issuer, recipients = data.get("issuer"), data.get("recipients")
    named = issuer if isinstance(issuer, dict) else {}
    receivers = [one for one in recipients if isinstance(one, dict)] if isinstance(recipients, list) else []
    return DocumentFact(
        str(named.get("id", "")),
        str(named.get("name", "")),
        tuple((str(one.get("id", "")), str(one.get("name", ""))) for one in receivers),
        datetime.fromisoformat(str(message["time"])),
        signature_state(data) == "valid",
        paper_follows=False,
    )
