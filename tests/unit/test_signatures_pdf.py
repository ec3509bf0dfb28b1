import asyncio
import logging
import re
from datetime import timedelta
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader

from lgsp.standards.signatures import SignatureState, TrustStore, Verdict
from lgsp.standards.signatures.pdf import minimal_pdf, sign_pdf, verify_pdf
from signing_samples import AT, ORGANIZATION, authority, key, other_authority

pytestmark = pytest.mark.unit

PLAIN = minimal_pdf(["QUYẾT ĐỊNH (số 12)", "Điều 1."])


def signing(content: bytes, field: str = "ChuKy1", by=None, at=AT) -> bytes:
    return sign_pdf(content, by or key(), field=field, reason="Phát hành", location="Kon Tum", at=at)


SIGNED = signing(PLAIN)
TWICE = signing(SIGNED, "ChuKy2", authority().key_for("000.00.00.H35", "Sở khác"), AT + timedelta(days=1))


def judged(content: bytes, trust: TrustStore | None = None, at=AT) -> Verdict:
    return verify_pdf(content, trust or authority().trust, at)


def updated(content: bytes, change) -> bytes:
    """An incremental update, as any editor makes one."""
    writer = IncrementalPdfFileWriter(BytesIO(content))
    change(writer)
    output = BytesIO()
    writer.write(output)
    return output.getvalue()


def other_text(writer) -> None:
    page = writer.root["/Pages"]["/Kids"][0].get_object()
    page["/Contents"] = writer.add_object(generic.StreamObject(stream_data=b"BT /F1 12 Tf (Gia mao) Tj ET"))
    writer.update_container(page)


def without_form(writer) -> None:
    del writer.root["/AcroForm"]
    writer.update_root()


def test_a_signed_pdf_is_valid_and_names_its_signer_and_its_moment():
    verdict = judged(SIGNED)
    assert (verdict.state, verdict.reason, verdict.warnings) == (SignatureState.VALID, "", ())
    assert (verdict.signer, verdict.organization) == ("Văn phòng UBND tỉnh", ORGANIZATION)
    assert verdict.signed_at == AT


def test_a_pdf_without_signature_is_unsigned():
    assert judged(PLAIN) == Verdict(SignatureState.UNSIGNED)


def test_signing_adds_to_the_file_and_changes_nothing_before():
    assert SIGNED.startswith(PLAIN)
    assert TWICE.startswith(SIGNED)


def test_a_second_signature_is_what_the_first_one_permits_and_the_verdict_is_on_it():
    verdict = judged(TWICE, at=AT + timedelta(days=1))
    assert (verdict.state, verdict.organization) == (SignatureState.VALID, "000.00.00.H35")


def test_the_signature_says_what_it_was_given():
    found = PdfFileReader(BytesIO(SIGNED)).embedded_signatures[0]
    assert (found.sig_object["/Reason"], found.sig_object["/Location"]) == ("Phát hành", "Kon Tum")
    assert (found.field_name, found.md_algorithm) == ("ChuKy1", "sha256")


@pytest.mark.parametrize("place", range(60, len(PLAIN), 97))
def test_a_changed_byte_of_the_signed_text_is_never_valid(place):
    changed = bytearray(SIGNED)
    changed[place] ^= 1
    assert judged(bytes(changed)).state is SignatureState.INVALID


def test_a_changed_text_is_invalid_and_says_so():
    verdict = judged(SIGNED.replace(b"Dieu 1", b"Dieu 2"))
    assert (verdict.state, verdict.reason) == (
        SignatureState.INVALID,
        "the document was changed after it was signed",
    )


def test_an_update_after_the_signature_is_invalid():
    verdict = judged(updated(SIGNED, other_text))
    assert verdict.state is SignatureState.INVALID
    assert "after the last signature" in verdict.reason


def test_an_update_between_two_signatures_is_invalid_although_both_hold():
    verdict = judged(signing(updated(SIGNED, other_text), "ChuKy2"))
    assert verdict.state is SignatureState.INVALID
    assert "more than it permits" in verdict.reason


def test_an_update_that_takes_the_signature_out_of_the_form_is_invalid():
    verdict = judged(updated(SIGNED, without_form))
    assert (verdict.state, verdict.reason) == (
        SignatureState.INVALID,
        "its signature was taken out of the form",
    )


def careless(content: bytes) -> bytes:
    """The file with a fault in its table of objects that readers forgive."""
    assert b" 65535 f" in content
    return content.replace(b" 65535 f", b" 65599 f", 1)


def test_a_careless_pdf_without_signature_is_unsigned_with_a_warning():
    verdict = judged(careless(PLAIN))
    assert verdict.state is SignatureState.UNSIGNED
    assert verdict.warnings[0].startswith("not a well-formed PDF")


def test_a_careless_pdf_with_a_signature_is_invalid():
    verdict = judged(careless(SIGNED))
    assert verdict.state is SignatureState.INVALID
    assert verdict.reason.startswith("signed, but not a well-formed PDF")


def test_a_signature_value_that_the_key_did_not_make_is_invalid():
    found = re.search(rb"/Contents <([0-9a-fA-F]+)>", SIGNED)
    raw = bytearray.fromhex(found[1].decode())
    end = 4 + int.from_bytes(raw[2:4], "big")
    assert raw[:2] == b"\x30\x82"
    raw[end - 1] ^= 1
    verdict = judged(SIGNED.replace(found[1], raw.hex().encode()))
    assert verdict.state is SignatureState.INVALID
    assert "not made by the certificate's key" in verdict.reason


@pytest.mark.parametrize("tail", [b"\n", b"x", b"%%EOF\n", b"\x00" * 5000])
def test_bytes_after_the_end_are_invalid(tail):
    assert judged(SIGNED + tail).state is SignatureState.INVALID


@pytest.mark.parametrize("part", [0.0, 0.3, 0.8, 0.95, 0.999])
def test_a_file_cut_short_is_never_valid(part):
    assert judged(SIGNED[: int(len(SIGNED) * part)]).state is SignatureState.INVALID


@pytest.mark.parametrize(
    "content", [b"", b"x", b"%PDF-1.4", b"PK\x03\x04" + b"\x00" * 100, b"%PDF-1.7\n" + b"<<" * 5000]
)
def test_what_is_no_pdf_is_invalid_with_a_reason_and_no_error(content):
    verdict = judged(content)
    assert verdict.state is SignatureState.INVALID
    assert "can't be read" in verdict.reason
    assert verdict.reason_vi


def test_an_authority_of_the_same_name_with_another_key_is_untrusted():
    forged = signing(PLAIN, by=other_authority().key_for(ORGANIZATION, "Văn phòng UBND tỉnh"))
    assert judged(forged).state is SignatureState.UNTRUSTED
    assert judged(forged, other_authority().trust).state is SignatureState.VALID


def test_one_untrusted_signature_among_trusted_ones_is_untrusted():
    stranger = other_authority().key_for(ORGANIZATION, "Người lạ")
    for content in (signing(SIGNED, "ChuKy2", stranger), signing(signing(PLAIN, by=stranger), "ChuKy2")):
        verdict = judged(content)
        assert (verdict.state, verdict.signer) == (SignatureState.UNTRUSTED, "Người lạ")


def test_nobody_is_trusted_by_an_empty_store():
    assert verify_pdf(SIGNED, TrustStore(), AT).state is SignatureState.UNTRUSTED


def test_a_certificate_outside_its_time_is_untrusted():
    for years in (-6, 6):
        assert judged(SIGNED, at=AT + timedelta(days=365 * years)).state is SignatureState.UNTRUSTED


def test_a_signature_of_an_unknown_kind_is_invalid_and_not_overlooked():
    # The last signature is renamed to a kind that the library leaves out; what is left must not pass for the whole.
    end = TWICE.rindex(b"/ETSI.CAdES.detached")
    odd = TWICE[:end] + b"/ETSI.CAdES.detachex" + TWICE[end + 20 :]
    assert "not supported" in judged(odd).reason
    assert (
        judged(SIGNED.replace(b"/ETSI.CAdES.detached", b"/ETSI.CAdES.detachex")).state
        is SignatureState.INVALID
    )


def test_a_signature_moved_to_another_file_is_invalid():
    contents = re.compile(rb"/Contents <[0-9a-fA-F]+>")
    other = signing(minimal_pdf(["QUYẾT ĐỊNH (số 13)", "Điều 1."]))
    taken = contents.search(SIGNED)
    moved = contents.sub(taken.group(), other)
    assert len(moved) == len(other)
    assert judged(moved).state is SignatureState.INVALID


@given(st.binary(max_size=40), st.integers(0, len(SIGNED)))
@settings(max_examples=60, deadline=None)
def test_whatever_is_written_over_a_signed_file_is_judged_without_an_error(garbage, place):
    changed = SIGNED[:place] + garbage + SIGNED[place + len(garbage) :]
    verdict = judged(changed)
    # Where the padding of the signature's own hole ends nothing is covered; there, and only there, a change may pass.
    assert verdict.state is not SignatureState.VALID or changed == SIGNED or in_hole(place)


def in_hole(place: int) -> bool:
    start = SIGNED.rindex(b"/Contents <")
    return start <= place <= SIGNED.index(b">", start)


def test_signing_what_is_no_pdf_or_a_field_that_is_taken_is_refused():
    with pytest.raises(ValueError, match="not a PDF"):
        signing(b"x")
    with pytest.raises(ValueError, match="ChuKy1"):
        signing(SIGNED)


async def test_both_work_in_a_worker_thread_beside_a_running_loop():
    made = await asyncio.to_thread(signing, PLAIN)
    assert (await asyncio.to_thread(judged, made)).state is SignatureState.VALID


def test_bad_files_make_no_noise(caplog):
    with caplog.at_level(logging.DEBUG):
        judged(SIGNED[:-300])
        judged(SIGNED.replace(b"Dieu 1", b"Dieu 2"))
        judged(SIGNED, other_authority().trust)
    assert [each.getMessage() for each in caplog.records if each.levelno > logging.DEBUG] == []


def test_a_small_pdf_shows_every_line_in_plain_letters():
    content = minimal_pdf(["Đường lối (a\\b)", "日", *[str(number) for number in range(80)]])
    reader = PdfFileReader(BytesIO(content))
    page = reader.root["/Pages"]["/Kids"][0]
    text = page["/Contents"].data
    assert rb"(Duong loi \(a\\b\)) Tj" in text
    assert text.count(b"Tj") == 82
    assert b"(?)" in text
    assert judged(minimal_pdf([])).state is SignatureState.UNSIGNED
