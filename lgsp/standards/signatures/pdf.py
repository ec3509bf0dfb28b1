"""PDF signatures (ISO 32000-1, clause 12.8), by pyHanko, without a network: no revocation is fetched, no time stamp asked for.

Loading pyHanko takes long, so this module is imported by who needs it, and not by the package. Both functions are synchronous and run
an event loop of their own: call them in a worker thread.
"""

import asyncio
import io
import logging
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from pyhanko.keys.internal import (
    translate_pyca_cryptography_cert_to_asn1,
    translate_pyca_cryptography_key_to_asn1,
)
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.signers.pdf_signer import PdfSigningSession
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from lgsp.standards.signatures.model import Reason, SignatureState, SigningKey, Verdict
from lgsp.standards.signatures.trust import TrustStore, naming

__all__ = ["minimal_pdf", "sign_pdf", "verify_pdf"]

MAX_SIGNATURES = 20
# A signature dictionary is never compressed, or it could not give the places of its own bytes.
_SIGNED = re.compile(rb"/ByteRange\s*\[")
_USAGE = KeyUsageConstraints(key_usage={"digital_signature", "non_repudiation"}, match_all_key_usages=False)

# What is wrong with a stranger's file goes into the verdict; pyHanko would also log it, with stack traces.
for _noisy in ("pyhanko", "pyhanko_certvalidator"):
    logging.getLogger(_noisy).setLevel(logging.CRITICAL + 1)


class _TimedSigner(signers.PdfSigner):
    """Signs at a given moment; pyHanko itself takes the wall clock's."""

    def __init__(
        self, metadata: signers.PdfSignatureMetadata, signer: signers.SimpleSigner, at: datetime
    ) -> None:
        super().__init__(metadata, signer)
        self._at = at

    def init_signing_session(
        self, pdf_out: BasePdfFileWriter, existing_fields_only: bool = False
    ) -> PdfSigningSession:
        session = super().init_signing_session(pdf_out, existing_fields_only)
        session.system_time = self._at
        return session


def sign_pdf(
    content: bytes, key: SigningKey, *, field: str, reason: str, location: str, at: datetime
) -> bytes:
    """The PDF with one signature more (RSA, SHA-256, certificates embedded), as an incremental update.

    Raises:
        ValueError: not a PDF that can be written to, or the field is signed already.
    """
    metadata = signers.PdfSignatureMetadata(
        field_name=field, md_algorithm="sha256", reason=reason, location=location, subfilter=fields.SigSeedSubFilter.PADES
    )  # fmt: skip
    output = io.BytesIO()
    try:
        writer = IncrementalPdfFileWriter(io.BytesIO(content))
        asyncio.run(_TimedSigner(metadata, _signer(key), at).async_sign_pdf(writer, output=output))
    except PdfError as exc:
        raise ValueError(f"not a PDF that can be signed: {exc}") from exc
    return output.getvalue()


@lru_cache(64)
def _signer(key: SigningKey) -> signers.SimpleSigner:
    """To read a key and its certificates into pyHanko's own objects takes as long as to sign."""
    certificate = translate_pyca_cryptography_cert_to_asn1(key.certificate)
    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    store.register_multiple([translate_pyca_cryptography_cert_to_asn1(each) for each in key.chain])
    return signers.SimpleSigner(certificate, translate_pyca_cryptography_key_to_asn1(key.private_key), store)


def verify_pdf(content: bytes, trust: TrustStore, at: datetime) -> Verdict:
    """Judge every signature of a PDF; the verdict is on the last one, or on the first that does not hold.

    Nothing in the file makes it raise. The last signature must cover the whole file; what was added between two of them must be what
    a signature permits (pyHanko's difference analysis).
    """
    return asyncio.run(_verify(content, trust, at))


async def _verify(content: bytes, trust: TrustStore, at: datetime) -> Verdict:
    try:
        return await _judge_file(content, trust, at)
    except Exception as exc:  # noqa: BLE001 - a stranger's file makes the reader fail in ways that nobody lists
        detail = f"{type(exc).__name__}: {exc}"[:200]
        return _invalid(
            Reason(f"the PDF can't be read: {detail}", f"không đọc được tệp PDF hoặc chữ ký của nó: {detail}")
        )


async def _judge_file(content: bytes, trust: TrustStore, at: datetime) -> Verdict:
    reader, warnings = _open(content)
    filled = len(list(fields.enumerate_sig_fields(reader, filled_status=True)))
    found = list(reader.embedded_regular_signatures)
    if not filled and _SIGNED.search(content):
        return _invalid(
            Reason("its signature was taken out of the form", "chữ ký đã bị gỡ khỏi biểu mẫu của tệp PDF")
        )
    if not filled:
        return Verdict(SignatureState.UNSIGNED, warnings=warnings)
    if warnings:
        return _invalid(Reason(f"signed, but {warnings[0]}", "tệp PDF đã ký nhưng cấu trúc không đúng chuẩn"))
    if len(found) != filled or filled > MAX_SIGNATURES:
        # pyHanko leaves out what it doesn't know; nobody may take such a file for one that was checked whole.
        return _invalid(
            Reason(
                "it has signatures of a kind that is not supported, or too many",
                "có chữ ký thuộc loại không được hỗ trợ, hoặc quá nhiều chữ ký",
            )
        )
    verdict = Verdict(SignatureState.UNSIGNED)
    for signature in found:
        verdict = await _judge(signature, trust, at, is_last=signature is found[-1])
        if verdict.state is not SignatureState.VALID:
            return verdict
    return verdict


def _open(content: bytes) -> tuple[PdfFileReader, tuple[str, ...]]:
    """The file, read leniently where it breaks the standard, with what it breaks."""
    try:
        return PdfFileReader(io.BytesIO(content)), ()
    except PdfError as exc:
        return PdfFileReader(io.BytesIO(content), strict=False), (f"not a well-formed PDF: {exc}",)


async def _judge(
    signature: EmbeddedPdfSignature, trust: TrustStore, at: datetime, *, is_last: bool
) -> Verdict:
    certificates = [
        x509.load_der_x509_certificate(each.dump())
        for each in (signature.signer_cert, *signature.other_embedded_certs)
    ]
    status = await async_validate_pdf_signature(
        signature, _context(trust, at), key_usage_settings=_USAGE, ac_validation_context=None
    )
    about = naming(Verdict(SignatureState.VALID, signed_at=status.signer_reported_dt), certificates[0])
    broken = _broken(status, is_last=is_last)
    if broken is not None:
        return _invalid(broken, about)
    distrust = trust.explain(certificates, at)
    if distrust is None and not status.bottom_line:
        distrust = Reason("pyHanko does not trust the signature", "chữ ký không được tin cậy")
    if distrust is not None:
        return replace(about, state=SignatureState.UNTRUSTED, reason=distrust.en, reason_vi=distrust.vi)
    return about


def _context(trust: TrustStore, at: datetime) -> ValidationContext:
    # An empty list trusts nobody; None would mean the operating system's roots.
    roots = [translate_pyca_cryptography_cert_to_asn1(each) for each in trust.roots]
    return ValidationContext(trust_roots=roots, moment=at, allow_fetching=False)


def _broken(status: PdfSignatureStatus, *, is_last: bool) -> Reason | None:
    if not status.intact:
        return Reason("the document was changed after it was signed", "văn bản đã bị thay đổi sau khi ký")
    if not status.valid:
        return Reason(
            "the signature was not made by the certificate's key, or by a weak algorithm",
            "chữ ký không khớp với khóa trong chứng thư số, hoặc dùng thuật toán yếu",
        )
    if is_last and status.coverage != SignatureCoverageLevel.ENTIRE_FILE:
        return Reason(
            "something was added after the last signature", "có nội dung được thêm vào sau chữ ký cuối cùng"
        )
    if not status.docmdp_ok or not status.seed_value_ok:
        return Reason(
            "what was added after the signature is more than it permits",
            "nội dung thêm vào sau chữ ký vượt quá mức được phép",
        )
    return None


def _invalid(reason: Reason, about: Verdict | None = None) -> Verdict:
    verdict = about or Verdict(SignatureState.INVALID)
    return replace(verdict, state=SignatureState.INVALID, reason=reason.en, reason_vi=reason.vi)


def minimal_pdf(lines: Sequence[str]) -> bytes:
    """A PDF 1.4 of one A4 page with these lines in Helvetica, Vietnamese letters without their marks."""
    step = min(16.0, 760 / max(len(lines), 1))
    shown = " ".join(f"({_escaped(line)}) Tj T*" for line in lines)
    text = f"BT /F1 {step * 0.7:.2f} Tf {step:.2f} TL 50 790 Td {shown} ET".encode("ascii")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    pdf = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(pdf))
        pdf += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(pdf))
    return bytes(pdf) + b"xref\n0 %d\n0000000000 65535 f \n%s%s" % (len(objects) + 1, table, trailer)


def _escaped(line: str) -> str:
    plain = unicodedata.normalize("NFD", line.replace("đ", "d").replace("Đ", "D"))
    letters = "".join(each for each in plain if not unicodedata.combining(each))
    shown = "".join(each if " " <= each <= "~" else "?" for each in letters)
    return shown.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
