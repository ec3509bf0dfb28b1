"""lgsp invalid list|show."""

from typing import Annotated

import typer

from lgsp.cli.common import Gateway, JsonOption, UrlOption, print_json, print_table
from lgsp.cli.trace import rows

__all__ = ["app"]

app = typer.Typer(
    help="What was refused at the door.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command("list")
def listing(
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50, url: UrlOption = None, json_output: JsonOption = False,
) -> None:  # fmt: skip
    """The newest first, with the first fault of each."""
    answer = Gateway(url).ask("GET", "/api/invalid", params={"limit": limit})
    if json_output:
        print_json(answer)
        return
    lines = []
    for entry in rows(answer, "invalid"):
        faults = rows(entry, "faults")
        first = f"{faults[0]['place']}: {faults[0]['message']}" if faults else entry["reason"]
        more = f" (+{len(faults) - 1})" if len(faults) > 1 else ""
        lines.append((entry["id"], entry["at"], entry["system"], entry["reference"], f"{first}{more}"))
    print_table(("id", "at", "system", "reference", "fault"), lines)


@app.command()
def show(invalid_id: Annotated[str, typer.Argument(metavar="ID")], url: UrlOption = None) -> None:
    """One of them: every fault, in both languages, and the beginning of what came."""
    print_json(Gateway(url).ask("GET", f"/api/invalid/{invalid_id}"))
