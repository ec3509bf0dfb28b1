"""`lgsp new`: what is written works as it stands, tests and all, with nothing installed."""

import asyncio
import json
import os
import sys
from pathlib import Path

import httpx
import pytest

from lgsp import scaffold
from lgsp.cli import main
from lgsp.errors import ConfigurationError
from waiting import eventually

pytestmark = pytest.mark.flow


@pytest.fixture
def written(tmp_path: Path) -> Path:
    for kind in ("adapter", "mock"):
        assert main(["new", kind, "so_tay", "--in", str(tmp_path)]) == 0
    return tmp_path


def environment(folder: Path, **more: str) -> dict[str, str]:
    path = os.pathsep.join(str(folder / name) for name in ("so_tay-adapter", "so_tay-mock"))
    return {**os.environ, "PYTHONPATH": path, "PYTEST_ADDOPTS": "", **more}


@pytest.mark.parametrize(("kind", "count"), [("adapter", 8), ("mock", 6)])
async def test_its_own_tests_pass(written: Path, kind: str, count: int) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "-p", "no:asyncio",
        cwd=written / f"so_tay-{kind}", env=environment(written), stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    assert f"{count} passed" in said.decode()


@pytest.mark.parametrize("kind", ["adapter", "mock"])
async def test_it_keeps_the_houses_rules(written: Path, kind: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ruff", "check", "--no-cache", "--select", "E4,E7,E9,F,W,UP,B", ".",
        cwd=written / f"so_tay-{kind}", stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()


async def test_a_document_flows_from_the_bus_through_the_adapter_into_the_stand_in(written: Path) -> None:
    folder = written / "so_tay-adapter"
    config = (folder / "lgsp.toml").read_text(encoding="utf-8")
    config = config.replace("# standin", "standin").replace("# so_tay = 8105", "so_tay = 0")
    (folder / "lgsp.toml").write_text(config, encoding="utf-8")
    env = environment(written, LGSP_DATA_DIR=str(written / "data"), LGSP_PORT="0", LGSP_CONFIG="lgsp.toml")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "lgsp", "up", "--json", cwd=folder, env=env, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        urls = json.loads(await asyncio.wait_for(process.stdout.readline(), 60))["urls"]
        async with httpx.AsyncClient(trust_env=False) as http:
            sample = (folder / "samples" / "document.json").read_bytes()
            headers = {"content-type": "application/cloudevents+json"}
            answer = await http.post(f"{urls['gateway']}/v1/messages", content=sample, headers=headers)
            assert answer.status_code == 202, answer.text

            async def filed() -> bool:
                rows = (await http.get(f"{urls['so_tay']}/__mock__/state/documents")).json()
                return any(row["title"] == "V/v kết nối liên thông" for row in rows.values())

            await eventually(filed, "filed")
    finally:
        process.terminate()
        await process.wait()


def test_nothing_is_ever_overwritten(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written / "so_tay-adapter" / "README.md"
    file.write_text("mine", encoding="utf-8")
    assert main(["new", "adapter", "so_tay", "--in", str(written)]) == 2
    assert "there already" in capsys.readouterr().err
    assert file.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    "name", ["", "a", "Archive", "1st", "a-b", "../x", "class", "axis", "x" * 40, "sổ_tay"]
)
def test_a_name_that_can_not_be_used_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError):
        scaffold.write("adapter", name, tmp_path)
    assert list(tmp_path.iterdir()) == []
