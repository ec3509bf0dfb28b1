"""Message: the CloudEvents 1.0 envelope that everything travels in (structured JSON mode)."""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Self

import msgspec
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    ValidationError,
)
from pydantic_core import to_json

from lgsp.errors import Fault, InvalidMessageError
from lgsp.standards.faults import pydantic_faults as faults_of

__all__ = [
    "LARGE_BYTES",
    "MAX_MESSAGE_BYTES",
    "TYPE_PREFIX",
    "Message",
    "MessageReader",
    "faults_of",
    "type_name",
]

MAX_MESSAGE_BYTES = 1_048_576
"""Larger content belongs beside the stream, as a claim check."""

LARGE_BYTES = 8_192
"""What is larger is not remembered when it was read, and lies on the server once, beside the streams."""

TYPE_PREFIX = "vn.lgsp."

_TRACEPARENT = r"^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"

Text = Annotated[str, StringConstraints(min_length=1, max_length=512)]


class Message(BaseModel):
    """One event. `subject` is the ordering key (document id, dossier code); `recipients` are organization ids, comma-separated.

    Identity is (source, id): publishing the same twice is one message. Attributes other than the listed are refused, since an
    attribute that nobody reads is a typing mistake more often than an extension.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    specversion: Annotated[str, Field(pattern=r"^1\.0$")] = "1.0"
    id: Text
    source: Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=r"^/[\w./-]*$")]
    type: Annotated[str, StringConstraints(max_length=128, pattern=r"^vn\.lgsp\.[a-z]+\.[a-z_]+$")]
    subject: Text
    time: AwareDatetime
    dataschema: Annotated[str, StringConstraints(max_length=256)]
    datacontenttype: Annotated[str, Field(pattern=r"^application/json$")] = "application/json"
    data: dict[str, JsonValue]
    traceparent: Annotated[str, Field(pattern=_TRACEPARENT)] | None = None
    correlationid: Text | None = None
    causationid: Text | None = None
    sender: Text | None = None
    recipients: Annotated[str, StringConstraints(min_length=1, max_length=65_536)] | None = None
    expirytime: AwareDatetime | None = None

    @classmethod
    def of_json(cls, attributes: Mapping[str, object], data: dict[str, JsonValue]) -> Self:
        """Of attributes, and of data that is JSON by where it comes from: to look at each of its values takes most of the time.

        Raises:
            ValidationError: an attribute is wrong.
        """
        message = cls.model_validate({**attributes, "data": {}})
        # Nobody else has it yet; from now on it is frozen.
        message.__dict__["data"] = data
        return message

    @property
    def kind(self) -> str:
        """The type without its prefix: `document.issued`."""
        return self.type.removeprefix(TYPE_PREFIX)

    @property
    def version(self) -> int:
        """Version of the data's schema, the last segment of `dataschema`."""
        return _version(self.dataschema)

    @property
    def recipient_ids(self) -> tuple[str, ...]:
        """The recipients one by one."""
        return tuple(part.strip() for part in (self.recipients or "").split(",") if part.strip())

    def expired(self, now: datetime) -> bool:
        """Whether its sender no longer wants it delivered."""
        return self.expirytime is not None and self.expirytime <= now

    def to_json(self, data: bytes | None = None) -> bytes:
        """The structured JSON form, without the attributes that are absent. `data`: its JSON, where that is known already."""
        head = self.envelope_json()
        return b'%b,"data":%b}' % (head[:-1], self.data_json() if data is None else data)

    def envelope_json(self) -> bytes:
        """The attributes alone, without the data."""
        there = self.__dict__
        return msgspec.json.encode({name: there[name] for name in _ATTRIBUTES if there[name] is not None})

    def data_json(self) -> bytes:
        """The data alone, as `to_json` writes it."""
        try:
            written = msgspec.json.encode(self.data)
        except (msgspec.MsgspecError, TypeError, ValueError, RecursionError):
            return to_json(self.data)
        # msgspec, which takes a third of the time, also writes null for what is not a number
        return to_json(self.data) if b"null" in written else written

    @classmethod
    def from_json(cls, raw: bytes | str) -> Self:
        """Read the structured JSON form.

        Raises:
            InvalidMessageError: not JSON, too large, or an attribute is wrong; each fault by JSON Pointer.
        """
        if len(raw) > MAX_MESSAGE_BYTES:
            detail = f"{len(raw)} bytes, the limit is {MAX_MESSAGE_BYTES}; send attachments by claim check"
            raise InvalidMessageError(
                "message", [Fault("message.too_large", "", detail, f"Bản tin quá lớn: {detail}")]
            )
        try:
            return cls.model_validate_json(raw)
        except ValidationError as exc:
            raise InvalidMessageError("message", faults_of(exc)) from exc


@lru_cache(maxsize=256)
def _version(dataschema: str) -> int:
    found = re.search(r"/(\d{1,4})$", dataschema)
    return int(found.group(1)) if found else 0


_ATTRIBUTES = tuple(name for name in Message.model_fields if name != "data")
_HEAD = [(name, object, None) for name in _ATTRIBUTES]
# These pass over what has no field, and read JSON in a third of the time.
_ENVELOPE = msgspec.json.Decoder(msgspec.defstruct("Envelope", _HEAD))
_WHOLE = msgspec.json.Decoder(msgspec.defstruct("Whole", [("data", dict[str, object]), *_HEAD]))


class MessageReader:
    """Reads accepted messages, and remembers the small ones that it read last: one is read to be routed, and again to be delivered."""

    _REMEMBERED = 1024

    def __init__(self) -> None:
        self._read: dict[bytes, Message] = {}

    def read(self, body: bytes) -> Message:
        """Read the structured JSON form.

        Raises:
            InvalidMessageError: as `Message.from_json`.
        """
        if len(body) > LARGE_BYTES:
            return _read_large(_WHOLE, body)
        message = self._read.get(body)
        if message is not None:
            return message
        message = Message.from_json(body)
        if len(self._read) >= self._REMEMBERED:
            del self._read[next(iter(self._read))]
        self._read[body] = message
        return message

    def read_envelope(self, body: bytes) -> Message:
        """The same, but the `data` of a large one is left out ({}): its envelope alone takes a tenth of the time.

        Raises:
            InvalidMessageError: as `Message.from_json`.
        """
        return _read_large(_ENVELOPE, body) if len(body) > LARGE_BYTES else self.read(body)

    def read_attributes(self, envelope: bytes) -> Message:
        """From what `Message.envelope_json` wrote; its `data` is {}.

        Raises:
            InvalidMessageError: it is not that.
        """
        return _read_large(_ENVELOPE, envelope)


def _read_large(decoder: "msgspec.json.Decoder[msgspec.Struct]", body: bytes) -> Message:
    """What was accepted was checked, so its data is taken as it is; what the decoder does not take is read, or refused, with care."""
    if len(body) > MAX_MESSAGE_BYTES:  # only a foreign writer can put such a thing there
        return Message.from_json(body)
    try:
        found = decoder.decode(body)
        given = {name: value for name in _ATTRIBUTES if (value := getattr(found, name)) is not None}
        return Message.of_json(given, getattr(found, "data", {}))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValidationError):
        return Message.from_json(body)


def type_name(kind: str) -> str:
    """`document.issued` -> `vn.lgsp.document.issued`."""
    return TYPE_PREFIX + kind
