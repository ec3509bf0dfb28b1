"""Keys, certificates and small packets for the tests of signatures; keys are made once, they are slow to make."""

import base64
import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from lxml import etree

from lgsp.clock import VIETNAM, VirtualClock
from lgsp.standards.signatures import Contents, SigningKey, sign_xml
from lgsp.standards.signatures.canonical import canonical_document, canonical_part
from lgsp.standards.xml import Element, local_name, parse, serialize
from lgsp_mocks.kit.authority import Authority

AT = datetime(2026, 6, 1, 9, tzinfo=VIETNAM)
ORGANIZATION = "000.00.00.H34"
NAMESPACE = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
DSIG = "http://www.w3.org/2000/09/xmldsig#"
_NO_USAGE = dict.fromkeys(
    (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    ),
    False,
)
FILES = {"cut-7-1": b"QUJDREVG\nR0hJSktM", "cut-7-10": b"MDEyMzQ1Njc4OQ=="}


@cache
def authority() -> Authority:
    return Authority.open(None, VirtualClock(AT))


@cache
def other_authority() -> Authority:
    """With the same name as the first, and another key."""
    return Authority.open(None, VirtualClock(AT))


def key() -> SigningKey:
    return authority().key_for(ORGANIZATION, "Văn phòng UBND tỉnh")


def skeleton(subject: str = "Về việc thử", around: str = "") -> bytes:
    """A packet as real files are shaped, with markers for its two files."""
    files = "".join(
        f'<Attachment><edXML:ContentTransferEncoded xmlns:edXML="{NAMESPACE}">{marker}</edXML:ContentTransferEncoded></Attachment>\n'
        for marker in FILES
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<edXML xmlns="{NAMESPACE}">\n'
        f' <edXML:edXMLEnvelope xmlns:edXML="{NAMESPACE}">\n  <edXML:edXMLHeader>\n   <edXML:MessageHeader>'
        f"<edXML:From><edXML:OrganId>{ORGANIZATION}</edXML:OrganId></edXML:From><edXML:Subject>{subject}</edXML:Subject>"
        f"</edXML:MessageHeader>\n   <edXML:TraceHeaderList/>\n   {around}</edXML:edXMLHeader>\n"
        f" </edXML:edXMLEnvelope>\n <AttachmentEncoded>{files}</AttachmentEncoded>\n</edXML>"
    ).encode()


def contents(files: dict[str, bytes] = FILES, piece: int = 3) -> dict[str, Callable[[], Iterable[bytes]]]:
    """What a reader gives for the markers, in pieces that cut through line ends and groups of four."""
    return {
        marker: lambda text=text: (text[at : at + piece] for at in range(0, len(text), piece))
        for marker, text in files.items()
    }


def expanded(packet: bytes, files: dict[str, bytes] = FILES) -> bytes:
    """The packet as it travels."""
    for marker, text in files.items():
        packet = packet.replace(f">{marker}<".encode(), b">" + text + b"<")
    return packet


@cache
def signed(namespace: str = NAMESPACE) -> bytes:
    """A signed skeleton."""
    root = parse(skeleton())
    sign_xml(root, key(), contents(), AT, namespace=namespace)
    return serialize(root)


def resign(root: Element, signer: SigningKey | None = None, files: Contents | None = None) -> Element:
    """A changed signature made good again, as far as whoever holds a key can: digest, value, certificate."""
    part = {local_name(each): each for each in root.iter() if isinstance(each.tag, str)}
    signer = signer or key()
    pieces = canonical_document(
        root, part["Signature"], contents() if files is None else files, exclusive=True
    )
    part["DigestValue"].text = base64.b64encode(hashlib.sha256(b"".join(pieces)).digest()).decode()
    info = canonical_part(part["SignedInfo"], exclusive=True)
    value = signer.private_key.sign(info, PKCS1v15(), hashes.SHA256())
    part["SignatureValue"].text = base64.b64encode(value).decode()
    data = part["X509Data"]
    data[:] = []
    for each in (signer.certificate, *signer.chain):
        text = base64.b64encode(each.public_bytes(Encoding.DER)).decode()
        etree.SubElement(data, etree.QName(etree.QName(data).namespace, "X509Certificate")).text = text
    return root


@cache
def spare_key(number: int = 0) -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


def certificate(  # a builder: each test changes one thing
    subject: str,
    issuer: SigningKey | None,
    private_key: RSAPrivateKey,
    *,
    ca: bool = False,
    path_length: int | None = None,
    usage: str = "",
    days: tuple[int, int] = (-10, 10),
    extra: x509.ExtensionType | None = None,
) -> SigningKey:
    """A key with a certificate of our own making; `usage` is the one thing that it may do, empty for what fits."""
    names = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    wanted = usage or ("key_cert_sign" if ca else "digital_signature")
    builder = (
        x509.CertificateBuilder()
        .subject_name(names)
        .issuer_name(issuer.certificate.subject if issuer else names)
        .public_key(private_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(AT + timedelta(days=days[0]))
        .not_valid_after(AT + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca, path_length if ca else None), critical=True)
        .add_extension(x509.KeyUsage(**{**_NO_USAGE, wanted: True}), critical=True)
    )
    if extra is not None:
        builder = builder.add_extension(extra, critical=True)
    made = builder.sign(issuer.private_key if issuer else private_key, hashes.SHA256())
    return SigningKey(private_key, made, (issuer.certificate, *issuer.chain) if issuer else ())
