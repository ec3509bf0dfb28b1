"""What can be made to go wrong: one fault as a test, a demo or the command line asks for it."""

from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["BUSINESS", "NETWORK", "RECEIPTS", "Fault", "FaultKind", "FaultView", "NetworkKind"]

NetworkKind = Literal["down", "error", "delay", "latency", "throttle", "reset", "half", "timeout", "tls"]
BusinessKind = Literal[
    "lost_receipt", "late_receipt", "doubled_receipt", "status_backwards", "recall_after_delivery", "new_id",
    "session_expires", "agency_closed", "cut_attachment", "wrong_digest", "code_list_changed", "schema_ahead",
    "clock_skew",
]  # fmt: skip
FaultKind = Literal[NetworkKind, BusinessKind]

NETWORK: dict[str, str] = {
    "down": "answers 503, as a proxy before a dead back end does",
    "error": "answers with `status`",
    "delay": "the same as latency",
    "latency": "waits delay_s, give or take jitter_s",
    "throttle": "answers at bytes_per_s",
    "reset": "resets the connection: before the request is handled, or (when = after) behind that",
    "half": "handles the request, sends half of the answer and hangs up",
    "timeout": "never answers; hangs up after delay_s (300 by default)",
    "tls": "answers with a TLS alert instead of HTTP",
}
BUSINESS: dict[str, str] = {
    "lost_receipt": "a receipt never arrives: a status packet, or on request-answer wires the answer to what was done",
    "late_receipt": "a receipt comes delay_s late (300 by default)",
    "doubled_receipt": "a receipt comes twice, or a request is handled twice",
    "status_backwards": "behind a status, or instead of it, an earlier one",
    "recall_after_delivery": "delay_s behind a document its sender recalls it",
    "new_id": "a document comes a second time under another id",
    "session_expires": "sessions and tokens end; with `after` = n, in the middle of a batch",
    "agency_closed": "the agency takes nothing in",
    "cut_attachment": "an attachment lacks its second half",
    "wrong_digest": "an attachment under its right name has another content than was signed or announced",
    "code_list_changed": "some codes of a code list are others than before",
    "schema_ahead": "one version of the format ahead: fields that nobody knows yet",
    "clock_skew": "the system's clock is off by skew_s",
}
RECEIPTS = frozenset({"lost_receipt", "late_receipt", "doubled_receipt", "status_backwards"})


class Fault(BaseModel):
    """One fault. Scope: `path` and `operation` (globs), `agency` (either form of its id); `share` of what is in scope, drawn
    from `seed`, behind the first `after`, at most `count` times, and never beyond `expires_s`.
    """

    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{0,64}$")] = ""
    kind: FaultKind
    path: Annotated[str, Field(max_length=300)] = "/*"
    operation: Annotated[str, Field(max_length=100)] = "*"
    agency: Annotated[str, Field(max_length=100)] = ""
    share: Annotated[float, Field(gt=0, le=1)] = 1
    seed: int = 34
    after: Annotated[int, Field(ge=0)] = 0
    count: Annotated[int, Field(ge=1)] | None = None
    expires_s: Annotated[float, Field(gt=0, le=86_400)] = 600
    status: Annotated[int, Field(ge=400, le=599)] = 503
    delay_s: Annotated[float, Field(ge=0, le=86_400)] = 0
    jitter_s: Annotated[float, Field(ge=0, le=300)] = 0
    bytes_per_s: Annotated[int, Field(ge=1)] = 10_000
    skew_s: Annotated[float, Field(ge=-31_622_400, le=31_622_400)] = 3600
    when: Literal["before", "after"] = "before"


class FaultView(Fault):
    """A fault that is on: how often it was in scope, how often it struck, and when it ends by itself."""

    seen: int
    hits: int
    expires_at: str


if set(get_args(NetworkKind)) != set(NETWORK) or set(get_args(BusinessKind)) != set(BUSINESS):
    raise AssertionError("every kind of fault needs a line that says what it does")
