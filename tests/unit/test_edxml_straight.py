"""The shortest way of reading, against the careful one: it takes less, and what it takes it reads alike."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edxml_packets import DOCUMENT, PLAIN, SAID, SIMPLE, STATUS
from lgsp.errors import InvalidMessageError
from lgsp.standards import edxml
from lgsp.standards.content import Content
from lgsp.standards.edxml.read import read_with_care
from lgsp.standards.edxml.straight import read_straight
from lgsp.standards.signatures import Contents, sign_xml
from lgsp.standards.xml import Element
from signing_samples import AT, DSIG, NAMESPACE, key

pytestmark = pytest.mark.unit

Packet = edxml.EdxmlDocument | edxml.EdxmlStatus
PIECES = st.sampled_from([
    "", " ", "\n", "\r\n", "\u00a0", "\ufffe", "\x0b", "\x85", "<", ">", "&", "&amp;", "&#65;", "]]>", "<!-- -->", "<![CDATA[a]]>",
    "<?a?>", "a", "0", "00", "13", "9", "2026/02/30", "2026/02/29", "24:00:00", "truE", "true", "H34", "٣", "x" * 256, "x" * 4001,
    "x" * 20001, "...", "a/b", "cid:0", "cid:1", "UEsDBA==", ' id="1"', ' b="1"', "/", "</edXML:From>", "<edXML:Fax>1</edXML:Fax>",
    "<edXML:X>1</edXML:X>", "<edXML:To/>", "<edXML:OtherInfo></edXML:OtherInfo>", "<edXML:StatusCode>01</edXML:StatusCode>",
    "<edXML:TypeDetail>1</edXML:TypeDetail>", 'encoding="ascii"', "e:", 'xmlns="u"', "<edXML:Signature/>",
])  # fmt: skip
SPLIT = re.compile(r"(<[^>]*>|[^<]+)")


def careful(raw: bytes) -> Packet | None:
    try:
        return read_with_care(Content.of(raw))
    except InvalidMessageError:
        return None


def signed(packet: Packet, namespace: str = NAMESPACE) -> bytes:
    def sign(root: Element, contents: Contents) -> None:
        sign_xml(root, key(), contents, AT, namespace=namespace)

    return edxml.write(packet, sign=sign)


def check(raw: bytes) -> bool:
    """Whether it was read; if so, as ever."""
    packet = read_straight(raw)
    assert packet is None or packet == careful(raw)
    return packet is not None


SIGNED = {namespace: signed(SIMPLE, namespace).decode() for namespace in (NAMESPACE, DSIG)}


@settings(max_examples=100, deadline=None, derandomize=True)
@given(DOCUMENT | STATUS, st.booleans())
def test_what_is_written_is_read_alike(packet: Packet, zipped: bool) -> None:
    check(edxml.write(packet, zipped=zipped))


@pytest.mark.parametrize("packet", [SIMPLE, PLAIN, SAID])
@pytest.mark.parametrize("between", ["><", ">\n  <", ">\r\n<"])
def test_what_is_usual_is_read_straight(packet: Packet, between: str) -> None:
    assert check(edxml.write(packet).decode().replace("><", between).encode())


@settings(max_examples=400, deadline=None, derandomize=True)
@given(
    DOCUMENT | STATUS | st.sampled_from([SIMPLE, PLAIN, SAID]),
    st.lists(st.tuples(st.integers(0), PIECES, st.booleans()), min_size=1, max_size=2),
)
def test_whatever_is_put_into_it_is_read_alike_or_not_straight(
    packet: Packet, changes: list[tuple[int, str, bool]]
) -> None:
    parts = SPLIT.findall(edxml.write(replace(packet, extensions=())).decode())
    for place, piece, instead in changes:
        at = place % len(parts)
        parts[at] = piece if instead else parts[at] + piece
    check("".join(parts).encode())


@settings(max_examples=200, deadline=None, derandomize=True)
@given(DOCUMENT | STATUS, st.integers(0), st.integers(0), st.integers(0, 3))
def test_parts_that_change_places_or_are_lost_or_doubled(
    packet: Packet, one: int, other: int, what: int
) -> None:
    parts = SPLIT.findall(edxml.write(replace(packet, extensions=())).decode())
    first, second = sorted((one % len(parts), other % len(parts)))
    middle = parts[first:second]
    parts[first:second] = [middle[::-1], [], middle * 2, middle[1:] + middle[:1]][what]
    check("".join(parts).encode())


@pytest.mark.parametrize("namespace", [NAMESPACE, DSIG])
@pytest.mark.parametrize("packet", [SIMPLE, SAID])
def test_a_signed_packet_is_read_straight_too(packet: Packet, namespace: str) -> None:
    raw = signed(packet, namespace)
    assert check(raw)
    assert read_straight(raw) != read_straight(edxml.write(packet))
    with_prefix = (
        raw.replace(b"<Signature xmlns=", b"<d:Signature xmlns:d=")
        .replace(b"<Signature>", b"<edXML:Signature>")
        .replace(b"</Signature>", b"</d:Signature>" if namespace == DSIG else b"</edXML:Signature>")
    )
    assert not check(with_prefix)


@pytest.mark.parametrize("put", [b"", b" "])
def test_a_signature_is_kept_with_the_prefixes_that_were_signed(put: bytes) -> None:
    raw = signed(SIMPLE).replace(b"</edXML:Subject>", put + b"</edXML:Subject>")
    kept = read_with_care(Content.of(raw)).signature
    assert kept.startswith(f'<Signature xmlns="{NAMESPACE}"><SignedInfo>')


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.sampled_from([NAMESPACE, DSIG]),
    st.integers(0),
    st.integers(0),
    st.booleans(),
    PIECES | st.sampled_from(["</Signature>", "<Signature>", "<a>" * 70 + "</a>" * 70]),
)
def test_whatever_is_put_into_a_signature(
    namespace: str, one: int, other: int, is_after: bool, piece: str
) -> None:
    parts = SPLIT.findall(SIGNED[namespace])
    begin = next(place for place, part in enumerate(parts) if part.startswith("<Signature"))
    end = parts.index("</Signature>") + 1
    first, second = sorted((begin + one % (end - begin), begin + other % (end - begin)))
    parts[first:second] = [*parts[first:second], piece] if is_after else [piece, *parts[first + 1 : second]]
    check("".join(parts).encode())


def test_a_packet_that_is_too_large_or_names_too_many_is_read_with_care() -> None:
    many = tuple(edxml.EdxmlOrgan(f"H34.{number}", "x") for number in range(1001))
    assert not check(edxml.write(replace(PLAIN, recipients=many)))
    assert not check(
        edxml.write(replace(PLAIN, content="x" * 20_000, place="x" * 20_000, sphere="x" * 19_000))
    )
