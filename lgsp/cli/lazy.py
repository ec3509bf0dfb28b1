"""The table of commands. Whatever a command needs is imported when it is called; help and version import nothing."""

import sys
from collections.abc import Sequence
from difflib import get_close_matches
from shutil import get_terminal_size
from textwrap import fill

from lgsp import __version__
from lgsp.errors import NotFoundError
from lgsp.importing import load

__all__ = ["COMMANDS", "run"]

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
    "lab": ("lab:app", "At a running gateway: play a scenario step by step, send samples."),
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

_HELP = """Usage: lgsp COMMAND [ARGS]...

  LGSP: a provincial integration layer on a laptop.

Options:
  --version  Print the version.
  --help     Show this message; after a command, that command's.

Commands:
"""


def run(arguments: Sequence[str]) -> None:
    """Run one command, or say what there is.

    Raises:
        NotFoundError: there is no such command.
        SystemExit: with the exit code, where the command sets one.
    """
    match arguments:
        case [name, *rest] if name in COMMANDS:
            path, _ = COMMANDS[name]
            app = load("lgsp.cli.command").command_app(name, path)
            app(args=rest, prog_name=f"lgsp {name}")
        case ["--version", *_]:
            sys.stdout.write(f"lgsp {__version__}\n")
        case ["--help", *_]:
            sys.stdout.write(_overview())
        case [unknown, *_]:
            close = get_close_matches(unknown, COMMANDS, n=1)
            hint = f"did you mean {close[0]!r}?" if close else "`lgsp --help` lists them"
            raise NotFoundError(f"no such command {unknown!r}; {hint}")
        case _:
            sys.stdout.write(_overview())
            raise SystemExit(2)


def _overview() -> str:
    wide, column = min(get_terminal_size().columns, 110), max(map(len, COMMANDS)) + 4
    lines = [
        fill(line, wide, initial_indent=f"  {name}".ljust(column), subsequent_indent=" " * column)
        for name, (_, line) in COMMANDS.items()
    ]
    return _HELP + "\n".join(lines) + "\n"
