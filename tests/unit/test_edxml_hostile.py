"""Packets that are damaged, hostile or merely odd: each is refused with a clear fault, or read with a warning, in bounded time."""

import base64
import dataclasses
import io
import random
import subprocess
import sys
import zipfile
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lgsp.errors import Fault, InvalidMessageError
from lgsp.standards import content as content_module
from lgsp.standards import edxml
from lgsp.standards.content import Content
from lgsp.standards.edxml import attachments
from lgsp.standards.edxml.skeleton import cut

pytestmark = pytest.mark.unit

NS = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
FILE = b"%PDF-1.4 noi dung " * 20
PACKET = edxml.EdxmlDocument(
    edxml.EdxmlOrgan("000.00.00.H34", "UBND"), (edxml.EdxmlOrgan("000.00.00.G22", "VPCP"),), "1", "UBND-VX", date(2026, 11, 23),
    "Công văn", "V/v thử", business=edxml.EdxmlBusiness(paper=False),
    attachments=(edxml.EdxmlAttachment("cid:1", "a.pdf", Content.of(FILE)),),
)  # fmt: skip
RAW = edxml.write(PACKET, zipped=False)
TAG = b"edXML:ContentTransferEncoded"
START = RAW.index(b">", RAW.index(b"<" + TAG)) + 1
END = RAW.index(b"</" + TAG)
HEADER_END = b"</edXML:MessageHeader>"


def faults(raw: bytes | Content) -> list[Fault]:
    with pytest.raises(InvalidMessageError) as caught:
        edxml.read(raw)
    assert all(fault.message and fault.message_vi for fault in caught.value.faults)
    return list(caught.value.faults)


def codes(raw: bytes) -> set[str]:
    return {fault.code for fault in faults(raw) if not fault.warning}


def changed(old: bytes, new: bytes) -> bytes:
    assert old in RAW
    return RAW.replace(old, new, 1)


def with_file(text: bytes) -> bytes:
    return RAW[:START] + text + RAW[END:]


def zipped(*entries: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "xml.not_xml"),
        (b"x" + RAW, "xml.not_xml"),
        (RAW.decode().encode("utf-16"), "xml.not_xml"),
        (RAW.decode().encode("cp500", "ignore"), "xml.not_xml"),
        (changed(b"encoding='UTF-8'", b"encoding='ISO-8859-1'"), "xml.encoding"),
        (changed(b"encoding='UTF-8'", b"encoding='UTF-7'"), "xml.encoding"),
        (changed(b"<edXML ", b'<!DOCTYPE a SYSTEM "http://example.invalid/a.dtd"><edXML '), "xml.doctype"),
        (changed(b"<edXML ", b'<!DOCTYPE a [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><edXML '), "xml.doctype"),
        (RAW + b"<!DOCTYPE a>", "xml.doctype"),
        (changed(b"V/v", b"&undefined;"), "xml.malformed"),
        (changed(b"<edXML:Subject>", b'<edXML:Subject xlink:href="x">'), "xml.malformed"),
        (changed(b"V/v", b"\x00"), "xml.malformed"),
        (changed(b"V/v", b"\xed\xa0\x80"), "xml.malformed"),
        (RAW[:-200], "xml.malformed"),
        (RAW[: START + 20], "xml.malformed"),
        (b'<edXML xmlns="' + NS.encode() + b'">' + b"<a>" * 3_300_000, "xml.too_many"),
        (changed(HEADER_END, b"<x/>" * 150_000 + HEADER_END), "xml.too_many"),
        (changed(b"V/v", b"x" * 25_000_000), "xml.too_large"),
        (changed(HEADER_END, b"<edXML:x/>" * 20_000 + HEADER_END), "edxml.too_many_unknown"),
        (changed(b"<edXML:Code>", b"<edXML:To><edXML:OrganId>x</edXML:OrganId></edXML:To>" * 5000 + b"<edXML:Code>"), "edxml.too_many"),
        (changed(f'<edXML xmlns="{NS}"'.encode(), b'<edXML xmlns="urn:other"'), "edxml.namespace"),
        (b"<html><body/></html>", "edxml.root"),
        (f'<edXML xmlns="{NS}"/>'.encode(), "edxml.missing"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_is_no_packet_is_refused(raw: bytes, code: str) -> None:
    assert code in codes(raw)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"@@@@", "attachment"),
        (b"<![CDATA[" + RAW[START:END] + b"]]>", "attachment"),
        (RAW[START : START + 40] + b"<!-- in the middle -->" + RAW[START + 40 : END], "attachment"),
        (b"<a/>", "content"),
        (b"<" + TAG + b">QUJD</" + TAG + b">", "content"),
        (base64.b64encode(zipped(("c", bytes(100_000_000)))), "attachment"),
        (base64.b64encode(zipped(("c", FILE))[:20] + b"?" * 8 + zipped(("c", FILE))[28:]), "attachment"),
    ],
)
def test_file_that_can_not_be_unpacked_is_refused_with_its_place(text: bytes, code: str) -> None:
    [fault] = [fault for fault in faults(with_file(text)) if not fault.warning][:1]
    assert fault.code == f"edxml.{code}"
    assert fault.place.endswith("ContentTransferEncoded")


@pytest.mark.parametrize("name", ["../a", "..\\a", "..", ".", "a/b", "a&#9;b", "a\u202efdp.exe", ""])
def test_file_name_that_plays_tricks_is_refused(name: str) -> None:
    raw = changed(b"a.pdf</AttachmentName>", f"{name}</AttachmentName>".encode())
    assert codes(raw) & {"edxml.value", "edxml.missing"}


def test_manifest_and_attachments_must_fit_each_other() -> None:
    attachment = RAW[RAW.index(b"<Attachment>") : RAW.index(b"</Attachment>") + len(b"</Attachment>")]
    assert codes(changed(b"</AttachmentEncoded>", attachment + b"</AttachmentEncoded>")) == {
        "edxml.duplicate"
    }
    assert codes(RAW.replace(attachment, b"")) == {"edxml.manifest"}


@pytest.mark.parametrize("namespace", [b"http://www.e-doc.vn/Schema/", b"http://www.go.vn/eDoc"])
def test_file_of_an_older_packet_may_have_travelled_beside_it(namespace: bytes) -> None:
    begin, end = RAW.index(b"<AttachmentEncoded>"), RAW.index(b"</edXML>")
    without = RAW[:begin] + RAW[end:]
    assert codes(without) == {"edxml.manifest"}
    older = without.replace(b"http://www.mic.gov.vn/TBT/QCVN_102_2016", namespace)
    packet = edxml.read(older)
    assert isinstance(packet, edxml.EdxmlDocument)
    assert packet.attachments == ()
    assert {(each.code, "cid:1" in each.message) for each in packet.warnings} == {
        ("edxml.namespace", False),
        ("edxml.manifest", True),
    }


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"\xef\xbb\xbf" + RAW, "edxml.beginning"),
        (b" \n" + RAW, "edxml.beginning"),
        (changed(b"V/v th", b"  V/v th"), "edxml.white_space"),
        (changed(b"<edXML:Subject>", b'<edXML:Subject a="x>y" b=\'"\'>'), "edxml.attribute"),
        (RAW.replace(b"edXML:OrganId>", b"edXML:OrganID>"), "edxml.spelling"),
        (changed(HEADER_END, b"<edXML:DoMat>A</edXML:DoMat>" + HEADER_END), "edxml.unknown"),
    ],
    ids=["bom", "space", "white space", "attribute", "spelling", "unknown"],
)
def test_habits_that_do_no_harm_are_read_with_a_warning(raw: bytes, code: str) -> None:
    packet = edxml.read(raw)
    assert {fault.code for fault in packet.warnings} == {code}
    assert dataclasses.replace(packet, warnings=(), extensions=()) == PACKET


def test_file_in_a_comment_or_in_odd_places_is_no_file() -> None:
    hidden = b"<edXML:ContentTransferEncoded>QUJD</edXML:ContentTransferEncoded>"
    for markup in (b"<!-- %s -->", b"<?x %s ?>"):
        assert (
            edxml.read(changed(b"<edXML:Subject>", markup.replace(b"%s", hidden) + b"<edXML:Subject>"))
            == PACKET
        )
    subject = edxml.read(changed(b"V/v", b"<![CDATA[" + hidden + b"]]>V/v"))
    assert isinstance(subject, edxml.EdxmlDocument)
    assert subject.subject.startswith(hidden.decode())


def test_elements_that_nobody_knows_are_kept_at_their_place() -> None:
    foreign = b'<v:Seal xmlns:v="urn:vendor"><v:No>7</v:No></v:Seal>'
    first = edxml.read(changed(b"</edXML:From>", foreign + b"</edXML:From>"))
    again = edxml.read(edxml.write(first))
    assert again == first
    [extension] = again.extensions
    assert extension.path == "edXMLEnvelope/edXMLHeader/MessageHeader/From"
    assert "<v:No>7</v:No>" in extension.xml


def test_element_that_has_no_canonical_form_is_kept_as_it_is() -> None:
    packet = edxml.read(changed(HEADER_END, b'<a xmlns="relative/uri">x</a>' + HEADER_END))
    assert packet.extensions[0].xml.startswith('<a xmlns="relative/uri"')
    assert edxml.read(edxml.write(packet)) == packet


def test_older_root_straight_over_the_message_is_read() -> None:
    raw = (
        b'<EdXMLEnvelope xmlns="http://www.go.vn/eDoc"><MessageHeader><From><OrganId>H34</OrganId><OrganName>A</OrganName></From>'
        b"<ResponseFor><OrganId>H41</OrganId><Code>1/A</Code></ResponseFor><StatusCode>01</StatusCode>"
        b"<Timestamp>2026/11/23 10:00:00</Timestamp></MessageHeader></EdXMLEnvelope>"
    )
    status = edxml.read(raw)
    assert isinstance(status, edxml.EdxmlStatus)
    assert (status.status_code, status.response_for.organ_id) == ("01", "H41")
    assert "edxml.namespace" in {fault.code for fault in status.warnings}


def test_line_of_a_fault_is_right_also_behind_a_file_of_many_lines() -> None:
    text = b"\n".join(RAW[START:END][at : at + 4] for at in range(0, END - START, 4)) + b"\n"
    raw = with_file(text).replace(b"</Attachment>", b"\n<Format>" + b"x" * 30_000 + b"</Format></Attachment>")
    [fault] = [fault for fault in faults(raw) if not fault.warning]
    assert raw.split(b"\n")[fault.line - 1].startswith(b"<Format>")


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 11, 40, 97])
def test_every_cut_of_the_stream_gives_the_same_skeleton(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = RAW.replace(b"<edXML:Code>", b"<!-- <a> --><![CDATA[ ]]><?p <b> ?><edXML:Code>")
    whole = cut(Content.of(odd))
    monkeypatch.setattr(content_module, "CHUNK_BYTES", size)
    parts = cut(Content.of(odd))
    assert parts.xml.replace(parts.cuts[0].marker.encode(), b"") == whole.xml.replace(
        whole.cuts[0].marker.encode(), b""
    )
    assert [(each.start, each.end) for each in parts.cuts] == [(each.start, each.end) for each in whole.cuts]


def mutated(chance: random.Random) -> bytes:
    raw = bytearray(RAW)
    for _ in range(chance.randint(1, 6)):
        at, length = chance.randrange(len(raw)), chance.randint(1, 60)
        piece = bytes(raw[at : at + length])
        match chance.randrange(4):
            case 0:
                raw[at] ^= 1 << chance.randrange(8)
            case 1:
                del raw[at : at + length]
            case 2:
                raw[at:at] = piece
            case _:
                other = chance.randrange(len(raw))
                raw[other : other + length] = piece
    return bytes(raw)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_no_damage_brings_anything_but_faults(seed: int) -> None:
    found = edxml.check(mutated(random.Random(seed)))
    assert len(found) <= 400
    assert all(len(fault.message) < 2000 and fault.message_vi for fault in found)


BIG = """
import os, sys
from datetime import date
from lgsp.standards import edxml
from lgsp.standards.content import Content

def peak():
    lines = open("/proc/self/status").read().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024

def packet(file):
    files = (edxml.EdxmlAttachment("cid:1", "a.bin", file),)
    organ = edxml.EdxmlOrgan("000.00.00.H34", "UBND")
    return edxml.EdxmlDocument(organ, (organ,), "1", "UBND-VX", date(2026, 11, 23), "Công văn", "V/v", attachments=files)

edxml.read(edxml.write(packet(Content.of(b"small"))))
before = peak()
block = os.urandom(1 << 20)
file = Content.of(block for _ in range(100))
read = edxml.read(edxml.write_content(packet(file)))
assert read.attachments[0].content == file
print(peak() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="peak memory is read from /proc")
def test_a_hundred_megabytes_pass_with_flat_memory() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", BIG], capture_output=True, text=True, timeout=120, check=True
    )
    assert float(ended.stdout) < 64


def unpacked(raw: bytes) -> bytes | str:
    try:
        return attachments.decode([base64.b64encode(raw)], "a.pdf").read()
    except ValueError as exc:
        return str(exc)


WRAPPED = zipped(("content", b"%PDF" + bytes(40)))


@given(
    st.lists(st.tuples(st.integers(0, len(WRAPPED) - 1), st.integers(0, 255)), max_size=2),
    st.binary(max_size=3),
)
def test_a_plain_wrapping_is_taken_off_as_zipfile_takes_it_off(
    changes: list[tuple[int, int]], behind: bytes
) -> None:
    raw = bytearray(WRAPPED)
    for at, byte in changes:
        raw[at] = byte
    raw += behind
    quickly = unpacked(bytes(raw))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attachments, "_plainly_wrapped", lambda _: None)
        assert quickly == unpacked(bytes(raw))
