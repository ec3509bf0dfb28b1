import asyncio
import sqlite3

import pytest

from lgsp.errors import ConfigurationError, NotFoundError
from lgsp.message import Message
from lgsp.store import JournalEntry, MessageQuery, MessageStore

pytestmark = pytest.mark.unit


@pytest.fixture
async def store(tmp_path):
    opened = await MessageStore.open(f"sqlite:///{tmp_path}/new/messages.db")
    yield opened
    await opened.aclose()


async def test_parts_that_start_together_all_open_the_new_store(tmp_path):
    """Another part is in the middle of making the file: SQLite says "locked" at once, and does not wait."""
    file = tmp_path / "messages.db"
    first = sqlite3.connect(file, isolation_level=None)
    first.execute("BEGIN IMMEDIATE")
    opening = asyncio.create_task(MessageStore.open(f"sqlite:///{file}"))
    await asyncio.wait({opening}, timeout=0.3)
    first.close()
    await (await opening).aclose()


class Tape:
    """Writes journal entries as the wire tap reads them."""

    def __init__(self):
        self.count = 0

    def step(self, step, message_id, system="", detail="", body=None):
        self.count += 1
        return JournalEntry(
            0,
            f"{1000 + self.count}-0",
            message_id,
            step,
            system,
            1_795_000_000_000 + self.count,
            detail,
            body,
        )

    def accepted(self, message_id, *, kind="document.issued", subject="d1", data=None, **attributes):
        message = Message(
            id=message_id, source="/systems/ioffice", type=f"vn.lgsp.{kind}", subject=subject,
            time="2026-11-23T08:00:00+07:00", dataschema=f"https://lgsp.vn/schemas/{kind}/1", data=data or {}, **attributes,
        )  # fmt: skip
        return self.step("accepted", message_id, "/systems/ioffice", body=message.to_json())


async def state(store, message_id):
    return (await store.find(message_id))[0].message.state


async def test_an_id_with_nul_that_was_journaled_once_goes_its_way_under_the_id_that_can_be_stored(store):
    tape = Tape()
    await store.append([tape.accepted("m\x001")])
    await store.append(
        [tape.step("routed", "m\x001", "axis"), tape.step("delivered", "m\x001", "axis", "42")]
    )
    assert await state(store, "m1") == "delivered"


async def test_a_message_is_found_with_its_journey(store):
    tape = Tape()
    data = {"subject": "Về việc báo cáo", "code": {"number": "12", "notation": "UBND-VP"}}
    await store.append(
        [
            tape.accepted("m1", data=data),
            tape.step("routed", "m1", "axis"),
            tape.step("delivered", "m1", "axis", "42"),
        ]
    )
    traced, body = await store.find("m1")
    assert (traced.message.title, traced.message.number, traced.message.state) == (
        "Về việc báo cáo",
        "12/UBND-VP",
        "delivered",
    )
    assert [(step.step, step.detail) for step in traced.steps] == [
        ("accepted", ""),
        ("routed", ""),
        ("delivered", "42"),
    ]
    assert body["data"] == data


async def test_a_repeated_batch_changes_nothing(store):
    tape = Tape()
    batch = [tape.accepted("m1"), tape.step("routed", "m1", "axis")]
    await store.append(batch)
    await store.append(batch)
    assert len((await store.find("m1"))[0].steps) == 2
    assert len(await store.search(MessageQuery())) == 1


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([], "accepted"),
        ([("routed", "axis"), ("routed", "ioffice"), ("delivered", "axis")], "routed"),
        (
            [("routed", "axis"), ("routed", "ioffice"), ("delivered", "axis"), ("delivered", "ioffice")],
            "delivered",
        ),
        ([("routed", "axis"), ("retrying", "axis")], "retrying"),
        ([("routed", "axis"), ("retrying", "axis"), ("delivered", "axis")], "delivered"),
        ([("routed", "axis"), ("delivered", "axis"), ("dead", "ioffice")], "dead"),
        ([("routed", "axis"), ("dead", "axis"), ("replayed", "axis")], "replayed"),
        ([("routed", "axis"), ("dead", "axis"), ("replayed", "axis"), ("delivered", "axis")], "delivered"),
        ([("dead", "")], "dead"),
        ([("dead", ""), ("replayed", ""), ("routed", "axis"), ("delivered", "axis")], "delivered"),
        ([("routed", "axis"), ("delivered", "axis"), ("duplicate", "")], "delivered"),
        ([("routed", "axis"), ("expired", "axis")], "expired"),
        ([("routed", "axis"), ("dead", "axis"), ("discarded", "axis")], "discarded"),
    ],
)
async def test_the_state_is_the_worst_of_its_systems(store, steps, expected):
    tape = Tape()
    await store.append([tape.accepted("m1")])
    for step, system in steps:
        await store.append([tape.step(step, "m1", system)])
    assert await state(store, "m1") == expected


async def test_search_ignores_case_and_diacritics(store):
    tape = Tape()
    await store.append(
        [
            tape.accepted("m1", data={"subject": "Quyết định 100%"}),
            tape.accepted("m2", data={"subject": "Công văn"}),
        ]
    )
    for text in ("quyet DINH", "100%", "định quyết"):
        assert [message.message_id for message in await store.search(MessageQuery(text=text))] == ["m1"]
    assert await store.search(MessageQuery(text="%")) == ()


async def test_search_filters_by_type_and_state(store):
    tape = Tape()
    await store.append(
        [tape.accepted("m1"), tape.accepted("m2", kind="dossier.submitted"), tape.step("dead", "m2")]
    )
    assert [found.message_id for found in await store.search(MessageQuery(type="document.*"))] == ["m1"]
    assert [found.message_id for found in await store.search(MessageQuery(type="dossier.submitted"))] == [
        "m2"
    ]
    assert [found.message_id for found in await store.search(MessageQuery(state="dead"))] == ["m2"]


async def test_search_pages_from_the_newest(store):
    tape = Tape()
    await store.append([tape.accepted(f"m{number}") for number in range(5)])
    first = await store.search(MessageQuery(limit=2))
    second = await store.search(MessageQuery(limit=2, after=first[-1].seq))
    assert [found.message_id for found in (*first, *second)] == ["m4", "m3", "m2", "m1"]


@pytest.mark.parametrize("key", ["m1", "d1", "12/UBND-VP", "c1", "m2"])
async def test_a_trace_gathers_everything_about_a_document(store, key):
    tape = Tape()
    await store.append([
        tape.accepted("m1", data={"code": {"number": "12", "notation": "UBND-VP"}}, correlationid="c1"),
        tape.accepted("m2", kind="document.status", correlationid="c1"),
        tape.accepted("m3", subject="d2"),
    ])  # fmt: skip
    assert [traced.message.message_id for traced in await store.trace(key)] == ["m1", "m2"]
    assert [message.id for message in await store.about(key)] == ["m1", "m2"]


async def test_nothing_is_traced_under_an_unknown_key(store):
    assert await store.trace("nobody") == ()
    with pytest.raises(NotFoundError):
        await store.find("nobody")


async def test_a_body_that_can_not_be_read_does_not_stop_the_batch(store):
    tape = Tape()
    await store.append([tape.step("accepted", "bad", body=b"\xff"), tape.accepted("m1")])
    assert await state(store, "m1") == "accepted"


async def test_a_batch_larger_than_the_database_takes_at_once_is_stored(store):
    tape = Tape()
    await store.append([tape.accepted(f"m{number}") for number in range(1200)])
    assert await state(store, "m1199") == "accepted"


async def test_history_outlives_the_process(tmp_path):
    url = f"sqlite:///{tmp_path}/m.db"
    first = await MessageStore.open(url)
    await first.append([Tape().accepted("m1")])
    await first.aclose()
    second = await MessageStore.open(url)
    assert await state(second, "m1") == "accepted"
    await second.aclose()


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("not a url", "is not a URL"),
        ("mysql://x/y", "mysql is not supported"),
        ("sqlite:////proc/none/m.db", "can't be opened|can't be made"),
    ],
)
async def test_a_store_that_can_not_be_opened_is_told(url, reason):
    with pytest.raises(ConfigurationError, match=reason):
        await MessageStore.open(url)


async def test_a_word_begun_finds_words_and_nothing_else(store):
    tape = Tape()
    await store.append([
        tape.accepted("m1", data={"subject": "Tờ trình"}, recipients="000.00.00.G22"),
        tape.accepted("m2", data={"subject": "Công văn"}, recipients="000.00.00.G22", sender="000.00.01.H34"),
    ])  # fmt: skip
    for text, found in (("to", ["m1"]), ("f", []), ("cong v", ["m2"]), ("về", [])):
        assert [message.message_id for message in await store.search(MessageQuery(text=text))] == found


async def test_search_filters_by_party_system_and_time(store):
    tape = Tape()
    await store.append([
        tape.accepted("m1", sender="A", recipients="B, C"),
        tape.accepted("m2", sender="B", recipients="A"),
        tape.step("routed", "m1", "axis"),
        tape.step("delivered", "m1", "axis"),
    ])  # fmt: skip
    for query, found in (
        (MessageQuery(sender="a"), ["m1"]),
        (MessageQuery(recipient="C"), ["m1"]),
        (MessageQuery(recipient="A"), ["m2"]),
        (MessageQuery(system="axis"), ["m1"]),
        (MessageQuery(system="ioffice"), ["m2", "m1"]),
        (MessageQuery(system="igate"), []),
        (MessageQuery(state="dead"), []),
        (MessageQuery(since_ms=1_795_000_000_002), ["m2"]),
        (MessageQuery(until_ms=1_795_000_000_002), ["m1"]),
    ):
        assert [message.message_id for message in await store.search(query)] == found


async def test_what_flowed_in_a_span_of_time_is_counted(store):
    tape = Tape()
    await store.append([
        tape.accepted("m1"),
        tape.accepted("m2"),
        tape.accepted("m3", kind="dossier.submitted"),
        tape.step("routed", "m1", "axis"),
        tape.step("delivered", "m1", "axis"),
        tape.step("routed", "m2", "axis"),
        tape.step("delivered", "m2", "axis"),
    ])  # fmt: skip
    found = await store.flows(since_ms=1_795_000_000_001, until_ms=1_795_000_000_003)
    assert [(flow.source, flow.type, flow.state, flow.systems, flow.messages) for flow in found] == [
        ("/systems/ioffice", "document.issued", "delivered", (("axis", "delivered"),), 2)
    ]


async def test_standings_that_no_message_has_any_more_are_forgotten(store, tmp_path):
    tape, messages = Tape(), [f"m{number}" for number in range(150)]
    await store.append([tape.accepted(message_id) for message_id in messages])
    for turn in range(8):
        await store.append([tape.step("routed", one, f"{one}-{turn}") for one in messages])
    found = await store.recount()
    with sqlite3.connect(tmp_path / "new/messages.db") as reader:
        kept = reader.execute("SELECT count(*) FROM names WHERE kind = 'standing'").fetchone()[0]
    assert (found.accepted, len(found.systems)) == (150, 1200)
    assert kept < 500


async def test_pruned_messages_are_gone_and_their_numbers_are_not_given_again(store):
    tape = Tape()
    await store.append(
        [tape.accepted("m1"), tape.step("dead", "m1"), tape.accepted("m2"), tape.step("dead", "m2")]
    )
    assert await store.prune(before_ms=1_796_000_000_000) == 1
    await store.append([tape.accepted("m3", data={"subject": "Công văn"})])
    assert [found.seq for found in await store.search(MessageQuery())] == [3, 2]
    assert await store.trace("m1") == ()


async def test_a_store_of_an_older_layout_is_refused(tmp_path):
    file = tmp_path / "messages.db"
    old = sqlite3.connect(file)
    old.execute("CREATE TABLE messages (seq INTEGER)")
    old.execute("PRAGMA user_version = 2")
    old.commit()
    old.close()
    with pytest.raises(ConfigurationError, match="another version of lgsp"):
        await MessageStore.open(f"sqlite:///{file}")
