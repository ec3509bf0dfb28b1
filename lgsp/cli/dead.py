"""lgsp dead list|show|replay|discard."""

from typing import Annotated

import typer

from lgsp.cli.common import Gateway, JsonOption, UrlOption, print_json, print_table
from lgsp.cli.trace import rows
from lgsp.errors import ConfigurationError

__all__ = ["app"]

app = typer.Typer(
    help="Dead letters.", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
DeadIds = Annotated[
    list[str] | None, typer.Argument(metavar="[ID]...", help="As `lgsp dead list` shows them.")
]
All = Annotated[bool, typer.Option("--all", help="All of them, or all of --system.")]
System = Annotated[str, typer.Option("--system", help="Only those that were going to this system.")]


@app.command("list")
def listing(
    system: System = "", limit: Annotated[int, typer.Option(min=1, max=1000)] = 100,
    url: UrlOption = None, json_output: JsonOption = False,
) -> None:  # fmt: skip
    """The oldest first, with the reason."""
    answer = Gateway(url).ask("GET", "/api/dead", params=_params(system, limit))
    if json_output:
        print_json(answer)
        return
    columns = ("id", "at", "system", "subject", "attempts", "reason")
    print_table(columns, ([entry[column] for column in columns] for entry in rows(answer, "dead")))


@app.command()
def show(dead_id: Annotated[str, typer.Argument(metavar="ID")], url: UrlOption = None) -> None:
    """One dead letter with its content."""
    print_json(Gateway(url).ask("GET", f"/api/dead/{dead_id}"))


@app.command()
def replay(dead_ids: DeadIds = None, every: All = False, system: System = "", url: UrlOption = None) -> None:
    """Send them again, behind what already waits."""
    gateway = Gateway(url)
    for dead_id in _chosen(gateway, dead_ids or [], system, every=every):
        entry = gateway.ask("POST", f"/api/dead/{dead_id}/replay")
        typer.echo(f"{dead_id}: replayed {entry['message_id']} to {entry['system'] or 'the router'}")


@app.command()
def discard(dead_ids: DeadIds = None, every: All = False, system: System = "", url: UrlOption = None) -> None:
    """Give them up for good; the message store keeps their history."""
    gateway = Gateway(url)
    for dead_id in _chosen(gateway, dead_ids or [], system, every=every):
        entry = gateway.ask("DELETE", f"/api/dead/{dead_id}")
        typer.echo(f"{dead_id}: discarded {entry['message_id']}")


def _chosen(gateway: Gateway, dead_ids: list[str], system: str, *, every: bool) -> list[str]:
    if bool(dead_ids) == every:
        raise ConfigurationError(
            "name the dead letters by their ids, or say --all (with --system NAME for one system)"
        )
    if dead_ids:
        return dead_ids
    return [
        str(entry["id"])
        for entry in rows(gateway.ask("GET", "/api/dead", params=_params(system, 1000)), "dead")
    ]


def _params(system: str, limit: int) -> dict[str, str | int]:
    return {"limit": limit} | ({"system": system} if system else {})
