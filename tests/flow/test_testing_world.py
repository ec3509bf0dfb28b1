"""A world that does not stop, or ends by itself, says so: nothing is given up silently."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lgsp.errors import LgspError
from lgsp.http_server import HttpServer
from lgsp.testing import World

pytestmark = pytest.mark.flow


@pytest.fixture
def held_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Servers that stop only when the test lets them."""
    let, stop = threading.Event(), HttpServer.stop

    async def slow(server: HttpServer) -> None:
        await asyncio.to_thread(let.wait, 60)
        await stop(server)

    monkeypatch.setattr(HttpServer, "stop", slow)
    monkeypatch.setattr("lgsp.testing.world.STOP_TIMEOUT_S", 0.3)
    yield let
    let.set()
    for one in threading.enumerate():
        if one.name == "lgsp-world":
            one.join(60)


def test_what_does_not_stop_is_named(tmp_path: Path, held_up: threading.Event) -> None:
    with (
        pytest.raises(
            LgspError, match=r"did not stop within 0\.3 s; still at work: .*test_testing_world\.py"
        ),
        World({"axis"}, tmp_path),
    ):
        pass
    assert not held_up.is_set()


@pytest.mark.usefixtures("held_up")
def test_a_failed_test_keeps_its_own_error_and_says_it_beside(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="the test's own") as failed, World({"axis"}, tmp_path):
        raise AssertionError("the test's own")
    assert failed.value.__notes__[0].startswith("and LGSP: LgspError: LGSP did not stop within")


def test_what_does_not_start_in_time_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start = HttpServer.start

    async def slow(server: HttpServer, app: Any) -> None:
        await asyncio.to_thread(started.wait, 60)
        await start(server, app)

    started, world = threading.Event(), World({"axis"}, tmp_path)
    monkeypatch.setattr(HttpServer, "start", slow)
    monkeypatch.setattr("lgsp.testing.world.START_TIMEOUT_S", 0.3)
    with pytest.raises(LgspError, match=r"did not start within 0\.3 s; at work: "):
        world.__enter__()
    started.set()
    world.__exit__(None, None, None)


def test_what_the_world_failed_of_is_raised_or_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stop = HttpServer.stop

    async def fails(server: HttpServer) -> None:
        await stop(server)
        raise RuntimeError("a server broke")

    monkeypatch.setattr(HttpServer, "stop", fails)
    with pytest.raises(RuntimeError, match="a server broke"), World({"axis"}, tmp_path / "a"):
        pass
    with pytest.raises(AssertionError) as failed, World({"axis"}, tmp_path / "b"):
        raise AssertionError("the test's own")
    assert failed.value.__notes__ == ["and LGSP: RuntimeError: a server broke"]
