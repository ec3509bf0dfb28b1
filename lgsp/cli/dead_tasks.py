"""Which dead letters are meant, and the task over them, for `lgsp dead`."""

import json
import time
from collections.abc import Mapping
from typing import Annotated

import typer
from pydantic import JsonValue

from lgsp.cli.common import Gateway, print_json
from lgsp.cli.trace import rows
from lgsp.errors import ConfigurationError

__all__ = [
    "All", "Code", "DeadIds", "Group", "Kind", "Since", "Subject", "System", "Until", "carry_out", "dry_run", "filter_of",
    "follow", "print_task", "selection",
]  # fmt: skip

DeadIds = Annotated[
    list[str] | None, typer.Argument(metavar="[ID]...", help="As `lgsp dead list` shows them.")
]
All = Annotated[bool, typer.Option("--all", help="All of them.")]
System = Annotated[
    str | None, typer.Option("--system", help="Going to this system; '' for those that no route took.")
]
Code = Annotated[str | None, typer.Option("--code", help="lgsp.rejected, lgsp.tries_spent, lgsp.unrouted …")]
Kind = Annotated[str | None, typer.Option("--kind", help="document.issued, dossier.* …")]
Subject = Annotated[str | None, typer.Option("--subject", help="Document id or mã hồ sơ.")]
Group = Annotated[str | None, typer.Option("--group", help="As `lgsp dead groups` shows it.")]
Since = Annotated[str | None, typer.Option("--since", help="2026-11-26T08:00:00+07:00")]
Until = Annotated[str | None, typer.Option("--until", help="Before then.")]

_LOOK_S = 0.3
_OVER = ("done", "cancelled", "failed")
_JSON = {"content-type": "application/json"}


def filter_of(  # noqa: PLR0913, PLR0917 - each is a flag of the command
    system: str | None, code: str | None, kind: str | None, subject: str | None, group: str | None,
    since: str | None, until: str | None,
) -> dict[str, str | int]:  # fmt: skip
    """What was given of a filter."""
    given = {
        "system": system, "code": code, "kind": kind, "subject": subject, "group": group, "since": since, "until": until,
    }  # fmt: skip
    return {name: value for name, value in given.items() if value is not None}


def selection(
    dead_ids: list[str] | None, wanted: Mapping[str, str | int], *, every: bool
) -> dict[str, JsonValue]:
    """Which ones, as the API takes it.

    Raises:
        ConfigurationError: none or more than one way was given.
    """
    if sum((bool(dead_ids), bool(wanted), every)) != 1:
        raise ConfigurationError(
            "say which dead letters: their ids, or a filter (--group, --system, --code, --kind, --subject, --since, --until), or --all"
        )
    if dead_ids:
        return {"ids": list(dead_ids)}
    return {"all": True} if every else {"filter": dict(wanted)}


def dry_run(gateway: Gateway, chosen: Mapping[str, JsonValue], *, json_output: bool) -> int:
    """Print what a replay would do; 1 where it could not do all of it."""
    answer = gateway.ask("POST", "/api/dead/dry-run", content=json.dumps(chosen).encode(), headers=_JSON)
    verdicts = answer["verdicts"]
    if json_output:
        print_json(answer)
    else:
        for one in rows(answer, "forecasts"):
            to = one["to"]
            told = ", ".join(map(str, to)) if isinstance(to, list) else ""
            typer.echo(
                f"{one['id']}  {one['verdict']}  {one['subject']}  -> {told}  {one['detail']}".rstrip()
            )
        typer.echo(f"{answer['total']} fit, {answer['examined']} examined: {verdicts}; nothing was sent")
    refused = {"invalid", "unrouted", "no_system", "gone"}
    return 1 if isinstance(verdicts, dict) and refused & verdicts.keys() else 0


def carry_out(gateway: Gateway, order: Mapping[str, JsonValue], *, wait: bool, json_output: bool) -> int:
    """Begin a task, and follow it where wanted."""
    begun = gateway.ask("POST", "/api/dead/tasks", content=json.dumps(order).encode(), headers=_JSON)
    if wait:
        return follow(gateway, str(begun["id"]), json_output=json_output)
    print_task(begun, json_output=json_output)
    return 0


def follow(gateway: Gateway, task_id: str, *, json_output: bool) -> int:
    """Until it is over or paused; 1 where something could not be done. Breaking off leaves the task as it is."""
    told = ""
    while True:
        task = gateway.ask("GET", f"/api/dead/tasks/{task_id}")
        line = _line(task)
        if line != told and not json_output:
            typer.echo(line, err=task["state"] not in _OVER)
        told = line
        if task["state"] in _OVER:
            break
        if task["state"] == "paused":
            typer.echo(f"paused; `lgsp dead resume {task_id}` lets it go on", err=True)
            return 0
        time.sleep(_LOOK_S)
    if json_output:
        print_json(task)
    else:
        _print_problems(task)
    return 0 if task["state"] == "done" and not task["failed"] else 1


def print_task(task: dict[str, JsonValue], *, json_output: bool = False) -> None:
    """One line, and each problem by name."""
    if json_output:
        print_json(task)
        return
    typer.echo(_line(task))
    _print_problems(task)


def _line(task: Mapping[str, JsonValue]) -> str:
    total = "?" if task["total"] is None else task["total"]
    return f"task {task['id']}  {task['action']}  {task['state']}: {task['done']} of {total} done, {task['failed']} not"


def _print_problems(task: dict[str, JsonValue]) -> None:
    for problem in rows(task, "problems"):
        typer.echo(f"!! {problem['id']}: {problem['reason']}")
