"""What the commands share: options, settings, the gateway's client, printing."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import httpx
import typer
from pydantic import JsonValue
from rich.console import Console
from rich.table import Table

from lgsp.errors import ConfigurationError, Fault, InvalidMessageError, LgspError, NotFoundError
from lgsp.settings import Settings, current_environment, load

__all__ = [
    "ConfigOption", "Gateway", "JsonOption", "UrlOption", "print_faults", "print_json", "print_table", "read_input", "settings_of",
]  # fmt: skip

ConfigOption = Annotated[Path | None, typer.Option("--config", help="lgsp.toml to use.", metavar="FILE")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
UrlOption = Annotated[
    str | None, typer.Option("--url", help="Gateway; by default host and port of the settings.")
]


def settings_of(config: Path | None) -> Settings:
    """The settings of this environment."""
    return load(config, current_environment())


class Gateway:
    """Client of a running gateway; every failure becomes one clear line."""

    def __init__(self, url: str | None, config: Path | None = None) -> None:
        self.url = (url or settings_of(config).gateway_url).rstrip("/")

    def ask(
        self, method: str, path: str, *, content: bytes | None = None, headers: Mapping[str, str] | None = None,
        params: Mapping[str, str | int] | None = None,
    ) -> dict[str, JsonValue]:  # fmt: skip
        """One call.

        Raises:
            LgspError: not reachable, or the gateway refused; the message says why.
        """
        try:
            answer = httpx.request(
                method,
                self.url + path,
                content=content,
                headers=headers,
                params=params,
                timeout=30.0,
                trust_env=False,
            )
        except (httpx.HTTPError, httpx.InvalidURL) as exc:
            raise ConfigurationError(
                f"no gateway at {self.url} ({exc}); start one with `lgsp up`, or name another with --url"
            ) from exc
        body = _object(answer)
        if answer.is_success:
            return body
        raise _error(answer, body)


def read_input(file: str) -> bytes:
    """The content of a file; `-` is standard input.

    Raises:
        ConfigurationError: it can't be read.
    """
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as exc:
        raise ConfigurationError(f"{file}: can't be read ({exc.strerror or exc})") from exc


def print_json(value: object) -> None:
    """Pretty, with Vietnamese as it is."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table; wide cells fold."""
    table = Table(*columns, box=None, header_style="bold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell).replace("[", "\\[") for cell in row))
    Console(soft_wrap=not sys.stdout.isatty(), width=None if sys.stdout.isatty() else 200).print(table)


def print_faults(file: str, faults: Sequence[Fault]) -> None:
    """Each fault on a line of its own, with its place, in both languages."""
    for fault in faults:
        word = "warning" if fault.warning else "fault"
        typer.echo(f"{file}: {word}: {fault} | {fault.message_vi} [{fault.code}]")


def _object(answer: httpx.Response) -> dict[str, JsonValue]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _error(answer: httpx.Response, body: Mapping[str, JsonValue]) -> LgspError:
    detail = str(body.get("detail") or f"HTTP {answer.status_code} from {answer.url}")
    faults = body.get("faults")
    if isinstance(faults, list) and faults:
        return InvalidMessageError(detail, [_fault(item) for item in faults if isinstance(item, dict)])
    if answer.status_code == 404:
        return NotFoundError(detail)
    after = answer.headers.get("Retry-After")
    return LgspError(f"{detail} (HTTP {answer.status_code}{f'; try again in {after} s' if after else ''})")


def _fault(item: Mapping[str, JsonValue]) -> Fault:
    code, place, message, vietnamese = (
        str(item.get(key, "")) for key in ("code", "place", "message", "message_vi")
    )
    return Fault(code, place, message, vietnamese)
