"""The one shape of XML signature that we accept, so that nothing is left to be wrapped, injected or confused.

XML Signature 1.1 allows far more; every further possibility has been an attack (W3C XML Signature Best Practices).
"""

import base64
import binascii
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from lxml import etree

from lgsp.standards.signatures.grammar import MAX_TEXT, ProfileError, check
from lgsp.standards.signatures.trust import MAX_CHAIN
from lgsp.standards.xml import Element, local_name

__all__ = [
    "DSIG",
    "EDXML",
    "ENVELOPED",
    "EXCLUSIVE",
    "RSA_SHA256",
    "SHA256",
    "Profile",
    "ProfileError",
    "find",
    "read",
]

DSIG = "http://www.w3.org/2000/09/xmldsig#"
EDXML = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
ENVELOPED = f"{DSIG}enveloped-signature"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_ENC = "http://www.w3.org/2001/04/xmlenc#"
RSA_SHA256, SHA256 = f"{_MORE}rsa-sha256", f"{_ENC}sha256"

# Real old files write the address of the recommendation where its algorithm's name belongs.
_OLD_EXCLUSIVE = "http://www.w3.org/TR/xml-exc-c14n#"
_IS_EXCLUSIVE = {EXCLUSIVE: True, _OLD_EXCLUSIVE: True, INCLUSIVE: False}
_SIGNING: dict[str, hashes.HashAlgorithm] = {
    f"{DSIG}rsa-sha1": hashes.SHA1(),  # noqa: S303 - old files; never valid unless the caller says so
    RSA_SHA256: hashes.SHA256(),
    f"{_MORE}rsa-sha384": hashes.SHA384(),
    f"{_MORE}rsa-sha512": hashes.SHA512(),
}
_DIGESTING: dict[str, hashes.HashAlgorithm] = {
    f"{DSIG}sha1": hashes.SHA1(),  # noqa: S303 - as above
    SHA256: hashes.SHA256(),
    f"{_MORE}sha384": hashes.SHA384(),
    f"{_ENC}sha512": hashes.SHA512(),
}

# Some of cryptography's errors are of no common kind.
_UNREADABLE = (
    ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType,
)  # fmt: skip
_POSITION = ["edXMLHeader", "edXMLEnvelope", "edXML"]
_SPACE = re.compile(r"\s+")
_STRONG_BYTES = 32
T = TypeVar("T")


@dataclass(frozen=True)
class Profile:
    """What a signature says; nothing of it is proven yet. The first certificate is the signer's."""

    signed_info: Element
    info_exclusive: bool
    document_exclusive: bool
    signing: hashes.HashAlgorithm
    digesting: hashes.HashAlgorithm
    digest: bytes
    value: bytes
    certificates: tuple[x509.Certificate, ...]

    @property
    def weaknesses(self) -> tuple[str, ...]:
        """What of it is no longer safe."""
        named = (("signature", self.signing), ("digest", self.digesting))
        return tuple(
            f"weak {what}: {method.name}" for what, method in named if method.digest_size < _STRONG_BYTES
        )


def find(root: Element) -> Element | None:
    """The signature of a packet, or None where there is none at all.

    Raises:
        ProfileError: more than one, or in a place where it does not belong.
    """
    tags = {each.tag for each in root.iter()}
    named = [tag for tag in tags if isinstance(tag, str) and tag.rpartition("}")[2].lower() == "signature"]
    found = list(root.iter(*named)) if named else []
    if not found:
        return None
    if len(found) > 1:
        raise ProfileError(
            f"{len(found)} signatures, one is allowed", f"có {len(found)} chữ ký, chỉ được một"
        )
    signature = found[0]
    above = list(signature.iterancestors())
    spaces = {etree.QName(each).namespace for each in above}
    if [local_name(each) for each in above] != _POSITION or len(spaces) != 1:
        raise ProfileError(
            "the signature must stand in edXML/edXMLEnvelope/edXMLHeader",
            "chữ ký phải nằm trong edXML/edXMLEnvelope/edXMLHeader",
        )
    if next(root.iter(etree.Comment, etree.PI, etree.Entity), None) is not None:
        # `lgsp.standards.xml` leaves none of them in; in another parser's tree they could cut a value in two.
        raise ProfileError(
            "comments are not allowed here", "không chấp nhận chú thích trong văn bản có chữ ký"
        )
    return signature


def read(signature: Element) -> Profile:
    """Take a signature apart.

    Raises:
        ProfileError: anything in it is not of the profile.
    """
    space = etree.QName(signature).namespace
    if space not in {DSIG, EDXML}:
        raise ProfileError(f"Signature in namespace {space!r}", f"Signature thuộc không gian tên {space!r}")
    check(signature)
    info, value, key_info = signature
    info_method, signing, reference = info
    transforms, digesting, digest = reference
    if reference.get("URI") != "":
        raise ProfileError(
            "the Reference must be to the whole document (URI='')",
            "Reference phải trỏ đến toàn văn bản (URI='')",
        )
    if transforms[0].get("Algorithm") != ENVELOPED:
        raise ProfileError(
            "the first transform must be enveloped-signature",
            "phép biến đổi đầu tiên phải là enveloped-signature",
        )
    return Profile(
        signed_info=info,
        info_exclusive=_chosen(_IS_EXCLUSIVE, info_method),
        document_exclusive=_chosen(_IS_EXCLUSIVE, transforms[1]),
        signing=_chosen(_SIGNING, signing),
        digesting=_chosen(_DIGESTING, digesting),
        digest=_bytes(digest, 64),
        value=_bytes(value, 1024),
        certificates=_certificates(key_info[0]),
    )


def _chosen(known: dict[str, T], element: Element) -> T:
    algorithm = element.get("Algorithm", "")
    if algorithm not in known:
        name = local_name(element)
        raise ProfileError(
            f"{name}: algorithm {algorithm[:80]!r} is not accepted",
            f"{name}: không chấp nhận thuật toán {algorithm[:80]!r}",
        )
    return known[algorithm]


def _bytes(element: Element, longest: int) -> bytes:
    name = local_name(element)
    try:
        value = base64.b64decode(_SPACE.sub("", element.text or ""), validate=True)
    except (binascii.Error, ValueError) as exc:
        raise ProfileError(f"{name} is not base64", f"{name} không phải base64") from exc
    if not 0 < len(value) <= longest:
        raise ProfileError(f"{name} has {len(value)} bytes", f"{name} dài {len(value)} byte")
    return value


def _certificates(data: Element) -> tuple[x509.Certificate, ...]:
    texts = [each for each in data if local_name(each) == "X509Certificate"]
    if not 1 <= len(texts) <= MAX_CHAIN:
        raise ProfileError(
            f"{len(texts)} certificates, 1 to {MAX_CHAIN} are allowed",
            f"có {len(texts)} chứng thư số, cần 1 đến {MAX_CHAIN}",
        )
    try:
        found = [_certificate(_bytes(each, MAX_TEXT)) for each in texts]
        signers = [each for each in found if not _is_authority(each)]
    except _UNREADABLE as exc:
        raise ProfileError("a certificate can't be read", "không đọc được chứng thư số") from exc
    # X509Data has no order; with one certificate alone there is no doubt whose it is.
    if len(signers) != 1 and len(found) != 1:
        raise ProfileError(
            "it is not clear which certificate is the signer's", "không rõ chứng thư số nào là của người ký"
        )
    signer = signers[0] if signers else found[0]
    return (signer, *(each for each in found if each is not signer))


@lru_cache(maxsize=256)
def _certificate(raw: bytes) -> x509.Certificate:
    """Parsed once for all that an agency signs with it."""
    found = x509.load_der_x509_certificate(raw)
    # All that is asked of it later: a stranger's certificate is only parsed at first use.
    _ = found.subject, found.issuer, found.public_key(), found.extensions
    return found


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False
