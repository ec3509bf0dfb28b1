"""lgsp dead: what could not be delivered."""
# ruff: noqa: PLR0913, PLR0917 - each parameter is a flag of its command

import json
from typing import Annotated

import typer
from pydantic import JsonValue

from lgsp.cli.common import Gateway, JsonOption, UrlOption, print_json, print_table, read_input
from lgsp.cli.dead_tasks import (
    All,
    Code,
    DeadIds,
    Group,
    Kind,
    Since,
    Subject,
    System,
    Until,
    carry_out,
    dry_run,
    filter_of,
    follow,
    print_task,
    selection,
)
from lgsp.cli.trace import rows
from lgsp.errors import ConfigurationError

__all__ = ["app"]

app = typer.Typer(
    help="Dead letters: one, a group of one cause, or all that fit a filter.",
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
)  # fmt: skip
DeadId = Annotated[str, typer.Argument(metavar="ID", help="As `lgsp dead list` shows it.")]
TaskId = Annotated[str, typer.Argument(metavar="TASK", help="As `lgsp dead tasks` shows it.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would happen; do nothing.")]
Rate = Annotated[float, typer.Option("--rate", min=0.01, max=1000, help="So many a second.")]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Follow the task to its end.")]
_TASK = ("id", "action", "state", "created_at", "total", "done", "failed", "rate_per_s")


@app.command("list")
def listing(
    system: System = None, code: Code = None, kind: Kind = None, subject: Subject = None, group: Group = None,
    since: Since = None, until: Until = None, limit: Annotated[int, typer.Option(min=1, max=1000)] = 100,
    after: Annotated[str, typer.Option("--after", help="Behind this id.")] = "",
    url: UrlOption = None, json_output: JsonOption = False,
) -> None:  # fmt: skip
    """The oldest first, with the reason."""
    wanted = filter_of(system, code, kind, subject, group, since, until)
    answer = Gateway(url).ask(
        "GET", "/api/dead", params=wanted | {"limit": limit} | ({"after": after} if after else {})
    )
    if json_output:
        print_json(answer)
        return
    columns = ("id", "at", "system", "kind", "subject", "attempts", "group", "reason")
    print_table(columns, ([entry[column] for column in columns] for entry in rows(answer, "dead")))
    if answer.get("next"):
        typer.echo(f"more: --after {answer['next']}")


@app.command()
def groups(
    system: System = None, code: Code = None, kind: Kind = None, subject: Subject = None,
    since: Since = None, until: Until = None, url: UrlOption = None, json_output: JsonOption = False,
) -> None:  # fmt: skip
    """By what went wrong, the largest first."""
    wanted = filter_of(system, code, kind, subject, None, since, until)
    answer = Gateway(url).ask("GET", "/api/dead/groups", params=wanted)
    if json_output:
        print_json(answer)
        return
    columns = ("group", "count", "system", "code", "first_at", "last_at", "reason")
    print_table(columns, ([entry[column] for column in columns] for entry in rows(answer, "groups")))


@app.command()
def show(dead_id: DeadId, url: UrlOption = None) -> None:
    """One dead letter with its content."""
    print_json(Gateway(url).ask("GET", f"/api/dead/{dead_id}"))


@app.command()
def replay(
    dead_ids: DeadIds = None, every: All = False, system: System = None, code: Code = None, kind: Kind = None,
    subject: Subject = None, group: Group = None, since: Since = None, until: Until = None, rate: Rate = 20.0,
    dry: DryRun = False, wait: Wait = True, url: UrlOption = None, json_output: JsonOption = False,
) -> None:  # fmt: skip
    """Send them again, each subject's oldest first, behind what already waits. 1: some could not be, and are named."""
    chosen = selection(dead_ids, filter_of(system, code, kind, subject, group, since, until), every=every)
    gateway = Gateway(url)
    if dry:
        raise typer.Exit(dry_run(gateway, chosen, json_output=json_output))
    order: dict[str, JsonValue] = {**chosen, "action": "replay", "rate_per_s": rate}
    raise typer.Exit(carry_out(gateway, order, wait=wait, json_output=json_output))


@app.command()
def discard(
    reason: Annotated[str, typer.Option("--reason", help="Why; the journal keeps it.")],
    dead_ids: DeadIds = None, every: All = False, system: System = None, code: Code = None, kind: Kind = None,
    subject: Subject = None, group: Group = None, since: Since = None, until: Until = None,
    wait: Wait = True, url: UrlOption = None, json_output: JsonOption = False,
) -> None:  # fmt: skip
    """Give them up for good; the message store keeps their history."""
    chosen = selection(dead_ids, filter_of(system, code, kind, subject, group, since, until), every=every)
    order: dict[str, JsonValue] = {**chosen, "action": "discard", "reason": reason, "rate_per_s": 1000}
    raise typer.Exit(carry_out(Gateway(url), order, wait=wait, json_output=json_output))


@app.command()
def edit(
    dead_id: DeadId, file: Annotated[str, typer.Argument(help="The whole message, mended; - reads standard input.")],
    note: Annotated[str, typer.Option("--note", help="What was mended.")] = "", dry: DryRun = False, url: UrlOption = None,
) -> None:  # fmt: skip
    """Send a mended message in its place: a new id, which names the old one as its cause, and the schema check again."""
    try:
        message = json.loads(read_input(file))
    except ValueError as exc:
        raise ConfigurationError(f"{file}: not JSON: {exc}") from exc
    content = json.dumps({"message": message, "note": note, "dry_run": dry}).encode()
    headers = {"content-type": "application/json"}
    print_json(Gateway(url).ask("POST", f"/api/dead/{dead_id}/edit", content=content, headers=headers))


@app.command()
def tasks(url: UrlOption = None, json_output: JsonOption = False) -> None:
    """Replays and discards of many, the newest first."""
    answer = Gateway(url).ask("GET", "/api/dead/tasks")
    if json_output:
        print_json(answer)
        return
    print_table(_TASK, ([task[column] for column in _TASK] for task in rows(answer, "tasks")))


@app.command()
def task(task_id: TaskId, wait: Wait = False, url: UrlOption = None, json_output: JsonOption = False) -> None:
    """How far a task is, and what it could not do."""
    gateway = Gateway(url)
    if wait:
        raise typer.Exit(follow(gateway, task_id, json_output=json_output))
    print_task(gateway.ask("GET", f"/api/dead/tasks/{task_id}"), json_output=json_output)


@app.command()
def pause(task_id: TaskId, url: UrlOption = None) -> None:
    """Stop a task for a while."""
    print_task(Gateway(url).ask("POST", f"/api/dead/tasks/{task_id}/pause"))


@app.command()
def resume(task_id: TaskId, url: UrlOption = None) -> None:
    """Let it go on."""
    print_task(Gateway(url).ask("POST", f"/api/dead/tasks/{task_id}/resume"))


@app.command()
def cancel(task_id: TaskId, url: UrlOption = None) -> None:
    """Stop it for good; what is done stays done."""
    print_task(Gateway(url).ask("POST", f"/api/dead/tasks/{task_id}/cancel"))
