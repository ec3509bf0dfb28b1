"""Message store: what happened to each message, for searching and tracing (SQLite, or PostgreSQL by URL)."""

from lgsp.store.deliveries import StoredDelivery
from lgsp.store.journal import JournalEntry, Step
from lgsp.store.records import MessageQuery, StoredMessage, StoredStep, TracedMessage
from lgsp.store.store import MessageStore

__all__ = [
    "JournalEntry",
    "MessageQuery",
    "MessageStore",
    "Step",
    "StoredDelivery",
    "StoredMessage",
    "StoredStep",
    "TracedMessage",
]
