"""One worker per partition at a time: a lease with a fencing token that every hop checks. Parts of which one is enough have one too."""

from lgsp.channels.keys import Keys
from lgsp.channels.scripts import ACQUIRE, RELEASE, RENEW, SIGN_OF_LIFE
from lgsp.channels.server import Server
from lgsp.standards.identifiers import new_id

__all__ = ["Lease", "living_workers"]


class Lease:
    """A worker's claim on one partition, or on the work of that name. Milliseconds of the server's clock."""

    def __init__(self, server: Server, name: str, value: str, partition: int | str) -> None:
        self._server = server
        self.name = name
        self.value = value
        self.partition = partition

    @classmethod
    async def acquire(
        cls, server: Server, keys: Keys, partition: int | str, owner: str, ttl_ms: int
    ) -> "Lease | None":
        """Take the partition if it is free."""
        name, fence = keys.lease(partition), keys.fence(partition)
        value = await server.run(ACQUIRE, [name, fence], [owner, ttl_ms, new_id()])
        return cls(server, name, value.decode(), partition) if isinstance(value, bytes) else None

    async def renew(self, ttl_ms: int) -> bool:
        """Keep it; false when it is lost."""
        return await self._server.run(RENEW, [self.name], [self.value, ttl_ms]) == 1

    async def release(self) -> None:
        """Let the next worker in at once."""
        await self._server.run(RELEASE, [self.name], [self.value])


async def living_workers(server: Server, keys: Keys, owner: str, ttl_ms: int) -> list[str]:
    """Give a sign of life; the owners, sorted, who gave one within so many milliseconds of the server's clock."""
    now_ms = await server.now_ms()
    reply = await server.run(SIGN_OF_LIFE, [keys.workers()], [now_ms - ttl_ms, now_ms, owner])
    return sorted(one.decode() for one in reply) if isinstance(reply, list) else [owner]
