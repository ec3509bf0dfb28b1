"""lgsp record URL --to FILE; lgsp playback FILE."""

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import httpx
import typer

from lgsp.clock import SystemClock
from lgsp.errors import ConfigurationError
from lgsp.http_server import HttpServer
from lgsp.recording import Cleaner, Playback, RecordingProxy, Upstream, load, save

__all__ = ["playback", "record"]

_LOOPBACK = "127.0.0.1"
Port = Annotated[int, typer.Option(min=0, max=65535, help="0 picks a free one.")]


def record(
    url: Annotated[str, typer.Argument(help="The one service that may be reached: http(s)://host[:port]\\[/path].")],
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="Where the recording goes when you end with Ctrl+C.")],
    port: Port = 0,
    insecure: Annotated[bool, typer.Option("--insecure", help="Take any certificate of the service.")] = False,
) -> None:  # fmt: skip
    """A proxy on this machine. Point the client at it; at the end the session is saved, with invented people in it."""
    upstream = Upstream.of(url)
    if not to.parent.is_dir():
        raise ConfigurationError(f"{to}: there is no folder {to.parent}")
    asyncio.run(_record(upstream, to, port, insecure=insecure))


async def _record(upstream: Upstream, to: Path, port: int, *, insecure: bool) -> None:
    began = SystemClock().now().isoformat(timespec="seconds")
    async with httpx.AsyncClient(timeout=60.0, trust_env=False, verify=not insecure) as http:
        proxy = RecordingProxy(upstream, http)
        server = HttpServer("record", _LOOPBACK, port)
        await server.start(proxy)
        typer.echo(f"recording {upstream.url}{upstream.base} at {server.url}  (Ctrl+C saves and ends)")
        try:
            await _until_told_to_end()
        finally:
            await server.stop()
    tape = Cleaner().tape(upstream.url, began, proxy.exchanges)
    save(tape, to)
    told = (
        ", ".join(f"{count} {kind}" for kind, count in tape.replaced.items()) or "nothing personal was found"
    )
    typer.echo(f"{to}: {len(tape.exchanges)} exchanges; invented: {told}")


def playback(
    file: Annotated[Path, typer.Argument(help="What `lgsp record` saved.")],
    port: Port = 0,
    strict: Annotated[bool, typer.Option(help="Only where the body is the very same, too.")] = False,
    pace: Annotated[bool, typer.Option(help="Answers take as long as they took.")] = False,
) -> None:
    """Answer from a recording, on this machine."""
    tape = load(file)
    asyncio.run(_play(Playback(tape, SystemClock(), strict=strict, pace=pace), port, str(file)))


async def _play(player: Playback, port: int, name: str) -> None:
    server = HttpServer("playback", _LOOPBACK, port)
    await server.start(player)
    typer.echo(f"playing {name} at {server.url}  (Ctrl+C ends)")
    try:
        await _until_told_to_end()
    finally:
        await server.stop()


async def _until_told_to_end() -> None:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    await told.wait()
