"""Channels on Redis Streams. The only rooms that import redis."""

from lgsp.channels.activity import Activity, ActivityLog, Move
from lgsp.channels.capabilities import Capability, capabilities
from lgsp.channels.dead import DeadEntry, DeadLetterChannel, place_of
from lgsp.channels.entries import HeldEntry, InboxEntry, JournalStep, OutEntry
from lgsp.channels.held import HeldSubject, held_subject, held_subjects
from lgsp.channels.holder import Holder
from lgsp.channels.inbox import RedisInbox
from lgsp.channels.invalid import InvalidEntry, InvalidMessageChannel
from lgsp.channels.journals import Journaled, Journals
from lgsp.channels.keys import Keys
from lgsp.channels.lease import Lease, living_workers
from lgsp.channels.mailbox import RedisMailbox
from lgsp.channels.overview import PartitionView, overview
from lgsp.channels.partition import Accepted, PartitionLog
from lgsp.channels.server import Server
from lgsp.channels.tasks import TaskBook, TaskRecord
from lgsp.channels.transaction import Transaction

__all__ = [
    "Accepted",
    "Activity",
    "ActivityLog",
    "Capability",
    "DeadEntry",
    "DeadLetterChannel",
    "HeldEntry",
    "HeldSubject",
    "Holder",
    "InboxEntry",
    "InvalidEntry",
    "InvalidMessageChannel",
    "JournalStep",
    "Journaled",
    "Journals",
    "Keys",
    "Lease",
    "Move",
    "OutEntry",
    "PartitionLog",
    "PartitionView",
    "RedisInbox",
    "RedisMailbox",
    "Server",
    "TaskBook",
    "TaskRecord",
    "Transaction",
    "capabilities",
    "held_subject",
    "held_subjects",
    "living_workers",
    "overview",
    "place_of",
]
