"""Tables of a stand-in, and the groups of their rows."""

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
