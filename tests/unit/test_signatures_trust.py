from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from lgsp.standards.signatures import SigningKey, TrustStore, organization_of
from signing_samples import AT, ORGANIZATION, authority, certificate, key, other_authority, spare_key

pytestmark = pytest.mark.unit


def root(**choices) -> SigningKey:
    return certificate("Gốc", None, spare_key(0), ca=True, **choices)


def checked(leaf: SigningKey, trusted: SigningKey) -> str:
    return TrustStore([trusted.certificate]).check([leaf.certificate, *leaf.chain], AT)


def test_a_chain_through_two_authorities_up_to_a_root_is_trusted():
    top = root()
    first = certificate("Cấp 1", top, spare_key(1), ca=True)
    second = certificate("Cấp 2", first, spare_key(2), ca=True)
    leaf = certificate("Người ký", second, spare_key(3))
    assert checked(leaf, top) == ""
    assert (
        TrustStore([top.certificate]).check([leaf.certificate, first.certificate, second.certificate], AT)
        == ""
    )


def test_a_root_need_not_be_sent_along():
    assert authority().trust.check([key().certificate], AT) == ""


def test_a_missing_link_is_named():
    top = root()
    middle = certificate("Cấp 1", top, spare_key(1), ca=True)
    leaf = certificate("Người ký", middle, spare_key(2))
    assert (
        TrustStore([top.certificate]).check([leaf.certificate], AT) == "no trusted root vouches for 'Cấp 1'"
    )


@pytest.mark.parametrize(
    ("choices", "reason"),
    [
        ({"ca": False}, "may not issue"),
        ({"usage": "crl_sign"}, "may not issue"),
        ({"days": (-10, -1)}, "expired"),
        ({"days": (1, 10)}, "not valid before"),
        ({"extra": x509.OCSPNoCheck()}, "critical extension"),
    ],
)
@pytest.mark.parametrize("place", ["root", "middle"])
def test_an_unfit_authority_vouches_for_nobody(choices, reason, place):
    wanted = {"ca": True} | choices
    top = certificate("Gốc", None, spare_key(0), **(wanted if place == "root" else {"ca": True}))
    middle = certificate("Cấp 1", top, spare_key(1), **(wanted if place == "middle" else {"ca": True}))
    assert reason in checked(certificate("Người ký", middle, spare_key(2)), top)


@pytest.mark.parametrize(
    ("choices", "reason"),
    [
        ({"ca": True}, "authority does not sign documents"),
        ({"usage": "key_encipherment"}, "not made for signing"),
        ({"days": (-10, -1)}, "expired"),
        ({"days": (1, 10)}, "not valid before"),
        ({"extra": x509.OCSPNoCheck()}, "critical extension"),
    ],
)
def test_an_unfit_certificate_signs_nothing(choices, reason):
    top = root()
    assert reason in checked(certificate("Người ký", top, spare_key(1), **choices), top)


def test_an_agency_cannot_issue_certificates_with_its_own():
    leaf = certificate("Giả", key(), spare_key(1))
    assert "may not issue" in authority().trust.check([leaf.certificate, *leaf.chain], AT)


def test_the_path_length_of_an_authority_bounds_those_below_it():
    for length, trusted in ((0, False), (1, True), (None, True)):
        top = root(path_length=length)
        middle = certificate("Cấp 1", top, spare_key(1), ca=True)
        reason = checked(certificate("Người ký", middle, spare_key(2)), top)
        assert (reason == "") is trusted


def test_a_chain_is_bounded():
    holder = root()
    store = TrustStore([holder.certificate])
    for number in range(5):
        holder = certificate(f"Cấp {number}", holder, spare_key(1), ca=True)
    leaf = certificate("Người ký", holder, spare_key(2))
    whole = [leaf.certificate, *leaf.chain]
    assert store.check(whole, AT) == "more than 5 certificates"
    assert "vouches for" in store.check(whole[:5], AT) or "longer" in store.check(whole[:5], AT)
    assert store.check([], AT) == "there is no certificate"


def test_authorities_that_vouch_for_each_other_in_a_circle_vouch_for_nobody():
    one, two = spare_key(1), spare_key(2)
    first = certificate("A", SigningKey(two, certificate("B", None, two, ca=True).certificate), one, ca=True)
    second = certificate("B", SigningKey(one, first.certificate), two, ca=True)
    leaf = certificate("Người ký", SigningKey(one, first.certificate), spare_key(3))
    chain = [leaf.certificate, first.certificate, second.certificate]
    assert "no trusted root" in other_authority().trust.check(chain, AT)


def test_a_weak_key_is_not_trusted():
    top = root()
    short = certificate("Người ký", top, generate_private_key(65537, 1024))
    assert "too weak" in checked(short, top)


def test_a_certificate_with_nonsense_in_it_is_not_trusted():
    nonsense = x509.UnrecognizedExtension(x509.SubjectAlternativeName.oid, b"nonsense")
    top = root()
    assert (
        checked(certificate("Người ký", top, spare_key(1), extra=nonsense), top)
        == "a certificate can't be read"
    )


def test_a_certificate_without_extensions_signs_but_does_not_issue():
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Cũ")])
    old = x509.CertificateBuilder(name, name, spare_key(1).public_key(), 1, AT, AT + timedelta(days=1))
    itself = SigningKey(spare_key(1), old.sign(spare_key(1), hashes.SHA256()))
    assert "may not issue" in checked(itself, itself)
    top = root()
    issuer = top.certificate.subject
    below = x509.CertificateBuilder(issuer, name, spare_key(1).public_key(), 1, AT, AT + timedelta(days=1))
    assert checked(SigningKey(spare_key(1), below.sign(top.private_key, hashes.SHA256())), top) == ""


def test_a_certificate_signed_by_sha1_is_not_trusted():
    top = root()
    leaf = certificate("Người ký", top, spare_key(1)).certificate
    # cryptography makes none any more: the algorithm's name is exchanged and the rest signed again.
    sha256, sha1 = (bytes.fromhex(f"06092a864886f70d0101{last}") for last in ("0b", "05"))
    assert leaf.public_bytes(Encoding.DER).count(sha256) == 2
    weaker = leaf.tbs_certificate_bytes.replace(sha256, sha1)
    whole = leaf.public_bytes(Encoding.DER).replace(sha256, sha1)
    made = x509.load_der_x509_certificate(
        whole[:-256] + top.private_key.sign(weaker, PKCS1v15(), hashes.SHA1())
    )
    assert "no trusted root" in TrustStore([top.certificate]).check([made], AT)


def test_the_moment_decides():
    top = root()
    leaf = certificate("Người ký", top, spare_key(1), days=(-5, 5))
    store = TrustStore([top.certificate])
    for days, trusted in ((-6, False), (-5, True), (5, True), (6, False)):
        assert (store.check([leaf.certificate], AT + timedelta(days=days)) == "") is trusted


def test_what_was_trusted_before_is_judged_by_the_roots_of_now():
    leaf = key().certificate
    assert authority().trust.check([leaf], AT) == ""
    assert TrustStore([other_authority().root]).check([leaf], AT).startswith("no trusted root vouches")
    assert authority().trust.check([leaf], leaf.not_valid_after_utc + timedelta(days=1)) != ""


def test_a_chain_that_was_good_is_refused_when_an_authority_on_its_way_expires():
    top = root()
    middle = certificate("Cấp 1", top, spare_key(1), ca=True, days=(-10, 5))
    leaf = certificate("Người ký", middle, spare_key(2))
    trust, chain = TrustStore([top.certificate]), [leaf.certificate, middle.certificate]
    assert [trust.check(chain, AT), trust.check(chain, AT + timedelta(days=4))] == ["", ""]
    assert "'Cấp 1' expired" in trust.check(chain, AT + timedelta(days=6))
    assert "not valid before" in trust.check(chain, AT - timedelta(days=11))


def test_a_folder_trusts_every_certificate_of_its_pem_files(tmp_path: Path):
    both = [each.root.public_bytes(Encoding.PEM) for each in (authority(), other_authority())]
    (tmp_path / "both.pem").write_bytes(b"".join(both))
    (tmp_path / "notes.txt").write_text("không phải chứng thư số")
    store = TrustStore.from_folder(tmp_path)
    assert set(store.roots) == {authority().root, other_authority().root}
    assert store.check([key().certificate], AT) == ""


def test_an_empty_or_missing_folder_trusts_nobody(tmp_path: Path):
    for folder in (tmp_path, tmp_path / "missing"):
        assert "no trusted root" in TrustStore.from_folder(folder).check([key().certificate], AT)


def test_a_file_without_certificate_is_named(tmp_path: Path):
    (tmp_path / "bad.pem").write_text("x")
    with pytest.raises(ValueError, match=r"bad\.pem"):
        TrustStore.from_folder(tmp_path)


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ([(NameOID.ORGANIZATION_IDENTIFIER, ORGANIZATION)], ORGANIZATION),
        ([(NameOID.SERIAL_NUMBER, "H34.1")], "H34.1"),
        ([(NameOID.SERIAL_NUMBER, "0001"), (NameOID.ORGANIZATION_IDENTIFIER, ORGANIZATION)], ORGANIZATION),
        ([(NameOID.ORGANIZATION_IDENTIFIER, "H34"), (NameOID.ORGANIZATION_IDENTIFIER, "H35")], ""),
        ([(NameOID.COMMON_NAME, ORGANIZATION)], ""),
    ],
)
def test_the_organization_is_the_one_that_the_subject_names_once(attributes, expected):
    name = x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes])
    made = (
        x509.CertificateBuilder(name, name, spare_key().public_key(), 1, AT, AT + timedelta(days=1))
        .sign(spare_key(), hashes.SHA256())
    )  # fmt: skip
    assert organization_of(made) == expected


def test_an_elliptic_curve_of_a_root_is_trusted_and_a_small_one_is_not():
    for curve, expected in ((ec.SECP256R1(), ""), (ec.SECP224R1(), "the key of 'Gốc' is too weak")):
        private = ec.generate_private_key(curve)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Gốc")])
        until = AT + timedelta(days=1)
        top = x509.CertificateBuilder(name, name, private.public_key(), 1, AT, until)
        top = top.add_extension(x509.BasicConstraints(True, None), critical=True).sign(
            private, hashes.SHA256()
        )
        below = x509.CertificateBuilder(name, name, spare_key(1).public_key(), 2, AT, until)
        leaf = below.sign(private, hashes.SHA256())
        assert TrustStore([top]).check([leaf], AT) == expected
