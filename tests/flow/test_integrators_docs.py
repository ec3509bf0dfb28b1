"""docs/integrators.md, followed literally: the files are written, the servers are started, the commands are run."""

import asyncio
import json
import os
import re
import socket
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.flow

DOCS = Path(__file__).parents[2] / "docs"


def blocks(page: str) -> list[tuple[str, str]]:
    return re.findall(r"```(\w+)\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)


def test_both_pages_have_the_same_blocks() -> None:
    assert blocks("integrators.md") == blocks("integrators.vi.md")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def test_the_page_can_be_followed_from_an_empty_folder(tmp_path: Path) -> None:
    gateway, hook = free_port(), free_port()
    own = {name: value for name, value in os.environ.items() if not name.startswith("LGSP_")}
    env = own | {"LGSP_PORT": str(gateway), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    here = [
        (kind, text.replace("127.0.0.1:8080", f"127.0.0.1:{gateway}").replace("9000", str(hook)))
        for kind, text in blocks("integrators.md")
    ]
    for _, text in here:
        if found := re.match(r"# file: (\S+)\n", text):
            (tmp_path / found[1]).write_text(text, encoding="utf-8")
    servers = [
        await asyncio.create_subprocess_exec(
            *text.split(), cwd=tmp_path, env=env, stdout=asyncio.subprocess.PIPE
        )
        for kind, text in here
        if kind == "console"
    ]
    bus, receiver = servers
    try:
        async with asyncio.timeout(60):
            assert bus.stdout is not None
            assert b"ready" in await bus.stdout.readline()
            steps = [text for kind, text in here if kind == "sh"]
            before, after = steps[:3], steps[3:]
            taken = await shell(tmp_path, env, before)
            assert receiver.stdout is not None
            assert [(await receiver.stdout.readline()).split()[:2] for _ in range(2)] == [
                [b"took", b"m-1"],
                [b"took", b"m-2"],
            ]
            rest = await shell(tmp_path, env, [before[0].splitlines()[0], *after])
    finally:
        for server in servers:
            server.terminate()
        await asyncio.gather(*(server.wait() for server in servers))
    assert '"new":true' in taken
    assert '"accepted":1,"repeated":1,"refused":1' in taken
    assert '{"settled":1,"unknown":[]}' in taken
    assert "delivered" in rest
    assert json.loads((tmp_path / "asyncapi.json").read_text(encoding="utf-8"))["asyncapi"] == "3.0.0"
    assert (tmp_path / "so_tay-mock" / "README.md").is_file()


async def shell(folder: Path, env: dict[str, str], steps: list[str]) -> str:
    process = await asyncio.create_subprocess_exec(
        "sh", "-euc", "\n".join(steps), cwd=folder, env=env,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, complained = await process.communicate()
    assert process.returncode == 0, said.decode() + complained.decode()
    return said.decode()
