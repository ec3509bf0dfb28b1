"""Wire log: what went over the wire for a message, both ways, as it was on the wire. For people; the bus never reads it."""

from lgsp.wirelog.clean import CREDENTIAL_FIELD
from lgsp.wirelog.exchange import KEPT_BYTES, Body, Exchange
from lgsp.wirelog.log import WireLog
from lgsp.wirelog.scope import Scope, Taker, about, current, item, note
from lgsp.wirelog.store import StoredExchange
from lgsp.wirelog.watch import CapturedCallbacks, WatchedPolls, WatchedSender

__all__ = [
    "CREDENTIAL_FIELD",
    "KEPT_BYTES",
    "Body",
    "CapturedCallbacks",
    "Exchange",
    "Scope",
    "StoredExchange",
    "Taker",
    "WatchedPolls",
    "WatchedSender",
    "WireLog",
    "about",
    "current",
    "item",
    "note",
]
