"""Message store: what happened to each message, for searching and tracing (SQLite, or PostgreSQL by URL)."""

from lgsp.store.journal import JournalEntry, Step
from lgsp.store.records import MessageQuery, StoredDelivery, StoredMessage, StoredStep, TracedMessage
from lgsp.store.recount import Flow, Recount, SystemCount
from lgsp.store.store import MessageStore
from lgsp.store.tally import Counted

__all__ = [
    "Counted",
    "Flow",
    "JournalEntry",
    "MessageQuery",
    "MessageStore",
    "Recount",
    "Step",
    "StoredDelivery",
    "StoredMessage",
    "StoredStep",
    "SystemCount",
    "TracedMessage",
]
