"""edXML <-> the canonical model, for every system whose documents travel as edXML (QCVN 102:2016, QĐ 28/2018)."""

import mimetypes
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, time

from pydantic import BaseModel, ValidationError

from lgsp.adapter import BlobStore
from lgsp.clock import VIETNAM
from lgsp.errors import InvalidMessageError, NotFoundError, RejectedError
from lgsp.message import Message, faults_of, type_name
from lgsp.model.attachment import Attachment
from lgsp.model.document import (
    Document,
    DocumentChange,
    DocumentNumber,
    DocumentReference,
    DocumentStatus,
    Replacement,
    Signer,
)
from lgsp.model.organization import Organization, Person
from lgsp.standards import edxml, identifiers

__all__ = ["Source", "from_canonical", "message_type", "safe_name", "title", "to_canonical"]

Packet = edxml.EdxmlDocument | edxml.EdxmlStatus

_KINDS = {1: "document.recalled", 2: "document.updated", 3: "document.replaced"}
_BUSINESS = {kind: code for code, kind in _KINDS.items()}
_FORBIDDEN = re.compile(r"[/\\\x00-\x1f]")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a packet came from, and when. `here`: the receivers that its transport names, if it does; others are elsewhere."""

    system: str
    now: datetime
    here: Collection[str] = ()

    @property
    def path(self) -> str:
        """The message's `source`."""
        return f"/systems/{self.system}"
