"""Dossiers as cases for the statistics, from the messages about them that flowed."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import JsonValue
from pydantic_core import from_json
from sqlalchemy import Connection, select

from lgsp.standards.statistics import RESOLVED, RETURNED, Case
from lgsp.store.names import read_names
from lgsp.store.tables import FACTS, MESSAGES

__all__ = ["DOSSIER_KINDS", "case_of", "dossier_cases", "learn"]

DOSSIER_KINDS = ("dossier.synchronized", "dossier.progressed", "dossier.resolved")
_PAGE = 1000
_ENDS = RETURNED | {"9"}


def dossier_cases(connection: Connection) -> list[Case]:
    """One for each dossier that was ever synchronized, as its last message left it."""
    found: dict[str, dict[str, JsonValue]] = {}
    kinds = [code for code, name in read_names(connection).types.items() if name in DOSSIER_KINDS]
    after = 0
    while True:
        wanted = (
            select(MESSAGES.c.seq, MESSAGES.c.subject, MESSAGES.c.type, MESSAGES.c.body)
            .join(FACTS, FACTS.c.seq == MESSAGES.c.seq)
            .where(FACTS.c.type.in_(kinds), FACTS.c.seq > after)
            .order_by(FACTS.c.seq)
            .limit(_PAGE)
        )
        rows = connection.execute(wanted).all()
        if not rows:
            return [case_of(code, facts) for code, facts in found.items() if "accepted_at" in facts]
        for seq, subject, kind, body in rows:
            after = seq
            learn(found.setdefault(subject, {}), kind, from_json(body)["data"])


def learn(facts: dict[str, JsonValue], kind: str, data: Mapping[str, JsonValue]) -> None:
    """What a message adds to what is known of its dossier; messages come in order."""
    for name in ("unit_name", "field_name", "channel", "accepted_at", "due_at", "state"):
        if data.get(name):
            facts[name] = data[name]
    state = str(data.get("state"))
    if kind == "dossier.progressed" and state in _ENDS:
        facts["ended_at"] = data.get("at")  # the last: a one-stop desk may send a result back


def case_of(code: str, facts: Mapping[str, JsonValue]) -> Case:
    """From what is known; `accepted_at` must be."""
    state = str(facts["state"])
    return Case(
        code=code,
        unit=str(facts.get("unit_name", "")),
        field=str(facts.get("field_name", "")),
        channel=str(facts.get("channel", "1")),
        received_at=datetime.fromisoformat(str(facts["accepted_at"])),
        due_at=_moment(facts.get("due_at")),
        ended_at=_moment(facts.get("ended_at")) if state in RESOLVED | RETURNED else None,
        state=state,
    )


def _moment(value: JsonValue) -> datetime | None:
    return datetime.fromisoformat(str(value)) if value else None
