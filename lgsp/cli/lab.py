"""lgsp lab show|play|next|pause|resume|stop|samples|send."""

import json
from collections.abc import Mapping
from typing import Annotated, cast
from urllib.parse import quote

import typer
from pydantic import JsonValue

from lgsp.cli.common import ConfigOption, Gateway, JsonOption, UrlOption, print_json, print_table

__all__ = ["app"]

app = typer.Typer(
    help="The lab of a running gateway, as its console has it: one scenario at a time, for everybody who watches; and the sample "
    "gallery. Faults and the clock have commands of their own.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
Record = dict[str, JsonValue]
Pace = Annotated[float | None, typer.Option("--pace", min=0, max=60, help="Seconds between two steps.")]


@app.command()
def show(url: UrlOption = None, config: ConfigOption = None, json_output: JsonOption = False) -> None:
    """What is played, or was played last, with what each step saw."""
    _print(Gateway(url, config).ask("GET", "/api/lab/stage"), json_output=json_output)


@app.command()
def play(
    scenario: Annotated[str, typer.Argument(help="A key, as /api/lab/scenarios or `lgsp scenario list --json` has it.")],
    step: Annotated[bool, typer.Option("--step", help="Each step when `lgsp lab next` asks for it.")] = False,
    pace: Pace = None, url: UrlOption = None, config: ConfigOption = None, json_output: JsonOption = False,
) -> None:  # fmt: skip
    """Play one of the built-in scenarios there."""
    order: Record = {"scenario": scenario, "paused": step, **({} if pace is None else {"pause_s": pace})}
    _print(_post(Gateway(url, config), "stage/start", order), json_output=json_output)


@app.command("next")
def next_step(url: UrlOption = None, config: ConfigOption = None, json_output: JsonOption = False) -> None:
    """Let the step that waits go."""
    _print(_post(Gateway(url, config), "stage/step"), json_output=json_output)


@app.command()
def pause(url: UrlOption = None, config: ConfigOption = None, json_output: JsonOption = False) -> None:
    """Wait before the next step."""
    _print(_post(Gateway(url, config), "stage/pause"), json_output=json_output)


@app.command()
def resume(
    pace: Pace = None, url: UrlOption = None, config: ConfigOption = None, json_output: JsonOption = False
) -> None:
    """Play on, where given at another pace."""
    _print(_post(Gateway(url, config), "stage/resume", {"pause_s": pace}), json_output=json_output)


@app.command()
def stop(url: UrlOption = None, config: ConfigOption = None, json_output: JsonOption = False) -> None:
    """End the scenario; what it switched on is off then."""
    _print(_post(Gateway(url, config), "stage/stop"), json_output=json_output)


@app.command()
def samples(url: UrlOption = None, config: ConfigOption = None, json_output: JsonOption = False) -> None:
    """The sample gallery: what each is, and how it ends."""
    found = Gateway(url, config).ask("GET", "/api/lab/samples")
    if json_output:
        print_json(found)
        return
    rows = cast("list[Record]", found["samples"])
    columns = ("name", "kind", "expect", "title_vi", "title")
    print_table(columns, ([row[column] for column in columns] for row in rows))


@app.command()
def send(
    name: Annotated[str, typer.Argument(help="As `lgsp lab samples` lists them.")],
    url: UrlOption = None, config: ConfigOption = None, json_output: JsonOption = False,
) -> None:  # fmt: skip
    """Send a sample, behind what has to go first. One that must be refused is refused, with its faults."""
    sent = _post(Gateway(url, config), f"samples/{quote(name, safe='')}/send")
    if json_output:
        print_json(sent)
    else:
        typer.echo(f"{sent['id']}: accepted; follow it with `lgsp trace {sent['id']}`")


def _post(gateway: Gateway, path: str, body: Mapping[str, JsonValue] | None = None) -> Record:
    headers = {"Content-Type": "application/json"}
    return gateway.ask(
        "POST", f"/api/lab/{path}", content=json.dumps(dict(body or {})).encode(), headers=headers
    )


def _print(stage: Record, *, json_output: bool) -> None:
    if json_output:
        print_json(stage)
        return
    scenario = cast("Record | None", stage["scenario"])
    title = f"{scenario['title_vi']} · {scenario['title']}: " if scenario else ""
    typer.echo(f"{title}{stage['state']}")
    for step in cast("list[Record]", stage["steps"]):
        told = step["why"] or step["seen"]
        typer.echo(
            f"  {step['state']:9} {step['keyword']} {step['text']}"
            + (f"\n            {told}" if told else "")
        )
