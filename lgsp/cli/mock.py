"""lgsp mock NAME: one stand-in alone."""

import json
import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, cast

import typer
import uvicorn
from starlette.types import ASGIApp

from lgsp import registry
from lgsp.cli.common import JsonOption, settings_of
from lgsp.errors import ConfigurationError
from lgsp.http_server import Http11
from lgsp.process import run
from lgsp.settings import ensure_data_dir

__all__ = ["bind", "mock"]

_CREATE_APP = "lgsp_mocks.kit.app:create_app"


def mock(  # noqa: PLR0913, PLR0917 - each is a flag of the command
    name: Annotated[str, typer.Argument(help="ioffice, igate, axis, portal, or module:STAND_IN.")],
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="0 picks a free port.")] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    data_dir: Annotated[Path | None, typer.Option(help="Where its state is kept.")] = None,
    autopilot: Annotated[bool, typer.Option(help="Let it play the people who work with it.")] = True,
    options: Annotated[list[str] | None, typer.Option("--set", help="A setting of the stand-in, key=value.")] = None,
    json_output: JsonOption = False,
) -> None:  # fmt: skip
    """One stand-in, with its real wire and its /__mock__/ control pages."""
    stand_in = registry.find_standin(name)
    create_app = cast("Callable[..., ASGIApp]", registry.find("lgsp.standins", _CREATE_APP))
    settings = settings_of(None)
    place = ensure_data_dir(settings.model_copy(update={"data_dir": data_dir}) if data_dir else settings)
    gateway = settings.gateway_url
    pointed = {
        "vxp_url": f"{gateway}/in/ioffice",
        "callback_url": f"{gateway}/in/portal",
        "authority_dir": str(place / "authority"),
    }
    title = str(getattr(stand_in, "name", name))
    wanted = int(getattr(stand_in, "default_port", 0)) if port is None else port
    listening = bind(host, wanted)
    pointed["own_url"] = _url(host, listening)
    app = create_app(
        stand_in, data_dir=place / "mocks", settings={**pointed, **_pairs(options or [])}, autopilot=autopilot
    )
    config = uvicorn.Config(app, http=Http11, ws="none", log_level="warning", access_log=False)
    server = _Announcing(config, _ready_line(title, host, listening, json_output=json_output))

    async def serve() -> int:
        await server.serve(sockets=[listening])
        return 0 if server.started else 2

    raise typer.Exit(run(serve()))


def bind(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises:
        ConfigurationError: the port is taken or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(2048)
    except OSError as exc:
        listening.close()
        raise ConfigurationError(
            f"can't listen on {host}:{port} ({exc.strerror or exc}); free it, or choose another with --port (0 picks a free one)"
        ) from exc
    return listening


class _Announcing(uvicorn.Server):
    """Says that it is ready once it really is."""

    def __init__(self, config: uvicorn.Config, line: str) -> None:
        super().__init__(config)
        self._line = line

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """A signal to stop ends in order, and with 0; uvicorn would raise it once more behind that."""
        with super().capture_signals():
            yield
            self._captured_signals.clear()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then print."""
        await super().startup(sockets)
        if self.started:
            typer.echo(self._line)


def _url(host: str, listening: socket.socket) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{listening.getsockname()[1]}"


def _ready_line(name: str, host: str, listening: socket.socket, *, json_output: bool) -> str:
    url = _url(host, listening)
    if json_output:
        return json.dumps({"name": name, "url": url, "pid": os.getpid()})
    return f"{name}: {url}  (control pages: {url}/__mock__/ui; Ctrl+C ends)"


def _pairs(options: Sequence[str]) -> Mapping[str, str]:
    pairs = dict(option.partition("=")[::2] for option in options if "=" in option)
    wrong = [option for option in options if "=" not in option]
    if wrong:
        raise ConfigurationError(f"--set {wrong[0]}: write it as key=value")
    return pairs
