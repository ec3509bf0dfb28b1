"""Attachments (tệp đính kèm) as claim checks."""

from typing import Annotated

from pydantic import Field, StringConstraints

from lgsp.model.base import Strict

__all__ = ["Attachment", "BlobRef"]


class BlobRef(Strict):
    """Where the content lies, and what it must be. `size` in bytes."""

    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    size: Annotated[int, Field(ge=0)]


class Attachment(Strict):
    """A file that belongs to a document or a dossier."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^/\\\x00-\x1f]+$")]
    media_type: Annotated[str, StringConstraints(max_length=127)] = "application/octet-stream"
    description: Annotated[str, StringConstraints(max_length=1000)] = ""
    blob: BlobRef
