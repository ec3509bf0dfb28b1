"""lgsp check URL --as ROLE: does somebody's own endpoint, or connector, conform?"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lgsp.conformance import SUITES, Suite, Verdict
from lgsp.conformance import check as check_server
from lgsp.conformance.clients import CLIENT_SUITES, Hooks, check_connector
from lgsp.conformance.clients.host import command
from lgsp.conformance.report import summary, to_html, to_json, to_junit
from lgsp.errors import ConfigurationError

__all__ = ["check"]

_ALL: Mapping[str, Suite[Any]] = {**SUITES, **CLIENT_SUITES}


def check(  # noqa: PLR0913, PLR0917 - each is a flag of the command
    url: Annotated[str, typer.Argument(help="The endpoint's base URL; - for a connector.")] = "-",
    role: Annotated[str, typer.Option("--as", help=f"What it is: {', '.join(_ALL)}.")] = "axis",
    only: Annotated[list[str] | None, typer.Option(help="An id, or a glob: LGSP-AX-1*.")] = None,
    options: Annotated[list[str] | None, typer.Option("--set", help="An option of the suite, key=value.")] = None,
    allow: Annotated[list[str] | None, typer.Option(help="host:port that a redirect may lead to.")] = None,
    trigger: Annotated[str, typer.Option(help="Connector: a command for one round; without, it polls by itself.")] = "",
    send: Annotated[str, typer.Option(help="Connector: a command that sends the work it reads as JSON.")] = "",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Connector: where the stand-in listens.")] = 0,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write JSON.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write one HTML page.")] = None,
    listing: Annotated[bool, typer.Option("--list", help="Print the assertions.")] = False,
) -> None:  # fmt: skip
    """0: conforms; 1: a must-assertion failed; 2: wrong usage."""
    suite = _suite(role, only or [])
    if listing:
        _list(suite, only or [])
        return
    subject = _Subject(suite, url, _options(suite, options or []), only or [])
    hooks = Hooks(command(trigger) if trigger else None, command(send) if send else None)
    asking = _server(subject, frozenset(allow or [])) if role in SUITES else _connector(subject, hooks, port)
    found = asyncio.run(asking)
    _show(found)
    typer.echo(summary(found))
    for place, write in ((junit, to_junit), (json_file, to_json), (html, to_html)):
        if place is not None:
            place.write_text(write(role, found), encoding="utf-8")
    raise typer.Exit(int(any(one.fails_subject for one in found)))


@dataclass(frozen=True, slots=True)
class _Subject:
    suite: Suite[Any]
    url: str
    options: Mapping[str, str]
    only: Sequence[str]


def _suite(role: str, only: Sequence[str]) -> Suite[Any]:
    suite = _ALL.get(role)
    if suite is None:
        raise ConfigurationError(f"--as {role}: known: {', '.join(_ALL)}")
    if not suite.selected(only):
        raise ConfigurationError(
            f"--only {', '.join(only)}: no such assertion; see `lgsp check --list --as {role}`"
        )
    return suite


def _options(suite: Suite[Any], given: Sequence[str]) -> Mapping[str, str]:
    pairs = dict(option.partition("=")[::2] for option in given)
    if unknown := sorted(pairs.keys() - suite.options.keys()):
        raise ConfigurationError(f"--set {unknown[0]}: known: {', '.join(suite.options)}")
    return {**suite.options, **pairs}


async def _server(subject: _Subject, allowed: frozenset[str]) -> list[Verdict]:
    if not subject.url.startswith(("http://", "https://")):
        raise ConfigurationError(f"{subject.url!r}: give the endpoint as http(s)://host[:port][/path]")
    return await check_server(subject.suite, subject.url, subject.options, only=subject.only, allowed=allowed)


async def _connector(subject: _Subject, hooks: Hooks, port: int) -> list[Verdict]:
    def ready(url: str) -> None:
        typer.echo(f"the stand-in listens at {url}; point the connector at it")

    standin = subject.suite.role.removesuffix("-client")
    return await check_connector(
        subject.suite, standin, hooks, subject.options, port=port, only=subject.only, ready=ready
    )


def _list(suite: Suite[Any], only: Sequence[str]) -> None:
    settings = " ".join(f"{name}={value}" for name, value in suite.options.items())
    Console().print(Text(f"{suite.title_vi} · {suite.title}\n--set {settings}"))
    table = Table("id", "", "vi / en", "source")
    for one in sorted(suite.selected(only), key=lambda one: one.id):
        table.add_row(one.id, one.level, Text(f"{one.rule_vi}\n{one.rule}"), Text(one.source))
    Console().print(table)


def _show(found: Sequence[Verdict]) -> None:
    table = Table("id", "", "", "vi / en", "finding")
    for one in sorted(found, key=lambda one: one.id):
        style = {"passed": "green", "failed": "red"}.get(one.outcome, "yellow")
        table.add_row(
            one.id, one.level, Text(one.outcome, style), Text(f"{one.rule_vi}\n{one.rule}"), Text(one.finding)
        )
    Console().print(table)
