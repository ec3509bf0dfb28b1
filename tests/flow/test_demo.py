"""The demo's flows over real HTTP: each verdict is what the receiving system holds."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import httpx
import pytest

from lgsp.scenario import built_in

pytestmark = pytest.mark.flow


def environment(data_dir: Path) -> dict[str, str]:
    config = data_dir / "lgsp.toml"
    data_dir.mkdir(parents=True, exist_ok=True)
    demo = Path("lgsp/kontum.toml").read_text(encoding="utf-8")
    ports = "".join(f"{name} = 0\n" for name in ("ioffice", "igate", "axis", "portal"))
    config.write_text(f"{demo}\n[mocks]\n{ports}", encoding="utf-8")
    return os.environ | {
        "LGSP_DATA_DIR": str(data_dir / "state"),
        "LGSP_CONFIG": str(config),
        "LGSP_PORT": "0",
    }


async def lgsp(*arguments: str, data_dir: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "lgsp", *arguments, env=environment(data_dir),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def test_every_flow_of_the_demo_arrives(tmp_path: Path) -> None:
    process = await lgsp("demo", "--once", "--json", data_dir=tmp_path)
    async with asyncio.timeout(120):
        printed, errors = await process.communicate()
    report = json.loads(printed)
    failed = {one["flow"]: one["holds"] for one in report["flows"] if not one["arrived"]}
    assert failed == {}, errors.decode()[-2000:]
    assert process.returncode == 0
    assert {one["flow"] for one in report["flows"]} == {flow.key for flow in built_in()}


async def test_a_second_start_finds_what_the_first_left_and_stops_cleanly_on_sigterm(tmp_path: Path) -> None:
    for _ in range(2):
        process = await lgsp("up", "--json", data_dir=tmp_path)
        assert process.stdout is not None
        async with asyncio.timeout(30):
            ready = json.loads(await process.stdout.readline())
        async with httpx.AsyncClient(trust_env=False) as client:
            health = await client.get(ready["urls"]["gateway"] + "/health/ready")
            assert health.status_code == 200
            for name in ("ioffice", "igate", "axis", "portal"):
                assert (await client.get(f"{ready['urls'][name]}/__mock__/differences")).json()
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            _, errors = await process.communicate()
        assert process.returncode == 0
        assert b"Traceback" not in errors


async def test_a_demo_without_ioffice_says_what_to_do(tmp_path: Path) -> None:
    own = '[systems.archive]\nadapter = "inbox"\n\n[[routes]]\nname = "all"\nwhen = ["document.*"]\nto = ["archive"]\n'
    surroundings = environment(tmp_path)
    (tmp_path / "lgsp.toml").write_text(own, encoding="utf-8")
    demo = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "lgsp", "demo", "--once", env=surroundings,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, said = await asyncio.wait_for(demo.communicate(), 60)
    assert demo.returncode not in {0, None}
    assert "[systems.ioffice]" in said.decode()
    assert "Traceback" not in said.decode()
