"""The moving map while messages really flow: does the page keep up, and what does it cost?

.venv/bin/python benchmarks/console_map.py --rate 500 --seconds 20

Publishes, routes, delivers and stores at that rate in this process; the gateway is `lgsp up --only gateway` in one of its own. Chromium
counts its long tasks and the gaps between its frames, and its protocol the bytes of the events.
"""

import argparse
import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

from console import CHROMIUM, PARTITIONS, serving
from playwright.async_api import CDPSession, async_playwright

from lgsp.adapter import Delivery, Receipt
from lgsp.bench.load import documents
from lgsp.bus import Bus, BusParts, JournalTap, Telling, Worker, WorkerSettings
from lgsp.channels import ActivityLog, Keys, Server
from lgsp.clock import SystemClock
from lgsp.embedded import EmbeddedServer
from lgsp.message import Message
from lgsp.routing import Router
from lgsp.schemas import SchemaRegistry
from lgsp.settings import demo_config, load
from lgsp.store import MessageStore

_TICK_S = 0.02
_WATCH = """() => {
  window.tasks = []; window.gaps = []; window.most = 0;
  new PerformanceObserver((list) => tasks.push(...list.getEntries().map((one) => one.duration))).observe({ type: "longtask" });
  let last = performance.now();
  const frame = (now) => {
    gaps.push(now - last); last = now;
    most = Math.max(most, document.getElementById("dots").childElementCount);
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}"""
_READ = """() => {
  const sorted = gaps.toSorted((a, b) => a - b);
  return { frames: gaps.length, gap_p50: sorted[Math.floor(sorted.length / 2)], gap_p99: sorted[Math.floor(sorted.length * .99)],
           gap_max: sorted.at(-1), long_tasks: tasks.length, long_max: Math.max(0, ...tasks), most_marks: most,
           elements: document.getElementsByTagName("*").length };
}"""


class Takes:
    """A system that takes everything."""

    async def send(self, delivery: Delivery) -> Receipt:
        return Receipt(delivery.message.id)


def messages() -> Iterator[Message]:
    """Documents out, documents in, and dossiers to either side."""
    made = documents(10**9)
    for number in count():
        message = next(made)
        own = {"id": f"map-{number}", "subject": f"map-{number % 5000}"}
        if number % 2:
            own |= {"source": "/systems/axis", "recipients": "000.00.01.H34", "sender": "000.00.00.G22"}
        yield message.model_copy(update=own)


@contextlib.asynccontextmanager
async def flowing(place: Path, redis_url: str, rate: int) -> AsyncIterator[list[int]]:
    """The bus at work; [how many were accepted]."""
    config = place / "bench.toml"
    config.write_text(demo_config(), encoding="utf-8")
    server, keys = await Server(redis_url).open(), Keys(partitions=PARTITIONS)
    store = await MessageStore.open(f"sqlite:///{place}/messages.db")
    adapters = {name: Takes() for name in ("ioffice", "igate", "axis", "portal")}
    routes = Router(load(config, {}).routes)
    bus = Bus(BusParts(server, keys, routes, SchemaRegistry(), SystemClock(), adapters))
    await bus.open()
    stopping, accepted = asyncio.Event(), [0]
    tap = JournalTap(server, keys, Telling(store, ActivityLog(server, keys)))
    tasks = [
        asyncio.create_task(Worker(bus, "bench", WorkerSettings()).run(stopping)),
        asyncio.create_task(tap.run(stopping)),
        asyncio.create_task(publish(bus, rate, accepted, stopping)),
    ]
    try:
        yield accepted
    finally:
        stopping.set()
        await asyncio.gather(*tasks)
        await store.aclose()
        await server.aclose()


async def publish(bus: Bus, rate: int, accepted: list[int], stopping: asyncio.Event) -> None:
    """Evenly, and never behind by more than a tick's worth."""
    made, began = messages(), time.monotonic()
    while not stopping.is_set():
        due = int((time.monotonic() - began) * rate) - accepted[0]
        await asyncio.gather(*(bus.publish(next(made)) for _ in range(due)))
        accepted[0] += due
        await asyncio.sleep(_TICK_S)


async def watch(url: str, seconds: float) -> dict[str, float]:
    """What the page says of itself, and Chromium of the page."""
    async with async_playwright() as engine:
        browser = await engine.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 1280, "height": 800})
        session = await page.context.new_cdp_session(page)
        events = {"events": 0, "event_bytes": 0}

        def heard(event: dict[str, str]) -> None:
            events["events"] += 1
            events["event_bytes"] += len(event["data"].encode())

        session.on("Network.eventSourceMessageReceived", heard)
        await session.send("Network.enable")
        await session.send("Performance.enable")
        await page.goto(f"{url}/console/?lang=en")
        await page.wait_for_timeout(2000)
        elements = await page.evaluate("document.getElementsByTagName('*').length")
        await page.evaluate(_WATCH)
        before = await costs(session)
        events |= {"events": 0, "event_bytes": 0}
        await page.wait_for_timeout(seconds * 1000)
        after, found = await costs(session), await page.evaluate(_READ)
        table = await page.inner_text("#facts tbody")
        await browser.close()
        if not any(character.isdigit() and character != "0" for character in table):
            sys.exit("the table did not move")
        busy = after["TaskDuration"] - before["TaskDuration"]
        heap = (after["JSHeapUsedSize"] - before["JSHeapUsedSize"]) / 1e6
        per_second = {name: value / seconds for name, value in events.items()}
        return (
            found
            | {
                "elements_before": elements,
                "main_thread_percent": 100 * busy / seconds,
                "heap_growth_mb": heap,
            }
            | per_second
        )


async def costs(session: CDPSession) -> dict[str, float]:
    """Chromium's own counters of the page."""
    found = await session.send("Performance.getMetrics")
    return {one["name"]: one["value"] for one in found["metrics"]}


async def work(rate: int, seconds: float) -> int:
    """A failing exit where the page froze for more than a fifth of a second, or grows."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        async with (
            EmbeddedServer(place / "valkey") as valkey,
            serving(place, valkey.url) as url,
            flowing(place, valkey.url, rate) as accepted,
        ):
            began, first = time.monotonic(), accepted[0]
            found = await watch(url, seconds)
            really = (accepted[0] - first) / (time.monotonic() - began)
    print(f"{really:,.0f} messages a second, for {seconds:.0f} s")
    for name, value in found.items():
        print(f"{name:<22}{value:>12,.1f}")
    frozen = max(found["gap_max"], found["long_max"]) > 200
    return 1 if frozen or found["elements"] > found["elements_before"] + found["most_marks"] + 50 else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=20)
    given = parser.parse_args()
    return asyncio.run(work(given.rate, given.seconds))


if __name__ == "__main__":
    sys.exit(main())
