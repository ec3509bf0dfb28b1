"""A JSON Pointer is found at its line, in whole texts and in broken ones."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lgsp.console.places import line_of, lines_of

pytestmark = pytest.mark.unit

TEXT = """{
  "data": {"name": "a",
    "list": [1,
      {"name": "b\\n"}
    ], "a/b~c": null
  }
}"""


def test_names_that_repeat_escapes_and_list_items_are_told_apart():
    lines = lines_of(TEXT)
    assert lines == {
        "": 1, "/data": 2, "/data/name": 2, "/data/list": 3, "/data/list/0": 3, "/data/list/1": 4, "/data/list/1/name": 4,
        "/data/a~1b~0c": 5,
    }  # fmt: skip


def test_what_is_missing_is_shown_where_it_should_be_and_what_is_nowhere_nowhere():
    lines = lines_of(TEXT)
    assert line_of("/data/list/1/subject", lines) == 4
    assert line_of("/other", lines) == line_of("", lines) == 0


@pytest.mark.parametrize("end", range(len(TEXT)))
def test_a_text_that_is_cut_anywhere_says_what_it_can(end):
    whole = lines_of(TEXT)
    assert lines_of(TEXT[:end]).items() <= whole.items()


def test_a_text_that_nests_without_end_ends():
    assert len(lines_of("[" * 100_000)) <= 102


VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_every_member_of_any_json_has_the_line_of_its_name(value):
    text = json.dumps(value, ensure_ascii=False, indent=1)
    lines = text.split("\n")

    def check(inner: object, pointer: str) -> None:
        members = (
            inner.items() if isinstance(inner, dict) else enumerate(inner) if isinstance(inner, list) else ()
        )
        for name, below in members:
            place = f"{pointer}/{str(name).replace('~', '~0').replace('/', '~1')}"
            if isinstance(inner, dict):
                assert json.dumps(name, ensure_ascii=False) + ":" in lines[found[place] - 1]
            assert place in found
            check(below, place)

    found = lines_of(text)
    check(value, "")
