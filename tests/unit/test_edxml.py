import base64
import dataclasses
import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edxml_packets import DOCUMENT, SIMPLE, STATUS
from lgsp.errors import InvalidMessageError
from lgsp.standards import edxml
from lgsp.standards.content import Content
from lgsp.standards.edxml import attachments

pytestmark = pytest.mark.unit


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.one_of(DOCUMENT, STATUS), st.booleans())
def test_what_is_written_is_read_back_equal(
    packet: edxml.EdxmlDocument | edxml.EdxmlStatus, zipped: bool
) -> None:
    raw = edxml.write(packet, zipped=zipped)
    again = dataclasses.replace(edxml.read(raw), warnings=())
    assert again == packet
    assert edxml.write(again, zipped=zipped) == raw


def test_written_shape_is_that_of_real_files() -> None:
    text = edxml.write(SIMPLE).decode()
    assert '<edXML xmlns="http://www.mic.gov.vn/TBT/QCVN_102_2016"><edXML:edXMLEnvelope xmlns:edXML=' in text
    assert "<AttachmentEncoded><Attachment><ContentId>cid:0</ContentId>" in text
    assert "<edXML:ContentTransferEncoded" in text


def test_every_fault_is_reported_with_its_line_and_path() -> None:
    raw = (
        edxml.write(SIMPLE)
        .replace(b"2026/11/23", b"2026/02/30")
        .replace(b"<edXML:Subject>", b"<edXML:Subjekt>")
    )
    raw = (
        raw.replace(b"</edXML:Subject>", b"</edXML:Subjekt>")
        .replace(b"000.00.00.G22", b"nobody")
        .replace(b"><", b">\n<")
    )
    with pytest.raises(InvalidMessageError) as caught:
        edxml.read(raw)
    places = {fault.place.rsplit("MessageHeader/", 1)[-1]: fault.line for fault in caught.value.faults}
    assert set(places) == {"To/OrganId", "PromulgationInfo/PromulgationDate", "Subject", "Subjekt"}
    assert all(line >= 5 for line in places.values())
    assert all(fault.message_vi for fault in caught.value.faults)


def test_order_prefix_and_older_namespace_are_harmless() -> None:
    raw = edxml.write(SIMPLE).replace(b"edXML:", b"x:").replace(b"xmlns:edXML", b"xmlns:x")
    assert edxml.read(raw) == dataclasses.replace(SIMPLE)
    older = edxml.write(SIMPLE).replace(
        b"http://www.mic.gov.vn/TBT/QCVN_102_2016", b"http://www.e-doc.vn/Schema/"
    )
    assert {fault.code for fault in edxml.read(older).warnings} == {"edxml.namespace"}


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        (b"cid:0</edXML:ContentId>", b"cid:9</edXML:ContentId>", "Attachment"),
        (b"a.pdf</AttachmentName>", b"../../a.pdf</AttachmentName>", "AttachmentName"),
        (b"<edXML:BussinessDocType>0", b"<edXML:BussinessDocType>7", "BussinessDocType"),
    ],
)
def test_attachments_and_business_are_checked(old: bytes, new: bytes, place: str) -> None:
    raw = edxml.write(SIMPLE)
    assert old in raw
    with pytest.raises(InvalidMessageError) as caught:
        edxml.read(raw.replace(old, new))
    assert any(fault.place.endswith(place) for fault in caught.value.faults)


def encoded(raw: bytes) -> list[bytes]:
    return [base64.b64encode(raw)]


def round_trip(raw: bytes, name: str) -> bytes:
    return attachments.decode(attachments.encode(Content.of(raw)), name).read()


@pytest.mark.parametrize("text", [b"not base64!", b"QUJD=", b"QUJDRA", b"QUJDRA==QUJD", b"\xc3\xa9QUI="])
def test_content_that_is_no_base64_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match="base64"):
        attachments.decode([text], "a.pdf")


@given(
    st.binary(max_size=300).filter(lambda raw: not raw.startswith(b"PK")),  # a ZIP is another matter
    st.integers(1, 7),
    st.sampled_from([b"\n", b"\r\n", b"&#13;\n", b"&#xD;&#xA;", b" \t"]),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_lines_of_base64_are_read_wherever_a_chunk_ends(raw: bytes, width: int, ending: bytes) -> None:
    text = base64.b64encode(raw)
    lines = ending.join(text[start : start + 5] for start in range(0, len(text), 5)) + ending
    chunks = [lines[start : start + width] for start in range(0, len(lines), width)]
    assert attachments.decode(chunks, "a.bin").read() == raw


def test_zip_bomb_is_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("content", bytes(20_000_000))
    with pytest.raises(ValueError, match="bomb"):
        attachments.decode(encoded(buffer.getvalue()), "a.pdf")


def test_what_compresses_like_a_bomb_is_written_so_that_it_can_be_read() -> None:
    content = bytes(900_000)
    assert round_trip(content, "a.bin") == content


@pytest.mark.parametrize("name", ["a.pdf", "a.docx"])
@pytest.mark.parametrize("share", [0.3, 0.5, 0.9])
def test_a_file_that_was_cut_on_its_way_is_refused_and_not_taken_for_its_wrapping(
    name: str, share: float
) -> None:
    raw = b"".join(attachments.encode(Content.of(bytes(range(256)) * 40)))
    cut = raw[: int(len(raw) * share) // 4 * 4]
    with pytest.raises(ValueError, match="cut: its end is missing"):
        attachments.decode([cut], name)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.binary(max_size=300) | st.builds(bytes, st.integers(0, 65_536)))
def test_a_small_file_is_wrapped_as_zipfile_does_it(raw: bytes) -> None:
    wrapped = base64.b64decode(b"".join(attachments.encode(Content.of(raw))))
    with zipfile.ZipFile(io.BytesIO(wrapped)) as archive:
        entry = zipfile.ZipInfo("content", (2016, 1, 1, 0, 0, 0))
        entry.compress_type = archive.infolist()[0].compress_type
        assert archive.read("content") == raw
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, archive.open(entry, "w") as packed:
        packed.write(raw)
    assert wrapped == buffer.getvalue()


def test_document_that_is_a_zip_itself_stays_as_it_is() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<w/>")
    docx = buffer.getvalue()
    assert attachments.decode(encoded(docx), "a.docx").read() == docx
    assert round_trip(docx, "a.docx") == docx


def test_zip_with_a_directory_longer_than_one_entry_can_have_is_refused_before_it_is_read() -> None:
    end = b"PK\x05\x06" + bytes(4) + b"\x01\x00\x01\x00" + (10_000_000).to_bytes(4, "little") + bytes(6)
    with pytest.raises(ValueError, match="directory"):
        attachments.decode(encoded(b"PK\x03\x04" + bytes(100) + end), "a.pdf")
