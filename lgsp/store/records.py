"""What the store answers with, and how a message becomes a row."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue
from pydantic_core import from_json

from lgsp.message import TYPE_PREFIX, Message

__all__ = [
    "MessageQuery",
    "StoredDelivery",
    "StoredMessage",
    "StoredStep",
    "TracedMessage",
    "fold",
    "message_row",
    "party_word",
    "words_of",
]


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
class StoredDelivery:
    """A message with what its receiver answered. `seq` is the order of acceptance; `organizations` are those that it was for."""

    seq: int
    message: Message
    at_ms: int
    reference: str
    organizations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MessageQuery:
    """What to look for, newest first. All that is given must fit.

    `type` takes `document.*`; `text` has the beginnings of words, without regard to case and diacritics; `system` is where it came
    from or went to; `sender` and `recipient` are organizations; times are milliseconds of acceptance, `until_ms` excluded; `after` is
    a `seq`.
    """

    type: str | None = None
    state: str | None = None
    text: str | None = None
    limit: int = 50
    after: int | None = None
    system: str | None = None
    sender: str | None = None
    recipient: str | None = None
    since_ms: int | None = None
    until_ms: int | None = None


_VOWELS = {
    "a": "àáảãạăằắẳẵặâầấẩẫậ",
    "e": "èéẻẽẹêềếểễệ",
    "i": "ìíỉĩị",
    "o": "òóỏõọôồốổỗộơờớởỡợ",
    "u": "ùúủũụưừứửữự",
    "y": "ỳýỷỹỵ",
    "d": "đ",
    "": "\u0300\u0301\u0302\u0303\u0306\u0309\u031b\u0323",
}
_PLAIN = str.maketrans({letter: plain for plain, letters in _VOWELS.items() for letter in letters})


def fold(text: str) -> str:
    """Lower case without Vietnamese diacritics, composed or not, so that "quyet dinh" finds "Quyết định"."""
    return text.casefold().translate(_PLAIN)


def words_of(text: str) -> list[str]:
    """The words of a text, folded, as the index knows them."""
    return re.findall(r"[^\W_]+", fold(text))


def party_word(role: str, organization: str) -> str:
    """One word that no text has, for finding messages by who sent or gets them."""
    return f"{role}zz" + re.sub(r"[^0-9a-z]", "z", organization.casefold())


def message_row(body: bytes, accepted_ms: int) -> tuple[dict[str, str | int], str] | None:
    """The columns of an accepted message, without its journey, and its words; None where the body can't be read."""
    try:
        message = from_json(body)
        data = message["data"]
        row = {
            "message_id": message["id"],
            "source": message["source"],
            "type": message["type"].removeprefix(TYPE_PREFIX),
            "subject": message["subject"],
            "sender": message.get("sender") or "",
            "recipients": message.get("recipients") or "",
            "correlation_id": message.get("correlationid") or "",
            "time": message["time"],
            "title": _title(data),
            "number": _number(data),
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    if "\0" in "".join(row.values()):  # which PostgreSQL does not store
        row = {name: value.replace("\0", "") for name, value in row.items()}
    parties = [party_word("from", row["sender"])] if row["sender"] else []
    parties += [party_word("to", one.strip()) for one in row["recipients"].split(",") if one.strip()]
    # The index folds by itself, but for the letter that Unicode does not take apart.
    words = f"{row['title']} {row['number']} {row['subject']}".replace("đ", "d").replace("Đ", "d")
    words += " " + " ".join(parties)
    return {**row, "accepted_ms": accepted_ms}, words


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
