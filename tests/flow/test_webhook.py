"""Webhooks over the whole bus: a connector that misbehaves hurts itself only."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from builders import message
from lgsp.bootstrap import Running, running
from lgsp.http_server import HttpServer
from lgsp.settings import load
from waiting import eventually

pytestmark = pytest.mark.flow


class Receiver:
    """A connector that keeps what came, and answers as it is told."""

    def __init__(self, answer: Callable[[str], int] = lambda _: 204) -> None:
        self.took: list[str] = []
        self._answer = answer

    async def hook(self, request: Request) -> Response:
        event = await request.json()
        status = self._answer(event["id"])
        if status < 300:
            self.took.append(event["id"])
        return Response("" if status < 300 else "nothing of this kind here", status)

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        server = HttpServer("hook", "127.0.0.1", 0)
        await server.start(Starlette(routes=[Route("/hook", self.hook, methods=["POST"])]))
        try:
            yield f"{server.url}/hook"
        finally:
            await server.stop()


@asynccontextmanager
async def bus(tmp_path: Path, **urls: str) -> AsyncIterator[Running]:
    config = "".join(
        f'[systems.{name}]\nadapter = "webhook"\nurl = "{url}"\ntimeout_s = 0.5\n'
        for name, url in urls.items()
    )
    config += f'[[routes]]\nname = "all"\nwhen = ["document.*"]\nto = {list(urls)}\n[mocks]\n'
    (tmp_path / "lgsp.toml").write_text(config, encoding="utf-8")
    settings = load(tmp_path / "lgsp.toml", {"LGSP_DATA_DIR": str(tmp_path / "data"), "LGSP_PORT": "0"})
    async with running(settings) as system:
        yield system


BEHAVIOURS = {
    "hangs": (b"", None),
    "hangs in mid-answer": (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", None),
    "talks nonsense": (b"\x00\x01\x02\r\n\r\n", None),
    "dies in mid-answer": (b"HTTP/1.1 500 No\r\nContent-Length: 9\r\n\r\nno", b""),
    "floods": (b"HTTP/1.1 500 No\r\n\r\n", b"no" * 32_768),
    "floods with headers": (b"HTTP/1.1 200 OK\r\n", b"X-More: and more\r\n" * 4_000),
}


@pytest.mark.parametrize("name", BEHAVIOURS)
async def test_one_that_misbehaves_keeps_nothing_from_another(tmp_path: Path, name: str) -> None:
    first, more = BEHAVIOURS[name]

    async def misbehave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        with suppress(ConnectionError):
            while more:
                writer.write(more)
                await writer.drain()
            while more is None and await reader.read(65_536):  # until the caller gives up
                pass
        writer.close()

    bad, good = await asyncio.start_server(misbehave, "127.0.0.1", 0), Receiver()
    url = f"http://127.0.0.1:{bad.sockets[0].getsockname()[1]}/hook"
    async with good.served() as well, bus(tmp_path, bad=url, good=well) as system:
        assert system.bus is not None
        wanted = [f"m-{number}" for number in range(40)]
        for number, message_id in enumerate(wanted):
            await system.bus.publish(message(message_id, subject=f"s-{number % 7}"))
        await eventually(lambda: sorted(good.took) == sorted(wanted), "the good one has everything")
        async with httpx.AsyncClient(base_url=system.urls["gateway"], trust_env=False) as http:
            assert (await http.get("/health/ready")).status_code == 200

            async def delivered_to_the_good_one_alone() -> bool:
                steps = (await http.get("/api/messages/m-0")).json()["steps"]
                return [step["system"] for step in steps if step["step"] == "delivered"] == ["good"]

            await eventually(delivered_to_the_good_one_alone, "the store has heard of it")
    bad.close()


async def test_a_connector_that_comes_back_gets_what_waited_in_order(tmp_path: Path) -> None:
    away = True
    receiver = Receiver(lambda _: 503 if away else 204)
    async with receiver.served() as url, bus(tmp_path, app=url) as system:
        assert system.bus is not None
        for number in range(5):
            await system.bus.publish(message(f"m-{number}"))
        await eventually(lambda: system.bus.circuits["app"].is_open, "found to be away")
        away = False
        await eventually(lambda: receiver.took == [f"m-{number}" for number in range(5)], "in order")


async def test_what_it_refuses_is_a_dead_letter_with_its_words_and_the_next_one_passes(
    tmp_path: Path,
) -> None:
    receiver = Receiver(lambda message_id: 410 if message_id == "m-1" else 204)
    async with receiver.served() as url, bus(tmp_path, app=url) as system:
        assert system.bus is not None
        await system.bus.publish(message("m-1"))
        await system.bus.publish(message("m-2"))
        await eventually(lambda: receiver.took == ["m-2"], "the next one")
        async with httpx.AsyncClient(base_url=system.urls["gateway"], trust_env=False) as http:
            [letter] = (await http.get("/api/dead")).json()["dead"]
        assert "HTTP 410: nothing of this kind here" in letter["reason"]
