"""One worker per partition at a time: a lease with a fencing token that every hop checks."""

from lgsp.channels.keys import Keys
from lgsp.channels.scripts import ACQUIRE, RELEASE, RENEW
from lgsp.channels.server import Server
from lgsp.standards.identifiers import new_id

__all__ = ["Lease"]


class Lease:
    """A worker's claim on one partition. Time to live in milliseconds of the server's clock."""

    def __init__(self, server: Server, keys: Keys, partition: int, value: str) -> None:
        self._server = server
        self._keys = keys
        self.partition = partition
        self.value = value

    @classmethod
    async def acquire(
        cls, server: Server, keys: Keys, partition: int, owner: str, ttl_ms: int
    ) -> "Lease | None":
        """Take the partition if it is free."""
        value = await server.run(
            ACQUIRE, [keys.lease(partition), keys.fence(partition)], [owner, ttl_ms, new_id()]
        )
        return cls(server, keys, partition, value.decode()) if isinstance(value, bytes) else None

    async def renew(self, ttl_ms: int) -> bool:
        """Keep it; false when it is lost."""
        return await self._server.run(RENEW, [self._keys.lease(self.partition)], [self.value, ttl_ms]) == 1

    async def release(self) -> None:
        """Let the next worker in at once."""
        await self._server.run(RELEASE, [self._keys.lease(self.partition)], [self.value])
