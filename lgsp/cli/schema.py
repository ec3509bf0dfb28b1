"""lgsp schema list|show|check|diff|export|asyncapi."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from pydantic import JsonValue
from pydantic_core import from_json

from lgsp import contracts
from lgsp.cli.common import (
    ConfigOption,
    JsonOption,
    print_faults,
    print_json,
    print_table,
    read_input,
    settings_of,
)
from lgsp.errors import ConfigurationError, Fault, InvalidMessageError
from lgsp.message import Message
from lgsp.schemas import SchemaRegistry, dataschema
from lgsp.standards import dvcqg, edxml

__all__ = ["app", "faults_in"]

app = typer.Typer(help="Schemas.", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.command("list")
def listing(json_output: JsonOption = False) -> None:
    """Every type and version."""
    rows = [(kind, version, dataschema(kind, version)) for kind, version in SchemaRegistry().names()]
    columns = ("type", "version", "dataschema")
    if json_output:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table(columns, rows)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="document.issued, or document.issued/1.")],
) -> None:
    """JSON Schema of the data."""
    kind, _, version = name.partition("/")
    if version and not version.isdecimal():
        raise ConfigurationError(f"{name}: a version is a number, as in document.issued/1")
    print_json(SchemaRegistry().json_schema(kind, int(version or "1")))


@app.command()
def check(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="- reads standard input.")],
) -> None:
    """Check CloudEvents, .edxml files and portal packets: every fault with its place. 0 valid, 1 invalid, 2 unreadable."""
    bad = 0
    for file in files:
        what, faults = faults_in(read_input(file))
        print_faults(file, faults)
        wrong = any(not fault.warning for fault in faults)
        bad += wrong
        if not wrong:
            typer.echo(f"{file}: valid ({what})")
    raise typer.Exit(1 if bad else 0)


@app.command()
def diff(
    old: Annotated[str, typer.Argument(metavar="A", help="A file, an exported folder, or type/version.")],
    new: Annotated[str, typer.Argument(metavar="B", help="The same.")],
    json_output: JsonOption = False,
) -> None:
    """What B breaks for programs that were built for A: readers, and writers. 0 nothing, 1 something."""
    before, after = _schemas(old), _schemas(new)
    found = list(contracts.compare_all(before, after))
    if json_output:
        print_json([{"schema": name, **asdict(change)} for name, change in found])
    elif found:
        rows = [(name, one.pointer, one.breaks, one.message, one.message_vi) for name, one in found]
        print_table(("schema", "place", "breaks", "what", "là gì"), rows)
    else:
        typer.echo("nothing breaks: each takes what the other takes · không có thay đổi ảnh hưởng")
    raise typer.Exit(1 if found else 0)


@app.command()
def export(folder: Annotated[Path, typer.Argument(metavar="DIR")]) -> None:
    """Write every JSON Schema and XSD; refuses where DIR has the same version with another content."""
    for file in contracts.export(folder, SchemaRegistry()):
        typer.echo(str(file))


@app.command()
def asyncapi(
    config: ConfigOption = None, yaml: Annotated[bool, typer.Option("--yaml", help="Print YAML.")] = False
) -> None:
    """The bus as an AsyncAPI 3.0 document."""
    settings = settings_of(config)
    gateway = settings.gateway_url.partition("://")[2]
    document = contracts.asyncapi(SchemaRegistry(), tuple(settings.systems), gateway=gateway)
    if yaml:
        typer.echo(contracts.as_yaml(document), nl=False)
    else:
        print_json(document)


def _schemas(name: str) -> dict[str, dict[str, JsonValue]]:
    """What is behind an argument of `diff`; a single schema has no name of its own, so that two of them are compared."""
    place = Path(name)
    if place.is_dir():
        return {
            file.relative_to(place).with_suffix("").as_posix(): _schema(file)
            for file in sorted(place.rglob("*.json"))
        }
    if place.is_file():
        return {"": _schema(place)}
    kind, _, version = name.partition("/")
    if not version.isdecimal():
        raise ConfigurationError(
            f"{name}: neither a file, nor a folder, nor type/version (document.issued/1)"
        )
    return {"": SchemaRegistry().json_schema(kind, int(version))}


def _schema(file: Path) -> dict[str, JsonValue]:
    try:
        found = from_json(file.read_bytes())
    except (OSError, ValueError) as exc:
        raise ConfigurationError(f"{file}: no JSON ({exc})") from exc
    if not isinstance(found, dict):
        raise ConfigurationError(f"{file}: a JSON Schema is an object")
    return found


def faults_in(raw: bytes) -> tuple[str, tuple[Fault, ...]]:
    """What kind of content it is, and what is wrong with it.

    Raises:
        ConfigurationError: neither XML nor JSON.
    """
    if raw.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return "edXML", tuple(edxml.check(raw))
    try:
        packet = from_json(raw)
    except ValueError as exc:
        raise ConfigurationError(f"neither XML nor JSON: {exc}") from exc
    if isinstance(packet, dict) and "specversion" in packet:
        return "message", _raised(lambda: SchemaRegistry().check(Message.from_json(raw)))
    return "portal packet", tuple(dvcqg.check(packet))


def _raised(work: Callable[[], object]) -> tuple[Fault, ...]:
    try:
        work()
    except InvalidMessageError as exc:
        return exc.faults
    return ()
