"""The sample gallery: each message fits its schema, or is refused for the very reasons that it says."""

import re
from datetime import datetime

import pytest

from lgsp.clock import VIETNAM
from lgsp.errors import InvalidMessageError, NotFoundError
from lgsp.gateway.lab import Filling, Order, orders_of, sample_of, samples, samples_of
from lgsp.message import Message, type_name
from lgsp.schemas import CANONICAL, SchemaRegistry, dataschema

pytestmark = pytest.mark.unit

FILLING = Filling(1234567, datetime(2026, 11, 26, 8, 30, tzinfo=VIETNAM))


def checked(order: Order) -> set[str]:
    """The places of the faults."""
    message = Message(
        id="m", source="/systems/console", type=type_name(order.kind), dataschema=dataschema(order.kind, order.version),
        subject=order.subject, sender=order.sender, recipients=order.recipients, time=FILLING.now, data=order.data,
    )  # fmt: skip
    try:
        SchemaRegistry().check(message)
    except InvalidMessageError as exc:
        return {fault.place for fault in exc.faults}
    return set()


@pytest.mark.parametrize("name", samples())
def test_a_sample_fits_its_schema_or_is_refused_where_it_says(name: str) -> None:
    sample = sample_of(name)
    *before, order = orders_of(sample, FILLING)
    assert checked(order) == set(sample.places)
    assert bool(sample.places) == (sample.expect == "refused")
    assert [checked(one) for one in before] == [set() for _ in before]


@pytest.mark.parametrize("name", samples())
def test_a_sample_has_a_name_in_both_languages_and_leaves_no_place_open(name: str) -> None:
    sample = sample_of(name)
    assert sample.vi
    assert sample.en
    assert sample.vi != sample.en
    for order in orders_of(sample, FILLING):
        assert re.findall(r"\{[a-z$]", order.model_dump_json().replace('{"', "")) == []


@pytest.mark.parametrize("kind", sorted({kind for kind, _ in CANONICAL}))
def test_each_kind_has_two_samples_or_more_and_one_that_ends_badly(kind: str) -> None:
    ends = [one.expect for one in samples_of(kind)]
    assert len(ends) >= 2
    assert "refused" in ends
    assert {"delivered", "dead"} & set(ends)


def test_what_goes_first_is_about_the_same_document_or_dossier() -> None:
    first, recall = orders_of(sample_of("thu-hoi"), FILLING)
    assert (first.kind, recall.kind) == ("document.issued", "document.recalled")
    assert (
        first.subject
        == recall.subject
        == recall.data["concerns"]
        == "000.00.00.H34,2026/11/26,1234567/UBND-VX"
    )


def test_days_are_counted_from_the_time_of_the_bus() -> None:
    [late] = orders_of(sample_of("qua-han"), FILLING)
    assert str(late.data["due_at"]) == "2026-11-24T08:30:00+07:00"
    assert late.subject == "000.00.09.H34-261126-1234567"


def test_two_fillings_have_numbers_of_their_own() -> None:
    assert Filling.fresh(FILLING.now).number != Filling.fresh(FILLING.now).number


def test_a_sample_that_is_not_there_is_named_in_both_languages() -> None:
    with pytest.raises(NotFoundError, match="no sample 'x'") as caught:
        sample_of("x")
    assert "Không có mẫu" in caught.value.message_vi
