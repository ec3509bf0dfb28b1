"""The way out of a partition, on every server product: read until its end, and handed on from there."""

from collections.abc import Sequence

import pytest

from lgsp.channels import Holder, Keys, Lease, OutEntry, PartitionLog, Server, Transaction
from lgsp.errors import StaleLeaseError

pytestmark = pytest.mark.contract

KEYS = Keys(partitions=2)


@pytest.fixture
async def channel(server: Server) -> PartitionLog:
    log = PartitionLog(server, KEYS, 0, ("axis",))
    await log.prepare()
    return log


async def lease_on(server: Server) -> Lease:
    lease = await Lease.acquire(server, KEYS, 0, "me", 60_000)
    assert lease is not None
    return lease


async def holder_of(channel: PartitionLog, server: Server) -> Holder:
    return channel.holder((await lease_on(server)).value)


def passed(*numbers: int, **changes: object) -> Transaction:
    hop = Transaction()
    for number in numbers:
        entry = OutEntry("", f"m-{number}", "s", (), b"{}")._replace(**changes)  # type: ignore[arg-type]  # a test's short way
        hop.pass_on(KEYS.out(0, "axis"), "axis", entry)
    return hop


class Endpoint:
    """Takes as many as it has room for."""

    def __init__(self, holder: Holder, room: int = 1_000) -> None:
        self.taken: list[OutEntry] = []
        self.room = room
        self.way = holder.way_out("axis", self._take)

    def _take(self, entries: Sequence[OutEntry]) -> int:
        before = len(self.taken)
        self.taken += entries[: self.room - before]
        return len(self.taken) - before

    @property
    def names(self) -> list[str]:
        return [entry.message_id for entry in self.taken]


async def test_what_is_passed_on_is_read_until_the_end_and_then_handed_on(
    channel: PartitionLog, server: Server
) -> None:
    holder = await holder_of(channel, server)
    await holder.commit(passed(1, 2))
    endpoint = Endpoint(holder)
    await endpoint.way.read(1)
    assert endpoint.names == ["m-1"]
    await holder.commit(passed(3))
    assert endpoint.names == ["m-1"], "the rest is read in its turn"
    await endpoint.way.read(10)
    assert endpoint.names == ["m-1", "m-2", "m-3"]
    assert endpoint.way.at_end
    await holder.commit(passed(4, 5))
    assert endpoint.names[3:] == ["m-4", "m-5"]
    again = Endpoint(holder)
    await again.way.read(10)
    assert again.taken == endpoint.taken, "handed on as it would have been read"


async def test_what_there_is_no_room_for_is_read_when_there_is(channel: PartitionLog, server: Server) -> None:
    holder = await holder_of(channel, server)
    endpoint = Endpoint(holder, room=2)
    await endpoint.way.read(10)
    await holder.commit(passed(1, 2, 3))
    assert endpoint.names == ["m-1", "m-2"]
    assert endpoint.way.behind.is_set()
    await holder.commit(passed(4))
    endpoint.room = 10
    await endpoint.way.read(10)
    assert endpoint.names[2:] == ["m-3", "m-4"]
    assert not endpoint.way.behind.is_set()


async def test_stranger_in_an_out_stream_is_found(channel: PartitionLog, server: Server) -> None:
    endpoint = Endpoint(await holder_of(channel, server))
    await endpoint.way.read(10)
    await server.call("XADD", KEYS.out(0, "axis"), "*", *OutEntry("", "m-0", "s", (), b"{}").to_fields())
    endpoint.way.begin_again()
    await endpoint.way.read(10)
    assert endpoint.names == ["m-0"]


async def test_worker_that_woke_up_too_late_reads_no_more(channel: PartitionLog, server: Server) -> None:
    stale = await lease_on(server)
    asleep = channel.holder(stale.value)
    await asleep.commit(passed(1))
    await stale.release()
    awake = await holder_of(channel, server)
    with pytest.raises(StaleLeaseError):
        await Endpoint(asleep).way.read(10)
    endpoint = Endpoint(awake)
    await endpoint.way.read(10)
    assert endpoint.names == ["m-1"]
