"""The embedded server: reached by its socket, found again, and nothing of it left."""

import asyncio
import json
import os
import signal
import stat
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from lgsp.channels import Server
from lgsp.embedded import _LIBRARIES, EmbeddedServer
from lgsp.errors import ConfigurationError


def socket_of(embedded: EmbeddedServer) -> Path:
    return Path(urlsplit(embedded.url).path)


async def ask(embedded: EmbeddedServer, *command: str | int) -> object:
    server = await Server(embedded.url).open()
    try:
        return await server.ask(*command)
    finally:
        await server.aclose()


def noted(data: Path) -> dict[str, Any]:
    return json.loads((data / "server.json").read_text())


def loaded_by(data: Path) -> str:
    return Path(f"/proc/{noted(data)['pid']}/maps").read_text()


async def test_a_socket_of_ours_alone_leads_to_it_and_goes_with_it(tmp_path: Path) -> None:
    async with EmbeddedServer(tmp_path) as embedded:
        place = socket_of(embedded)
        assert stat.S_ISSOCK(place.stat().st_mode)
        assert stat.S_IMODE(place.stat().st_mode) == stat.S_IMODE(place.parent.stat().st_mode) == 0o700
        assert await ask(embedded, "CONFIG GET", "port") in ({"port": "0"}, [b"port", b"0"])
    assert not place.parent.exists()
    assert not (tmp_path / "server.json").exists()


async def test_a_data_directory_may_lie_deeper_than_the_path_of_a_socket(tmp_path: Path) -> None:
    async with EmbeddedServer(tmp_path / ("sâu" * 20) / ("deep" * 20)) as embedded:
        await ask(embedded, "SET", "name", "value")
        assert await ask(embedded, "GET", "name") == b"value"


async def test_one_that_a_killed_process_left_is_used_again(tmp_path: Path) -> None:
    async with EmbeddedServer(tmp_path) as first:
        await ask(first, "SET", "name", "value")
        async with EmbeddedServer(tmp_path) as second:
            assert second.url == first.url
            assert await ask(second, "GET", "name") == b"value"
        assert await ask(first, "GET", "name") == b"value"  # who joined does not stop it


async def test_of_two_that_start_together_one_starts_a_server_and_the_other_finds_it(tmp_path: Path) -> None:
    first, second = EmbeddedServer(tmp_path), EmbeddedServer(tmp_path)
    try:
        await asyncio.gather(first.__aenter__(), second.__aenter__())
        assert first.url == second.url
        await ask(first, "SET", "name", "value")
        assert await ask(second, "GET", "name") == b"value"
    finally:
        await asyncio.gather(first.__aexit__(None, None, None), second.__aexit__(None, None, None))


async def test_one_that_is_silent_is_waited_for_and_no_second_one_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lgsp.embedded.START_TIMEOUT_S", 0.3)
    monkeypatch.setattr("lgsp.embedded._ANSWER_S", 0.1)
    async with EmbeddedServer(tmp_path) as first:
        pid = noted(tmp_path)["pid"]
        os.kill(pid, signal.SIGSTOP)
        try:
            with pytest.raises(ConfigurationError, match="not ready"):
                await EmbeddedServer(tmp_path).__aenter__()
            assert noted(tmp_path)["pid"] == pid
        finally:
            os.kill(pid, signal.SIGCONT)
        async with EmbeddedServer(tmp_path) as second:
            assert second.url == first.url


async def test_one_of_an_earlier_version_is_used_over_its_port(tmp_path: Path) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"+PONG\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as earlier:
        port = earlier.sockets[0].getsockname()[1]
        (tmp_path / "server.json").write_text(json.dumps({"port": port, "pid": os.getpid()}))
        async with EmbeddedServer(tmp_path) as embedded:
            assert embedded.url == f"redis://127.0.0.1:{port}/0"


async def test_one_that_loads_its_data_is_waited_for_and_no_second_one_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = [*[b"-LOADING it reads\r\n"] * 60, b"+PONG\r\n"]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(said.pop(0))
        writer.close()

    monkeypatch.setattr("lgsp.embedded.START_TIMEOUT_S", 0.5)  # it loads for longer: 60 looks, 10 ms apart
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as loading:
        port = loading.sockets[0].getsockname()[1]
        (tmp_path / "server.json").write_text(json.dumps({"port": port, "pid": os.getpid()}))
        async with EmbeddedServer(tmp_path) as embedded:
            assert embedded.url == f"redis://127.0.0.1:{port}/0"
    assert said == []


async def test_one_that_was_killed_is_started_anew_with_its_data_and_its_old_socket_goes(
    tmp_path: Path,
) -> None:
    async with EmbeddedServer(tmp_path) as first:
        await ask(first, "SET", "name", "value")
        note = (tmp_path / "server.json").read_text()
        os.kill(json.loads(note)["pid"], signal.SIGKILL)
    (tmp_path / "server.json").write_text(note)  # as if we had been killed too
    stale = socket_of(first)
    stale.parent.mkdir(exist_ok=True)
    stale.touch()
    async with EmbeddedServer(tmp_path) as second:
        assert not stale.parent.exists()
        assert await ask(second, "GET", "name") == b"value"


async def test_each_data_directory_has_a_server_of_its_own(tmp_path: Path) -> None:
    async with EmbeddedServer(tmp_path / "one") as one, EmbeddedServer(tmp_path / "other") as other:
        await ask(one, "SET", "name", "value")
        assert await ask(other, "GET", "name") is None


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is preloaded")
@pytest.mark.parametrize("here", [True, False])
async def test_it_allocates_by_jemalloc_where_the_machine_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, here: bool
) -> None:
    if not here:
        monkeypatch.setattr("lgsp.embedded._LIBRARIES", (tmp_path,))
    elif not any((folder / "libjemalloc.so.2").exists() for folder in _LIBRARIES):
        pytest.skip("no jemalloc on this machine")
    async with EmbeddedServer(tmp_path / "data") as embedded:
        await ask(embedded, "SET", "name", "value")
        assert ("libjemalloc" in loaded_by(tmp_path / "data")) is here


async def test_a_place_is_named_by_its_path(tmp_path: Path) -> None:
    async with EmbeddedServer(tmp_path) as embedded:
        assert str(Server(embedded.url).place) == str(socket_of(embedded))
