"""What can happen, by name; after each of them everything must work again."""

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable

from chaos.parts import Gateway, Province, Worker
from chaos.servers import Process, until
from chaos.wire import Link

__all__ = ["Fault", "failover_faults", "gateway_faults", "link_faults", "server_faults", "worker_faults"]

Fault = Callable[[], Awaitable[None]]
PAST_LEASE_S = 4.0
SENTINELS_S = 100.0
"""On a busy machine sentinels distrust their clock (TILT) and do nothing for half a minute."""


def worker_faults(province: Province, chance: random.Random) -> dict[str, Fault]:
    """What can happen to workers; two are always there in the end."""

    def alive() -> list[Worker]:
        return [one for one in province.workers if one.process.returncode is None]

    async def kill() -> None:
        await chance.choice(alive()).kill()
        await province.worker()

    async def stop_past_lease() -> None:
        sleeper = chance.choice(alive())
        sleeper.signal(signal.SIGSTOP)
        await asyncio.sleep(PAST_LEASE_S)
        sleeper.signal(signal.SIGCONT)

    async def restart() -> None:
        oldest = alive()[0]
        await province.worker()
        await oldest.stop()

    async def jump() -> None:
        chance.choice(alive()).signal(signal.SIGUSR1)

    return {
        "worker kill -9": kill,
        "worker asleep past its lease": stop_past_lease,
        "worker restarted in order": restart,
        "worker's clock jumps": jump,
    }


def gateway_faults(gateway: Gateway) -> dict[str, Fault]:
    """The way in dies, and comes back at its port."""

    async def kill() -> None:
        await gateway.kill()
        await gateway.start()

    return {"gateway kill -9": kill}


def server_faults(server: Process) -> dict[str, Fault]:
    """What can happen to one server."""

    async def kill() -> None:
        await server.kill()
        await server.start()

    async def hang() -> None:
        server.signal(signal.SIGSTOP)
        await asyncio.sleep(2.0)
        server.signal(signal.SIGCONT)

    return {"server kill -9": kill, "server hangs 2 s": hang}


def link_faults(link: Link) -> dict[str, Fault]:
    """What can happen between the workers and their server."""

    async def cut() -> None:
        await link.cut()
        await asyncio.sleep(PAST_LEASE_S)
        link.mend()

    async def silence() -> None:
        link.silence()
        await asyncio.sleep(PAST_LEASE_S)
        link.mend()

    async def slow() -> None:
        link.delay_s = 0.05
        await asyncio.sleep(2.0)
        link.mend()

    return {"network cut 4 s": cut, "network silent 4 s": silence, "network slow 2 s": slow}


def failover_faults(pairs: list[tuple[Process, Process]], chance: random.Random) -> dict[str, Fault]:
    """The primary of a pair dies, its replica takes over, and it comes back as the replica."""

    async def failover() -> None:
        pair = chance.choice(pairs)
        leader, follower = pair if await pair[0].leads() else pair[::-1]
        await leader.kill()
        await until(follower.leads, "the replica takes over", within_s=SENTINELS_S)
        await leader.start()

        # Which of the two leads in the end is the sentinels' affair: a primary that comes back soon may be given its place again.
        async def settled() -> bool:
            leading, following = (
                [one for one in pair if await one.leads()],
                [one for one in pair if await one.follows()],
            )
            return len(leading) == len(following) == 1

        await until(settled, "one leads and the other follows", within_s=SENTINELS_S)

    return {"failover": failover}
