"""The promise of `write_readable`, against really reading what was written."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edxml_packets import PLAIN, SAID
from lgsp.clock import VIETNAM
from lgsp.errors import Fault, InvalidMessageError
from lgsp.standards import edxml
from lgsp.standards.content import Content
from lgsp.standards.edxml import readable

pytestmark = pytest.mark.unit

Packet = edxml.EdxmlDocument | edxml.EdxmlStatus

TEXT = st.one_of(
    st.just(""),
    st.text(max_size=6),
    st.sampled_from(["a", " a", "\u00a0", "\r\n", "]]>", "<!--", "&#0;", "\ufffe", "x" * 4001, "x" * 20001])
)  # fmt: skip
ORGAN_ID = st.sampled_from(["000.00.00.H34", "H34.1.2", "vxp.saas.03"]) | TEXT
SOME = st.just("a") | TEXT
ORGAN = st.builds(edxml.EdxmlOrgan, ORGAN_ID, SOME, *[TEXT] * 6)
DAY = st.dates()
MOMENT = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)).map(lambda at: at.replace(tzinfo=VIETNAM))  # noqa: DTZ001 - naive bounds
NUMBER = st.none() | st.integers(-1, 4) | st.integers()
FLAG = st.none() | st.booleans()
TEXTS = st.lists(TEXT, max_size=2).map(tuple)
ABOUT = st.builds(edxml.EdxmlResponseFor, ORGAN_ID, TEXT, st.none() | DAY, TEXT)
STAFF = st.builds(edxml.EdxmlStaff, *[TEXT] * 6)
TRACES = st.lists(st.builds(edxml.EdxmlTrace, ORGAN_ID, st.none() | MOMENT), max_size=2).map(tuple)
RECEIVERS = st.lists(st.builds(edxml.EdxmlReceiver, ORGAN_ID, NUMBER), max_size=2).map(tuple)
REPLACEMENTS = st.lists(
    st.builds(edxml.EdxmlReplacement, TEXT, st.lists(ORGAN_ID, max_size=2).map(tuple)), max_size=2
).map(tuple)
BUSINESS = st.builds(
    edxml.EdxmlBusiness, st.integers(-1, 4), TEXT, TEXT, FLAG, FLAG, FLAG, RECEIVERS, REPLACEMENTS, st.none() | STAFF
)  # fmt: skip
NAME = st.sampled_from(["a.pdf", "../a", "", "a\u202efdp.exe"]) | TEXT
FILES = st.lists(
    st.builds(edxml.EdxmlAttachment, st.sampled_from(["cid:1", "cid:2", ""]), NAME, st.just(Content.of(b"PK")), TEXT), max_size=2
).map(tuple)  # fmt: skip
DOCUMENT = st.builds(
    edxml.EdxmlDocument, sender=ORGAN, recipients=st.lists(ORGAN, max_size=2).map(tuple), number=SOME, notation=SOME,
    promulgation_date=DAY, type_name=SOME, subject=SOME, document_id=TEXT, place=TEXT, type_code=NUMBER, type_detail=NUMBER,
    content=TEXT, signer=st.builds(edxml.EdxmlSigner, TEXT, TEXT, TEXT), due_date=st.none() | DAY, priority=NUMBER, sphere=TEXT,
    typer_notation=TEXT, promulgation_amount=NUMBER, page_amount=NUMBER, direction=FLAG, reply_fors=TEXTS, reference_codes=TEXTS,
    appendixes=TEXTS, responses=st.lists(ABOUT, max_size=2).map(tuple), steering_type=NUMBER, task_codes=TEXTS,
    application_type=TEXT, to_places=TEXTS, trace_id=TEXT, trace_version=TEXT, traces=TRACES, business=st.none() | BUSINESS,
    attachments=FILES, manifest_version=TEXT,
)  # fmt: skip
STATUS = st.builds(
    edxml.EdxmlStatus, sender=ORGAN, response_for=ABOUT, status_code=st.sampled_from(["01", "06", "16"]) | TEXT, description=TEXT,
    timestamp=st.none() | MOMENT, staff=STAFF, trace_id=TEXT, trace_version=TEXT, traces=TRACES, business=st.none() | BUSINESS,
)  # fmt: skip


def mutated(packet: Packet, wild: Packet, names: set[str]) -> Packet:
    """Nearly right: those fields of another."""
    return replace(packet, **{name: getattr(wild, name) for name in names if hasattr(packet, name)})


NAMES = st.sets(
    st.sampled_from(sorted({*PLAIN.__dataclass_fields__, *SAID.__dataclass_fields__} - {"warnings"})),
    max_size=3,
)


def faults_of(work: Callable[[], object]) -> list[Fault] | str | None:
    try:
        work()
    except InvalidMessageError as exc:
        return list(exc.faults)
    except (ValueError, OverflowError) as exc:
        return type(exc).__name__
    return None


def read_again(packet: Packet) -> None:
    """As it was done before there was the promise."""
    alone = replace(packet, attachments=()) if isinstance(packet, edxml.EdxmlDocument) else packet
    edxml.write(packet)
    edxml.read(edxml.write(alone))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.builds(mutated, st.just(PLAIN), DOCUMENT, NAMES) | st.builds(mutated, st.just(SAID), STATUS, NAMES))
@example(PLAIN)
@example(SAID)
@example(replace(PLAIN, recipients=()))
@example(replace(PLAIN, business=edxml.EdxmlBusiness(3)))
@example(replace(SAID, response_for=edxml.EdxmlResponseFor("000.00.00.G22")))
@example(replace(PLAIN, promulgation_date=date(1, 1, 1)))
@example(replace(PLAIN, to_places=("x",) * 1001))
@example(replace(PLAIN, signature="<Signature/>", extensions=(edxml.EdxmlExtension("", "<x/>"),)))
def test_the_promise_is_as_strong_as_reading_again(packet: Packet) -> None:
    assert faults_of(lambda: edxml.write_readable(packet)) == faults_of(lambda: read_again(packet))


@settings(max_examples=30, deadline=None, derandomize=True)
@given(DOCUMENT | STATUS)
def test_the_promise_holds_for_any_packet_whatever(packet: Packet) -> None:
    assert (faults_of(lambda: edxml.write_readable(packet)) is None) == (
        faults_of(lambda: read_again(packet)) is None
    )


@pytest.mark.parametrize("packet", [PLAIN, SAID])
def test_what_is_right_is_written_as_ever_and_not_parsed(
    packet: Packet, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = edxml.write(packet)
    monkeypatch.setattr(readable, "read", None)
    assert edxml.write_readable(packet).read() == expected


def test_a_packet_beyond_what_is_sure_is_parsed() -> None:
    many = tuple(edxml.EdxmlOrgan(f"H34.{number}", "x" * 100) for number in range(999))
    assert faults_of(lambda: edxml.write_readable(replace(PLAIN, recipients=many))) is None
    one_more = replace(PLAIN, trace_id="x" * 65_537)
    assert faults_of(lambda: edxml.write_readable(one_more)) == faults_of(lambda: read_again(one_more))
    assert faults_of(lambda: read_again(one_more))
