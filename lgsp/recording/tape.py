"""The file of a recording: JSON that a person can read and change."""

import base64
import json
import os
import tempfile
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from lgsp.errors import ConfigurationError

__all__ = ["Body", "Exchange", "Recorded", "Request", "Response", "Tape", "load", "save"]

MOST_BYTES = 200 * 1024 * 1024
Headers = list[tuple[str, str]]


class Recorded(BaseModel):
    """Nothing unknown in it."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Body(Recorded):
    """One of the three; an empty body is an empty text. JSON that a writer formatted otherwise is the same JSON."""

    json_value: Annotated[JsonValue, Field(alias="json")] = None
    text: str | None = None
    base64: str | None = None

    def content(self) -> bytes:
        """The bytes."""
        if self.text is not None:
            return self.text.encode()
        if self.base64 is not None:
            return base64.b64decode(self.base64)
        return json.dumps(self.json_value, ensure_ascii=False).encode()


class Request(Recorded):
    """`query` as it stands in the URL."""

    method: str
    path: str
    query: str = ""
    headers: Headers = []
    body: Body = Body(text="")


class Response(Recorded):
    """Status, headers and body; hop-by-hop headers are not kept."""

    status: Annotated[int, Field(ge=100, le=599)]
    headers: Headers = []
    body: Body = Body(text="")


class Exchange(Recorded):
    """One request and its answer; `ms` is what the answer took."""

    request: Request
    response: Response
    ms: Annotated[float, Field(ge=0)] = 0


class Tape(Recorded):
    """A recorded session. `replaced` counts what was invented, by kind."""

    format: Literal["lgsp-recording/1"] = "lgsp-recording/1"
    upstream: str
    recorded_at: str
    replaced: dict[str, int] = {}
    exchanges: list[Exchange] = []


def save(tape: Tape, file: Path) -> None:
    """Write, whole or not at all, readable by its owner only.

    Raises:
        ConfigurationError: it can't be written.
    """
    text = tape.model_dump_json(indent=1, by_alias=True, exclude_unset=False, exclude_none=True)
    try:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=file.parent, delete=False) as partial:
            partial.write(text + "\n")
        os.replace(partial.name, file)  # noqa: PTH105 - the one call that replaces
    except OSError as exc:
        raise ConfigurationError(f"{file}: can't be written ({exc.strerror or exc})") from exc


def load(file: Path) -> Tape:
    """Read.

    Raises:
        ConfigurationError: it can't be read, or is no recording.
    """
    try:
        if file.stat().st_size > MOST_BYTES:
            raise ConfigurationError(f"{file}: larger than {MOST_BYTES} bytes")
        return Tape.model_validate_json(file.read_bytes())
    except OSError as exc:
        raise ConfigurationError(f"{file}: can't be read ({exc.strerror or exc})") from exc
    except ValidationError as exc:
        first = exc.errors()[0]
        place = "/".join(map(str, first["loc"]))
        raise ConfigurationError(f"{file}: no recording: /{place}: {first['msg']}") from exc
