"""The demo certificate authority: signs for every agency, and is worth nothing outside of this machine."""

import hashlib
import os
import re
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from lgsp.clock import Clock
from lgsp.standards.signatures import SigningKey, TrustStore

__all__ = ["SUBJECT", "Authority"]

SUBJECT = "LGSP DEMO CA - KHONG CO GIA TRI PHAP LY"
_ROOT_YEARS, _LEAF_YEARS = 30, 10
_YEAR = timedelta(days=365)
_LONGEST_NAME = 64  # X.520, ub-common-name
_UNSAFE = re.compile(r"[^A-Za-z0-9.-]")


class Authority:
    """Issues a key for each agency, the same one each time. Making a key takes a tenth of a second: ask in a worker thread."""

    def __init__(self, root: SigningKey, folder: Path | None, clock: Clock) -> None:
        self._root = root
        self._folder = folder
        self._clock = clock
        self._issued: dict[tuple[str, str], SigningKey] = {}
        self._turn = threading.Lock()

    @classmethod
    def open(cls, folder: Path | None, clock: Clock) -> Self:
        """The authority of a folder (`root.pem`, `root.key`), made at first use; without a folder it lives in memory.

        Raises:
            OSError: the folder can't be written to.
            ValueError: its files are damaged or belong to different authorities; remove them to begin anew.
        """
        if folder is None:
            return cls(_new_root(_new_key(), clock.now()), None, clock)
        folder.mkdir(parents=True, exist_ok=True)
        # First the key, then a certificate of whichever key is there: two who start at once end up with the same pair, and one who
        # died in between left nothing that the next could not complete.
        private_key = _read_key(_kept(folder / "root.key", _key_pem))
        root = _new_root(private_key, clock.now()).certificate
        certificate = x509.load_pem_x509_certificate(_kept(folder / "root.pem", lambda: _pem(root)))
        if certificate.public_key() != private_key.public_key():
            raise ValueError(f"{folder}: root.pem is not the certificate of root.key; remove both")
        return cls(SigningKey(private_key, certificate), folder, clock)

    @property
    def root(self) -> x509.Certificate:
        """Its own certificate."""
        return self._root.certificate

    @property
    def trust(self) -> TrustStore:
        """Trust in this authority alone."""
        return TrustStore([self.root])

    def key_for(self, organization_id: str, name: str) -> SigningKey:
        """The key of an agency (or a person of it), issued at first use; a new one where the clock left the old one behind.

        Raises:
            ValueError: an empty organization id or name.
        """
        if not organization_id.strip() or not name.strip():
            raise ValueError("a certificate needs an organization id and a name")
        now = self._clock.now()
        with self._turn:
            held = self._issued.get((organization_id, name)) or self._load(organization_id, name)
            if held is None or not _is_valid(held.certificate, now):
                held = self._issue(organization_id, name, now, anew=held is not None)
            self._issued[organization_id, name] = held
            return held

    def _load(self, organization_id: str, name: str) -> SigningKey | None:
        path = self._place(organization_id, name)
        return SigningKey.load(path) if path is not None and path.exists() else None

    def _issue(self, organization_id: str, name: str, now: datetime, *, anew: bool) -> SigningKey:
        private_key = _new_key()
        certificate = _new_leaf(private_key, self._root, _subject(organization_id, name), now)
        key = SigningKey(private_key, certificate, (self.root,))
        path = self._place(organization_id, name)
        if path is None:
            return key
        if anew:
            key.save(path)
            return key
        # Another process may have issued it in the meantime: then that one is the agency's.
        return SigningKey.from_pem(_kept(path, key.to_pem))

    def _place(self, organization_id: str, name: str) -> Path | None:
        """Below the folder, not in it, where every certificate is a root to who trusts the folder; below another root, another place."""
        if self._folder is None:
            return None
        digest = hashlib.sha256(f"{self.root.serial_number}\n{organization_id}\n{name}".encode()).hexdigest()[
            :12
        ]
        return self._folder / "issued" / f"{_UNSAFE.sub('_', organization_id)[:40]}-{digest}.pem"


def _kept(path: Path, make: Callable[[], bytes]) -> bytes:
    """What a file holds; made where it is missing, whole, only for its owner to read, and by one process alone."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(make())
                file.flush()
                os.fsync(file.fileno())
            # Unlike a rename, a link fails where another process was first.
            with suppress(FileExistsError):
                path.hardlink_to(name)
        finally:
            Path(name).unlink()
    return path.read_bytes()


def _new_key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


def _key_pem() -> bytes:
    return _new_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _read_key(pem: bytes) -> RSAPrivateKey:
    key = load_pem_private_key(pem, password=None)
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("root.key is no RSA key; remove it")  # noqa: TRY004 - of the content, not of the call
    return key


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


def _is_valid(certificate: x509.Certificate, now: datetime) -> bool:
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def _subject(organization_id: str, name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
            x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, organization_id),
            x509.NameAttribute(NameOID.COMMON_NAME, name[:_LONGEST_NAME]),
        ]
    )


def _new_root(key: RSAPrivateKey, now: datetime) -> SigningKey:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, SUBJECT)])
    identity = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    certificate = (
        _builder(key, name, name, now, _ROOT_YEARS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(authority=True), critical=True)
        .add_extension(identity, critical=False)
        .sign(key, hashes.SHA256())
    )
    return SigningKey(key, certificate)


def _new_leaf(key: RSAPrivateKey, root: SigningKey, subject: x509.Name, now: datetime) -> x509.Certificate:
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(root.private_key.public_key())
    return (
        _builder(key, subject, root.certificate.subject, now, _LEAF_YEARS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(authority=False), critical=True)
        .add_extension(issuer, critical=False)
        .sign(root.private_key, hashes.SHA256())
    )


def _builder(
    key: RSAPrivateKey, subject: x509.Name, issuer: x509.Name, now: datetime, years: int
) -> x509.CertificateBuilder:
    """Valid as long before now as after: a virtual clock may be set back too."""
    half = years * _YEAR / 2
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - half)
        .not_valid_after(now + half)
    )


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=not authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
