"""Route and Router."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import NamedTuple, Self

from lgsp.message import Message
from lgsp.model.document import SignatureState
from lgsp.remark import Remark, remark
from lgsp.routing.conditions import Condition
from lgsp.routing.signatures import SignaturePolicy, signature_state
from lgsp.standards.identifiers import organization_pattern_matches

__all__ = ["Recipient", "Route", "RouteExplanation", "Router", "RoutingDecision"]

_MAX_KINDS = 1000
_MAX_DECIDED = 4096
_SIGNED_KINDS = frozenset({"document.issued", "document.recalled", "document.updated", "document.replaced"})


@dataclass(frozen=True, slots=True)
class Route:
    """One rule: messages of these kinds, senders, recipients and data go to these systems.

    `when` holds kinds (`document.issued`, `document.*`). `back` lets a message return to the system that it came from, which two
    departments on the same iOffice need. `recipients_not` takes organizations out that another route serves.
    """

    name: str
    when: tuple[str, ...]
    to: tuple[str, ...]
    sender: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    recipients_not: tuple[str, ...] = ()
    data: tuple[Condition, ...] = ()
    back: bool = False
    signature: SignaturePolicy = "off"

    @property
    def by_recipient(self) -> bool:
        """Whether the route looks at the recipients at all."""
        return bool(self.recipients or self.recipients_not)

    def is_for(self, kind: str) -> bool:
        """Whether the route looks at messages of that kind."""
        return any(fnmatchcase(kind, pattern) for pattern in self.when)

    def takes(self, organization: str) -> bool:
        """Whether a recipient lives behind this route."""
        wanted = not self.recipients or _any_matches(self.recipients, organization)
        return wanted and not _any_matches(self.recipients_not, organization)


@dataclass(frozen=True, slots=True)
class Recipient:
    """A system that gets the message, for those organizations; () where the route does not go by recipients."""

    system: str
    organizations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RouteExplanation:
    """What became of one route; `reason` says it in words, `remarks` the same for whoever reads another language."""

    route: str
    matched: bool
    reason: str
    to: tuple[str, ...] = ()
    organizations: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()

    @classmethod
    def of(
        cls,
        route: str,
        remarks: Sequence[Remark],
        *,
        to: tuple[str, ...] = (),
        organizations: tuple[str, ...] = (),
        matched: bool = False,
    ) -> Self:
        """With the remarks' texts as the reason."""
        return cls(route, matched, "; ".join(map(str, remarks)), to, organizations, tuple(remarks))


@dataclass(frozen=True, slots=True)
class RoutingDecision:
    """Who gets it (one entry per system), which recipients nobody serves, and why.

    `signature_warning` is what the journal should say; `signature_refusal` why the document may not enter at all; `signature_remark` the
    worse of them.
    """

    recipients: tuple[Recipient, ...]
    unrouted: tuple[str, ...]
    explanation: tuple[RouteExplanation, ...]
    signature_warning: str = ""
    signature_refusal: str = ""
    signature_remark: Remark | None = None


class _Routes(NamedTuple):
    """What is for one kind, and whether any of it looks into the message."""

    routes: tuple[Route, ...]
    look_into: bool


class Router:
    """Applies every route to a message; all that match take part."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self.routes = tuple(routes)
        self.requires_signatures = any(route.signature == "require" for route in self.routes)
        self._of_kind: dict[str, _Routes] = {}
        self._decided: dict[tuple[str, str, str | None, str | None], RoutingDecision] = {}

    def route(self, message: Message) -> RoutingDecision:
        """Decide. A message that came from `/systems/<name>` does not go back there, unless the route says so.

        Recipients that only the source system serves count as served: it has them already.
        """
        kind = message.kind
        routes, look_into = self._of_kind.get(kind) or self._routes_for(kind)
        if look_into:
            return self._decide(message, routes)
        # Where no route looks into the message, its envelope decides.
        envelope = (kind, message.source, message.sender, message.recipients)
        decision = self._decided.get(envelope)
        if decision is None:
            decision = self._decide(message, routes)
            if len(self._decided) >= _MAX_DECIDED:
                self._decided.clear()
            self._decided[envelope] = decision
        return decision

    def looks_into(self, kind: str) -> bool:
        """Whether messages of that kind are routed by their data too; else the envelope decides, and the data may be left out."""
        return (self._of_kind.get(kind) or self._routes_for(kind)).look_into

    def explain(self, message: Message) -> RoutingDecision:
        """The same decision, with what became of every route."""
        decision = self._decide(message, self.routes)
        return replace(decision, explanation=tuple(_apply(route, message) for route in self.routes))

    def _routes_for(self, kind: str) -> _Routes:
        routes = tuple(route for route in self.routes if route.is_for(kind))
        found = _Routes(routes, any(route.data or route.signature != "off" for route in routes))
        if len(self._of_kind) < _MAX_KINDS:
            self._of_kind[kind] = found
        return found

    def _decide(self, message: Message, routes: Sequence[Route]) -> RoutingDecision:
        merged: dict[str, dict[str, None]] = {}
        served: set[str] = set()
        complaints: dict[SignaturePolicy, Remark] = {}
        recipients = message.recipient_ids
        for route in routes:
            verdict = _apply(route, message)
            if not verdict.matched:
                continue
            if complaint := _signature_complaint(route, message):
                complaints.setdefault(route.signature, complaint)
            served.update(verdict.organizations if route.by_recipient else recipients)
            for system in verdict.to:
                merged.setdefault(system, {}).update(dict.fromkeys(verdict.organizations))
        warning, refusal = complaints.get("warn"), complaints.get("require")
        return RoutingDecision(
            recipients=tuple(Recipient(system, tuple(ids)) for system, ids in merged.items()),
            unrouted=tuple(one for one in recipients if one not in served),
            explanation=(),
            signature_warning=str(warning or ""),
            signature_refusal=str(refusal or ""),
            signature_remark=refusal or warning,
        )


def _apply(route: Route, message: Message) -> RouteExplanation:
    if wrong := _mismatch(route, message):
        return RouteExplanation.of(route.name, [wrong])
    organizations: tuple[str, ...] = ()
    if route.by_recipient:
        organizations = tuple(one for one in dict.fromkeys(message.recipient_ids) if route.takes(one))
        if not organizations:
            named = message.recipients or "–"
            wrong = remark("route_recipient", "no recipient fits (message names: {named})", named=named)
            return RouteExplanation.of(route.name, [wrong])
    to = tuple(name for name in route.to if route.back or message.source != f"/systems/{name}")
    remarks = [
        remark(
            "route_for",
            "{kind} for {organizations}",
            kind=message.kind,
            organizations=", ".join(organizations),
        )
        if organizations
        else remark("route_matches", "{kind} matches", kind=message.kind)
    ]
    if not to:
        source = message.source.removeprefix("/systems/")
        remarks.append(
            remark("route_back", "but it came from {source}, and the route has no back = true", source=source)
        )
    return RouteExplanation.of(route.name, remarks, to=to, organizations=organizations, matched=True)


def _signature_complaint(route: Route, message: Message) -> Remark | None:
    if route.signature == "off" or message.kind not in _SIGNED_KINDS:
        return None
    state = signature_state(message.data)
    if state == SignatureState.VALID:
        return None
    text = "signature {state}, route '{route}' wants a valid one"
    return remark("route_signature", text, state=state, route=route.name)


def _mismatch(route: Route, message: Message) -> Remark | None:
    if not route.is_for(message.kind):
        return remark(
            "route_kind", "type {kind} is not {wanted}", kind=message.kind, wanted=" | ".join(route.when)
        )
    if route.sender and not _any_matches(route.sender, message.sender or ""):
        wanted = " | ".join(route.sender)
        return remark(
            "route_sender", "sender {sender} is not {wanted}", sender=message.sender or "–", wanted=wanted
        )
    return next(filter(None, (condition.failure(message.data) for condition in route.data)), None)


def _any_matches(patterns: Sequence[str], organization: str) -> bool:
    return any(organization_pattern_matches(pattern, organization) for pattern in patterns)
