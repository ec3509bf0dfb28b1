"""The channel suite: the same on every server product."""

import asyncio

import pytest

from builders import message
from lgsp.channels import (
    DeadEntry,
    DeadLetterChannel,
    Holder,
    InvalidMessageChannel,
    Journals,
    Keys,
    Lease,
    OutEntry,
    PartitionLog,
    Server,
    Transaction,
    capabilities,
)
from lgsp.errors import (
    BackpressureError,
    ChannelUnavailableError,
    ConfigurationError,
    Fault,
    InvalidMessageError,
    NotFoundError,
    StaleLeaseError,
)

pytestmark = pytest.mark.contract

KEYS = Keys(partitions=2)
NOW = 1_764_000_000_000


@pytest.fixture
async def channel(server: Server) -> PartitionLog:
    log = PartitionLog(server, KEYS, 0, ("axis", "ioffice"), max_waiting=3)
    await log.prepare()
    return log


async def lease_on(server: Server, owner: str = "me", ttl_ms: int = 60_000) -> Lease:
    lease = await Lease.acquire(server, KEYS, 0, owner, ttl_ms)
    assert lease is not None
    return lease


async def holder_of(channel: PartitionLog, server: Server) -> Holder:
    return channel.holder((await lease_on(server)).value)


async def publish(channel: PartitionLog, message_id: str, **changes: object) -> bool:
    sent = message(message_id, **changes)
    return (await channel.publish(sent, NOW)).is_new


async def test_published_message_stays_until_a_transaction_takes_it_out(
    channel: PartitionLog, server: Server
) -> None:
    await publish(channel, "m-1")
    holder, hop = await holder_of(channel, server), Transaction()

    first = await holder.read_inbox(count=10, block_ms=1)
    assert [b'"id":"m-1"' in entry.body for entry in first] == [True]
    assert await holder.read_inbox(count=10, block_ms=1) == first

    hop.acknowledge(KEYS.inbox(0), [first[0].entry_id])
    await holder.commit(hop)
    assert await holder.read_inbox(count=10, block_ms=1) == []
    assert (await channel.lengths())["inbox"] == 0


async def test_repeated_publish_is_one_message(channel: PartitionLog) -> None:
    assert await publish(channel, "m-1") is True
    assert await publish(channel, "m-1") is False
    assert (await channel.lengths())["inbox"] == 1


async def test_same_id_with_other_content_is_refused(channel: PartitionLog) -> None:
    await publish(channel, "m-1")
    with pytest.raises(InvalidMessageError) as caught:
        await publish(channel, "m-1", subject="another")
    assert caught.value.faults[0].place == "/id"


async def test_full_partition_says_when_to_come_back_and_accepts_nothing(channel: PartitionLog) -> None:
    for number in range(3):
        await publish(channel, f"m-{number}")
    with pytest.raises(BackpressureError) as caught:
        await publish(channel, "m-3")
    assert caught.value.retry_after_s > 0
    assert (await channel.lengths())["inbox"] == 3


async def test_what_waits_for_a_system_counts_towards_the_bound(
    channel: PartitionLog, server: Server
) -> None:
    holder, hop = await holder_of(channel, server), Transaction()
    for number in range(3):
        hop.add(KEYS.out(0, "axis"), OutEntry("", f"m-{number}", "s", (), b"{}").to_fields())
    await holder.commit(hop)
    with pytest.raises(BackpressureError):
        await publish(channel, "m-9")


async def test_only_one_owner_at_a_time(server: Server) -> None:
    lease = await lease_on(server)
    assert await Lease.acquire(server, KEYS, 0, "other", 60_000) is None
    await lease.release()
    assert await Lease.acquire(server, KEYS, 0, "other", 60_000) is not None


async def test_worker_that_woke_up_too_late_changes_nothing(channel: PartitionLog, server: Server) -> None:
    stale = await lease_on(server)
    await stale.release()
    await lease_on(server, "me")  # the same owner again: only the fencing token differs
    holder, hop = channel.holder(stale.value), Transaction()
    hop.add(KEYS.out(0, "axis"), ["body", b"x"])
    with pytest.raises(StaleLeaseError):
        await holder.commit(hop)
    assert (await channel.lengths())["out:axis"] == 0
    assert await stale.renew(60_000) is False


async def test_entries_survive_with_their_organizations_and_attempts(
    channel: PartitionLog, server: Server
) -> None:
    entry = OutEntry("1-1", "m-1", "văn bản 1", ("000.00.00.G22", "H34.1"), b"\x00binary\n", attempt=3)
    holder, hop = await holder_of(channel, server), Transaction()
    hop.park(KEYS.parked(0, "axis", entry.subject), [entry.parked()])
    hop.hold(KEYS.held(0, "axis"), entry.subject, NOW)
    await holder.commit(hop)
    assert await channel.parked("axis", entry.subject, 10) == ([entry], 1)
    assert [(held.subject, held.due_ms) for held in await channel.held("axis")] == [(entry.subject, NOW)]


async def test_read_waits_for_the_first_entry(channel: PartitionLog, server: Server) -> None:
    holder = await holder_of(channel, server)
    waiting = asyncio.create_task(holder.read_inbox(count=10, block_ms=5_000))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    await publish(channel, "m-1")
    assert [b'"id":"m-1"' in entry.body for entry in await waiting] == [True]


async def test_cancelled_blocking_read_leaves_the_connection_usable(
    channel: PartitionLog, server: Server
) -> None:
    holder = await holder_of(channel, server)
    reading = asyncio.create_task(holder.read_inbox(count=10, block_ms=5_000))
    await asyncio.sleep(0)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    await publish(channel, "m-1")
    assert len(await holder.read_inbox(count=10, block_ms=1_000)) == 1


async def all_dead(channel: DeadLetterChannel) -> list[DeadEntry]:
    return [entry async for entry in channel.heads()]


def buried(system: str = "axis") -> DeadEntry:
    return DeadEntry(
        "",
        "m-1",
        "s-1",
        system,
        ("000.00.00.G22",),
        "lgsp.rejected",
        "đơn vị nhận không tồn tại",
        1,
        NOW,
        b"{}",
    )


async def test_dead_letter_is_replayed_once_to_where_it_was_going(
    channel: PartitionLog, server: Server
) -> None:
    holder, hop = await holder_of(channel, server), Transaction()
    hop.add(KEYS.dead(0), buried().to_fields())
    await holder.commit(hop)
    desk = DeadLetterChannel(server, KEYS)
    [letter] = await all_dead(desk)
    assert (letter.reason, letter.subject) == ("đơn vị nhận không tồn tại", "s-1")

    await desk.replay(letter.id, NOW)
    [again] = await holder.read_inbox(count=10, block_ms=1)
    assert (again.system, again.only, again.order) == (
        "axis",
        ("000.00.00.G22",),
        letter.id.partition(":")[2],
    )
    with pytest.raises(NotFoundError):
        await desk.replay(letter.id, NOW)


async def test_unrouted_dead_letter_goes_through_the_router_again(
    channel: PartitionLog, server: Server
) -> None:
    holder, hop = await holder_of(channel, server), Transaction()
    hop.add(KEYS.dead(0), buried(system="").to_fields())
    await holder.commit(hop)
    desk = DeadLetterChannel(server, KEYS)
    [letter] = await all_dead(desk)
    await desk.replay(letter.id, NOW)
    assert (await channel.lengths())["inbox"] == 1


async def test_discarded_dead_letter_is_gone_and_journaled(channel: PartitionLog, server: Server) -> None:
    holder, hop = await holder_of(channel, server), Transaction()
    hop.add(KEYS.dead(0), buried().to_fields())
    await holder.commit(hop)
    desk = DeadLetterChannel(server, KEYS)
    await desk.discard((await all_dead(desk))[0].id, NOW, reason="a test document")
    assert await all_dead(desk) == []
    [entry] = await Journals(server, Keys(partitions=1)).read(again=False, count=10)
    assert [(step.step, step.detail) for step in entry.steps] == [("discarded", "a test document")]


@pytest.mark.parametrize("wrong", ["", "nonsense", "9:1-0", "0:x-0", "0:5-5"])
async def test_unknown_dead_letter_is_named(server: Server, wrong: str) -> None:
    with pytest.raises(NotFoundError):
        await DeadLetterChannel(server, KEYS).get(wrong)


async def test_refused_content_is_kept_with_its_reason(channel: PartitionLog, server: Server) -> None:
    faults = [Fault("xml.malformed", "/", "not well-formed", "sai cú pháp", 1)]
    for number in (1, 2):
        await channel.refuse(
            b"<edXML", InvalidMessageError("edXML", faults), f"doc-{number}", "axis", NOW + number
        )
    assert (await channel.lengths())["invalid"] == 2
    desk = InvalidMessageChannel(server, KEYS)
    newest, oldest = await desk.list()
    assert (newest.reference, oldest.reference) == ("doc-2", "doc-1")
    assert (newest.system, newest.faults, newest.body) == ("axis", tuple(faults), b"<edXML")
    assert await desk.get(oldest.id) == oldest
    for wrong in ("", "nonsense", "9:1-0", "0:x-0", "0:5-5"):
        with pytest.raises(NotFoundError):
            await desk.get(wrong)


@pytest.mark.parametrize("url", ["http://127.0.0.1", "redis://127.0.0.1:1/0"])
async def test_unusable_url_names_the_place_and_the_remedy(url: str) -> None:
    with pytest.raises(ConfigurationError, match="LGSP_REDIS_URL"):
        await Server(url).open()


def test_all_keys_of_a_partition_share_one_hash_tag() -> None:
    names = [KEYS.inbox(1), KEYS.out(1, "axis"), KEYS.held(1, "axis"), KEYS.parked(1, "axis", "{0}"), KEYS.seen(1),
             KEYS.journal(1), KEYS.dead(1), KEYS.invalid(1), KEYS.lease(1), KEYS.fence(1), KEYS.body(1, "1-0")]  # fmt: skip
    assert {name[name.index("{") : name.index("}") + 1] for name in names} == {"{1}"}


async def test_server_says_what_it_can_do_and_which_promises_hold(server: Server) -> None:
    found = {one.what: one for one in await capabilities(server)}
    assert found["server"].detail.startswith(("Valkey", "Redis"))
    assert (found["persistence"].verdict, found["replicas"].verdict) == ("weak", "ok")
    await server.call("CONFIG SET", "appendfsync", "always")
    await server.call("CONFIG SET", "maxmemory", "100mb")
    await server.call("CONFIG SET", "maxmemory-policy", "allkeys-lru")
    found = {one.what: one for one in await capabilities(server)}
    assert (found["persistence"].verdict, found["memory"].verdict) == ("ok", "wrong")


async def test_full_server_says_when_to_come_back_and_still_drains(
    channel: PartitionLog, server: Server
) -> None:
    holder, hop = await holder_of(channel, server), Transaction()
    await publish(channel, "m-1")
    [entry] = await holder.read_inbox(count=10, block_ms=1)
    await server.call("CONFIG SET", "maxmemory", "1mb")
    with pytest.raises(BackpressureError, match="memory"):
        await publish(channel, "m-2")
    holder = await holder_of(channel, server)
    hop.acknowledge(KEYS.inbox(0), [entry.entry_id])
    hop.add(KEYS.out(0, "axis"), OutEntry("", "m-1", "s", (), entry.body).to_fields())
    hop.journal("routed", "m-1", NOW, system="axis")
    await holder.commit(hop)
    assert (await channel.lengths())["out:axis"] == 1
    await server.call("CONFIG SET", "maxmemory", "0")
    assert await publish(channel, "m-2") is True


@pytest.mark.parametrize(
    "said",
    [
        RuntimeError("unable to perform operation on <TCPTransport closed=True>; the handler is closed"),
        AttributeError("'NoneType' object has no attribute 'writelines'"),
    ],
)  # fmt: skip
async def test_connection_that_is_closed_while_it_is_used_is_no_bug(
    server: Server, monkeypatch: pytest.MonkeyPatch, said: Exception
) -> None:
    """What uvloop and redis-py say then; storms over a cluster found it."""

    async def closed(*_: object) -> None:
        raise said

    monkeypatch.setattr(server._client, "ask", closed)
    with pytest.raises(ChannelUnavailableError):
        await server.ask("PING")


async def test_what_is_remembered_of_a_repeat_alone_passes_too(channel: PartitionLog, server: Server) -> None:
    """The window before, as it is left when only a repeat comes in this one: without an end, such hashes would pile up for ever."""
    await publish(channel, "m-1")
    [name] = await remembered(server)
    prefix, window, bucket = name.rsplit(":", 2)
    await server.call("RENAME", name, f"{prefix}:{int(window) - 1}:{bucket}")
    assert await publish(channel, "m-1") is False
    assert name in await remembered(server)
    assert all([int(str(await server.call("TTL", key))) > 0 for key in await remembered(server)])


async def remembered(server: Server) -> list[str]:
    found = await server.call("KEYS", f"{KEYS.seen(0)}:*")
    return [key if isinstance(key, str) else key.decode() for key in found] if isinstance(found, list) else []
