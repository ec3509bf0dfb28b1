"""The message store alone: how fast it takes journals, and how fast it answers with many messages in it.

.venv/bin/python benchmarks/store.py --messages 1000000
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from itertools import islice
from pathlib import Path

from lgsp.bench.load import documents
from lgsp.store import JournalEntry, MessageQuery, MessageStore

_BATCH = 5000
_TITLES = (
    "Báo cáo tình hình kinh tế",
    "Kế hoạch chuyển đổi số",
    "Quyết định bổ nhiệm cán bộ",
    "Giấy mời họp giao ban",
)


def journal(count: int) -> Iterator[JournalEntry]:
    """Accepted, routed, delivered; one in a thousand is dead."""
    for number, message in enumerate(documents(count)):
        title = f"{_TITLES[number % 4]} số {number}"
        sent = message.model_copy(update={"data": message.data | {"subject": title}})
        end = "dead" if number % 1000 == 0 else "delivered"
        steps = (("accepted", sent.source, sent.to_json()), ("routed", "axis", None), (end, "axis", None))
        for step, system, body in steps:
            place = f"{number + 1}-{len(step)}"
            yield JournalEntry(
                0,
                f"{number + 1}-0.{('accepted', 'routed', end).index(step)}",
                sent.id,
                step,
                system,
                number,
                place,
                body,
            )


async def work(count: int) -> int:
    """Fill, then ask."""
    with tempfile.TemporaryDirectory() as place:
        store = await MessageStore.open(f"sqlite:///{place}/messages.db")
        entries, spent, cpu = journal(count), 0.0, time.process_time()
        while batch := list(islice(entries, _BATCH * 3)):
            began = time.perf_counter()
            await store.append(batch)
            spent += time.perf_counter() - began
        size = _size(Path(place))
        sys.stdout.write(
            f"{count:,} messages: {count / spent:,.0f} messages/s, {3 * count / spent:,.0f} steps/s, "
            f"{(time.process_time() - cpu) / count * 1e6:.0f} µs CPU each with making them, {size / count:,.0f} bytes each\n"
        )
        for name, question in questions(store, count).items():
            began = time.perf_counter()
            answer = await question()
            took = (time.perf_counter() - began) * 1000
            sys.stdout.write(
                f"{name:<36} {took:7.1f} ms  {len(answer) if isinstance(answer, tuple) else 1} found\n"
            )
        await store.aclose()
    return 0


def _size(place: Path) -> int:
    return sum(file.stat().st_size for file in place.iterdir())


def questions(store: MessageStore, count: int) -> dict[str, Callable[[], Awaitable[object]]]:
    """What people ask."""
    asked = {
        "first page": MessageQuery(),
        "a page far behind": MessageQuery(after=count // 2),
        "text, common words": MessageQuery(text="quyết định"),
        "text without diacritics": MessageQuery(text="chuyen doi so"),
        "text, one document": MessageQuery(text=f"giao ban {count - 1}"),
        "state dead": MessageQuery(state="dead"),
        "recipient": MessageQuery(recipient="000.00.00.G22"),
        "recipient that nobody knows": MessageQuery(recipient="000.00.00.X99"),
        "system": MessageQuery(system="axis"),
        "type and text": MessageQuery(type="document.*", text="bao cao"),
    }
    found: dict[str, Callable[[], Awaitable[object]]] = {
        name: (lambda query=query: store.search(query)) for name, query in asked.items()
    }
    found["by id"] = lambda: store.find(f"bench-{count // 2}")
    found["trace of a subject"] = lambda: store.trace("bench-doc-17")
    found["recount"] = store.recount
    return found


def main() -> int:
    """A hundred thousand by default."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    return asyncio.run(work(parser.parse_args().messages))


if __name__ == "__main__":
    sys.exit(main())
