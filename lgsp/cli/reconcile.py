"""lgsp reconcile SYSTEM."""

from typing import Annotated

import typer

from lgsp.cli.common import Gateway, JsonOption, UrlOption, print_json, print_table
from lgsp.cli.trace import rows

__all__ = ["reconcile"]


def reconcile(
    system: Annotated[str, typer.Argument(help="axis, portal …: whom to ask what it holds.")],
    hours: Annotated[float, typer.Option(min=0.01, help="How far to look back.")] = 168,
    mend: Annotated[bool, typer.Option("--mend", help="Send again what is missing, in order.")] = False,
    url: UrlOption = None, json_output: JsonOption = False,
) -> None:  # fmt: skip
    """Compare what a system was to get with what it holds; dead letters are missing too. 0: they agree (or were mended), 1: not."""
    method = "POST" if mend else "GET"
    answer = Gateway(url).ask(method, f"/api/reconcile/{system}", params={"hours": str(hours)})
    missing = rows(answer, "missing")
    if json_output:
        print_json(answer)
    else:
        columns = ("delivered_at", "kind", "subject", "reason")
        if missing:
            print_table(columns, ([entry[column] for column in columns] for entry in missing))
        typer.echo(
            f"{system}: {answer['compared']} deliveries compared, {len(missing)} missing, {answer['mended']} sent again"
        )
    raise typer.Exit(1 if missing and not mend else 0)
