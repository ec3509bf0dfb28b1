"""What waits behind what is visible: in the trace, the API and the metrics; and a worker alone can be asked how it is."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from builders import message
from lgsp.adapter import Delivery, Receipt
from lgsp.bootstrap import Overrides, Running, running
from lgsp.bus import WorkerSettings
from lgsp.endpoint import EndpointSettings
from lgsp.errors import TransientError
from lgsp.retry import RetryPolicy
from lgsp.settings import load
from waiting import eventually

pytestmark = pytest.mark.flow

CONFIG = """
partitions = 2
[systems.axis]
url = "http://127.0.0.1:9"
[[routes]]
name = "all"
when = ["document.*"]
to = ["axis"]
[mocks]
"""
PATIENT = EndpointSettings(policy=RetryPolicy(base_s=60, cap_s=60))


class Stumbles:
    """A system that can't take one of the messages now."""

    async def send(self, delivery: Delivery) -> Receipt:
        if delivery.message.id == "a-1":
            raise TransientError("the row is locked")
        return Receipt()


@asynccontextmanager
async def opened(folder: Path, part: str | None = None) -> AsyncIterator[tuple[Running, httpx.AsyncClient]]:
    file = folder / "lgsp.toml"
    file.write_text(CONFIG, encoding="utf-8")
    settings = load(file, {"LGSP_DATA_DIR": str(folder / "data"), "LGSP_PORT": "0"})
    replaced = Overrides(
        adapters={"axis": Stumbles()}, worker=WorkerSettings(look_round_s=0.02, endpoint=PATIENT)
    )
    only = frozenset({part}) if part else None
    async with running(settings, only=only, overrides=replaced) as world:
        url = world.urls[part or "gateway"]
        async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
            yield world, http


async def test_what_waits_behind_what_is_said(tmp_path: Path) -> None:
    async with opened(tmp_path) as (world, http):
        assert world.bus is not None
        for number in (1, 2, 3):
            await world.bus.publish(message(f"a-{number}", subject="a"))
        await world.bus.publish(message("b-1", subject="b"))

        async def held() -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = (await http.get("/api/held")).json()["held"]
            return found

        async def all_wait() -> bool:
            return [one["count"] for one in await held()] == [3]

        await eventually(all_wait, "all three are parked")
        [one] = await held()
        assert (one["system"], one["subject"], one["message_id"], one["attempt"]) == ("axis", "a", "a-1", 2)
        assert one["behind"] == ["a-2", "a-3"]

        async def traced() -> bool:
            return bool((await http.get("/api/trace/a")).json().get("held"))

        await eventually(traced, "the journal is stored")
        assert (await http.get("/api/trace/a")).json()["held"] == [one]
        assert (await http.get("/api/held", params={"system": "none"})).json()["held"] == []

        async def counted() -> bool:
            text = (await http.get("/metrics")).text
            wanted = (
                'lgsp_held_subjects{system="axis"} 1.0',
                'lgsp_steps_total{step="retrying",system="axis"} 1.0',
                'lgsp_circuit_open{system="axis"} 0.0',
                'lgsp_lease_holder{partition="0",worker="',
                'lgsp_oldest_waiting_seconds{system="axis"}',
                'lgsp_waiting{channel="dead"} 0.0',
            )
            return all(line in text for line in wanted)

        await eventually(counted, "metrics")


async def test_worker_alone_says_how_it_is(tmp_path: Path) -> None:
    async with opened(tmp_path, "worker") as (_, http):
        assert (await http.get("/health/live")).status_code == 200
        assert (await http.get("/health/ready")).json() == {"ready": True, "parts": {"redis": True}}

        async def works() -> bool:
            return "lgsp_worker_partitions 2.0" in (await http.get("/metrics")).text

        await eventually(works, "it holds both partitions")
