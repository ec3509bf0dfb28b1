"""A cluster, through redis-py: it knows where each slot is, and follows it."""

from collections.abc import Sequence

from redis.asyncio import RedisCluster
from redis.exceptions import ClusterDownError

from lgsp.channels.line import Argument

__all__ = ["Nodes"]


class Nodes:
    """`key` says which node is asked; "" is any."""

    def __init__(self, client: RedisCluster) -> None:
        self._client = client
        # redis-py would make a dictionary of each entry: a journal entry has hundreds of fields.
        for name in ("XREAD", "XREADGROUP"):
            client.set_response_callback(name, _as_it_came)

    async def ask(self, key: str, command: Sequence[Argument]) -> object:
        """One command."""
        redis = self._client
        await redis.initialize()
        node = redis.get_node_from_key(key) if key else redis.get_random_node()
        return await redis.execute_command(*command, target_nodes=[node])

    async def ask_all(self, commands: Sequence[Sequence[Argument]]) -> list[object]:
        """One after the other, each where its key is."""
        return [await self.ask(str(command[1]), command) for command in commands]

    async def ask_apart(self, key: str, commands: Sequence[Sequence[Argument]]) -> list[object]:
        """One after the other on one connection: they may block, or ask about what it did last."""
        if len(commands) == 1:
            return [await self.ask(key, commands[0])]
        await self._client.initialize()
        node = self._client.get_node_from_key(key)
        if node is None:
            raise ClusterDownError(f"no node of the cluster serves {key}")
        connection = node.acquire_connection()
        try:
            replies: list[object] = []
            for command in commands:
                await connection.send_packed_command(connection.pack_command(*command))
                replies.append(await node.parse_response(connection, str(command[0])))
        except BaseException:
            await connection.disconnect()
            # The cluster may look different by now.
            await self._client.aclose()
            raise
        finally:
            node.release(connection)
        return replies

    async def aclose(self) -> None:
        """Give back every connection."""
        await self._client.aclose()


def _as_it_came(response: object, **_options: object) -> object:
    return response
