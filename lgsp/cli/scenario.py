"""lgsp scenario run|list|steps."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import httpx
import typer

from lgsp.cli.common import ConfigOption, JsonOption, print_json, settings_of
from lgsp.errors import ConfigurationError
from lgsp.scenario import (
    GROUPS,
    PARAMETERS,
    Played,
    Progress,
    Scenario,
    State,
    World,
    built_in,
    load,
    own_steps,
    paced,
    play,
    vocabulary,
)
from lgsp.scenario.report import junit, step_lines
from lgsp.settings import Settings
from lgsp.testing import Options
from lgsp.testing import World as OwnWorld
from lgsp.up import configure_log

__all__ = ["app"]

app = typer.Typer(
    help="Feature files in Vietnamese or English, played against a running system: its own, or the one at --url.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
Paths = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[FILE|DIR]...", help="*.feature; by default the flows of the demo."),
]
Urls = Annotated[
    str | None,
    typer.Option("--url", help="Gateway of a running system; its stand-ins at the ports of the settings."),
]
At = Annotated[
    list[str] | None,
    typer.Option("--at", metavar="NAME=URL", help="Where a stand-in of the running system is."),
]
Own = Annotated[
    list[Path] | None,
    typer.Option("--steps", metavar="FILE|DIR", help="Python files with steps of your own; may be repeated."),
]
Playing = Callable[[Scenario, World], AsyncGenerator[Progress]]
Tag = Annotated[str | None, typer.Option("--tag", help="Only scenarios with this tag.")]


@app.command("run")
def run_them(  # noqa: PLR0913, PLR0917 - each is a flag of the command
    paths: Paths = None, url: Urls = None, at: At = None, tag: Tag = None, own: Own = None,
    pace: Annotated[float, typer.Option(min=0, max=3600, help="Seconds between two steps.")] = 0,
    limit: Annotated[float, typer.Option(min=0.1, max=3600, help="Seconds until a step has to be so.")] = 30,
    report: Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="Write JUnit XML.")] = None,
    config: ConfigOption = None, json_output: JsonOption = False,
) -> None:  # fmt: skip
    """Play them; ends with 0 when every step passed, with 1 otherwise."""
    scenarios = _wanted(paths, tag)
    where = _Where(url, at or [], config, limit)
    playing = partial(play, before=paced(pace) if pace else None, words=vocabulary(own_steps(own or ())))
    played = asyncio.run(_play(scenarios, where, playing, quiet=json_output))
    if report is not None:
        _write(report, junit(played))
    if json_output:
        print_json([_view(one) for one in played])
    else:
        passed = sum(one.passed for one in played)
        typer.echo(f"\n{passed}/{len(played)} kịch bản đạt · scenarios passed")
    raise typer.Exit(0 if all(one.passed for one in played) else 1)


@app.command("list")
def listing(paths: Paths = None, tag: Tag = None, json_output: JsonOption = False) -> None:
    """The scenarios, with their files and lines."""
    scenarios = _wanted(paths, tag)
    if json_output:
        print_json([
            {"id": one.id, "key": one.key, "name": one.name, "file": one.file, "line": one.number, "tags": sorted(one.tags)}
            for one in scenarios
        ])  # fmt: skip
        return
    for one in scenarios:
        typer.echo(f"{one.file}:{one.number}  {one.name}")


@app.command()
def steps(own: Own = None, json_output: JsonOption = False) -> None:
    """The sentences that scenarios are written in."""
    groups = {**GROUPS, **({("Your own", "Của bạn"): own_steps(own)} if own else {})}
    if json_output:
        rows = [
            {
                "group": en,
                "group_vi": vi,
                "en": step.en,
                "vi": step.vi,
                "below": step.below,
                "what": step.act.__doc__,
            }
            for (en, vi), steps in groups.items()
            for step in steps
        ]
        print_json({"parameters": PARAMETERS, "steps": rows})
        return
    for (en, vi), group in groups.items():
        typer.echo(f"\n{vi} · {en}")
        for step in group:
            typer.echo(f"  {step.vi}\n    {step.en}")
            if step.below:
                typer.echo(f"      {step.below}")
    typer.echo("\n" + "\n".join(f"  {{{name}}}: {what}" for name, what in PARAMETERS.items()))


def _wanted(paths: list[Path] | None, tag: str | None) -> list[Scenario]:
    scenarios = load(paths) if paths else built_in()
    found = [one for one in scenarios if tag is None or tag.removeprefix("@") in one.tags]
    if not found:
        raise ConfigurationError(
            f"no scenario has the tag {tag}" if tag else "there is no scenario in these files"
        )
    return found


@dataclass(frozen=True, slots=True)
class _Where:
    """A system that runs already, or (without an address) one of our own."""

    url: str | None
    at: list[str]
    config: Path | None
    limit_s: float


async def _play(
    scenarios: Sequence[Scenario], where: _Where, playing: Playing, *, quiet: bool
) -> list[Played]:
    found = []
    async with _world(where) as world:
        for scenario in scenarios:
            if not quiet:
                typer.echo(f"\n{scenario.name}  ({scenario.file}:{scenario.number})")
            ended = []
            async with aclosing(playing(scenario, world)) as progress:
                async for step in progress:
                    if step.state is not State.RUNNING:
                        ended.append(step)
                        if not quiet:
                            typer.echo("\n".join(step_lines(step)))
            found.append(Played(scenario, tuple(ended)))
    return found


@asynccontextmanager
async def _world(where: _Where) -> AsyncIterator[World]:
    settings = settings_of(where.config)
    office = settings.systems["ioffice"].table() if "ioffice" in settings.systems else {}
    account = str(office.get("system_id", "")), str(office.get("secret", ""))
    async with httpx.AsyncClient(timeout=30.0, trust_env=False) as http:
        if where.url is not None or where.at:
            urls = await _running(http, where.url or settings.gateway_url, where.at, settings)
            yield World(urls, http, *account, where.limit_s)
            return
        configure_log("error")
        with tempfile.TemporaryDirectory(prefix="lgsp-") as place:
            own = OwnWorld({"bus"}, Path(place), Options(config=where.config))
            await asyncio.to_thread(own.__enter__)
            try:
                yield World(own.urls, http, *account, where.limit_s)
            finally:
                await asyncio.to_thread(own.__exit__, None, None, None)


async def _running(http: httpx.AsyncClient, url: str, at: list[str], settings: Settings) -> Mapping[str, str]:
    """The gateway, and those stand-ins that answer or are named."""
    if wrong := [one for one in at if "=" not in one]:
        raise ConfigurationError(f"--at {wrong[0]}: write it as axis=http://127.0.0.1:8103")
    named = {name: place.rstrip("/") for name, _, place in (one.partition("=") for one in at)}
    host = httpx.URL(url).host
    by_port = {
        name: f"http://{host}:{port}" for name, port in settings.mocks.items() if port and name not in named
    }
    answering = {name: place for name, place in by_port.items() if await _answers(http, place)}
    if not await _answers(http, url):
        raise ConfigurationError(f"no gateway at {url}; start one with `lgsp up`, or leave --url out")
    return {"gateway": url.rstrip("/"), **answering, **named}


async def _answers(http: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await http.get(f"{url}/health/live", timeout=5)).is_success
    except (httpx.HTTPError, httpx.InvalidURL):
        return False


def _view(played: Played) -> dict[str, object]:
    scenario = played.scenario
    steps = [
        {
            "line": one.line.number,
            "text": f"{one.line.keyword} {one.line.text}",
            "state": one.state,
            "seen": one.seen.en,
            "why": one.why.en,
        }
        for one in played.steps
    ]
    return {
        "id": scenario.id, "name": scenario.name, "file": scenario.file, "line": scenario.number, "passed": played.passed,
        "key": played.key, "seconds": round(played.seconds, 3), "steps": steps,
    }  # fmt: skip


def _write(file: Path, content: bytes) -> None:
    try:
        file.write_bytes(content)
    except OSError as exc:
        raise ConfigurationError(f"{file}: can't be written ({exc.strerror or exc})") from exc
