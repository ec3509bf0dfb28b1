"""Packets of any kind, as values, for hypothesis to draw; and some that are right."""

from datetime import date, datetime

from hypothesis import strategies as st

from lgsp.clock import VIETNAM
from lgsp.standards import edxml
from lgsp.standards.content import Content

# What XML can carry, without the white space at the ends that a reader trims.
TEXT = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0x1EF9, exclude_categories=["Cc", "Cs"]), max_size=40
).map(str.strip)
SOME = TEXT.filter(bool)
NAME = st.from_regex(r"[A-Za-z0-9_-]{1,20}\.(pdf|docx|txt)", fullmatch=True)
ORGAN = st.builds(
    edxml.EdxmlOrgan,
    st.sampled_from(["000.00.00.H34", "H34.1.2", "vxp.saas.03"]),
    SOME,
    TEXT,
    TEXT,
    TEXT,
    TEXT,
    TEXT,
    TEXT,
)
DAY = st.dates(date(1900, 1, 1), date(2099, 12, 31))
# Hypothesis wants its bounds naive.
EARLIEST, LATEST = datetime(2000, 1, 1), datetime(2099, 1, 1)  # noqa: DTZ001
MOMENT = st.datetimes(EARLIEST, LATEST).map(lambda at: at.replace(microsecond=0, tzinfo=VIETNAM))
REFERENCE = st.builds(edxml.EdxmlResponseFor, st.just("000.00.00.G22"), TEXT, st.none() | DAY, SOME)


def attached(contents: list[tuple[str, bytes]]) -> tuple[edxml.EdxmlAttachment, ...]:
    return tuple(
        edxml.EdxmlAttachment(f"cid:{index}", name, Content.of(content))
        for index, (name, content) in enumerate(contents)
    )


ORGAN_ID = st.sampled_from(["000.00.00.H34", "H34.1.2", "vxp.saas.03"])
NUMBER = st.none() | st.integers(0, 999_999_999)
TEXTS = st.lists(SOME, max_size=2).map(tuple)
STAFF = st.none() | st.builds(edxml.EdxmlStaff, SOME, TEXT, TEXT, TEXT, TEXT, TEXT)
BUSINESS = st.builds(
    edxml.EdxmlBusiness,
    doc_type=st.integers(0, 3),
    document_id=SOME,
    reason=TEXT,
    paper=st.none() | st.booleans(),
    document_info=st.none() | st.booleans(),
    document_receiver=st.none() | st.booleans(),
    receivers=st.lists(st.builds(edxml.EdxmlReceiver, ORGAN_ID, NUMBER), max_size=2).map(tuple),
    replacements=st.lists(
        st.builds(edxml.EdxmlReplacement, SOME, st.lists(ORGAN_ID, max_size=2).map(tuple)),
        min_size=1,
        max_size=2,
    ).map(tuple),
    staff=STAFF,
)
EXTENSION = st.builds(
    edxml.EdxmlExtension,
    st.sampled_from(
        ["", "edXMLEnvelope", "edXMLEnvelope/edXMLHeader", "edXMLEnvelope/edXMLHeader/MessageHeader/From"]
    ),
    st.sampled_from(['<a xmlns="urn:x">1</a>', '<v:b xmlns:v="urn:v" c="2"><v:d></v:d></v:b>']),
)
DOCUMENT = st.builds(
    edxml.EdxmlDocument,
    place=TEXT,
    type_code=NUMBER,
    type_detail=NUMBER,
    content=TEXT,
    signer=st.builds(edxml.EdxmlSigner, TEXT, TEXT, TEXT),
    sphere=TEXT,
    typer_notation=TEXT,
    promulgation_amount=NUMBER,
    page_amount=NUMBER,
    direction=st.none() | st.booleans(),
    reply_fors=TEXTS,
    reference_codes=TEXTS,
    steering_type=NUMBER,
    task_codes=TEXTS,
    application_type=TEXT,
    trace_id=st.sampled_from(["", "t-1"]),
    trace_version=st.sampled_from(["", "1.0"]),
    traces=st.lists(st.builds(edxml.EdxmlTrace, ORGAN_ID, st.none() | MOMENT), max_size=2).map(tuple),
    business=st.none() | BUSINESS,
    extensions=st.lists(EXTENSION, max_size=1).map(tuple),
    sender=ORGAN,
    recipients=st.lists(ORGAN, min_size=1, max_size=3).map(tuple),
    number=SOME,
    notation=SOME,
    promulgation_date=DAY,
    type_name=SOME,
    subject=SOME,
    document_id=TEXT,
    due_date=st.none() | DAY,
    priority=st.none() | st.integers(0, 3),
    appendixes=st.lists(SOME, max_size=2).map(tuple),
    responses=st.lists(REFERENCE, max_size=2).map(tuple),
    to_places=st.lists(SOME, max_size=2).map(tuple),
    attachments=st.lists(st.tuples(NAME, st.binary(max_size=200)), max_size=2).map(attached),
)
STATUS = st.builds(
    edxml.EdxmlStatus,
    ORGAN,
    REFERENCE,
    st.sampled_from(["01", "02", "03", "04", "05", "06", "13", "15", "16"]),
    TEXT,
    MOMENT,
)
SIMPLE = edxml.EdxmlDocument(
    edxml.EdxmlOrgan("000.00.00.H34", "UBND"), (edxml.EdxmlOrgan("000.00.00.G22", "VPCP"),), "1", "UBND-VX", date(2026, 11, 23),
    "Công văn", "V/v thử", business=edxml.EdxmlBusiness(paper=False), attachments=attached([("a.pdf", b"%PDF")]),
)  # fmt: skip
PLAIN = edxml.EdxmlDocument(
    edxml.EdxmlOrgan("000.00.00.H34", "UBND"), (edxml.EdxmlOrgan("000.00.00.G22", "VPCP"),), "1", "UBND-VX", date(2026, 11, 23),
    "Công văn", "V/v thử", business=edxml.EdxmlBusiness(paper=False),
)  # fmt: skip
SAID = edxml.EdxmlStatus(
    edxml.EdxmlOrgan("000.00.00.H34", "UBND"), edxml.EdxmlResponseFor("000.00.00.G22", "1/VX"), "03",
    timestamp=datetime(2026, 11, 23, tzinfo=VIETNAM),
)  # fmt: skip
