"""The law under kills: nothing lost, nothing doubled, nothing overtaken (docs/guarantees.md)."""

import asyncio
import random
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from chaos.history import History
from chaos.parts import PARTITIONS, Gateway, Province, StandIn, nothing_is_kept, publish_all, publishing
from chaos.servers import Process, cluster, single, until, watched
from chaos.wire import Link
from lgsp.store import MessageStore

pytestmark = pytest.mark.chaos

SUBJECTS = [f"doc-{number}" for number in range(40)]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Process]:
    async with single(tmp_path / "valkey", fsync="always") as process:
        yield process


@pytest.fixture
async def province(tmp_path: Path, server: Process) -> AsyncIterator[Province]:
    made = Province(tmp_path / "province", server.url, delay_s=0.002)
    yield made
    await made.stop()


async def all_arrived(province: Province, history: History, *, within_s: float = 30.0) -> None:
    async def done() -> bool:
        return history.missing(province.effects) == 0

    await until(done, "every accepted message arrives", within_s=within_s)


async def the_law_holds(province: Province, history: History, *, failover: bool = False) -> None:
    verdict = history.judge(province.effects)
    assert verdict.holds, verdict
    assert verdict.delivered == history.count()
    store = await MessageStore.open(f"sqlite:///{province.folder}/data/messages.db")
    try:

        async def counted() -> bool:
            found = await store.recount()
            return found.accepted == history.count() and not found.unfinished

        try:
            await until(counted, "the store has every step")
        except AssertionError as exc:
            async with publishing(province) as bus:
                waiting = await bus.waiting()
            raise AssertionError(f"{history.count()} accepted; {waiting}; {await store.recount()}") from exc
        found = await store.recount()
    finally:
        await store.aclose()
    # That a delivery was settled may not have reached the replica: the call is made again, with its key.
    assert failover or not found.doubled
    async with publishing(province) as bus:
        await until(lambda: nothing_is_kept(bus), "no large body is left on the server")
    (sink,) = found.systems
    assert sink.delivered == sink.routed == found.accepted == history.count()


@pytest.mark.parametrize("seed", [1, 2])
async def test_workers_killed_at_random_moments(province: Province, seed: int) -> None:
    chance, history = random.Random(seed), History()
    async with publishing(province) as bus:
        await asyncio.gather(province.worker(), province.worker())
        traffic = asyncio.create_task(publish_all(bus, history, SUBJECTS, 50))
        for _ in range(3):
            await asyncio.sleep(chance.uniform(0.1, 0.6))
            await chance.choice([one for one in province.workers if one.process.returncode is None]).kill()
            await province.worker()
        await traffic
        await all_arrived(province, history)
    await the_law_holds(province, history)


async def test_worker_that_wakes_up_after_its_lease_acts_on_nothing(province: Province) -> None:
    history = History()
    async with publishing(province) as bus:
        asleep = await province.worker()
        traffic = asyncio.create_task(publish_all(bus, history, SUBJECTS, 40))
        await asyncio.sleep(0.3)
        asleep.signal(signal.SIGSTOP)
        await province.worker()
        await traffic
        await all_arrived(province, history)
        asleep.signal(signal.SIGCONT)
        await publish_all(bus, history, SUBJECTS, 5)
        await all_arrived(province, history)
    await the_law_holds(province, history)


async def test_rolling_restart_under_traffic(province: Province) -> None:
    history = History()
    async with publishing(province) as bus:
        workers = [await province.worker(), await province.worker()]
        traffic = asyncio.create_task(publish_all(bus, history, SUBJECTS, 50))
        for worker in workers:
            await province.worker()
            assert await worker.stop() == 0
        await traffic
        await all_arrived(province, history)
    await the_law_holds(province, history)
    assert history.judge(province.effects).repeats == 0, "a worker that stops in order makes no call twice"


async def test_server_killed_and_restarted_with_its_data(province: Province, server: Process) -> None:
    history = History()
    async with publishing(province) as bus:
        await province.worker()
        traffic = asyncio.create_task(publish_all(bus, history, SUBJECTS, 60))
        for _ in range(2):
            await asyncio.sleep(0.4)
            await server.kill()
            await server.start()
        await traffic
        await all_arrived(province, history)
    await the_law_holds(province, history)


async def test_server_that_hangs_for_a_while(province: Province, server: Process) -> None:
    history = History()
    async with publishing(province) as bus:
        await province.worker()
        traffic = asyncio.create_task(publish_all(bus, history, SUBJECTS, 30))
        await asyncio.sleep(0.3)
        server.signal(signal.SIGSTOP)
        await asyncio.sleep(4.0)
        server.signal(signal.SIGCONT)
        await traffic
        await all_arrived(province, history)
    await the_law_holds(province, history)


async def test_gateway_killed_while_it_accepts(province: Province) -> None:
    history = History()
    async with httpx.AsyncClient(trust_env=False, timeout=5.0) as http:
        gateway = Gateway(province, http)
        await asyncio.gather(gateway.start(), province.worker())
        traffic = asyncio.create_task(publish_all(gateway, history, SUBJECTS[:20], 30))
        for _ in range(2):
            await asyncio.sleep(0.3)
            await gateway.kill()
            await gateway.start()
        await traffic
        await all_arrived(province, history)
    await the_law_holds(province, history)


async def test_stand_in_killed_in_mid_delivery(tmp_path: Path, server: Process) -> None:
    """The real wire to the stand-in of the axis: each document lies there once, whenever it was killed."""
    province = Province(tmp_path / "province", server.url)
    standin, subjects = StandIn(province), [f"{number}-x" for number in range(40)]
    province.config = (
        f'partitions = {PARTITIONS}\n[systems.axis]\nadapter = "axis"\nurl = "{standin.url}"\n'
        'system_id = "sim.lgsp.01"\nsecret = "sim-secret"\npoll_interval_s = 3600\n'
        '[[routes]]\nname = "all"\nwhen = ["document.*"]\nto = ["axis"]\n'
    )
    history = History()
    try:
        async with publishing(province, "axis") as bus, httpx.AsyncClient(trust_env=False) as http:
            await standin.start()
            await province.worker()
            for _ in range(3):
                traffic = asyncio.create_task(publish_all(bus, history, subjects[:13], 1))
                await asyncio.sleep(0.15)
                await standin.kill()
                await traffic
                subjects = subjects[13:] or subjects
                await standin.start()

            async def settled() -> bool:
                waiting = await bus.waiting()
                return not any(count for name, count in waiting.items() if name != "invalid")

            await until(settled, "everything is delivered, and nothing is dead", within_s=60)
            tables = (await http.get(f"{standin.url}/__mock__/state")).json()["tables"]
            delivered = "\n".join(tables["sent"])
            assert len(tables["packets"]) == history.count()
            assert all(
                f"2026/11/23,{subject}/UBND-VX|000.00.00.G22" in delivered for subject in history.accepted
            )
    finally:
        await province.stop()


@pytest.mark.parametrize("trouble", ["cut", "silent", "slow"])
async def test_link_between_worker_and_server(province: Province, server: Process, trouble: str) -> None:
    """A worker that is cut off for longer than its lease: another one takes over, and neither does the other's work."""
    history = History()
    async with Link(server.port) as link, publishing(province) as bus:
        province.worker_url = link.url
        await province.worker()
        province.worker_url = ""
        traffic = asyncio.create_task(publish_all(bus, history, SUBJECTS, 40))
        await asyncio.sleep(0.3)
        match trouble:
            case "cut":
                await link.cut()
            case "silent":
                link.silence()
            case _:
                link.delay_s = 0.1
        await province.worker()
        await traffic
        if trouble != "slow":
            await all_arrived(province, history)
        link.mend()
        await publish_all(bus, history, SUBJECTS, 5)
        await all_arrived(province, history)
    await the_law_holds(province, history)


async def test_disk_full_for_the_append_only_file(tmp_path: Path) -> None:
    """What the server can't write down it refuses, and what it accepted it keeps, also when it is killed right then."""
    history = History()
    async with single(tmp_path / "valkey", file_limit=400_000) as server:
        province = Province(tmp_path / "province", server.url, delay_s=0.001)
        try:
            async with publishing(province) as bus:
                await province.worker()
                traffic = asyncio.create_task(publish_all(bus, history, SUBJECTS, 30))

                async def refuses() -> bool:
                    found = await server.ask("INFO", "persistence")
                    return isinstance(found, dict) and found.get("aof_last_write_status") == "err"

                await until(refuses, "the file can't grow any more")
                server.more_room()
                await traffic
                await all_arrived(province, history)
                await server.kill()
                server.file_limit = None
                await server.start()
                await publish_all(bus, history, SUBJECTS, 5)
                await all_arrived(province, history)
            await the_law_holds(province, history)
        finally:
            await province.stop()


async def test_clocks_that_jump_by_hours_and_days(tmp_path: Path, server: Process) -> None:
    history = History()
    province = Province(tmp_path / "p", server.url, stumbles=20, jumping=True)
    try:
        async with publishing(province) as bus:
            workers = [await province.worker(), await province.worker()]
            traffic = asyncio.create_task(publish_all(bus, history, SUBJECTS, 40))
            for _ in range(8):
                await asyncio.sleep(0.2)
                for worker in workers:
                    worker.signal(signal.SIGUSR1)
            await traffic
            await all_arrived(province, history)
        await the_law_holds(province, history)
    finally:
        await province.stop()


async def test_server_restarted_without_its_data(province: Province, server: Process) -> None:
    """What waited is lost, as docs/guarantees.md says; what comes afterwards is worked as if nothing had been."""
    history = History()
    async with publishing(province) as bus:
        await province.worker()
        await publish_all(bus, history, SUBJECTS, 10)
        await all_arrived(province, history)
        await the_law_holds(province, history)
        await server.kill()
        shutil.rmtree(server.folder)
        await server.start()
        await publish_all(bus, history, SUBJECTS, 10)
        await all_arrived(province, history)
    await the_law_holds(province, history)


async def test_poison_stops_nobody_and_lies_in_the_dead_letter_channel(province: Province) -> None:
    history, poison = History(), History()
    async with publishing(province) as bus:
        await province.worker()
        await asyncio.gather(
            publish_all(bus, history, SUBJECTS, 10), publish_all(bus, poison, ["poison-1", "poison-2"], 10)
        )
        await all_arrived(province, history)

        async def buried() -> bool:
            return (await bus.waiting())["dead"] == 20

        await until(buried, "every poisoned message is a dead letter")


async def test_late_repeats_are_still_the_same_message(province: Province) -> None:
    history = History()
    async with publishing(province) as bus:
        await province.worker()
        await publish_all(bus, history, SUBJECTS, 5)
        await all_arrived(province, history)
        again = History()
        await publish_all(bus, again, SUBJECTS, 5)
        await publish_all(bus, history, SUBJECTS, 1)
        await all_arrived(province, history)
    assert history.judge(province.effects).repeats == 0, "a repeat is not delivered"
    await the_law_holds(province, history)


async def test_primary_of_a_cluster_killed_in_mid_traffic(tmp_path: Path) -> None:
    history = History()
    async with cluster(tmp_path / "cluster", replicas=True) as nodes:
        province = Province(tmp_path / "province", nodes.url, replicas=1)
        try:
            async with publishing(province) as bus:
                await province.worker()
                traffic = asyncio.create_task(publish_all(bus, history, SUBJECTS, 40))
                await asyncio.sleep(0.3)
                await nodes.primaries[1].kill()
                await until(nodes.replicas[1].leads, "the replica takes over")
                await nodes.primaries[1].start()  # as a replica: every publish waits for one
                await traffic
                await all_arrived(province, history)
            await the_law_holds(province, history, failover=True)
        finally:
            await province.stop()


async def test_watched_primary_killed_in_mid_traffic(tmp_path: Path) -> None:
    history = History()
    async with watched(tmp_path / "watched") as servers:
        province = Province(tmp_path / "province", servers.url, replicas=1)
        try:
            async with publishing(province) as bus:
                await province.worker()
                traffic = asyncio.create_task(publish_all(bus, history, SUBJECTS, 40))
                await asyncio.sleep(0.3)
                await servers.primary.kill()
                await until(servers.replica.leads, "the replica takes over")
                await servers.primary.start()  # as a replica: every publish waits for one
                await traffic
                await all_arrived(province, history)
            await the_law_holds(province, history, failover=True)
        finally:
            await province.stop()
