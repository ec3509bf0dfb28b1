"""lgsp fault kinds|list|set|clear."""

from pathlib import Path
from typing import Annotated, cast

import httpx
import typer
from pydantic import JsonValue

from lgsp.cli.common import ConfigOption, JsonOption, print_json, print_table, settings_of
from lgsp.errors import ConfigurationError, LgspError, NotFoundError

__all__ = ["app"]

app = typer.Typer(
    help="Faults of the stand-ins, on purpose: of the network and of the business. Each ends by itself, after ten minutes if "
    "nothing else is said. What a fault struck stands in the stand-in's /__mock__/requests.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
Record = dict[str, JsonValue]
At = Annotated[
    list[str] | None,
    typer.Option("--at", help="Stand-in: axis, portal, igate, ioffice (at the port of the settings), or a URL; several for several."),
]  # fmt: skip
Option = typer.Option
_PATH = "/__mock__/faults"


@app.command()
def kinds(at: At = None, config: ConfigOption = None, json_output: JsonOption = False) -> None:
    """What each stand-in can play."""
    rows = _rows(at, config, f"{_PATH}/kinds")
    _print(rows, ("at", "kind", "group", "what"), json_output=json_output)


@app.command("list")
def listing(at: At = None, config: ConfigOption = None, json_output: JsonOption = False) -> None:
    """The faults that are on, how often each struck, and when it ends."""
    rows = _rows(at, config, _PATH)
    columns = (
        "at",
        "id",
        "kind",
        "operation",
        "path",
        "agency",
        "share",
        "count",
        "seen",
        "hits",
        "expires_at",
    )
    _print(rows, columns, json_output=json_output)


@app.command("set")
def switch_on(  # noqa: PLR0913, PLR0917 - each is a flag of the command
    kind: Annotated[str, typer.Argument(help="As `lgsp fault kinds` lists them.")],
    at: At = None,
    operation: Annotated[
        str, Option(help="Glob: sendEdoc, NopHoSo, DongBoHoSo …; edoc or status for packets.")
    ] = "*",
    path: Annotated[str, Option(help="Glob for the path.")] = "/*",
    agency: Annotated[str, Option(help="Only what concerns this agency, by either form of its id.")] = "",
    share: Annotated[float, Option(help="Of what is in scope: 0.25 is one in four.")] = 1.0,
    seed: Annotated[int, Option(help="The same seed draws the same ones.")] = 34,
    after: Annotated[int, Option(help="Spare the first so many.")] = 0,
    count: Annotated[int | None, Option(help="Strike at most so many times.")] = None,
    expires: Annotated[float, Option("--for", help="Seconds until it ends by itself.")] = 600,
    values: Annotated[
        list[str] | None,
        Option(
            "--set", metavar="KEY=VALUE", help="status, delay_s, jitter_s, bytes_per_s, skew_s, when, id."
        ),
    ] = None,
    config: ConfigOption = None,
    json_output: JsonOption = False,
) -> None:
    """Switch a fault on."""
    fault: Record = {
        "kind": kind, "operation": operation, "path": path, "agency": agency, "share": share, "seed": seed, "after": after,
        "expires_s": expires, **({"count": count} if count is not None else {}), **_values(values or []),
    }  # fmt: skip
    if not at:
        raise ConfigurationError("say where: --at axis, --at portal, or --at with a URL")
    rows = [
        {"at": name, **cast("Record", _ask("POST", url + _PATH, fault))}
        for name, url in _standins(at, config)
    ]
    if json_output:
        print_json(rows)
        return
    for row in rows:
        typer.echo(f"{row['at']}: {row['kind']} is on as {row['id']} until {row['expires_at']}")


@app.command()
def clear(
    fault_id: Annotated[str, typer.Argument(metavar="[ID]", help="One; by default all.")] = "",
    at: At = None, config: ConfigOption = None,
) -> None:  # fmt: skip
    """Switch off."""
    cleared = []
    for name, url in _running(at, config):
        try:
            _ask("DELETE", f"{url}{_PATH}/{fault_id}" if fault_id else url + _PATH)
        except NotFoundError:
            continue
        cleared.append(name)
    if not cleared:
        raise NotFoundError(f"no fault {fault_id} is on")
    typer.echo(f"{fault_id or 'every fault'} is off at {', '.join(cleared)}")


def _standins(at: list[str] | None, config: Path | None) -> list[tuple[str, str]]:
    """Name and URL of each."""
    settings = settings_of(config)
    host = "127.0.0.1" if settings.host in {"0.0.0.0", "::"} else settings.host  # noqa: S104 - a comparison
    known = {name: f"http://{host}:{port}" for name, port in settings.mocks.items()}
    found = []
    for name in at or list(known):
        url = name if name.startswith(("http://", "https://")) else known.get(name)
        if url is None:
            raise ConfigurationError(
                f"--at {name}: no stand-in of that name; there are {', '.join(known)}, or give a URL"
            )
        found.append((name, url.rstrip("/")))
    return found


def _running(at: list[str] | None, config: Path | None) -> list[tuple[str, str]]:
    """Those that are asked for, or else those of the settings that answer."""
    standins = _standins(at, config)
    if at:
        return standins
    running = [(name, url) for name, url in standins if _answers(url)]
    if not running:
        raise ConfigurationError(
            "no stand-in of the settings runs; start them with `lgsp up`, or name one with --at"
        )
    return running


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/live", timeout=5.0, trust_env=False).is_success
    except (httpx.HTTPError, httpx.InvalidURL):
        return False


def _ask(method: str, url: str, body: Record | None = None) -> JsonValue:
    try:
        answer = httpx.request(method, url, json=body, timeout=30.0, trust_env=False)
        found = cast("JsonValue", answer.json())
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as exc:
        raise ConfigurationError(
            f"no stand-in at {url} ({exc}); start one with `lgsp mock NAME` or `lgsp up`"
        ) from exc
    if answer.is_success:
        return found
    problem = found if isinstance(found, dict) else {}
    raise (NotFoundError if answer.status_code == 404 else LgspError)(_why(problem, answer.status_code))


def _why(problem: Record, status: int) -> str:
    errors = problem.get("errors")
    places = (
        [f"{one.get('pointer')}: {one.get('detail')}" for one in errors if isinstance(one, dict)]
        if isinstance(errors, list)
        else []
    )
    return "; ".join([str(problem.get("detail") or f"HTTP {status}"), *places])


def _rows(at: list[str] | None, config: Path | None, path: str) -> list[Record]:
    return [
        {"at": name, **row}
        for name, url in _running(at, config)
        for row in cast("list[Record]", _ask("GET", url + path))
    ]


def _values(given: list[str]) -> Record:
    if wrong := [one for one in given if "=" not in one]:
        raise ConfigurationError(f"--set {wrong[0]}: write it as key=value")
    return {key: _number(value) for key, _, value in (one.partition("=") for one in given)}


def _number(text: str) -> JsonValue:
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return text


def _print(rows: list[Record], columns: tuple[str, ...], *, json_output: bool) -> None:
    if json_output:
        print_json(rows)
    elif not rows:
        typer.echo("no fault is on")
    else:
        print_table(columns, ([row.get(column) for column in columns] for row in rows))
