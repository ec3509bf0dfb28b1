"""XML signatures of edXML packets (XML Signature 1.1, in the narrow profile of `profile.py`), also of packets of 100 MB.

A packet is given as the tree of its skeleton, where a short marker stands for the text of each file, with the files' texts beside it.
The tree must be as it was parsed: whoever puts a packet's elements in order afterwards has to verify first.
"""

import base64
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from lxml import etree

from lgsp.standards.signatures import profile
from lgsp.standards.signatures.canonical import (
    CanonicalError,
    Contents,
    canonical_document,
    canonical_part,
    check_markers,
)
from lgsp.standards.signatures.grammar import ProfileError
from lgsp.standards.signatures.model import Reason, SignatureState, SigningKey, Verdict
from lgsp.standards.signatures.profile import EDXML, Profile
from lgsp.standards.signatures.trust import TrustStore, has_strong_key, naming, organization_of
from lgsp.standards.xml import Element, local_name

__all__ = ["Contents", "sign_xml", "verify_xml"]


def sign_xml(
    root: Element, key: SigningKey, contents: Contents, at: datetime, *, namespace: str = EDXML
) -> Element:
    """Put a signature over the whole packet as the last element of its edXMLHeader (RSA-SHA256, exclusive c14n); returns it.

    It stands in the packets' own namespace, as real files have it; libraries of XML signatures want that of `DSIG`.

    Raises:
        ValueError: signed already, no edXMLHeader, a certificate that is not valid at that moment, or contents that don't fit.
    """
    check_markers(contents)
    certificate = key.certificate
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise ValueError("the certificate of the signer is not valid at that moment")
    header = _header(root)
    digest = _digest(canonical_document(root, None, contents, exclusive=True), hashes.SHA256())
    signature = etree.SubElement(header, f"{{{namespace}}}Signature", nsmap={None: namespace})
    info = _signed_info(signature, digest)
    value = key.private_key.sign(canonical_part(info, exclusive=True), PKCS1v15(), hashes.SHA256())
    _add(signature, "SignatureValue").text = base64.b64encode(value).decode()
    data = _add(_add(signature, "KeyInfo"), "X509Data")
    for text in key.certificate_texts:
        _add(data, "X509Certificate").text = text
    return signature


def _header(root: Element) -> Element:
    try:
        signed = profile.find(root) is not None
    except ProfileError as exc:
        raise ValueError(str(exc)) from exc
    if signed:
        raise ValueError("the packet is signed already")
    envelopes = [each for each in root if local_name(each) == "edXMLEnvelope"]
    headers = [each for envelope in envelopes for each in envelope if local_name(each) == "edXMLHeader"]
    if local_name(root) != "edXML" or len(headers) != 1:
        raise ValueError("a packet has one edXML/edXMLEnvelope/edXMLHeader")
    return headers[0]


def _signed_info(signature: Element, digest: bytes) -> Element:
    info = _add(signature, "SignedInfo")
    _add(info, "CanonicalizationMethod", Algorithm=profile.EXCLUSIVE)
    _add(info, "SignatureMethod", Algorithm=profile.RSA_SHA256)
    reference = _add(info, "Reference", URI="")
    transforms = _add(reference, "Transforms")
    _add(transforms, "Transform", Algorithm=profile.ENVELOPED)
    _add(transforms, "Transform", Algorithm=profile.EXCLUSIVE)
    _add(reference, "DigestMethod", Algorithm=profile.SHA256)
    _add(reference, "DigestValue").text = base64.b64encode(digest).decode()
    return info


def _add(parent: Element, name: str, **attributes: str) -> Element:
    return etree.SubElement(parent, f"{{{etree.QName(parent).namespace}}}{name}", attributes)


def verify_xml(
    root: Element,
    trust: TrustStore,
    contents: Contents,
    at: datetime,
    expected_organization: str | None = None,
    *,
    allow_sha1: bool = False,
) -> Verdict:
    """Judge the signature of a packet, that it is by somebody we trust at that moment and, where given, by that organization.

    Nothing in the packet makes it raise; the tree is not changed. With `allow_sha1` old files can be valid, with a warning.

    Raises:
        ValueError: `contents` has a marker that can't be one.
    """
    check_markers(contents)
    try:
        signature = profile.find(root)
        if signature is None:
            return Verdict(SignatureState.UNSIGNED)
        found = profile.read(signature)
    except ProfileError as exc:
        return _invalid(exc.reason)
    about = naming(Verdict(SignatureState.VALID, warnings=found.weaknesses), found.certificates[0])
    broken = _broken(root, signature, found, contents)
    if broken is None and found.weaknesses and not allow_sha1:
        weak = ", ".join(found.weaknesses)
        broken = Reason(weak, f"thuật toán không còn an toàn: {weak}")
    broken = broken or _wrong_organization(found.certificates[0], expected_organization)
    if broken is not None:
        return replace(_invalid(broken, about), warnings=found.weaknesses)
    distrust = trust.explain(found.certificates, at)
    if distrust is not None:
        return replace(about, state=SignatureState.UNTRUSTED, reason=distrust.en, reason_vi=distrust.vi)
    return about


def _invalid(reason: Reason, about: Verdict | None = None) -> Verdict:
    verdict = about or Verdict(SignatureState.INVALID)
    return replace(verdict, state=SignatureState.INVALID, reason=reason.en, reason_vi=reason.vi)


def _broken(root: Element, signature: Element, found: Profile, contents: Contents) -> Reason | None:
    """Why the signature does not hold, whoever made it."""
    key = found.certificates[0].public_key()
    if not isinstance(key, RSAPublicKey) or not has_strong_key(found.certificates[0]):
        return Reason(
            "the signer's key is not RSA of 2048 to 8192 bits",
            "khóa của người ký không phải RSA từ 2048 đến 8192 bit",
        )
    try:
        signed = canonical_part(found.signed_info, exclusive=found.info_exclusive)
        key.verify(found.value, signed, PKCS1v15(), found.signing)
        pieces = canonical_document(root, signature, contents, exclusive=found.document_exclusive)
        digest = _digest(pieces, found.digesting)
    except (InvalidSignature, UnsupportedAlgorithm):
        return Reason(
            "the signature was not made by the certificate's key, or SignedInfo was changed",
            "chữ ký không khớp với khóa trong chứng thư số, hoặc SignedInfo đã bị sửa",
        )
    except CanonicalError as exc:
        return Reason(str(exc), exc.vi)
    if digest != found.digest:
        return Reason("the document was changed after it was signed", "văn bản đã bị thay đổi sau khi ký")
    return None


def _wrong_organization(certificate: x509.Certificate, expected: str | None) -> Reason | None:
    if expected is None or (expected.strip() and organization_of(certificate) == expected.strip()):
        return None
    actual = organization_of(certificate) or "-"
    return Reason(
        f"signed by organization {actual!r}, not by {expected!r}",
        f"người ký thuộc cơ quan {actual!r}, không phải {expected!r}",
    )


def _digest(pieces: Iterable[bytes], algorithm: hashes.HashAlgorithm) -> bytes:
    digest = hashes.Hash(algorithm)
    for piece in pieces:
        digest.update(piece)
    return digest.finalize()
