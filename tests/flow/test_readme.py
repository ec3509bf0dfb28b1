"""The commands of README.md and README.vi.md, run as they stand there against the demo that the page starts first."""

import asyncio
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import httpx
import pytest

from builders import message
from lgsp.clock import VIETNAM
from lgsp.settings import demo_config
from lgsp.standards import edxml
from waiting import eventually

pytestmark = pytest.mark.flow

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "README.vi.md")
STAYS_UP = {"up", "demo", "mock"}
SUBJECT = "SUBJECT"
PLACEHOLDER = re.compile(r"<[^<>]+>")


def commands(page: str) -> list[str]:
    """Each line of the fenced blocks, without its comment; what stands in angle brackets is for the reader to put in."""
    blocks = re.findall(r"```\w*\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
    lines = [PLACEHOLDER.sub(SUBJECT, line) for block in blocks for line in block.splitlines()]
    return [command for line in lines if (command := shlex.join(shlex.split(line, comments=True)))]


def of_lgsp(command: str) -> list[str] | None:
    """The arguments of an `lgsp` command."""
    program, *arguments = shlex.split(command)
    return arguments if Path(program).name == "lgsp" else None


EVERY = {command for page in PAGES for command in commands(page)}
LGSP = {" ".join(arguments): shlex.split(command) for command in EVERY if (arguments := of_lgsp(command))}


def free_ports(count: int) -> list[int]:
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


@dataclass(frozen=True)
class Reader:
    """Somebody who follows the page in a folder of their own: where, with which environment, and where their gateway is."""

    place: Path
    environment: dict[str, str]
    gateway: str

    @contextmanager
    def running(self, words: list[str]) -> Iterator["subprocess.Popen[str]"]:
        """A command that stays up; it is told to stop with SIGTERM, and must end with 0."""
        # Its log goes to a file: a pipe that nobody reads fills up, and then the command waits for ever.
        with (self.place / "log.txt").open("a+", encoding="utf-8") as log:
            process = subprocess.Popen(
                words, cwd=self.place, env=self.environment, text=True, stdout=subprocess.PIPE, stderr=log
            )
            try:
                yield process
                process.send_signal(signal.SIGTERM)
                process.communicate(timeout=20)
            finally:
                process.kill()
                process.communicate()
            log.seek(0)
            assert process.returncode == 0, log.read()[-2000:]

    def has_messages(self) -> list[dict[str, object]]:
        try:
            answer = httpx.get(f"{self.gateway}/api/messages", trust_env=False)
        except httpx.TransportError:
            return []
        found = answer.json()["messages"]
        return found if isinstance(found, list) else []


def make(place: Path, goal: str) -> list[list[str]]:
    """What `make goal` would run in a folder where everything is installed."""
    words = ["make", "--dry-run", f"--makefile={ROOT / 'Makefile'}", "--old-file=.venv/.installed", goal]
    # The suite itself runs under `make test`, which must not be heard of here.
    own = {
        name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}
    }
    printed = subprocess.run(words, cwd=place, env=own, check=True, capture_output=True, text=True).stdout
    return [shlex.split(line) for line in printed.splitlines()]


def write_samples(place: Path) -> None:
    """The files that the page takes for granted."""
    (place / "message.json").write_bytes(message().to_json())
    organ = edxml.EdxmlOrgan("000.00.01.H34", "Văn phòng UBND")
    about = edxml.EdxmlResponseFor(
        "000.00.00.G22", "7816/VPCP-TTĐT", date(2026, 11, 20), "000.00.00.G22,2026/11/20,7816/VPCP-TTĐT"
    )
    status = edxml.EdxmlStatus(organ, about, "03", "Đã tiếp nhận", datetime(2026, 11, 23, 8, tzinfo=VIETNAM))
    (place / "packet.edxml").write_bytes(edxml.write(status))


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    place = tmp_path_factory.mktemp("readme")
    (place / ".venv").symlink_to(sys.prefix)
    write_samples(place)
    gateway, *mocks = free_ports(5)
    config = demo_config()
    for old, new in zip((8101, 8102, 8103, 8104), mocks, strict=True):
        config = config.replace(f":{old}", f":{new}")
    names = zip(("ioffice", "igate", "axis", "portal"), mocks, strict=True)
    ports = "".join(f"{name} = {port}\n" for name, port in names)
    (place / "lgsp.toml").write_text(f"{config}\n[mocks]\n{ports}", encoding="utf-8")
    own = {name: value for name, value in os.environ.items() if not name.startswith("LGSP_")}
    found = Reader(place, own | {"LGSP_PORT": str(gateway)}, f"http://127.0.0.1:{gateway}")
    (demo,) = make(place, "demo")
    with found.running(demo) as process:
        assert process.stdout is not None
        assert "ready" in process.stdout.readline()
        asyncio.run(eventually(lambda: bool(found.has_messages()), "the first messages of the demo"))
        yield found


def test_both_pages_have_the_same_commands() -> None:
    first, second = map(commands, PAGES)
    assert first == second
    assert len(first) >= 9


def test_every_command_of_the_pages_is_run_here() -> None:
    assert {command for command in EVERY if of_lgsp(command) is None} == {"make demo", "make test"}


def test_make_test_would_run_the_suite(tmp_path: Path) -> None:
    set_up, suite = make(tmp_path, "test")
    assert (ROOT / set_up[-1]).is_file()
    # In four processes, and all of it.
    assert suite == [".venv/bin/pytest", "-n", "4", "--dist", "loadfile", "--no-loadscope-reorder"]


@pytest.mark.parametrize("command", sorted(command for command in LGSP if command.split()[0] not in STAYS_UP))
def test_a_command_ends_with_0(reader: Reader, command: str) -> None:
    subject = str(reader.has_messages()[0]["subject"])
    words = [subject if word == SUBJECT else word for word in LGSP[command]]
    ended = subprocess.run(
        words, cwd=reader.place, env=reader.environment, capture_output=True, text=True, check=False, timeout=20
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout


@pytest.mark.parametrize("command", sorted(command for command in LGSP if command.split()[0] in STAYS_UP))
def test_a_command_that_stays_up_says_where_and_ends_with_0_on_sigterm(reader: Reader, command: str) -> None:
    with reader.running(LGSP[command]) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        answer = httpx.get(f"{ready['url']}/__mock__/differences", trust_env=False)
        assert answer.status_code == 200
