"""Each test changes a validly signed packet in one way, as an attacker would; where it helps him he may hold a trusted key himself."""

import base64
import copy
from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.x509.oid import ExtensionOID
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from lgsp.standards.signatures import SignatureState, TrustStore, Verdict, sign_xml, verify_xml
from lgsp.standards.xml import Element, local_name, parse
from signing_samples import (
    AT,
    DSIG,
    FILES,
    NAMESPACE,
    ORGANIZATION,
    authority,
    certificate,
    contents,
    key,
    other_authority,
    resign,
    signed,
    skeleton,
    spare_key,
)

pytestmark = pytest.mark.unit

Change = Callable[[Element], None]
MD5 = "http://www.w3.org/2001/04/xmldsig-more#md5"
SHA512 = "http://www.w3.org/2001/04/xmlenc#sha512"
XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"


def judged(root: Element, **choices) -> Verdict:
    return verify_xml(
        root, authority().trust, choices.pop("contents", contents()), choices.pop("at", AT), **choices
    )


def part(root: Element, name: str) -> Element:
    return next(each for each in root.iter() if local_name(each) == name)


def changed(change: Change) -> Element:
    root = parse(signed())
    change(root)
    return root


def child(parent: Element, name: str, text: str = "", **attributes: str) -> Element:
    made = etree.SubElement(parent, f"{{{etree.QName(parent).namespace}}}{name}", attributes)
    made.text = text
    return made


def patch(root: Element, old: bytes, new: bytes) -> None:
    """Other bytes in the signer's certificate."""
    text = part(root, "X509Certificate")
    raw = base64.b64decode(text.text or "")
    assert raw.count(old) == 1
    text.text = base64.b64encode(raw.replace(old, new)).decode()


def also(root: Element, holder: str, name: str) -> None:
    """A second one of that name, elsewhere."""
    part(root, holder).append(copy.deepcopy(part(root, name)))


def test_the_unchanged_packet_is_valid_so_that_each_refusal_below_has_its_own_cause():
    assert judged(parse(signed())).state is SignatureState.VALID
    assert judged(resign(parse(signed()))).state is SignatureState.VALID


# The document is changed.

DOCUMENT_CHANGES: dict[str, Change] = {
    "another subject": lambda root: setattr(part(root, "Subject"), "text", "Về việc khác"),
    "another white space": lambda root: setattr(part(root, "TraceHeaderList"), "tail", ""),
    "text behind the signature": lambda root: setattr(part(root, "Signature"), "tail", "x"),
    "another attribute": lambda root: root.set("version", "2"),
    "a second header": lambda root: part(root, "edXMLHeader").insert(
        0, copy.deepcopy(part(root, "MessageHeader"))
    ),
    "no header": lambda root: part(root, "edXMLHeader").remove(part(root, "MessageHeader")),
    "header moved to the body": lambda root: root.append(part(root, "MessageHeader")),
    "one element more": lambda root: child(part(root, "MessageHeader"), "To"),
    "files swapped": lambda root: part(root, "AttachmentEncoded").append(part(root, "Attachment")),
    "name in another namespace": lambda root: setattr(part(root, "Subject"), "tag", "{urn:x}Subject"),
}


@pytest.mark.parametrize("change", DOCUMENT_CHANGES.values(), ids=DOCUMENT_CHANGES.keys())
def test_a_changed_document_is_invalid(change):
    verdict = judged(changed(change))
    assert verdict.state is SignatureState.INVALID
    assert verdict.reason == "the document was changed after it was signed"
    assert verdict.reason_vi == "văn bản đã bị thay đổi sau khi ký"


@pytest.mark.parametrize("text", [b"QUJDREVG\nR0hJSktN", b"QUJDREVGR0hJSktM", b"QUJDREVG\nR0hJSktM\n", b""])
def test_a_changed_file_is_invalid(text):
    verdict = judged(parse(signed()), contents=contents({**FILES, "cut-7-1": text}))
    assert verdict.state is SignatureState.INVALID
    assert "changed after" in verdict.reason


def test_files_that_changed_places_are_invalid():
    one, two = FILES.values()
    verdict = judged(parse(signed()), contents=contents({"cut-7-1": two, "cut-7-10": one}))
    assert verdict.state is SignatureState.INVALID


@pytest.mark.parametrize("text", [b"QUJD</x>", b"QUJD&#65;", b"QUJD\x00", "QUJDé".encode()])
def test_a_file_that_is_not_base64_is_invalid(text):
    verdict = judged(parse(signed()), contents=contents({**FILES, "cut-7-1": text}))
    assert (verdict.state, verdict.reason) == (SignatureState.INVALID, "an attachment is not base64")


@pytest.mark.parametrize("place", ["Subject", "KeyInfo", "nowhere"])
def test_a_marker_has_one_place_outside_of_the_signature(place):
    root = parse(signed())
    if place == "nowhere":
        part(root, "ContentTransferEncoded").text = "x"
    else:
        (root if place == "Subject" else part(root, place)).append(copy.deepcopy(part(root, "Attachment")))
    assert judged(root).state is SignatureState.INVALID


# The signature is taken away, doubled or moved.


def test_a_stripped_signature_leaves_an_unsigned_packet_and_never_a_valid_one():
    root = changed(lambda root: part(root, "edXMLHeader").remove(part(root, "Signature")))
    assert judged(root, expected_organization=ORGANIZATION) == Verdict(SignatureState.UNSIGNED)


@pytest.mark.parametrize("name", ["Signature", "signature", "SIGNATURE"])
@pytest.mark.parametrize("space", [DSIG, NAMESPACE, "urn:x"])
@pytest.mark.parametrize("holder", ["edXMLHeader", "MessageHeader", "edXML", "KeyInfo", "AttachmentEncoded"])
def test_a_second_signature_is_invalid_wherever_it_stands_and_whatever_it_is_called(name, space, holder):
    root = parse(signed())
    second = copy.deepcopy(part(root, "Signature"))
    second.tag = f"{{{space}}}{name}"
    part(root, holder).append(second)
    verdict = judged(root)
    assert (verdict.state, verdict.reason) == (SignatureState.INVALID, "2 signatures, one is allowed")


@pytest.mark.parametrize("holder", ["edXML", "edXMLEnvelope", "MessageHeader", "AttachmentEncoded"])
def test_a_signature_in_another_place_is_invalid_although_its_key_and_digest_are_right(holder):
    root = parse(signed())
    part(root, holder).append(part(root, "Signature"))
    verdict = judged(resign(root))
    assert verdict.state is SignatureState.INVALID
    assert "must stand in" in verdict.reason


def test_a_signed_packet_wrapped_in_a_forged_one_is_invalid():
    outer = parse(skeleton("Văn bản giả"))
    inner = parse(signed())
    part(outer, "MessageHeader").append(inner)
    assert "must stand in" in judged(outer).reason


def test_a_signature_over_another_packet_is_invalid():
    forged = parse(skeleton("Văn bản giả"))
    part(forged, "edXMLHeader").append(part(parse(signed()), "Signature"))
    assert judged(forged).state is SignatureState.INVALID


# The signature's own content: re-signed with a trusted key, so that only the profile stands in the way.


def reference(root: Element) -> Element:
    return part(root, "Reference")


SHAPES: dict[str, tuple[Change, str]] = {
    "to an id": (lambda root: reference(root).set("URI", "#body"), "whole document"),
    "to a file": (lambda root: reference(root).set("URI", "file:///etc/passwd"), "whole document"),
    "to an address": (lambda root: reference(root).set("URI", "http://127.0.0.1/"), "whole document"),
    "to an xpointer": (lambda root: reference(root).set("URI", "#xpointer(/)"), "whole document"),
    "to nothing": (lambda root: reference(root).attrib.pop("URI"), "whole document"),
    "with a type": (lambda root: reference(root).set("Type", f"{DSIG}Object"), "attribute"),
    "two references": (lambda root: part(root, "SignedInfo").append(copy.deepcopy(reference(root))), "SignedInfo holds"),
    "no reference": (lambda root: part(root, "SignedInfo").remove(reference(root)), "SignedInfo holds"),
    "xslt": (lambda root: part(root, "Transforms")[1].set("Algorithm", XSLT), "Transform: algorithm"),
    "xpath": (lambda root: part(root, "Transforms")[1].set("Algorithm", XPATH), "Transform: algorithm"),
    "base64": (lambda root: part(root, "Transforms")[1].set("Algorithm", f"{DSIG}base64"), "Transform: algorithm"),
    "a third transform": (lambda root: child(part(root, "Transforms"), "Transform", Algorithm=XPATH), "Transforms holds"),
    "one transform": (lambda root: part(root, "Transforms").remove(part(root, "Transforms")[1]), "Transforms holds"),
    "transforms in the other order": (lambda root: part(root, "Transforms").append(part(root, "Transform")), "enveloped-signature"),
    "an xpath within": (lambda root: child(part(root, "Transform"), "XPath", "not(//Subject)"), "Transform holds"),
    "prefixes to include": (lambda root: child(part(root, "CanonicalizationMethod"), "InclusiveNamespaces"), "holds"),
    "hmac": (lambda root: part(root, "SignatureMethod").set("Algorithm", f"{DSIG}hmac-sha1"), "SignatureMethod: algorithm"),
    "hmac cut short": (lambda root: child(part(root, "SignatureMethod"), "HMACOutputLength", "8"), "SignatureMethod holds"),
    "dsa": (lambda root: part(root, "SignatureMethod").set("Algorithm", f"{DSIG}dsa-sha1"), "SignatureMethod: algorithm"),
    "no method": (lambda root: part(root, "SignatureMethod").attrib.clear(), "SignatureMethod: algorithm"),
    "md5": (lambda root: part(root, "DigestMethod").set("Algorithm", MD5), "DigestMethod: algorithm"),
    "an object": (lambda root: child(part(root, "Signature"), "Object"), "Signature holds"),
    "a header in the object's place": (lambda root: also(root, "KeyInfo", "MessageHeader"), "KeyInfo holds"),
    "a key by value": (lambda root: child(part(root, "KeyInfo"), "KeyValue"), "KeyInfo holds"),
    "a key by name": (lambda root: child(part(root, "KeyInfo"), "KeyName", "root"), "KeyInfo holds"),
    "a key by address": (lambda root: child(part(root, "KeyInfo"), "RetrievalMethod", URI="http://127.0.0.1/"), "KeyInfo holds"),
    "text between": (lambda root: setattr(part(root, "KeyInfo"), "text", "x"), "text"),
    "text behind": (lambda root: setattr(part(root, "SignedInfo"), "tail", "x"), "text"),
    "another namespace": (lambda root: setattr(part(root, "KeyInfo"), "tag", f"{{{DSIG}}}KeyInfo"), "not allowed"),
    "a comment": (lambda root: part(root, "DigestValue").append(etree.Comment("x")), "comments"),
    "a comment in the document": (lambda root: part(root, "Subject").append(etree.Comment("x")), "comments"),
    "an instruction": (lambda root: part(root, "Subject").append(etree.PI("x", "y")), "comments"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "reason"), SHAPES.values(), ids=SHAPES.keys())
def test_any_other_shape_of_signature_is_invalid_even_when_a_trusted_key_made_it(change, reason):
    root = changed(change)
    if part(root, "Signature").find(".//{*}Reference") is not None:
        resign(root)
        if reason == "comments":
            change(root)
    verdict = judged(root, allow_sha1=True)
    assert verdict.state is SignatureState.INVALID
    assert reason in verdict.reason
    assert verdict.reason_vi


def test_a_comment_cannot_hide_a_value_from_the_digest():
    packet = signed().replace("Về việc thử".encode(), "Về việc<!-- không --> thử".encode())
    root = parse(packet)
    # The parser leaves no comment behind: whoever reads the packet reads the very text that was signed.
    assert part(root, "Subject").text == "Về việc thử"
    assert judged(root).state is SignatureState.VALID


def test_an_instruction_in_a_signed_packet_is_not_what_anybody_signed_and_nobody_reads_it():
    root = parse(signed().replace("Về việc thử".encode(), "Về việc<?x giả?> thử".encode()))
    assert (part(root, "Subject").text, judged(root).state) == ("Về việc thử", SignatureState.VALID)


# Values that are changed without a key.

VALUES: dict[str, tuple[Change, str]] = {
    "a stranger's element": (lambda root: part(root, "X509Data").append(etree.Element("{urn:x}X509SubjectName")), "not allowed"),
    "SignedInfo": (lambda root: part(root, "SignedInfo").set("Id", "x"), "SignedInfo was changed"),
    "digest": (lambda root: setattr(part(root, "DigestValue"), "text", base64.b64encode(b"x" * 32).decode()), "SignedInfo was changed"),
    "digest method": (lambda root: part(root, "DigestMethod").set("Algorithm", SHA512), "SignedInfo was changed"),
    "value": (lambda root: setattr(part(root, "SignatureValue"), "text", base64.b64encode(b"x" * 256).decode()), "SignedInfo was changed"),
    "value empty": (lambda root: setattr(part(root, "SignatureValue"), "text", None), "0 bytes"),
    "value not base64": (lambda root: setattr(part(root, "SignatureValue"), "text", "%%%"), "not base64"),
    "value of 2 MB": (lambda root: setattr(part(root, "SignatureValue"), "text", "QUJD" * 500_000), "too long"),
    "value too long": (lambda root: setattr(part(root, "SignatureValue"), "text", "QUJD" * 1000), "3000 bytes"),
    "digest empty": (lambda root: setattr(part(root, "DigestValue"), "text", ""), "0 bytes"),
    "no certificate": (lambda root: part(root, "X509Data").clear(), "0 certificates"),
    "certificate not base64": (lambda root: setattr(part(root, "X509Certificate"), "text", "không"), "not base64"),
    "certificate broken": (lambda root: setattr(part(root, "X509Certificate"), "text", "QUJD"), "can't be read"),
    "certificate of no version": (lambda root: patch(root, b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x6a"), "can't be read"),
    "an extension twice": (lambda root: patch(root, b"\x06\x03\x55\x1d\x0f", b"\x06\x03\x55\x1d\x13"), "can't be read"),
    "six certificates": (lambda root: [also(root, "X509Data", "X509Certificate") for _ in range(4)], "6 certificates"),
    "two signers": (lambda root: also(root, "X509Data", "X509Certificate"), "not clear"),
    "two names": (lambda root: [child(part(root, "X509Data"), "X509SubjectName", "CN=x") for _ in range(2)], "X509Data holds"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "reason"), VALUES.values(), ids=VALUES.keys())
def test_a_changed_value_of_the_signature_is_invalid(change, reason):
    verdict = judged(changed(change))
    assert verdict.state is SignatureState.INVALID
    assert reason in verdict.reason


def test_certificates_may_stand_in_any_order_and_what_only_describes_them_changes_nothing():
    root = parse(signed())
    data = part(root, "X509Data")
    data.append(data[0])
    child(data, "X509SubjectName", "CN=ai cũng được")
    verdict = judged(root)
    assert (verdict.state, verdict.signer) == (SignatureState.VALID, "Văn phòng UBND tỉnh")


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_no_flipped_byte_of_a_signed_packet_makes_it_valid_and_different(data):
    packet = bytearray(signed())
    position = data.draw(st.integers(0, len(packet) - 1))
    packet[position] = data.draw(st.integers(32, 126))
    try:
        root = parse(bytes(packet))
    except Exception:  # noqa: BLE001 - whatever the parser refuses is refused
        return
    verdict = judged(root)
    if verdict.state is SignatureState.VALID:
        # What is outside of the digest is white space, quotes, prefixes: never a value.
        assert [each.text for each in root.iter() if local_name(each) == "Subject"] == ["Về việc thử"]
        assert verdict.organization == ORGANIZATION
        assert [each.text for each in root.iter() if local_name(each) == "OrganId"] == [ORGANIZATION]


# Whose key it is.


def test_an_authority_of_the_same_name_with_another_key_is_untrusted():
    forged = other_authority().key_for(ORGANIZATION, "Văn phòng UBND tỉnh")
    assert forged.certificate.issuer == key().certificate.issuer
    verdict = judged(resign(parse(signed()), forged), expected_organization=ORGANIZATION)
    assert verdict.state is SignatureState.UNTRUSTED
    assert "no trusted root" in verdict.reason


def test_a_trusted_certificate_over_another_key_is_invalid():
    root = resign(parse(signed()), other_authority().key_for(ORGANIZATION, "Văn phòng UBND tỉnh"))
    part(root, "X509Data")[:] = part(parse(signed()), "X509Data")[:]
    verdict = judged(root)
    assert verdict.state is SignatureState.INVALID


def test_a_certificate_that_signed_itself_is_untrusted():
    own = certificate("LGSP DEMO CA - KHONG CO GIA TRI PHAP LY", None, spare_key())
    assert judged(resign(parse(signed()), own)).state is SignatureState.UNTRUSTED


def test_nobody_is_trusted_by_an_empty_store():
    assert verify_xml(parse(signed()), TrustStore(), contents(), AT).state is SignatureState.UNTRUSTED


@pytest.mark.parametrize(("years", "reason"), [(6, "expired on"), (-6, "not valid before")])
def test_a_certificate_outside_its_time_is_untrusted(years, reason):
    verdict = judged(parse(signed()), at=AT + timedelta(days=365 * years))
    assert verdict.state is SignatureState.UNTRUSTED
    assert reason in verdict.reason


def test_a_trusted_agency_cannot_sign_in_the_name_of_another():
    other = authority().key_for("000.00.00.H35", "Sở khác")
    root = parse(skeleton())
    sign_xml(root, other, contents(), AT)
    assert judged(root).state is SignatureState.VALID
    assert judged(root, expected_organization=ORGANIZATION).state is SignatureState.INVALID


def test_a_certificate_with_nonsense_in_it_is_invalid():
    nonsense = x509.UnrecognizedExtension(ExtensionOID.SUBJECT_ALTERNATIVE_NAME, b"nonsense")
    odd = certificate("Người ký", None, spare_key(), extra=nonsense)
    verdict = judged(resign(parse(signed()), odd))
    assert (verdict.state, verdict.reason) == (SignatureState.INVALID, "a certificate can't be read")


def test_a_key_that_is_too_short_proves_nothing():
    short = certificate("Người ký", None, generate_private_key(65537, 1024))
    verdict = judged(resign(parse(signed()), short))
    assert verdict.state is SignatureState.INVALID
    assert "2048" in verdict.reason


def test_a_document_without_canonical_form_is_invalid():
    packet = signed().replace(b"<AttachmentEncoded>", b'<AttachmentEncoded xmlns:r="relative">')
    verdict = judged(parse(packet))
    assert verdict.state is SignatureState.INVALID
    assert "no canonical form" in verdict.reason


def test_the_signature_may_be_the_first_of_the_header_with_the_same_text_around():
    root = parse(skeleton().replace(b"<edXML:edXMLHeader>", b"<edXML:edXMLHeader><Signature/>"))
    header = part(root, "edXMLHeader")
    header[0].tail = "\n   "
    header.replace(header[0], part(parse(signed()), "Signature"))
    assert judged(resign(root)).state is SignatureState.VALID
