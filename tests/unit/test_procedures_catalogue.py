"""The catalogue of procedures: how many, always the same, and how two catalogues differ."""

import hashlib
from dataclasses import astuple

import pytest

from lgsp.standards import identifiers
from lgsp.standards.procedures import DifferenceKind, compare, digest
from lgsp_mocks.kit import population
from lgsp_mocks.kit.procedures import by_code, catalogue
from lgsp_mocks.kit.procedures_content import first_edition, papers, read_edition, ways

pytestmark = pytest.mark.unit


def test_catalogue_has_the_published_size() -> None:
    everything = catalogue(34)
    assert len(everything) == 1624
    assert sum(one.synchronized for one in everything) == 591
    assert {one.level for one in everything if one.synchronized} == {"1", "3"}


def test_codes_and_names_are_well_formed_and_none_comes_twice() -> None:
    everything = catalogue(34)
    assert all(identifiers.check_procedure_code(one.code) for one in everything)
    assert len({one.code for one in everything}) == len({one.name for one in everything}) == 1624
    assert all(one.code.endswith(".H34") == one.synchronized for one in everything)


def test_everybody_who_is_responsible_is_known() -> None:
    people = population(34)
    known = {agency.id: agency for agency in people.agencies}
    assert all(one.publisher_id in known and one.unit_id in known for one in people.procedures)
    assert all(known[one.unit_id].province == one.synchronized for one in people.procedures)


def test_catalogue_is_the_same_in_every_process() -> None:
    text = "\n".join(repr(astuple(one)) for one in catalogue(34))
    found = hashlib.sha256(text.encode()).hexdigest()
    assert found == "569c8d8857b7c07f372bf0ab2a58e91027e8aea4f07a6ded510d63d49f4bf253"
    catalogue.cache_clear()
    assert "\n".join(repr(astuple(one)) for one in catalogue(34)) == text


def test_the_forty_that_the_demo_names_stay_as_they_are() -> None:
    core = [astuple(one)[:10] for one in catalogue(34)[:40]]
    assert core[0] == (
        "1.000001.000.00.00.H34", "Đăng ký lĩnh vực hộ tịch (mô phỏng 1)", "G15-TP03", "Hộ tịch", "1", 3, "000.00.00.H34",
        "000.00.03.H34", 100000, False,
    )  # fmt: skip
    assert (
        hashlib.sha256(repr(core).encode()).hexdigest()
        == "3d03ed5e8cdb6df58153623d6d223ed4b14a74e290e6c376501b1b0175fc7ef0"
    )


def test_citizens_do_not_depend_on_the_number_of_procedures() -> None:
    people = repr([astuple(one) for one in population(34).citizens])
    assert (
        hashlib.sha256(people.encode()).hexdigest()
        == "58c99371ca361b8b14609c226909a7b1b492fbad44c5717802cfa8f36b053fff"
    )


def test_another_seed_gives_another_catalogue_of_the_same_size() -> None:
    assert len(catalogue(35)) == 1624
    assert catalogue(35) != catalogue(34)


def test_looking_up_needs_no_search() -> None:
    assert by_code(34) is by_code(34)
    assert list(by_code(34)) == [one.code for one in catalogue(34)]


def test_population_is_made_without_its_procedures() -> None:
    population.cache_clear()
    catalogue.cache_clear()
    people = population(34)
    assert catalogue.cache_info().currsize == 0
    assert people.procedure("1.000001.000.00.00.H34") is not None
    assert people.procedure("9.999999") is None


def test_edition_survives_its_record() -> None:
    for one in catalogue(34)[::100]:
        assert read_edition(first_edition(one).record()) == first_edition(one)


def test_papers_begin_with_the_form_and_every_channel_has_a_time() -> None:
    for one in catalogue(34):
        assert papers(one)[0].originals == 1
        assert [way.working_days for way in ways(one)] == [one.working_days] * 3


HELD = {"a": {"fee": 1, "name": "A"}, "b": {"fee": 2}}


def test_equal_catalogues_differ_in_nothing() -> None:
    assert compare(HELD, dict(HELD)) == []


def test_difference_names_the_field_with_both_values() -> None:
    [found] = compare({**HELD, "a": {"fee": 9, "name": "A"}}, HELD)
    assert (found.code, found.kind) == ("a", DifferenceKind.CHANGED)
    assert [(one.name, one.published, one.held) for one in found.fields] == [("fee", 9, 1)]
    assert str(found) == "a changed: fee 9 (held 1)"


def test_added_and_repealed_are_told_apart() -> None:
    found = compare({"a": HELD["a"], "c": {"fee": 3}}, HELD)
    assert [(one.code, one.kind.value) for one in found] == [("c", "added"), ("b", "repealed")]


def test_repealed_here_is_repealed_there_and_nothing_where_it_was_never_held() -> None:
    repealed = {"fee": 1, "name": "A", "state": "repealed"}
    assert [one.kind.value for one in compare({"a": repealed}, {"a": HELD["a"]})] == ["repealed"]
    assert compare({"a": repealed}, {}) == []
    assert compare({"a": repealed}, {"a": repealed}) == []
    assert [one.kind.value for one in compare({"a": HELD["a"]}, {"a": repealed})] == ["added"]


def test_digest_does_not_depend_on_the_order_of_fields() -> None:
    assert digest({"a": 1, "b": [2]}) == digest({"b": [2], "a": 1}) != digest({"a": 1, "b": [3]})
