"""What is known of a signature, and what it takes to make one."""

import os
import tempfile
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

__all__ = ["Reason", "SignatureState", "SigningKey", "Verdict"]


class Reason(NamedTuple):
    """Why not, in both languages."""

    en: str
    vi: str


class SignatureState(StrEnum):
    """How a document stands: `untrusted` is intact, but by somebody whom no root of ours vouches for at that time."""

    UNSIGNED = "unsigned"
    VALID = "valid"
    INVALID = "invalid"
    UNTRUSTED = "untrusted"


@dataclass(frozen=True)
class Verdict:
    """What was found; the signer is only a claim unless the state is `valid`.

    `organization` is the mã định danh in the signer's certificate; `signed_at` is what the signer says.
    """

    state: SignatureState
    signer: str = ""
    issuer: str = ""
    serial: str = ""
    signed_at: datetime | None = None
    reason: str = ""
    reason_vi: str = ""
    warnings: tuple[str, ...] = ()
    organization: str = ""


@dataclass(frozen=True)
class SigningKey:
    """An RSA key with its certificate, and the authorities between that and a root (the root itself may be left out)."""

    private_key: RSAPrivateKey
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()

    @cached_property
    def certificate_texts(self) -> tuple[str, ...]:
        """Its certificates as an XML signature has them."""
        return tuple(
            b64encode(each.public_bytes(Encoding.DER)).decode() for each in (self.certificate, *self.chain)
        )

    @classmethod
    def from_pem(cls, pem: bytes) -> Self:
        """Of one text: the key without a password, the certificate, then the others.

        Raises:
            ValueError: no RSA key, no certificate, or one that isn't the key's.
        """
        private_key = load_pem_private_key(pem, password=None)
        if not isinstance(private_key, RSAPrivateKey):
            raise ValueError("only RSA keys can sign documents")  # noqa: TRY004 - of the content, not of the call
        certificate, *chain = x509.load_pem_x509_certificates(pem)
        if certificate.public_key() != private_key.public_key():
            raise ValueError("the first certificate is not that of the key")
        return cls(private_key, certificate, tuple(chain))

    def to_pem(self) -> bytes:
        """As `from_pem` reads it."""
        key = self.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return key + b"".join(each.public_bytes(Encoding.PEM) for each in (self.certificate, *self.chain))

    @classmethod
    def load(cls, path: Path) -> Self:
        """From a file.

        Raises:
            OSError: it can't be read.
            ValueError: it holds something else.
        """
        return cls.from_pem(path.read_bytes())

    def save(self, path: Path) -> None:
        """To a file that only its owner may read; whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        # mkstemp gives 0600, so the key is at no moment open to others.
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(self.to_pem())
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
