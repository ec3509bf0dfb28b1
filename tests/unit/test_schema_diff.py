"""What a new schema breaks; and that "safe" is never said of something that is not."""

import json

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lgsp.contracts import compare, published
from lgsp.schemas import SchemaRegistry

pytestmark = pytest.mark.unit


def thing(**changes):
    """An object with a name, closed, as our models are."""
    made = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    return made | {"additionalProperties": False} | changes


def named(**schema):
    return thing(properties={"name": {"type": "string"} | schema})


READERS, WRITERS, BOTH = (True, False), (False, True), (True, True)
MORE = {"name": {"type": "string"}, "age": {"type": "integer"}}


@pytest.mark.parametrize(
    ("old", "new", "where", "code", "breaks"),
    [
        (thing(), thing(properties=MORE), "/age", "added", READERS),
        (thing(properties=MORE), thing(), "/age", "removed", WRITERS),
        (thing(properties=MORE), thing(properties=MORE, required=["name", "age"]), "/age", "required", WRITERS),
        (thing(), thing(required=[]), "/name", "optional", READERS),
        (thing(), named(type="integer"), "/name", "type", BOTH),
        (named(type="integer"), named(type="number"), "/name", "type", READERS),
        (thing(), named(type=["string", "null"]), "/name", "type", READERS),
        (named(enum=["a", "b"]), named(enum=["a"]), "/name", "enum_narrowed", WRITERS),
        (named(enum=["a"]), named(enum=["a", "c"]), "/name", "enum_widened", READERS),
        (thing(), named(enum=["a"]), "/name", "enum_added", WRITERS),
        (thing(), named(maxLength=5), "/name", "bound_narrowed", WRITERS),
        (named(minLength=2), named(minLength=1), "/name", "bound_widened", READERS),
        (named(pattern="a"), named(pattern="b"), "/name", "pattern", BOTH),
        (thing(), named(format="date"), "/name", "format", WRITERS),
        (thing(), thing(additionalProperties=True), "/", "opened", READERS),
        (thing(additionalProperties=True), thing(), "/", "closed", WRITERS),
        (
            {"type": "array", "items": {"type": "string"}},
            {"type": "array", "items": {"type": "string"}, "minItems": 1},
            "/", "bound_narrowed", WRITERS,
        ),
        (
            {"type": "array", "items": {"type": "string", "maxLength": 3}},
            {"type": "array", "items": {"type": "string"}},
            "/items", "bound_widened", READERS,
        ),
        (
            {"anyOf": [{"type": "string"}, {"type": "null"}]}, {"type": "string"},
            "/", "choice_gone", WRITERS,
        ),
        (
            {"type": "string"}, {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "/", "choice_added", READERS,
        ),
        (
            {"$ref": "#/$defs/N", "$defs": {"N": {"type": "string"}}},
            {"$ref": "#/$defs/M", "$defs": {"M": {"type": "string", "maxLength": 2}}},
            "/", "bound_narrowed", WRITERS,
        ),
    ],
)  # fmt: skip
def test_a_change_is_named_with_its_place_and_whom_it_breaks(old, new, where, code, breaks) -> None:
    found = {(one.pointer, one.code): (one.breaks_readers, one.breaks_writers) for one in compare(old, new)}
    assert found[where, code] == breaks
    assert {one.message_vi != one.message for one in compare(old, new)} == {True}


def test_what_a_program_does_not_see_is_no_change() -> None:
    described = thing(
        description="A thing", title="Thing", properties={"name": {"type": "string", "default": "x"}}
    )
    assert compare(thing(), described) == ()


def test_a_definition_under_another_name_is_no_change() -> None:
    old = {"$ref": "#/$defs/N", "$defs": {"N": thing()}}
    assert compare(old, {"$ref": "#/$defs/M", "$defs": {"M": thing()}}) == ()


def test_a_schema_that_contains_itself_ends() -> None:
    def tree(extra):
        node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/T"}, "x": extra}}
        return {"$ref": "#/$defs/T", "$defs": {"T": node}}

    [change] = compare(tree({"type": "string"}), tree({"type": "integer"}))
    assert change.pointer == "/x"


def test_every_schema_of_ours_breaks_nothing_against_itself() -> None:
    for schema in published(SchemaRegistry()).values():
        copy = json.loads(json.dumps(schema)) | {"title": "copied"}
        assert compare(schema, copy) == ()


TEXTS = {"minLength": st.integers(0, 2), "maxLength": st.integers(0, 3)}
NUMBERS = {"minimum": st.integers(-2, 2), "maximum": st.integers(-2, 3)}
VALUES = st.lists(st.sampled_from(["", "a", "b", 1, None]), min_size=1, max_size=3, unique=True)
SCALARS = st.one_of(
    st.fixed_dictionaries({"type": st.just("string")}, optional=TEXTS),
    st.fixed_dictionaries({"type": st.sampled_from(["integer", "number"])}, optional=NUMBERS),
    st.fixed_dictionaries({"enum": VALUES}),
    st.sampled_from(
        [{}, True, False, {"type": "null"}, {"type": ["string", "null"]}, {"type": "boolean"}, {"const": 1}]
    ),
)
NAMES = st.sampled_from(["x", "y", "z"])
SCHEMAS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.fixed_dictionaries(
            {"type": st.just("object"), "properties": st.dictionaries(NAMES, inner, max_size=2)},
            optional={"required": st.lists(NAMES, max_size=2, unique=True), "additionalProperties": inner},
        ),
        st.fixed_dictionaries({"type": st.just("array"), "items": inner}, optional={"minItems": st.integers(0, 2)}),
        st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"allOf": st.lists(inner, min_size=1, max_size=2)}),
    ),
    max_leaves=5,
)  # fmt: skip
SAMPLES = st.recursive(
    st.sampled_from([None, True, False, -1, 0, 1, 2, 0.5, 3.0, "", "a", "b", "ab", "abcd"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(old=SCHEMAS, new=SCHEMAS, samples=st.lists(SAMPLES, min_size=5, max_size=15))
def test_what_is_called_safe_is_safe(old, new, samples) -> None:
    old, new = (one if isinstance(one, dict) else {"allOf": [one]} for one in (old, new))
    changes = compare(old, new)
    takes_old, takes_new = (
        jsonschema_rs.validator_for(old).is_valid,
        jsonschema_rs.validator_for(new).is_valid,
    )
    for sample in samples:
        if not any(one.breaks_readers for one in changes):
            assert takes_old(sample) or not takes_new(sample), "a reader was said to be safe"
        if not any(one.breaks_writers for one in changes):
            assert takes_new(sample) or not takes_old(sample), "a writer was said to be safe"


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(schema=SCHEMAS, other=SCHEMAS, samples=st.lists(SAMPLES, min_size=5, max_size=15))
def test_what_is_called_safe_is_safe_where_one_place_was_changed(schema, other, samples) -> None:
    old, new = thing(properties={"x": schema, "y": {}}), thing(properties={"x": other, "y": {}}, required=[])
    changes = compare(old, new)
    takes_old, takes_new = (
        jsonschema_rs.validator_for(old).is_valid,
        jsonschema_rs.validator_for(new).is_valid,
    )
    for one in samples:
        sample = {"x": one, "name": 1}
        assert takes_new(sample) or not takes_old(sample) or any(each.breaks_writers for each in changes)
        assert takes_old(sample) or not takes_new(sample) or any(each.breaks_readers for each in changes)
