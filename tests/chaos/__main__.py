"""`make chaos`: storms over each topology, each from a seed, and a table of what was lost, doubled and overtaken (all must be 0)."""

import argparse
import asyncio
import random
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from builders import message
from chaos.history import History
from chaos.parts import PARTITIONS, Province, publish_all, publishing
from chaos.servers import Process, cluster, single, until, watched
from lgsp.bus import Bus
from lgsp.channels import Keys
from lgsp.errors import LgspError

SUBJECTS = [f"doc-{number}" for number in range(60)]
Fault = Callable[[], Awaitable[None]]


@dataclass
class Storm:
    """One topology in one storm."""

    province: Province
    bus: Bus
    chance: random.Random
    faults: dict[str, Fault]
    history: History = field(default_factory=History)
    struck: Counter[str] = field(default_factory=Counter)
    recoveries_s: list[float] = field(default_factory=list)
    _probes: int = 0

    async def rage(self, seconds: float) -> None:
        """Traffic all the time, and one fault after the other; each must be recovered from."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            traffic = asyncio.create_task(publish_all(self.bus, self.history, SUBJECTS, 20))
            await asyncio.sleep(self.chance.uniform(0.05, 0.5))
            name = self.chance.choice(sorted(self.faults))
            began = time.monotonic()
            await self.faults[name]()
            self.struck[name] += 1
            await self._every_partition_works()
            self.recoveries_s.append(time.monotonic() - began)
            await traffic
        await until(self._all_arrived, "every accepted message arrives", within_s=60)

    async def _every_partition_works(self) -> None:
        keys, wanted = Keys(partitions=PARTITIONS), set(range(PARTITIONS))
        while wanted:
            self._probes += 1
            subject = f"probe-{self._probes}"
            if keys.partition_of(subject) not in wanted:
                continue
            wanted.discard(keys.partition_of(subject))
            await self._publish_until_accepted(subject)
        await until(self._probes_arrived, "each partition delivers again", within_s=60)

    async def _publish_until_accepted(self, subject: str) -> None:
        while True:
            try:
                await self.bus.publish(message(subject, subject=subject))
            except LgspError:
                await asyncio.sleep(0.05)
            else:
                self.history.accepted[subject].append(subject)
                return

    async def _probes_arrived(self) -> bool:
        return not any(one.startswith("probe") for one in self.history.judge(self.province.effects).lost)

    async def _all_arrived(self) -> bool:
        return not self.history.missing(self.province.effects)


def worker_faults(province: Province, chance: random.Random) -> dict[str, Fault]:
    """What can happen to workers; two are always there in the end."""

    async def kill() -> None:
        alive = [one for one in province.workers if one.process.returncode is None]
        await chance.choice(alive).kill()
        await province.worker()

    async def stop_past_lease() -> None:
        alive = [one for one in province.workers if one.process.returncode is None]
        sleeper = chance.choice(alive)
        sleeper.signal(signal.SIGSTOP)
        await asyncio.sleep(4.0)
        sleeper.signal(signal.SIGCONT)

    async def restart() -> None:
        alive = [one for one in province.workers if one.process.returncode is None]
        await province.worker()
        await alive[0].stop()

    return {
        "worker kill -9": kill,
        "worker asleep past its lease": stop_past_lease,
        "worker restarted": restart,
    }


def server_faults(server: Process) -> dict[str, Fault]:
    """What can happen to one server."""

    async def kill() -> None:
        await server.kill()
        await server.start()

    async def hang() -> None:
        server.signal(signal.SIGSTOP)
        await asyncio.sleep(2.0)
        server.signal(signal.SIGCONT)

    return {"server kill -9": kill, "server hangs": hang}


def failover_faults(pairs: list[tuple[Process, Process]], chance: random.Random) -> dict[str, Fault]:
    """The primary of a pair dies, its replica takes over, and it comes back as the replica."""

    async def failover() -> None:
        pair = chance.choice(pairs)
        leader, follower = pair if await pair[0].leads() else pair[::-1]
        await leader.kill()
        await until(follower.leads, "the replica takes over", within_s=30)
        await leader.start()

        async def follows() -> bool:
            return not await leader.leads()

        await until(follows, "the old primary follows", within_s=30)

    return {"failover": failover}


@asynccontextmanager
async def topology(
    name: str, folder: Path, chance: random.Random
) -> AsyncIterator[tuple[str, int, dict[str, Fault]]]:
    """URL, replicas that publishes wait for, and the faults of its servers."""
    match name:
        case "single":
            async with single(folder, fsync="always") as server:
                yield server.url, 0, server_faults(server)
        case "cluster":
            async with cluster(folder, replicas=True) as nodes:
                pairs = list(zip(nodes.primaries, nodes.replicas, strict=True))
                yield nodes.url, 1, failover_faults(pairs, chance)
        case _:
            async with watched(folder) as servers:
                yield servers.url, 1, failover_faults([(servers.primary, servers.replica)], chance)


async def storm(name: str, seconds: float, seed: int) -> bool:
    """One topology's row of the table; whether the law held."""
    chance = random.Random(f"{seed}-{name}")
    with tempfile.TemporaryDirectory() as place:
        async with topology(name, Path(place) / "servers", chance) as (url, replicas, faults):
            province = Province(Path(place) / "province", url, delay_s=0.001, replicas=replicas)
            try:
                async with publishing(province) as bus:
                    await province.worker()
                    await province.worker()
                    raging = Storm(province, bus, chance, worker_faults(province, chance) | faults)
                    await raging.rage(seconds)
            finally:
                await province.stop()
            return report(name, raging)


def report(name: str, raging: Storm) -> bool:
    """Print the row."""
    verdict = raging.history.judge(raging.province.effects)
    struck = ", ".join(f"{count} × {fault}" for fault, count in sorted(raging.struck.items()))
    times = raging.recoveries_s or [0.0]
    print(  # noqa: T201 - the command's output
        f"{name:<8} {raging.history.count():>6} messages  lost {len(verdict.lost)}  doubled {len(verdict.doubled)}  "
        f"overtaken {len(verdict.overtaken)}  calls repeated {verdict.repeats}  "
        f"recovery median {statistics.median(times):.1f} s, max {max(times):.1f} s\n         {struck}",
        flush=True,
    )
    return verdict.holds


def main() -> int:
    """0 when the law held everywhere."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="for each topology")
    parser.add_argument("--topology", choices=["single", "cluster", "sentinel"], action="append")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    wanted = parser.parse_args()
    print(f"seed {wanted.seed}", flush=True)  # noqa: T201
    names = wanted.topology or ["single", "sentinel", "cluster"]
    held = [asyncio.run(storm(name, wanted.seconds, wanted.seed)) for name in names]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
