"""The verdicts on a document's signatures: that of the packet, and those of its PDF files."""

import asyncio
import re
from collections.abc import Iterable
from importlib import import_module

from lgsp.model.document import SignatureCheck
from lgsp.standards import edxml
from lgsp.standards.content import Content
from lgsp.standards.signatures import SignatureState, TrustStore, Verdict
from lgsp_adapters.edoc.packets import Packet, beside_the_loop
from lgsp_adapters.edoc.source import Source

__all__ = ["check_signatures"]

MAX_PDF_BYTES = 32 * 1024 * 1024
"""A PDF is judged in memory."""

# Any letter of a PDF name may be written as #xx (ISO 32000-1, 7.3.5).
_BYTE_RANGE = re.compile(b"/" + b"".join(b"(?:%c|#%02X|#%02x)" % (code, code, code) for code in b"ByteRange"))
_LONGEST = 1 + 3 * len("ByteRange")


async def check_signatures(raw: Content, packet: Packet, source: Source) -> tuple[SignatureCheck, ...]:
    """A verdict for the packet (part "") and for each PDF that has a signature; nothing where nothing is signed."""
    if isinstance(packet, edxml.EdxmlStatus) or not (packet.signature or packet.attachments):
        return ()
    size = raw.size + sum(file.content.size for file in packet.attachments)
    own, files = await beside_the_loop(_looked_at, (raw, packet, source), size)
    # A PDF's signatures take milliseconds, however small it is.
    return own + (await asyncio.to_thread(_of_files, files, source) if files else ())


def _looked_at(
    given: tuple[Content, edxml.EdxmlDocument, Source],
) -> tuple[tuple[SignatureCheck, ...], list[edxml.EdxmlAttachment]]:
    """The verdict for the packet, and which of its files are signed PDFs."""
    raw, packet, source = given
    own: tuple[SignatureCheck, ...] = ()
    if packet.signature:
        own = (_check("", edxml.verify(raw, source.trust(), source.now, packet.sender.id)),)
    return own, [
        file
        for file in packet.attachments
        if file.content.begins_with(b"%PDF") and _has_signature(file.content.chunks())
    ]


def _of_files(files: Iterable[edxml.EdxmlAttachment], source: Source) -> tuple[SignatureCheck, ...]:
    trust = source.trust()
    return tuple(_check(file.name, _judged(file.content, trust, source)) for file in files)


def _has_signature(chunks: Iterable[bytes]) -> bool:
    """Cheap, and never wrong where there is one: a signature's byte range stands uncompressed in the file."""
    before = b""
    for chunk in chunks:
        if _BYTE_RANGE.search(before + chunk):
            return True
        before = chunk[-_LONGEST:]
    return False


def _judged(content: Content, trust: TrustStore, source: Source) -> Verdict:
    if content.size > MAX_PDF_BYTES:
        limit = f"larger than {MAX_PDF_BYTES} bytes: not judged"
        return Verdict(
            SignatureState.UNTRUSTED, reason=limit, reason_vi=f"lớn hơn {MAX_PDF_BYTES} byte: chưa kiểm tra"
        )
    # Slow to load, and few documents need it: only they pay for it.
    verdict: Verdict = import_module("lgsp.standards.signatures.pdf").verify_pdf(
        content.read(), trust, source.now
    )
    return verdict


def _check(part: str, verdict: Verdict) -> SignatureCheck:
    return SignatureCheck(
        part=part[:255],
        state=verdict.state,
        signer=verdict.signer[:500],
        organization=verdict.organization[:100],
        issuer=verdict.issuer[:500],
        serial=verdict.serial[:100],
        signed_at=verdict.signed_at,
        reason=verdict.reason[:1000],
        reason_vi=verdict.reason_vi[:1000],
        warnings=tuple(each[:500] for each in verdict.warnings[:10]),
    )
