"""What went wrong, without the particulars of each case: dead letters of one cause are one group."""

import hashlib
import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from lgsp.channels import DeadEntry

__all__ = ["DeadFilter", "DeadGroup", "fingerprint", "general_reason"]

_PARTICULARS = (
    (re.compile(r"https?://[^\s\"'<>]+"), "<url>"),
    (re.compile(r"(?<!\w)'[^']*'(?!\w)|\"[^\"]*\"|“[^”]*”|«[^»]*»"), "'…'"),
    # A status or an error code says what went wrong; any other number says to whom.
    (
        re.compile(
            r"(?<!HTTP )(?<!code )(?<!ErrorCode )(?<!status )(?<!mã lỗi )(?<![\w.,/:+-])[\w.,/:+-]*\d[\w.,/:+-]*"
        ),
        "#",
    ),
)
_Word = Annotated[str | None, Field(max_length=512)]


class DeadFilter(BaseModel):
    """All that is given must fit. `system` "" are those that no route took; `kind` takes `document.*`; `until` is excluded."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    system: _Word = None
    code: _Word = None
    kind: _Word = None
    subject: _Word = None
    group: _Word = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None

    @property
    def is_empty(self) -> bool:
        """Whether everything fits."""
        return not self.model_dump(exclude_none=True)

    def fits(self, entry: DeadEntry) -> bool:
        """Whether the dead letter is meant."""
        wanted = (
            (self.system, entry.system),
            (self.code, entry.code),
            (self.subject, entry.subject),
        )
        if any(given is not None and given != found for given, found in wanted):
            return False
        if self.kind is not None and not _kind_fits(self.kind, entry.kind):
            return False
        if self.since is not None and entry.at_ms < self.since.timestamp() * 1000:
            return False
        if self.until is not None and entry.at_ms >= self.until.timestamp() * 1000:
            return False
        return self.group is None or self.group == fingerprint(entry)


@dataclass(slots=True)
class DeadGroup:
    """Dead letters of one cause; `reason` is without particulars, `sample` is the oldest of them, without content."""

    group: str
    system: str
    code: str
    reason: str
    count: int
    first_ms: int
    last_ms: int
    sample: DeadEntry

    @classmethod
    def begin(cls, entry: DeadEntry) -> "DeadGroup":
        """With its first one."""
        reason = general_reason(entry.reason)
        group, at_ms = fingerprint(entry), entry.at_ms
        return cls(group, entry.system, entry.code, reason, 0, at_ms, at_ms, entry)

    def add(self, entry: DeadEntry) -> None:
        """One more."""
        self.count += 1
        self.first_ms = min(self.first_ms, entry.at_ms)
        self.last_ms = max(self.last_ms, entry.at_ms)


def fingerprint(entry: DeadEntry) -> str:
    """Twelve hex digits that say what went wrong: the system, the code, and the reason without its particulars."""
    cause = f"{entry.system}\0{entry.code}\0{general_reason(entry.reason)}"
    return hashlib.blake2b(cause.encode(), digest_size=6).hexdigest()


def general_reason(reason: str) -> str:
    """The reason without what differs from case to case: addresses, quoted words, ids and numbers."""
    for pattern, instead in _PARTICULARS:
        reason = pattern.sub(instead, reason)
    return " ".join(reason.split())[:500]


def _kind_fits(pattern: str, kind: str) -> bool:
    return kind.startswith(pattern[:-1]) if pattern.endswith(".*") else kind == pattern
