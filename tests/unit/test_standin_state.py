"""Tables of a stand-in, and the groups of their rows."""

import asyncio
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lgsp_mocks.kit.state import State, Table

pytestmark = pytest.mark.unit
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from("abcd"), st.sampled_from(["x", "y", ""])),
        st.tuples(st.just("delete"), st.sampled_from("abcd"), st.just("")),
        st.tuples(st.just("clear"), st.just(""), st.just("")),
    ),
    max_size=30,
)


@given(CHANGES)
def test_a_group_holds_what_a_search_through_the_table_would_find(changes):
    table = Table()
    group = table.grouped(lambda row: str(row["in"]) or None)
    for what, key, value in changes:
        match what:
            case "put":
                table.put(key, {"key": key, "in": value})
            case "delete":
                table.delete(key)
            case _:
                table.clear()
        for name in ("x", "y", ""):
            searched = [row for row in table.values() if name and row["in"] == name]
            assert sorted(group.of(name), key=str) == sorted(searched, key=str)


@given(CHANGES, st.integers(0, 30))
def test_counts_by_a_field_are_those_of_a_search_whenever_they_were_asked_first(changes, first_asked):
    table = Table()
    for number, (what, key, value) in enumerate([*changes, ("get", "", "")]):
        if number >= first_asked or what == "get":
            assert table.counts_by("in") == Counter(row["in"] for row in table.values())
        match what:
            case "put":
                table.put(key, {"key": key, "in": value})
            case "delete":
                table.delete(key)
            case "clear":
                table.clear()


def test_no_more_than_a_few_fields_are_kept_counted():
    table = Table()
    table.put("1", {"in": "x"})
    assert {tuple(table.counts_by(f"field {number}").items()) for number in range(50)} == {(("", 1),)}
    assert table.counts_by("in") == {"x": 1}
    assert len(table._groups) <= 8


async def test_a_group_has_what_was_in_the_file_and_in_the_table_before_it(tmp_path):
    first = await State(tmp_path / "state.sqlite3").open()
    first.table("packets").put("1", {"in": "x"})
    await first.aclose()

    again = State(tmp_path / "state.sqlite3")
    before_it_is_loaded = again.table("packets").grouped(lambda row: str(row["in"]))
    await again.open()
    assert (
        before_it_is_loaded.of("x")
        == again.table("packets").grouped(lambda row: str(row["in"])).of("x")
        == [{"in": "x"}]
    )
    await again.aclose()


async def test_whoever_commits_at_the_same_time_everything_is_written(tmp_path):
    state = await State(tmp_path / "state.sqlite3").open()

    async def writer(name: str) -> None:
        for number in range(100):
            state.table(name).put(str(number), {"number": number})
            await state.commit()

    await asyncio.gather(*(writer(f"table {number}") for number in range(16)))
    await state.aclose()
    again = await State(tmp_path / "state.sqlite3").open()
    assert {name: len(table) for name, table in again.tables.items()} == {
        f"table {number}": 100 for number in range(16)
    }
    await again.aclose()


async def test_who_commits_in_one_turn_shares_a_transaction_and_its_failure(tmp_path, monkeypatch):
    state = await State(tmp_path / "state.sqlite3").open()
    written: list[int] = []

    def write(changes, files):
        written.append(len(changes))
        raise OSError("disk full")

    monkeypatch.setattr(state._file, "write", write)

    async def change(key: str) -> None:
        state.table("t").put(key, {})
        await state.commit()

    failed = await asyncio.gather(*(change(str(number)) for number in range(3)), return_exceptions=True)
    assert written == [3]
    assert [str(one) for one in failed] == ["disk full"] * 3


async def test_a_commit_whose_caller_has_gone_is_written_all_the_same(tmp_path):
    state = await State(tmp_path / "state.sqlite3").open()
    state.table("t").put("1", {})
    committing = asyncio.create_task(state.commit())
    await asyncio.sleep(0)
    committing.cancel()
    await state.aclose()
    again = await State(tmp_path / "state.sqlite3").open()
    assert "1" in again.table("t")
    await again.aclose()


async def test_what_could_not_be_written_is_written_by_the_next_commit(tmp_path, monkeypatch):
    state = await State(tmp_path / "state.sqlite3").open()
    state.table("t").put("gone", {})
    await state.commit()
    with monkeypatch.context() as broken:
        broken.setattr(state._file, "write", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
        state.table("t").put("1", {})
        state.table("t").delete("gone")
        state.keep_file("a" * 64, b"x")
        with pytest.raises(OSError, match="disk full"):
            await state.commit()
    await state.aclose()
    again = await State(tmp_path / "state.sqlite3").open()
    assert list(again.table("t").items()) == [("1", {})]
    assert again.file("a" * 64) == b"x"
    await again.aclose()


@given(CHANGES, st.integers(1, 4))
async def test_the_file_has_the_same_rows_in_the_same_order_as_the_memory(changes, commit_each):
    with TemporaryDirectory() as folder:
        state = await State(Path(folder) / "state.sqlite3").open()
        table = state.table("t")
        for number, (what, key, value) in enumerate(changes):
            match what:
                case "put":
                    table.put(key, {"in": value, "number": number})
                case "delete":
                    table.delete(key)
                case _:
                    table.clear()
            if number % commit_each == 0:
                await state.commit()
        await state.aclose()
        again = await State(Path(folder) / "state.sqlite3").open()
        assert list(again.table("t").items()) == list(table.items())
        await again.aclose()
