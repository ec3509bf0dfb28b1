"""lgsp routes list|explain FILE."""

from dataclasses import asdict
from typing import Annotated

import typer

from lgsp.cli.common import ConfigOption, JsonOption, print_json, print_table, read_input, settings_of
from lgsp.message import Message
from lgsp.routing import Router

__all__ = ["app"]

app = typer.Typer(help="Routes.", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.command("list")
def listing(config: ConfigOption = None, json_output: JsonOption = False) -> None:
    """The routes of the settings, in order."""
    routes = settings_of(config).routes
    if json_output:
        print_json([asdict(route) for route in routes])
        return
    columns = ("name", "when", "recipients", "not", "to", "back")
    words = ((route.when, route.recipients, route.recipients_not, route.to) for route in routes)
    cells = (tuple(", ".join(part) for part in parts) for parts in words)
    print_table(
        columns,
        ((route.name, *row, "yes" if route.back else "") for route, row in zip(routes, cells, strict=True)),
    )


@app.command()
def explain(
    file: Annotated[str, typer.Argument(help="A CloudEvent (JSON); - reads standard input.")],
    config: ConfigOption = None, json_output: JsonOption = False,
) -> None:  # fmt: skip
    """Who would get this message, and why; nothing is sent."""
    decision = Router(settings_of(config).routes).explain(Message.from_json(read_input(file)))
    if json_output:
        print_json(asdict(decision))
        return
    for recipient in decision.recipients:
        typer.echo(f"-> {recipient.system}  {', '.join(recipient.organizations)}".rstrip())
    if decision.unrouted or not decision.recipients:
        typer.echo(f"!! no route takes {', '.join(decision.unrouted) or 'this message'}")
    rows = ((each.route, "yes" if each.matched else "no", each.reason) for each in decision.explanation)
    print_table(("route", "matched", "why"), rows)
