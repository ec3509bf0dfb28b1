"""The table of commands. A command's module is imported only when it is called."""

from collections.abc import Callable, Sequence
from importlib import import_module

import typer

from lgsp import __version__

__all__ = ["COMMANDS", "command_app", "run"]

COMMANDS = {
    "up": ("run:up", "Everything in one process, or the parts named by --only."),
    "demo": ("demo:demo", "`up`, then the scenarios, printed as they happen."),
    "mock": ("mock:mock", "One stand-in alone: ioffice, igate, axis, portal."),
    "send": ("send:send", "Publish a message (JSON) or an .edxml file; - reads standard input."),
    "trace": ("trace:trace", "The journey of a message, a document or a dossier."),
    "messages": ("trace:messages", "Search the message store."),
    "dead": ("dead:app", "Dead letters: list, show, replay, discard."),
    "reconcile": (
        "reconcile:reconcile",
        "Does a system hold what was delivered to it? --mend sends it again.",
    ),
    "check": ("check:check", "Does an endpoint of your own conform? Assertions, verdicts, evidence."),
    "verify": ("verify:verify", "Recount every message: is one lost, or delivered twice?"),
    "invalid": ("invalid:app", "What was refused at the door: list, show."),
    "routes": ("routes:app", "Routes: list, explain."),
    "schema": ("schema:app", "Schemas: list, show, check, diff, export, asyncapi."),
    "new": ("new:app", "A working start for a system of your own: adapter, mock."),
    "openapi": ("openapi:openapi", "OpenAPI of the gateway, or of a stand-in."),
    "fault": ("fault:app", "Faults of the stand-ins, on purpose: kinds, list, set, clear."),
    "record": (
        "record:record",
        "Record a session with any HTTP service; personal data is replaced before anything is saved.",
    ),
    "playback": ("record:playback", "Answer from a recorded session."),
    "scenario": ("scenario:app", "Feature files in Vietnamese or English: run, list, steps."),
    "clock": ("clock:app", "The time of a running system: show, freeze, advance, resume."),
    "stats": ("stats:stats", "Dossiers by unit and field, as form 06a counts them."),
    "simulate": (
        "simulate:app",
        "A province's year of traffic on virtual time, and whether its counts add up.",
    ),
    "bench": ("bench:bench", "Measure this machine, beside the raw server's limit."),
    "doctor": ("doctor:doctor", "What is configured, reachable, and wrong."),
}
"""name -> (module:attribute, one line of help)."""


def run(arguments: Sequence[str]) -> None:
    """Run one command; anything else (help, version, a mistyped name) is answered without importing any of them."""
    name = arguments[0] if arguments else ""
    if name in COMMANDS:
        command_app(name)(args=list(arguments[1:]), prog_name=f"lgsp {name}")
    else:
        _overview()(args=list(arguments), prog_name="lgsp")


def command_app(name: str) -> typer.Typer:
    """The command behind a name."""
    path, _ = COMMANDS[name]
    module, _, attribute = path.partition(":")
    found = getattr(import_module(f"lgsp.cli.{module}"), attribute)
    if isinstance(found, typer.Typer):
        return found
    single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    single.command(name)(found)
    return single


def _overview() -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    app.callback(invoke_without_command=True)(_root)
    for name, (_, line) in COMMANDS.items():
        app.command(name, help=line)(_listed())
    return app


def _listed() -> Callable[[], None]:
    def listed() -> None:
        """Shown on the help page; `run` calls the real one."""

    return listed


def _root(version: bool = typer.Option(False, "--version", help="Print the version.")) -> None:
    """LGSP: a provincial integration layer on a laptop."""
    if version:
        typer.echo(f"lgsp {__version__}")
