import pytest

from lgsp.errors import InvalidMessageError, NotFoundError
from lgsp.message import Message
from lgsp.schemas import SchemaRegistry, dataschema

pytestmark = pytest.mark.unit

DOCUMENT = {
    "document_id": "000.00.01.H34,2026/11/23,1/UBND-VP",
    "issuer": {"id": "000.00.01.H34", "name": "Văn phòng UBND"},
    "recipients": [{"id": "000.00.00.G22", "name": "Văn phòng Chính phủ"}],
    "code": {"number": "1", "notation": "UBND-VP"},
    "promulgated_on": "2026-11-23",
    "due_on": "2026-12-01",
    "type_name": "Công văn",
    "subject": "V/v thử nghiệm",
}


def message(kind="document.issued", data=DOCUMENT, schema=None):
    return Message(
        id="m1", source="/systems/ioffice", type=f"vn.lgsp.{kind}", subject="d1", time="2026-11-23T08:00:00+07:00",
        dataschema=schema or dataschema(kind), data=data,
    )  # fmt: skip


def faults(bad):
    with pytest.raises(InvalidMessageError) as caught:
        SchemaRegistry().check(bad)
    return {fault.place: fault for fault in caught.value.faults}


def test_a_valid_document_passes():
    SchemaRegistry().check(message())


def test_every_fault_of_the_data_is_told_by_json_pointer():
    broken = DOCUMENT | {"subject": "", "priority": 9, "recipients": [{"id": "H34"}], "extra": 1}
    assert set(faults(message(data=broken))) == {
        "/data/subject",
        "/data/priority",
        "/data/recipients/0/name",
        "/data/extra",
    }


def test_an_unknown_type_is_a_fault_that_names_the_known_ones():
    found = faults(message("document.lost"))
    assert "document.issued" in found["/type"].message


@pytest.mark.parametrize(
    "schema",
    ["https://lgsp.vn/schemas/document.issued/2", dataschema("document.status"), "https://elsewhere/1"],
)
def test_a_dataschema_that_does_not_belong_to_the_type_is_a_fault(schema):
    assert (
        "use https://lgsp.vn/schemas/document.issued/1"
        in faults(message(schema=schema))["/dataschema"].message
    )


def test_every_type_of_the_design_has_a_json_schema():
    registry = SchemaRegistry()
    assert len(registry.names()) == 17
    for kind, version in registry.names():
        schema = registry.json_schema(kind, version)
        assert schema["$id"] == dataschema(kind, version)
        assert schema["additionalProperties"] is False


def test_an_unknown_version_names_the_known_ones():
    with pytest.raises(NotFoundError, match="known versions: 1"):
        SchemaRegistry().json_schema("document.issued", 2)
