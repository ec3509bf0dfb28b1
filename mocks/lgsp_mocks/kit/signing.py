"""Signing as an agency does: its PDF files, and the packet that they travel in."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import cast

from lgsp.standards import edxml
from lgsp.standards.content import Content
from lgsp.standards.signatures import Contents, SigningKey, sign_xml
from lgsp.standards.xml import Element
from lgsp_mocks.kit.standin import Context

__all__ = ["decision", "is_signable", "sign_files", "signed_draft", "signed_packet"]

PLACE = "Viet Nam"
_END_BYTES = 4096
_PDF = "lgsp.standards.signatures.pdf"


def sign_files(
    context: Context, files: tuple[edxml.EdxmlAttachment, ...], organization_id: str, name: str
) -> tuple[edxml.EdxmlAttachment, ...]:
    """The files, with a signature of the agency in each PDF that can take one."""
    key = context.authority().key_for(organization_id, name)
    return tuple(
        replace(file, content=_signed(context, file.content, key)) if is_signable(file.content) else file
        for file in files
    )


def is_signable(content: Content) -> bool:
    """Whether it is a PDF that says where its cross-references are: to another nobody can add a signature."""
    end = b"".join(content.chunks(max(0, content.size - _END_BYTES)))
    return content.begins_with(b"%PDF") and b"startxref" in end


def _signed(context: Context, content: Content, key: SigningKey) -> Content:
    try:
        return _with_signature(context, content, key, "KySo")
    except ValueError:
        return content  # a PDF that nobody can write to goes out as it is


def _with_signature(context: Context, content: Content, key: SigningKey, field: str) -> Content:
    # Slow to load; stand-ins that sign nothing do without it.
    sign_pdf = import_module(_PDF).sign_pdf
    signed = sign_pdf(
        content.read(), key, field=field, reason="Ban hanh van ban", location=PLACE, at=context.clock.now()
    )
    return Content.of(cast("bytes", signed))


def signed_draft(context: Context, content: Content, organization_id: str, name: str) -> Content | None:
    """A stranger's PDF with the leader's signature in it, beside those that it has; None where it can't take one."""
    if not is_signable(content):
        return None
    key = context.authority().key_for(organization_id, name)
    try:
        return _with_signature(context, content, key, "KyDuyet")
    except Exception:  # noqa: BLE001 - a stranger's file makes the writer fail in ways that nobody lists
        return None


def decision(context: Context, lines: Sequence[str], organization_id: str, name: str) -> Content:
    """A document of one page that says these lines, signed."""
    pdf = Content.of(cast("bytes", import_module(_PDF).minimal_pdf(lines)))
    return _signed(context, pdf, context.authority().key_for(organization_id, name))


def signed_packet(context: Context, packet: edxml.EdxmlDocument, organization_id: str, name: str) -> Content:
    """The packet as it travels, with the agency's signature over all of it."""
    key = context.authority().key_for(organization_id, name)
    sign = partial(_put_signature, key=key, context=context)
    return edxml.write_content(packet, sign=sign)


def _put_signature(root: Element, contents: Contents, *, key: SigningKey, context: Context) -> None:
    sign_xml(root, key, contents, context.clock.now())
