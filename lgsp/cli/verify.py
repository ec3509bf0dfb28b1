"""lgsp verify."""

from typing import Annotated

import typer

from lgsp.cli.common import Gateway, JsonOption, UrlOption, print_json, print_table
from lgsp.cli.trace import rows

__all__ = ["verify"]

_COLUMNS = ("system", "routed", "delivered", "dead", "expired", "discarded", "under_way")


Receivers = Annotated[
    bool,
    typer.Option("--receivers", help="Ask the systems too: does each hold what was delivered to it, once?"),
]


def verify(receivers: Receivers = False, url: UrlOption = None, json_output: JsonOption = False) -> None:
    """Recount every message: accepted = delivered + dead + expired + discarded + under way. 0: the law holds, 1: it is broken."""
    answer = Gateway(url).ask("GET", "/api/verify", params={"receivers": "true"} if receivers else None)
    if json_output:
        print_json(answer)
    else:
        print_table(_COLUMNS, ([entry[column] for column in _COLUMNS] for entry in rows(answer, "systems")))
        typer.echo(f"{answer['accepted']} accepted, {answer['unrouted']} of them for no system (yet)")
        asked = answer.get("asked")
        for system, told in asked.items() if isinstance(asked, dict) else ():
            typer.echo(f"{system}: {told}")
        for what in ("lost", "doubled", "strayed", "not_held", "held_twice"):
            for entry in rows(answer, what):
                typer.echo(f"!! {what}: {entry['id']} {entry['system']}".rstrip())
        verdict = "the law holds" if answer["holds"] else "THE LAW IS BROKEN"
        typer.echo(verdict if answer["settled"] else f"{verdict}; not all has settled: {answer['waiting']}")
    raise typer.Exit(0 if answer["holds"] else 1)
