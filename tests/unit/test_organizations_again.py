"""Organizations that were checked before are recognised, and nothing else is."""

import pytest
from pydantic import ValidationError

from lgsp.bench.load import documents
from lgsp.model.document import Document

pytestmark = pytest.mark.unit


def many(*others):
    (message,) = documents(1, 4_096)
    return message.data | {"recipients": [*message.data["recipients"], *others]}


def test_an_organization_that_came_before_is_the_same_object():
    first, second = (Document.model_validate(many()) for _ in range(2))
    assert all(one is other for one, other in zip(first.recipients, second.recipients, strict=True))


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "H34", "name": ""},
        {"id": "h 34", "name": "Xã"},
        {"id": "H34", "name": "Xã", "extra": "1"},
        {"id": "H34", "name": ["Xã"]},
        {"name": "Xã"},
        {"H34": "id", "Xã": "name"},
        7,
        None,
        ["id", "name"],
    ],
)
def test_what_is_wrong_is_named_each_time_at_its_place(wrong):
    for _ in range(2):
        with pytest.raises(ValidationError) as found:
            Document.model_validate(many(wrong))
        assert {fault["loc"][:2] for fault in found.value.errors()} == {
            ("recipients", len(many()["recipients"]))
        }


def test_what_another_field_says_makes_another_organization():
    plain, with_address = {"id": "H34", "name": "Xã"}, {"id": "H34", "name": "Xã", "address": "Kon Tum"}
    document = Document.model_validate(many(plain, with_address, plain))
    assert [one.address for one in document.recipients[-3:]] == ["", "Kon Tum", ""]


def test_a_document_has_at_most_a_thousand_of_them():
    with pytest.raises(ValidationError):
        Document.model_validate(many(*[{"id": "H34", "name": "Xã"}] * 1000))


@pytest.mark.parametrize("alike", [{"H34": "Xã"}, {"id": "H34", "other": "Xã"}, {"name": "H34", "id": "Xã"}])
def test_what_has_the_same_texts_in_other_places_is_not_taken_for_it(alike):
    Document.model_validate(many({"id": "H34", "name": "Xã"}))
    with pytest.raises(ValidationError):
        Document.model_validate(many(alike))
