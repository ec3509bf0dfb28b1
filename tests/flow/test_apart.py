"""Gateway and worker as processes of their own, as `lgsp up --only …` starts them: the map moves all the same."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from builders import message
from lgsp.settings import demo_config

pytestmark = pytest.mark.flow


@asynccontextmanager
async def part(only: str, env: Mapping[str, str]) -> AsyncIterator[dict[str, str]]:
    """A process, once it says that it is ready; its URLs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "lgsp", "up", "--only", only, "--json",
        env={**os.environ, **env}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            yield json.loads(await process.stdout.readline())["urls"]
    finally:
        process.terminate()
        async with asyncio.timeout(30):
            await process.wait()
    assert process.returncode == 0


async def test_the_events_of_a_gateway_tell_what_a_worker_elsewhere_does_also_after_its_restart(
    valkey: str, tmp_path: Path
) -> None:
    config = tmp_path / "lgsp.toml"
    config.write_text(demo_config() + "\n[mocks]\naxis = 0\n", encoding="utf-8")
    env = {
        "LGSP_CONFIG": str(config), "LGSP_REDIS_URL": valkey, "LGSP_DATA_DIR": str(tmp_path / "state"),
        "LGSP_PORT": "0", "LGSP_WORKER_PORT": "0", "LGSP_STORE_URL": f"sqlite:///{tmp_path}/messages.db",
    }  # fmt: skip
    async with part("gateway", env) as gateway, httpx.AsyncClient(trust_env=False, timeout=30) as http:
        url, last = gateway["gateway"], "0-0"
        for turn in (1, 2):
            async with (
                part("worker,mock:axis", env) as worker,
                http.stream("GET", f"{url}/api/flow/events", headers={"Last-Event-ID": last}) as events,
            ):
                assert "gateway" not in worker
                sent = message(f"m-{turn}").to_json()
                answer = await http.post(
                    f"{url}/v1/messages",
                    content=sent,
                    headers={"content-type": "application/cloudevents+json"},
                )
                assert answer.status_code == 202, answer.text
                last = await until_delivered(events, sent_from="/systems/ioffice")


async def until_delivered(events: httpx.Response, *, sent_from: str) -> str:
    """The id of the event with the document's delivery; before it came the acceptance. Statuses of an earlier one may come between."""
    place, steps = "", set()
    async for line in events.aiter_lines():
        name, _, value = line.partition(": ")
        if name == "id":
            place = value
        elif name == "data":
            steps |= {(one["step"], one["system"], one["kind"]) for one in json.loads(value)["moved"]}
            if any((step, kind) == ("delivered", "document") for step, _, kind in steps):
                assert ("accepted", sent_from, "document") in steps
                return place
    raise AssertionError("the stream ended")
