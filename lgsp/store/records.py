"""What the store answers with, and how a message becomes a row."""

import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from lgsp.message import TYPE_PREFIX, Message

__all__ = [
    "MessageQuery",
    "Row",
    "StoredDelivery",
    "StoredMessage",
    "StoredStep",
    "TracedMessage",
    "exact_word",
    "read_row",
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
    from or went to; `sender` and `recipient` are organizations; times are milliseconds of acceptance, `until_ms` excluded; `after` and
    `newer` are a `seq`: only what is older, only what is newer.
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
    newer: int | None = None


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


def words_of(text: str) -> list[str]:
    """The words of a text, in lower case without Vietnamese diacritics, composed or not: "quyet dinh" finds "Quyết định"."""
    return re.findall(r"[^\W_]+", text.casefold().translate(_PLAIN))


def exact_word(role: str, value: str) -> str:
    """A word for a whole value in one role, `from`, `to`, `about`, `number` or `with`; it begins with a letter that nobody types."""
    return f"ꙮ{role}{blake2b(value.casefold().encode(), digest_size=8).hexdigest()}"


# A province has few agencies; what a message is about is new each time, and would only push them out.
_agency_word = lru_cache(4096)(exact_word)


class _Data(msgspec.Struct):
    subject: object = None
    abstract: object = None
    content: object = None
    description: object = None
    procedure_name: object = None
    name: object = None
    code: object = None
    national_code: object = None
    document: object = None
    about: object = None


class _Envelope(msgspec.Struct):
    id: str
    source: str
    type: str
    subject: str
    time: str
    data: _Data
    sender: str | None = None
    recipients: str | None = None
    correlationid: str | None = None


# A reader of its own: it passes over what no column holds, and costs a tenth of reading the whole message.
_READER = msgspec.json.Decoder(_Envelope)


class Row(NamedTuple):
    """An accepted message as its columns, in the order of the table, without `seq`."""

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
    body: bytes

    def words(self) -> str:
        """What it is found by."""
        # SQLite's index folds by itself, but for the letter that Unicode does not take apart.
        text = f"{self.title} {self.number} {self.subject}".replace("đ", "d").replace("Đ", "d")
        words = [text, exact_word("about", self.subject)]
        if self.number:
            words.append(exact_word("number", self.number))
        if self.correlation_id:
            words.append(exact_word("with", self.correlation_id))
        if self.sender:
            words.append(_agency_word("from", self.sender))
        words += [_agency_word("to", one.strip()) for one in self.recipients.split(",") if one.strip()]
        return " ".join(words)


def read_row(body: bytes) -> Row | None:
    """From a message's JSON; None where that can't be read."""
    try:
        message = _READER.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    row = Row(
        message.id,
        message.source,
        message.type.removeprefix(TYPE_PREFIX),
        message.subject,
        message.sender or "",
        message.recipients or "",
        message.correlationid or "",
        message.time,
        _title(message.data),
        _number(message.data),
        body,
    )
    if "\0" in "".join(row[:-1]):  # which PostgreSQL does not store
        row = row._replace(
            **{name: text.replace("\0", "") for name, text in row._asdict().items() if name != "body"}
        )
    return row


def _title(data: _Data) -> str:
    """The line that a person knows it by: trích yếu, or the procedure's name."""
    if isinstance(data.subject, str) and data.subject:
        return data.subject[:500]
    found = _first_text(data.abstract, data.content, data.description, data.procedure_name, data.name)
    if not found and isinstance(data.document, dict):
        inner = data.document
        found = _first_text(inner.get("subject"), inner.get("abstract"), inner.get("content"))
    return found[:500]


def _first_text(*places: object) -> str:
    return next((place for place in places if isinstance(place, str) and place), "")


def _number(data: _Data) -> str:
    """Số/ký hiệu of a document, mã hồ sơ of a dossier, mã of a procedure."""
    for code in (data.code, _code_within(data.document), _code_within(data.about)):
        if isinstance(code, dict):
            return f"{code.get('number', '')}/{code.get('notation', '')}"
        if isinstance(code, str) and code:
            return code
    return data.national_code if isinstance(data.national_code, str) else ""


def _code_within(place: object) -> object:
    return place.get("code") if isinstance(place, dict) else None
