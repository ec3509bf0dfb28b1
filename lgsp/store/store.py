"""MessageStore: what has happened to each message."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Self, TypeVar

from pydantic import JsonValue
from pydantic_core import from_json
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from lgsp.errors import ChannelUnavailableError, ConfigurationError, NotFoundError
from lgsp.message import Message
from lgsp.standards.statistics import AgencyRow, Case, Row
from lgsp.store.append import append
from lgsp.store.database import Database, database
from lgsp.store.dossier_cases import dossier_cases
from lgsp.store.journal import JournalEntry
from lgsp.store.receipts import deliveries
from lgsp.store.records import MessageQuery, StoredDelivery, StoredMessage, TracedMessage
from lgsp.store.recount import Flow, Recount, flows, prune, recount, waiting_since
from lgsp.store.search import bodies, find, search, trace
from lgsp.store.tables import prepare
from lgsp.store.tally import Counted, agencies, count_up, counted, dossier_form, procedures

__all__ = ["MessageStore"]

T = TypeVar("T")
_OPENING_TRIES = 200
_OPENING_PAUSE_S = 0.05
TALLIED_AT_ONCE = 2000
"""Messages in one writing transaction, so that the wire tap need not wait long."""


class MessageStore:
    """History of every message. Filled by the wire tap, so a moment behind the streams; never asked by the delivery itself."""

    def __init__(self, base: Database) -> None:
        self._base = base

    @classmethod
    async def open(cls, url: str) -> Self:
        """Connect and create what is missing.

        Raises:
            ConfigurationError: the URL is wrong, or the database can't be reached or written, or is of another version.
        """
        base = database(url)
        try:
            await _prepare(base)
        except (SQLAlchemyError, OSError) as exc:
            await base.aclose()
            raise ConfigurationError(
                f"the message store {base.place} can't be opened: {_reason(exc)}; check LGSP_STORE_URL"
            ) from exc
        except ConfigurationError:
            await base.aclose()
            raise
        return cls(base)

    async def aclose(self) -> None:
        """Close the connections, when what is being written is there."""
        await self._base.aclose()

    async def append(self, entries: Sequence[JournalEntry]) -> Mapping[str, str]:
        """Record steps, all or none; those that are there already change nothing, and their order does not matter.

        The types of the messages that they are about, by message id; "" where it does not know the message.
        """
        return await self._write(partial(append, entries=entries)) if entries else {}

    async def search(self, query: MessageQuery) -> tuple[StoredMessage, ...]:
        """Messages that fit, newest first; the `seq` of the last one is the next page's `after`."""
        return await self._read(partial(search, query=query))

    async def find(self, message_id: str) -> tuple[TracedMessage, dict[str, JsonValue]]:
        """One message by its id, with its journey and its whole JSON.

        Raises:
            NotFoundError: the store does not know it.
        """
        found = await self._read(partial(find, message_id=message_id))
        if found is None:
            raise NotFoundError(
                f"no message {message_id!r} in the message store",
                f"kho bản tin không có bản tin {message_id!r}",
            )
        return found

    async def bodies(self, seqs: Sequence[int]) -> Mapping[int, bytes]:
        """The messages' JSON by `seq`."""
        return await self._read(partial(bodies, seqs=seqs))

    async def trace(self, key: str) -> tuple[TracedMessage, ...]:
        """The journey of a message, document or dossier, oldest message first.

        `key` is a message id, subject, correlation id or number (số/ký hiệu, mã hồ sơ); every message of the same subject or
        correlation belongs to it. () when nothing is known under that key.
        """
        return await self._read(partial(trace, key=key))

    async def about(self, key: str) -> Sequence[Message]:
        """The messages that `trace` finds, themselves."""
        seqs = [traced.message.seq for traced in await self.trace(key)]
        found = await self.bodies(seqs)
        return [Message.model_validate(from_json(found[seq])) for seq in seqs if seq in found]

    async def deliveries(
        self, system: str, *, since_ms: int, after: int = 0, limit: int = 200
    ) -> Sequence[StoredDelivery]:
        """What was delivered to a system since then, in the order of acceptance, each message once with its last receipt.

        The `seq` of the last one is the next page's `after`.
        """
        return await self._read(
            partial(deliveries, system=system, since_ms=since_ms, after=after, limit=limit)
        )

    async def flows(self, *, since_ms: int, until_ms: int) -> Sequence[Flow]:
        """What was accepted in a span of time (milliseconds, `until_ms` excluded), counted by source, type and how it stands now."""
        return await self._read(partial(flows, since_ms=since_ms, until_ms=until_ms))

    async def waiting_since(self) -> Mapping[str, int]:
        """Of each system that has yet to take something: when the oldest of it was accepted; "" has what no system was found for yet."""
        return await self._read(waiting_since)

    async def recount(self) -> Recount:
        """What the law says about every message: accepted = delivered + dead + expired + discarded + under way."""
        return await self._read(recount)

    async def prune(self, *, before_ms: int, limit: int = 10_000) -> int:
        """Forget the oldest settled messages accepted before then, at most `limit`; how many there were."""
        return await self._write(partial(prune, before_ms=before_ms, limit=limit))

    async def dossier_cases(self) -> Sequence[Case]:
        """Every dossier, as the statistics count it."""
        return await self._read(dossier_cases)

    async def count_up(self, *, limit: int = 5_000) -> Counted:
        """Let the tally take in what came since, at most `limit` messages, a few thousand in each transaction; how far it is then."""
        at = await self._read(counted)
        for _ in range(0, min(limit, at.behind), TALLIED_AT_ONCE):
            await self._write(partial(count_up, limit=min(limit, TALLIED_AT_ONCE)))
        return await self._read(counted) if at.behind else at

    async def agencies(self, start: date, end: date) -> Sequence[AgencyRow]:
        """Documents by agency within these days, as far as they are counted; the total is the last row."""
        return await self._read(partial(agencies, start=start, end=end))

    async def dossier_form(self, start: date, end: date) -> Sequence[Row]:
        """Form 06a for these days, of the dossiers that are counted; the total is the last row. ValueError: it ends before it begins."""
        return await self._read(partial(dossier_form, start=start, end=end))

    async def procedures(self) -> tuple[int, int]:
        """How many procedures were published, and how many of them arrived."""
        return await self._read(procedures)

    async def _read(self, work: Callable[[Connection], T]) -> T:
        try:
            return await self._base.read(work)
        except (SQLAlchemyError, OSError) as exc:
            raise _away(exc) from exc

    async def _write(self, work: Callable[[Connection], T]) -> T:
        try:
            return await self._base.write(work)
        except (SQLAlchemyError, OSError) as exc:
            raise _away(exc) from exc


async def _prepare(base: Database) -> None:
    """SQLite does not wait for the lock that turns a new file to WAL, so of parts that start together the later ones ask again."""
    for tries_left in reversed(range(_OPENING_TRIES)):
        try:
            await base.write(prepare)
        except OperationalError as exc:
            if not tries_left or "locked" not in str(exc.orig):
                raise
            await asyncio.sleep(_OPENING_PAUSE_S)
        else:
            return


def _away(error: Exception) -> ChannelUnavailableError:
    return ChannelUnavailableError(f"the message store does not answer: {_reason(error)}")


def _reason(error: Exception) -> str:
    """The database's own words, without SQLAlchemy's advice."""
    return str(getattr(error, "orig", None) or error).splitlines()[0]
