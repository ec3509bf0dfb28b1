"""lgsp clock show|freeze|advance|resume."""

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from httpx import URL
from pydantic import JsonValue

from lgsp.cli.common import ConfigOption, Gateway, JsonOption, print_json, settings_of
from lgsp.clock import check_duration, parse_moment
from lgsp.errors import ConfigurationError, LgspError, NotFoundError

__all__ = ["app"]

app = typer.Typer(
    help="The time of a running system. The parts of one process share one clock, and every part that runs on a port of the "
    "settings is steered along, in whatever process; one on a port of its own needs its --url. While time stands, the people "
    "of the stand-ins and the pollers wait. Steering ends with the process.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
UrlsOption = Annotated[
    list[str] | None,
    typer.Option("--url", help="Gateway, worker or stand-in, several times for several; by default all that the settings name."),
]  # fmt: skip
Moment = Annotated[
    str | None, typer.Argument(metavar="[MOMENT]", help="2026-12-01 or 2026-12-01T08:00; by default now.")
]
Duration = Annotated[
    str, typer.Argument(metavar="DURATION", help="90s, 5m, 2h, 3d, or 15wd: working days, without holidays.")
]
Record = dict[str, JsonValue]


@app.command()
def show(urls: UrlsOption = None, config: ConfigOption = None, json_output: JsonOption = False) -> None:
    """What time it is there, and whether it stands."""
    _print([clock.view for clock in _clocks(urls, config)], json_output=json_output)


@app.command()
def freeze(
    moment: Moment = None, urls: UrlsOption = None, config: ConfigOption = None, json_output: JsonOption = False
) -> None:  # fmt: skip
    """Let time stand, now or at a moment; timers on the way to a later one fire."""
    if moment is not None:
        _checked(parse_moment, moment)
    views: list[Record] = []
    for clock in _clocks(urls, config):
        # The first one's moment is everybody's, so that all stand at the same.
        wanted = moment or (str(views[0]["now"]) if views else True)
        views.append(clock.change({"freeze": wanted}))
    _print(views, json_output=json_output)


@app.command()
def advance(
    duration: Duration, urls: UrlsOption = None, config: ConfigOption = None, json_output: JsonOption = False
) -> None:  # fmt: skip
    """Move time on; timers on the way fire in order. What stood still stands, what ran runs on."""
    _checked(check_duration, duration)
    _print([clock.change({"advance": duration}) for clock in _clocks(urls, config)], json_output=json_output)


@app.command()
def resume(urls: UrlsOption = None, config: ConfigOption = None, json_output: JsonOption = False) -> None:
    """Let time run on from where it stands."""
    _print([clock.change({"resume": True}) for clock in _clocks(urls, config)], json_output=json_output)


class _Remote:
    """The clock behind a URL: a gateway's or a stand-in's."""

    def __init__(self, url: str | None, config: Path | None) -> None:
        self._client = Gateway(url, config)
        self._path, self.view = self._found()

    def change(self, change: Record) -> Record:
        """Steer it; how it stands then."""
        return self._ask("POST", self._path, json.dumps(change).encode())

    def _found(self) -> tuple[str, Record]:
        # The stand-ins' page first: a gateway keeps no journal of requests that a look at the wrong place would soil.
        for path in ("/__mock__/clock", "/api/clock"):
            with suppress(NotFoundError):
                return path, self._ask("GET", path)
        raise NotFoundError(f"{self._client.url} has no clock that can be steered")

    def _ask(self, method: str, path: str, content: bytes | None = None) -> Record:
        headers = {"Content-Type": "application/json"}
        return {
            "url": self._client.url,
            **self._client.ask(method, path, content=content, headers=headers),
        }


def _clocks(urls: Sequence[str] | None, config: Path | None) -> Iterable[_Remote]:
    """One for each clock, however many of the URLs share it; all are asked before the first is changed.

    Raises:
        ConfigurationError, NotFoundError: one of the URLs is not there; or, where none was given, none of those that the settings name.
    """
    clocks: dict[str, _Remote] = {}
    missing: list[LgspError] = []
    for url in urls or _of_settings(config):
        try:
            clock = _Remote(url, config)
        except (ConfigurationError, NotFoundError) as exc:
            if urls:
                raise
            missing.append(exc)
            continue
        clocks.setdefault(str(clock.view.get("clock", clock.view["url"])), clock)
    if not clocks:
        raise missing[0]
    return clocks.values()


def _of_settings(config: Path | None) -> Sequence[str]:
    """The gateway, a worker alone and the stand-ins, where they would be on this machine."""
    settings = settings_of(config)
    ports = (settings.worker_port, *settings.mocks.values())
    gateway = URL(settings.gateway_url)
    return [settings.gateway_url, *(str(gateway.copy_with(port=port)) for port in ports if port)]


def _checked(check: Callable[[str], object], text: str) -> None:
    try:
        check(text)
    except ValueError as exc:
        raise ConfigurationError(str(exc)) from exc


def _print(views: Sequence[Record], *, json_output: bool) -> None:
    if json_output:
        print_json({"clocks": views})
        return
    for view in views:
        state = "stands" if view.get("frozen") else "runs"
        offset_s = round(float(str(view.get("offset_s", 0))))
        apart = f"{timedelta(seconds=abs(offset_s))} {'behind' if offset_s < 0 else 'ahead of'} the machine"
        typer.echo(f"{view['now']}  {state}, {apart}  {view['url']}")
