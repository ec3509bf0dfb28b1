"""The mailbox of a system that fetches by itself, on every server product."""

import json
from dataclasses import asdict, replace

import pytest

from fakes import START
from lgsp.adapter import MailboxItem
from lgsp.channels import Keys, RedisMailbox, Server, mailbox
from lgsp.clock import VirtualClock
from lgsp.errors import NotFoundError
from lgsp.model.attachment import BlobRef

pytestmark = pytest.mark.contract

KEYS = Keys()
REF = BlobRef(sha256="ab" * 32, size=70_000)


@pytest.fixture
def box(server: Server) -> RedisMailbox:
    return RedisMailbox(server, KEYS, "ioffice", VirtualClock(START))


def item(item_id: str) -> MailboxItem:
    return MailboxItem(item_id, "000.00.00.H34", "A", "edoc", "initial", 1, 1, title="Văn bản")


async def test_small_content_lies_in_the_mailbox_and_a_claim_check_stays_one(box: RedisMailbox) -> None:
    assert await box.put(item("small"), b"<edXML/>")
    assert await box.put(item("large"), REF)
    assert await box.get("small") == (item("small"), b"<edXML/>")
    assert await box.get("large") == (item("large"), REF)
    assert await box.waiting("edoc") == [item("large"), item("small")]


async def test_a_repeated_delivery_changes_nothing(box: RedisMailbox) -> None:
    await box.put(item("one"), b"first")
    await box.mark("one", "done")
    assert not await box.put(item("one"), b"second")
    assert await box.waiting("edoc") == []
    assert (await box.get("one"))[1] == b"first"


async def test_an_item_of_an_older_bus_is_read_and_settled(box: RedisMailbox, server: Server) -> None:
    old = json.dumps({"item": asdict(item("old")), "blob": REF.model_dump()})
    await server.call("SET", KEYS.mailbox("ioffice", "item:old"), old)
    await server.call("ZADD", KEYS.mailbox("ioffice", "waiting:edoc"), 1, "old")
    assert [each.id for each in await box.waiting("edoc")] == ["old"]
    assert await box.get("old") == (item("old"), REF)
    await box.mark("old", "done")
    assert await box.waiting("edoc") == []
    assert (await box.get("old"))[1] == REF


async def test_a_mark_changes_state_note_and_time_and_nothing_else(box: RedisMailbox, server: Server) -> None:
    now_ms = int(START.timestamp() * 1000)
    odd = replace(item('a"/\\1'), title='Quyết định «số 1» / \u2028 \\ "x"', created_ms=now_ms + 7, owner="")
    await box.put(odd, REF)
    await box.mark(odd.id, "processing", "đang xử lý")
    marked = replace(odd, state="processing", note="đang xử lý", updated_ms=now_ms)
    assert await box.get(odd.id) == (marked, REF)
    assert await box.waiting("edoc") == [marked]
    await box.mark(odd.id, "fail")
    await box.mark(odd.id, "processing")
    left_s = await server.call("TTL", KEYS.mailbox("ioffice", f"item:{odd.id}"))
    assert left_s > 0  # what is settled goes, whatever is said of it later
    with pytest.raises(NotFoundError, match="no item 'b'"):
        await box.mark("b", "done")


async def test_settled_contents_make_room_for_later_ones_and_waiting_ones_never_do(
    box: RedisMailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "CONTENTS_KEPT", 2)
    for name in ("waiting", "a", "b", "c"):
        await box.put(item(name), name.encode())
    for name in ("a", "b", "b", "b", "c"):  # confirmed three times, it counts once
        await box.mark(name, "done")
    assert [(await box.get(name))[1] for name in ("b", "c", "waiting")] == [b"b", b"c", b"waiting"]
    with pytest.raises(NotFoundError, match="settled long ago"):
        await box.get("a")
    assert (await box.find("a")).state == "done"
    assert not await box.put(item("a"), b"again")
