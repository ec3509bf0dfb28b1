import base64
import hashlib
import subprocess
import sys
import tracemalloc
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from signxml import (
    CanonicalizationMethod,
    DigestAlgorithm,
    SignatureConfiguration,
    SignatureMethod,
    XMLSigner,
    XMLVerifier,
)
from signxml.exceptions import InvalidDigest

from lgsp.standards.signatures import (
    SignatureState,
    SigningKey,
    Verdict,
    sign_xml,
    verify_xml,
)
from lgsp.standards.signatures.canonical import canonical_document, canonical_part
from lgsp.standards.xml import local_name, parse, serialize
from signing_samples import (
    AT,
    DSIG,
    FILES,
    NAMESPACE,
    ORGANIZATION,
    authority,
    contents,
    expanded,
    key,
    signed,
    skeleton,
    spare_key,
)

pytestmark = pytest.mark.unit

PLACEHOLDER = f'<Signature xmlns="{DSIG}" Id="placeholder"></Signature>'


def judged(packet: bytes, **choices) -> Verdict:
    return verify_xml(parse(packet), authority().trust, {}, AT, **choices)


def by_signxml(c14n=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0, size=256) -> bytes:
    signer = XMLSigner(
        c14n_algorithm=c14n,
        signature_algorithm=SignatureMethod[f"RSA_SHA{size}"],
        digest_algorithm=DigestAlgorithm[f"SHA{size}"],
    )
    root = parse(expanded(skeleton(around=PLACEHOLDER)))
    made = signer.sign(root, key=key().private_key, cert=[key().certificate])
    return serialize(made)


def test_a_signed_packet_is_valid_and_names_its_signer():
    verdict = verify_xml(parse(signed()), authority().trust, contents(), AT, ORGANIZATION)
    assert verdict.state is SignatureState.VALID
    assert (verdict.signer, verdict.organization) == ("Văn phòng UBND tỉnh", ORGANIZATION)
    assert verdict.issuer == "LGSP DEMO CA - KHONG CO GIA TRI PHAP LY"
    assert int(verdict.serial, 16) == key().certificate.serial_number
    assert (verdict.reason, verdict.reason_vi, verdict.warnings, verdict.signed_at) == ("", "", (), None)


def test_a_packet_without_signature_is_unsigned():
    assert verify_xml(parse(skeleton()), authority().trust, contents(), AT) == Verdict(
        SignatureState.UNSIGNED
    )


@pytest.mark.parametrize(
    ("namespace", "begins"),
    [(NAMESPACE, b"<Signature><SignedInfo>"), (DSIG, b'<Signature xmlns="%s"><SignedInfo>' % DSIG.encode())],
)
def test_the_signature_closes_the_header_without_a_prefix(namespace, begins):
    signature = parse(signed(namespace))[0][0][-1]
    assert (signature.tag, signature.prefix) == (f"{{{namespace}}}Signature", None)
    assert signed(namespace).count(begins) == 1


@pytest.mark.parametrize("namespace", [NAMESPACE, DSIG])
def test_either_namespace_is_valid(namespace):
    root = parse(signed(namespace))
    assert verify_xml(root, authority().trust, contents(), AT, ORGANIZATION).state is SignatureState.VALID


def test_signing_with_files_beside_is_signing_the_whole_packet():
    assert judged(expanded(signed())).state is SignatureState.VALID


def test_verifying_leaves_the_tree_as_it_was():
    root = parse(signed())
    before = serialize(root)
    verify_xml(root, authority().trust, contents(), AT)
    assert serialize(root) == before


ORACLE = SignatureConfiguration(location="./{*}edXMLEnvelope/{*}edXMLHeader/")


def test_an_independent_library_verifies_what_we_sign():
    found = XMLVerifier().verify(expanded(signed(DSIG)), x509_cert=key().certificate, expect_config=ORACLE)
    assert FILES["cut-7-1"] in found.signed_data


def test_an_independent_library_refuses_the_markers_without_their_files():
    with pytest.raises(InvalidDigest):
        XMLVerifier().verify(signed(DSIG), x509_cert=key().certificate, expect_config=ORACLE)


@pytest.mark.parametrize("c14n", ["EXCLUSIVE_XML_CANONICALIZATION_1_0", "CANONICAL_XML_1_0"])
@pytest.mark.parametrize("size", [256, 384, 512])
def test_what_another_library_signs_is_valid(c14n, size):
    assert judged(by_signxml(CanonicalizationMethod[c14n], size)).state is SignatureState.VALID


def test_a_part_inherits_what_canonical_xml_1_0_says_it_does():
    """Clause 2.4, "document subsets": in-scope namespaces, and attributes in the xml namespace."""
    part = parse(b'<a xmlns:n="urn:n" xml:lang="vi" x="1"><n:b xml:lang="en"><c y="2">t</c>tail</n:b></a>')[
        0
    ][0]
    assert canonical_part(part, exclusive=False) == b'<c xmlns:n="urn:n" y="2" xml:lang="en">t</c>'
    assert canonical_part(part, exclusive=True) == b'<c y="2">t</c>'


def test_a_part_keeps_the_prefixes_that_its_sender_chose():
    [part] = parse(b'<r xmlns:a="urn:2"><b:x xmlns:b="urn:3"><y xmlns="urn:2"/>t</b:x>tail</r>')
    wanted = b'<b:x xmlns:b="urn:3"><y xmlns="urn:2"></y>t</b:x>'
    assert canonical_part(part, exclusive=True) == wanted


def test_what_another_library_signs_is_valid_with_its_files_beside():
    packet = by_signxml()
    for marker, text in FILES.items():
        packet = packet.replace(b">" + text + b"<", f">{marker}<".encode())
    verdict = verify_xml(parse(packet), authority().trust, contents(), AT)
    assert verdict.state is SignatureState.VALID


@pytest.mark.parametrize("algorithm", ["CANONICAL_XML_1_1", "CANONICAL_XML_1_0_WITH_COMMENTS"])
def test_further_canonical_forms_are_refused(algorithm):
    verdict = judged(by_signxml(CanonicalizationMethod[algorithm]))
    assert verdict.state is SignatureState.INVALID
    assert "not accepted" in verdict.reason


@given(
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0x1EF9, exclude_categories=["Cc", "Cs"]), max_size=60),
    st.binary(max_size=60).map(lambda raw: raw.hex().encode()),
    st.integers(1, 7),
)  # fmt: skip
@settings(max_examples=25, deadline=None)
def test_any_subject_and_file_survive_the_wire_and_the_oracle(subject, text, piece):
    root = parse(skeleton("?"))
    next(each for each in root.iter() if local_name(each) == "Subject").text = subject
    files = {**FILES, "cut-7-1": text}
    sign_xml(root, key(), contents(files, piece), AT, namespace=DSIG)
    packet = expanded(serialize(root), files)
    assert judged(packet).state is SignatureState.VALID
    XMLVerifier().verify(packet, x509_cert=key().certificate, expect_config=ORACLE)


def test_line_ends_of_the_wire_are_those_of_the_parser():
    text = FILES["cut-7-1"].replace(b"\n", b"\r\n")
    for piece in range(1, 12):
        given = contents({**FILES, "cut-7-1": text}, piece)
        assert verify_xml(parse(signed()), authority().trust, given, AT).state is SignatureState.VALID


@pytest.mark.parametrize("part", ["SignatureMethod", "DigestMethod"])
def test_sha1_is_valid_only_for_who_allows_it_and_never_without_a_warning(part):
    root = parse(by_sha1(part))
    verdict = verify_xml(root, authority().trust, contents(), AT)
    assert verdict.state is SignatureState.INVALID
    assert verdict.reason.startswith("weak")
    allowed = verify_xml(root, authority().trust, contents(), AT, allow_sha1=True)
    assert allowed.state is SignatureState.VALID
    assert allowed.warnings == verdict.warnings == (verdict.reason,)


def test_sha1_is_no_way_around_the_digest():
    root = parse(by_sha1("DigestMethod").replace("Về việc".encode(), b"Ve viec"))
    verdict = verify_xml(root, authority().trust, contents(), AT, allow_sha1=True)
    assert verdict.state is SignatureState.INVALID
    assert "changed after" in verdict.reason


def by_sha1(part: str) -> bytes:
    """A packet as old files are signed, either with rsa-sha1 or with a SHA-1 digest."""
    root = parse(signed())
    named = {local_name(each): each for each in root.iter()}
    if part == "DigestMethod":
        named[part].set("Algorithm", f"{DSIG}sha1")
        pieces = canonical_document(root, named["Signature"], contents(), exclusive=True)
        named["DigestValue"].text = base64.b64encode(hashlib.sha1(b"".join(pieces)).digest()).decode()
        method = hashes.SHA256()
    else:
        named[part].set("Algorithm", f"{DSIG}rsa-sha1")
        method = hashes.SHA1()
    info = canonical_part(named["SignedInfo"], exclusive=True)
    value = key().private_key.sign(info, PKCS1v15(), method)
    named["SignatureValue"].text = base64.b64encode(value).decode()
    return serialize(root)


def test_only_the_expected_organization_may_have_signed():
    for expected in ("000.00.00.H35", "", "H34"):
        verdict = verify_xml(parse(signed()), authority().trust, contents(), AT, expected)
        assert verdict.state is SignatureState.INVALID
        assert "not by" in verdict.reason


@pytest.mark.parametrize("change", ["signed already", "no header", "expired", "marker lost", "marker twice"])
def test_signing_refuses_what_could_not_be_verified(change):
    packet, at = skeleton(), AT
    if change == "signed already":
        packet = signed()
    elif change == "no header":
        packet = packet.replace(b"edXMLHeader", b"Header")
    elif change == "expired":
        at = AT + timedelta(days=20 * 365)
    elif change == "marker lost":
        packet = packet.replace(b"cut-7-10", b"cut-7-11")
    else:
        packet = packet.replace(b"cut-7-10", b"cut-7-1")
    root = parse(packet)
    before = serialize(root)
    with pytest.raises(ValueError, match=r"signed already|one edXML|not valid|no place|twice"):
        sign_xml(root, key(), contents(), at)
    assert serialize(root) == before


def test_a_marker_that_xml_would_escape_is_the_callers_mistake():
    with pytest.raises(ValueError, match="marker"):
        verify_xml(parse(signed()), authority().trust, {"a<b": lambda: [b""]}, AT)


def test_thirty_megabytes_of_files_take_little_memory():
    chunk = b"QUJD" * 16384
    large = {"cut-7-1": lambda: (chunk for _ in range(480)), "cut-7-10": lambda: [b""]}
    tracemalloc.start()
    try:
        root = parse(skeleton())
        sign_xml(root, key(), large, AT)
        verdict = verify_xml(root, authority().trust, large, AT)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert verdict.state is SignatureState.VALID
    assert len(chunk) * 480 >= 30_000_000
    assert peak < 8_000_000


def test_the_package_does_not_load_the_pdf_library():
    code = "import sys, lgsp.standards.signatures; sys.exit(any(name.startswith('pyhanko') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_signing_key_comes_back_from_its_file_which_only_its_owner_reads(tmp_path: Path):
    path = tmp_path / "deep" / "key.pem"
    key().save(path)
    loaded = SigningKey.load(path)
    assert loaded.to_pem() == key().to_pem()
    assert (loaded.certificate, loaded.chain) == (key().certificate, key().chain)
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_key_with_somebody_elses_certificate_is_refused():
    private = spare_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(ValueError, match="not that of the key"):
        SigningKey.from_pem(private + key().certificate.public_bytes(Encoding.PEM))


def test_only_rsa_keys_sign():
    curve = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(ValueError, match="only RSA"):
        SigningKey.from_pem(curve.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
