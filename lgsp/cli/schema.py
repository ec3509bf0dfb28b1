"""lgsp schema list|show|check FILE."""

from collections.abc import Callable
from typing import Annotated

import typer
from pydantic_core import from_json

from lgsp.cli.common import JsonOption, print_faults, print_json, print_table, read_input
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
