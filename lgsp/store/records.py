"""What the store answers with, and how a message becomes a row."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from lgsp.errors import InvalidMessageError
from lgsp.message import Message
from lgsp.store.journal import JournalEntry

__all__ = ["MessageQuery", "StoredMessage", "StoredStep", "TracedMessage", "fold", "message_row"]


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message as the store knows it; `number` is the số/ký hiệu or the mã hồ sơ, `seq` the place in the listing."""

    seq: int
    message_id: str
    source: str
    type: str
    subject: str
    sender: str
    recipients: str
    correlation_id: str
    time: str
    title: str
    number: str
    state: str
    accepted_ms: int


@dataclass(frozen=True, slots=True)
class StoredStep:
    """One step of a message's journey."""

    at_ms: int
    step: str
    system: str
    detail: str


@dataclass(frozen=True, slots=True)
class TracedMessage:
    """A message with its journey, oldest step first."""

    message: StoredMessage
    steps: tuple[StoredStep, ...]


@dataclass(frozen=True, slots=True)
class MessageQuery:
    """What to look for, newest first. `type` takes `document.*`; `text` ignores case and diacritics; `after` is a `seq`."""

    type: str | None = None
    state: str | None = None
    text: str | None = None
    limit: int = 50
    after: int | None = None


def fold(text: str) -> str:
    """Lower case without diacritics, so that "quyet dinh" finds "Quyết định"."""
    plain = unicodedata.normalize("NFD", text.casefold()).replace("đ", "d")
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def message_row(entry: JournalEntry) -> dict[str, object] | None:
    """The row of an accepted message; None where the body can't be read (the journal keeps the step all the same)."""
    if entry.body is None:
        return None
    try:
        message = Message.from_json(entry.body)
    except InvalidMessageError:
        return None
    title, number = _title(message.data), _number(message.data)
    shown = (
        title,
        number,
        message.id,
        message.subject,
        message.sender or "",
        message.recipients or "",
        message.kind,
    )
    row = {
        "message_id": message.id,
        "source": message.source,
        "type": message.kind,
        "subject": message.subject,
        "sender": message.sender or "",
        "recipients": message.recipients or "",
        "correlation_id": message.correlationid or "",
        "time": message.time.isoformat(),
        "title": title,
        "number": number,
        "state": "accepted",
        "body": entry.body.decode(),
        "folded": fold(" ".join(shown)),
    }
    # PostgreSQL stores no NUL; inside the body it is escaped anyway.
    return {name: value.replace("\0", "") for name, value in row.items()} | {"accepted_ms": entry.at_ms}


def _title(data: Mapping[str, JsonValue]) -> str:
    """The line that a person knows it by: trích yếu, or the procedure's name."""
    inner = data.get("document")
    places: list[Mapping[str, JsonValue]] = [data, *([inner] if isinstance(inner, dict) else [])]
    for place in places:
        for key in ("subject", "abstract", "content", "description", "procedure_name", "name"):
            found = place.get(key)
            if isinstance(found, str) and found:
                return found[:500]
    return ""


def _number(data: Mapping[str, JsonValue]) -> str:
    """Số/ký hiệu of a document, mã hồ sơ of a dossier, mã of a procedure."""
    for place in (data, data.get("document"), data.get("about")):
        code = place.get("code") if isinstance(place, dict) else None
        if isinstance(code, dict):
            return f"{code.get('number', '')}/{code.get('notation', '')}"
        if isinstance(code, str) and code:
            return code
    national = data.get("national_code")
    return national if isinstance(national, str) else ""
