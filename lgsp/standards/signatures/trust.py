"""Whom we believe: certificates up to a root of ours (RFC 5280, clause 6, without revocation and policies, which need a network)."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import NameOID

from lgsp.standards.signatures.model import Reason, Verdict

__all__ = ["MAX_CHAIN", "TrustStore", "common_name", "has_strong_key", "naming", "organization_of"]

MAX_CHAIN = 5
"""Certificates from the signer's to the root's, both counted."""

_REMEMBERED = 1024
_NEVER = datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)
_HASHES = frozenset({"sha256", "sha384", "sha512"})
_KNOWN_CRITICAL = frozenset({x509.BasicConstraints.oid, x509.KeyUsage.oid, x509.ExtendedKeyUsage.oid})


class TrustStore:
    """The roots that may vouch for a signer."""

    def __init__(self, roots: Iterable[x509.Certificate] = ()) -> None:
        self.roots = tuple(roots)
        self._good: dict[tuple[x509.Certificate, ...], tuple[datetime, datetime]] = {}

    @classmethod
    def from_folder(cls, path: Path) -> Self:
        """Every certificate of every `*.pem` in a folder; an empty or missing folder trusts nobody.

        Raises:
            ValueError: a file holds no certificate; it is named.
        """
        roots: list[x509.Certificate] = []
        for file in sorted(path.glob("*.pem")):
            try:
                roots += x509.load_pem_x509_certificates(file.read_bytes())
            except ValueError as exc:
                raise ValueError(f"{file}: holds no certificate: {exc}") from exc
        return cls(roots)

    def check(self, chain: Sequence[x509.Certificate], at: datetime) -> str:
        """Empty where the first certificate may sign documents at that moment, by a chain up to a root; else the reason.

        The certificates after the first are where issuers are looked for; their order means nothing.
        """
        reason = self.explain(chain, at)
        return reason.en if reason else ""

    def explain(self, chain: Sequence[x509.Certificate], at: datetime) -> Reason | None:
        """As `check`, in both languages."""
        if not chain:
            return Reason("there is no certificate", "không có chứng thư số")
        if len(chain) > MAX_CHAIN:
            return Reason(f"more than {MAX_CHAIN} certificates", f"quá {MAX_CHAIN} chứng thư số")
        # Agencies sign all day long with one certificate, and of one chain only the moment makes a difference.
        since, until = self._good.get(tuple(chain), _NEVER)
        if since <= at <= until:
            return None
        try:
            return _leaf_fault(chain[0], at) or self._climb(chain, at)
        except (ValueError, UnsupportedAlgorithm):
            # Extensions are parsed at first use; those of a stranger may be anything.
            return Reason("a certificate can't be read", "không đọc được chứng thư số")

    def _climb(self, chain: Sequence[x509.Certificate], at: datetime) -> Reason | None:
        current, pool, below, way = chain[0], list(chain[1:]), 0, [chain[0]]
        while below < MAX_CHAIN - 1:
            root = _issuer_of(current, self.roots)
            if root is not None:
                fault = _authority_fault(root, at, below)
                if fault is None:
                    self._remember(chain, [*way, root])
                return fault
            above = _issuer_of(current, pool)
            if above is None:
                name = common_name(current.issuer)
                return Reason(
                    f"no trusted root vouches for {name!r}", f"không có gốc tin cậy nào bảo đảm cho {name!r}"
                )
            fault = _authority_fault(above, at, below)
            if fault:
                return fault
            pool.remove(above)
            current, below = above, below + 1
            way.append(above)
        return Reason(
            f"the chain is longer than {MAX_CHAIN} certificates", f"chuỗi dài quá {MAX_CHAIN} chứng thư số"
        )

    def _remember(self, chain: Sequence[x509.Certificate], way: Sequence[x509.Certificate]) -> None:
        """That it is good for as long as all on the way to the root are valid."""
        if len(self._good) >= _REMEMBERED:
            self._good.clear()
        since = max(each.not_valid_before_utc for each in way)
        self._good[tuple(chain)] = since, min(each.not_valid_after_utc for each in way)


def _issuer_of(
    certificate: x509.Certificate, candidates: Iterable[x509.Certificate]
) -> x509.Certificate | None:
    """The one whose key made this certificate; a name alone proves nothing."""
    algorithm = certificate.signature_hash_algorithm
    if algorithm is None or algorithm.name not in _HASHES:
        return None
    for candidate in candidates:
        try:
            certificate.verify_directly_issued_by(candidate)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            continue
        return candidate
    return None


def _common_fault(certificate: x509.Certificate, at: datetime) -> Reason | None:
    name = common_name(certificate.subject)
    first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if at < first:
        return Reason(
            f"the certificate of {name!r} is not valid before {first:%Y-%m-%d}",
            f"chứng thư số của {name!r} chưa có hiệu lực trước {first:%d/%m/%Y}",
        )
    if at > last:
        return Reason(
            f"the certificate of {name!r} expired on {last:%Y-%m-%d}",
            f"chứng thư số của {name!r} hết hạn ngày {last:%d/%m/%Y}",
        )
    if not has_strong_key(certificate):
        return Reason(f"the key of {name!r} is too weak", f"khóa của {name!r} quá yếu")
    for extension in certificate.extensions:
        if extension.critical and extension.oid not in _KNOWN_CRITICAL:
            number = extension.oid.dotted_string
            return Reason(
                f"the certificate of {name!r} has a critical extension that we don't know: {number}",
                f"chứng thư số của {name!r} có phần mở rộng bắt buộc chưa biết: {number}",
            )
    return None


def has_strong_key(certificate: x509.Certificate) -> bool:
    """RSA of 2048 to 8192 bits (more is only a burden to the verifier), or an elliptic curve of 256 or more."""
    key = certificate.public_key()
    if isinstance(key, RSAPublicKey):
        return 2048 <= key.key_size <= 8192
    return isinstance(key, EllipticCurvePublicKey) and key.key_size >= 256


def _leaf_fault(certificate: x509.Certificate, at: datetime) -> Reason | None:
    constraints, usage = _constraints(certificate), _usage(certificate)
    if constraints is not None and constraints.ca:
        return Reason(
            "the certificate of an authority does not sign documents",
            "chứng thư số của cơ quan chứng thực không dùng để ký văn bản",
        )
    if usage is not None and not (usage.digital_signature or usage.content_commitment):
        name = common_name(certificate.subject)
        return Reason(
            f"the certificate of {name!r} is not made for signing (keyUsage)",
            f"chứng thư số của {name!r} không dùng để ký (keyUsage)",
        )
    return _common_fault(certificate, at)


def _authority_fault(certificate: x509.Certificate, at: datetime, below: int) -> Reason | None:
    """`below` counts the authorities between this one and the signer."""
    name = common_name(certificate.subject)
    constraints, usage = _constraints(certificate), _usage(certificate)
    if constraints is None or not constraints.ca or (usage is not None and not usage.key_cert_sign):
        return Reason(
            f"{name!r} may not issue certificates (basicConstraints, keyUsage)",
            f"{name!r} không được cấp chứng thư số (basicConstraints, keyUsage)",
        )
    if constraints.path_length is not None and below > constraints.path_length:
        return Reason(
            f"{name!r} allows no further authority below it (pathLenConstraint)",
            f"{name!r} không cho phép thêm cơ quan chứng thực cấp dưới (pathLenConstraint)",
        )
    return _common_fault(certificate, at)


def _constraints(certificate: x509.Certificate) -> x509.BasicConstraints | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        return None


def _usage(certificate: x509.Certificate) -> x509.KeyUsage | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None


def organization_of(certificate: x509.Certificate) -> str:
    """Mã định danh of the subject: organizationIdentifier (2.5.4.97), else serialNumber (2.5.4.5); empty where none or several."""
    for oid in (NameOID.ORGANIZATION_IDENTIFIER, NameOID.SERIAL_NUMBER):
        values = certificate.subject.get_attributes_for_oid(oid)
        if values:
            return str(values[0].value).strip() if len(values) == 1 else ""
    return ""


def common_name(name: x509.Name) -> str:
    """The CN, or where there is none the whole name."""
    values = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(values[0].value) if values else name.rfc4514_string()


def naming(verdict: Verdict, certificate: x509.Certificate) -> Verdict:
    """The verdict with who signed, and by whose word."""
    signer, issuer, serial, organization = _names(certificate)
    return replace(verdict, signer=signer, issuer=issuer, serial=serial, organization=organization)


@lru_cache(maxsize=256)
def _names(certificate: x509.Certificate) -> tuple[str, str, str, str]:
    number = f"{certificate.serial_number:X}"
    return (
        common_name(certificate.subject), common_name(certificate.issuer), number, organization_of(certificate),
    )  # fmt: skip
