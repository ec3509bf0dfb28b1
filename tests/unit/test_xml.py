import pytest

from lgsp.errors import InvalidMessageError
from lgsp.standards.xml import parse, place_of

pytestmark = pytest.mark.unit

ENTITY = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
LAUGHS = b'<!DOCTYPE a [<!ENTITY b "hahaha"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>'


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "xml.not_xml"),
        (b"hello", "xml.not_xml"),
        ("<a/>".encode("utf-16"), "xml.not_xml"),
        (ENTITY, "xml.doctype"),
        (LAUGHS, "xml.doctype"),
        (b"<a><b></a>", "xml.malformed"),
        (b"<a>", "xml.malformed"),
        (b"<a>&undefined;</a>", "xml.malformed"),
        (b'<a xlink:href="x"/>', "xml.malformed"),
        (b"<a>\xff\xfe</a>", "xml.malformed"),
        (b"<a>" * 100 + b"</a>" * 100, "xml.too_deep"),
        (b"<a>" * 100_000 + b"</a>" * 100_000, "xml.malformed"),  # the parser itself gives up long before
        (b"<a>" + b"<b/>" * 100_001 + b"</a>", "xml.too_many"),
    ],
)
def test_hostile_or_broken_xml_is_refused_with_a_code(raw: bytes, code: str) -> None:
    with pytest.raises(InvalidMessageError) as caught:
        parse(raw)
    assert [fault.code for fault in caught.value.faults] == [code]


def test_size_is_bounded_before_anything_is_parsed() -> None:
    with pytest.raises(InvalidMessageError, match="limit"):
        parse(b"<a/>" + b" " * 100, max_bytes=50)


def test_syntax_error_names_its_line() -> None:
    with pytest.raises(InvalidMessageError) as caught:
        parse(b"<a>\n<b>\n</a>")
    assert caught.value.faults[0].line == 3


def test_byte_order_mark_and_space_before_the_declaration_are_tolerated() -> None:
    assert parse(b'\xef\xbb\xbf\n <?xml version="1.0"?><a/>').tag == "a"


def test_place_counts_twins() -> None:
    root = parse(b'<a xmlns="urn:x"><b/><b><c/></b></a>')
    assert place_of(root[1][0]) == "/a/b[2]/c"
