"""lgsp check URL --as SYSTEM: does somebody's own endpoint conform?"""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from lgsp.conformance import SUITES, Verdict
from lgsp.conformance import check as run
from lgsp.conformance.report import summary, to_html, to_json, to_junit
from lgsp.errors import ConfigurationError

__all__ = ["check"]


def check(  # noqa: C901, PLR0913, PLR0917 - each is a flag of the command
    url: Annotated[str, typer.Argument(help="The endpoint's base URL.")] = "",
    role: Annotated[str, typer.Option("--as", help=f"What it is: {', '.join(SUITES)}.")] = "axis",
    only: Annotated[list[str] | None, typer.Option(help="An id, or a glob: LGSP-AX-1*.")] = None,
    options: Annotated[
        list[str] | None,
        typer.Option("--set", help="An account, path or unit of yours, key=value; --list has them."),
    ] = None,
    allow: Annotated[list[str] | None, typer.Option(help="host:port that a redirect may lead to.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write JSON.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write one HTML page.")] = None,
    listing: Annotated[bool, typer.Option("--list", help="Print the assertions.")] = False,
) -> None:
    """0: conforms; 1: a must-assertion failed; 2: wrong usage."""
    suite, console = SUITES.get(role), Console()
    if suite is None:
        raise ConfigurationError(f"--as {role}: known: {', '.join(SUITES)}")
    chosen = suite.selected(only or [])
    if not chosen or not (listing or url.startswith(("http://", "https://"))):
        raise ConfigurationError(
            "give the endpoint as http(s)://host, and --only as an id or glob of `lgsp check --list`"
        )
    if listing:
        settings = " ".join(f"{name}={value}" for name, value in suite.options.items())
        console.print(Text(f"{suite.title_vi} · {suite.title}\n--set {settings}"))
        for one in chosen:
            console.print(Text(f"{one.id} {one.level}: {one.rule} · {one.rule_vi} [{one.source}]"))
        return
    given = dict(option.partition("=")[::2] for option in options or [])
    if unknown := sorted(given.keys() - suite.options.keys()):
        raise ConfigurationError(f"--set {unknown[0]}: known: {', '.join(suite.options)}")

    def tell(one: Verdict) -> None:
        console.print(
            Text(f"{one.id}  {one.level:6} {one.outcome:7} {one.rule_vi} · {one.rule}  {one.finding}")
        )

    found = asyncio.run(
        run(
            suite, url, {**suite.options, **given}, only=only or [], allowed=frozenset(allow or []), tell=tell
        )
    )
    console.print(Text(summary(found)))
    for place, write in ((junit, to_junit), (json_file, to_json), (html, to_html)):
        if place is not None:
            place.write_text(write(role, found), encoding="utf-8")
    raise typer.Exit(int(any(one.fails_subject for one in found)))
