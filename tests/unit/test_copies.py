"""In what the copies of a document differ: what two places both keep, and keep differently."""

import pytest

from lgsp.gateway.copies import bus_copy, copies_of, differences

pytestmark = pytest.mark.unit

HERE, THERE = "000.00.00.H34", "000.00.00.G22"
ISSUED = {
    "code": {"number": "3", "notation": "UBND-VX"},
    "promulgated_on": "2026-11-26",
    "attachments": [{"blob": {"sha256": "b"}}, {"blob": {"sha256": "a"}}],
}


def report(code: str) -> tuple[str, dict]:
    return "document.status", {"reporter": {"id": THERE}, "status": code}


def row(direction: str = "in", **changes: object) -> dict:
    agency = THERE if direction == "in" else HERE
    return {
        "direction": direction,
        "agency": agency,
        "code": "3/UBND-VX",
        "promulgated_on": "2026/11/26",
        "attachments": [{"sha256": "a"}, {"sha256": "b"}],
        "status": "06",
        "receivers": {THERE: {"status": "06"}} if direction == "out" else {},
        **changes,
    }


def packet(kind: str, code: str) -> dict:
    return {"messageType": kind, "from": THERE if kind == "status" else HERE, "code": code}


def found(*rows: dict, reports: tuple[str, ...] = ("01", "03", "06")) -> dict:
    bus = bus_copy([("document.issued", ISSUED), *map(report, reports)])
    held = copies_of("ioffice", [row("out"), *rows])
    return {(one.what, one.organization): dict(one.values) for one in differences([bus, *held])}


def test_equal_copies_agree_whatever_the_order_of_their_files_and_the_form_of_their_date():
    axis = copies_of(
        "axis", [packet("edoc", "3/UBND-VX"), *(packet("status", code) for code in ("01", "06"))]
    )
    assert found(row()) == {}
    assert axis[0].number == "3/UBND-VX"
    assert axis[0].statuses == {THERE: "06"}


@pytest.mark.parametrize(
    ("change", "what", "value"),
    [
        ({"code": "4/UBND-VX"}, "number", "4/UBND-VX"),
        ({"promulgated_on": "2026/11/27"}, "date", "2026-11-27"),
        ({"attachments": [{"sha256": "a"}]}, "files", "a"),
        ({"attachments": []}, "files", "-"),
    ],
)
def test_what_a_receiver_has_otherwise_is_named_with_the_place(change, what, value):
    differing = found(row(**change))
    assert list(differing) == [(what, "")]
    assert differing[what, ""][f"ioffice {THERE}"] == value


def test_a_status_that_one_place_has_not_heard_of_is_named_by_receiver():
    differing = found(row(), reports=("01", "03"))
    assert differing == {("status", THERE): {"bus": "03", f"ioffice {HERE}": "06", f"ioffice {THERE}": "06"}}


def test_a_late_report_and_one_of_another_kind_change_no_status():
    assert found(row(), reports=("06", "03", "15", "??")) == {}


def test_a_changed_document_counts_as_it_was_changed():
    later = {"document": {**ISSUED, "promulgated_on": "2026-11-30"}}
    copy = bus_copy([("document.issued", ISSUED), ("document.updated", later)])
    assert copy.date == "2026-11-30"
    assert bus_copy([report("01")]) is None
