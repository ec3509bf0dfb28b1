"""lgsp bench."""

from dataclasses import asdict
from statistics import median
from typing import Annotated

import typer

from lgsp.bench import MOST_BYTES, SMALL_BYTES, Figures, Size, measure
from lgsp.cli.common import JsonOption, print_json, print_table
from lgsp.process import run

__all__ = ["bench"]

_ROWS = (
    ("delivered", "delivered_per_s", "messages/s", "publish → route → deliver → receipt, all checks, journal and store on"),
    ("stored", "stored_per_s", "messages/s", "until the message store has every step too"),
    ("raw limit", "raw_per_s", "messages/s", "the same server in a bare loop: add, read, add, read"),
    ("raw limit with a journal", "raw_journaled_per_s", "messages/s", "the same over three streams, as the bus has"),
    ("latency, median", "p50_ms", "ms", "publish to receipt at 1,000 messages/s; of larger ones as many bytes a second"),
    ("latency, p99", "p99_ms", "ms", ""),
    ("CPU worker", "worker_us", "µs/message", "route, deliver, settle"),
    ("CPU store", "store_us", "µs/message", "the wire tap's process"),
    ("CPU publisher", "publisher_us", "µs/message", "schema check, accept"),
    ("CPU server", "server_us", "µs/message", ""),
    ("memory of the server", "server_mb", "MB", "at its peak"),
)  # fmt: skip


def bench(
    messages: Annotated[
        int | None,
        typer.Option(min=1000, help="For each run; by default 20,000 small ones, or as many bytes."),
    ] = None,
    size: Annotated[
        int, typer.Option(min=SMALL_BYTES, max=MOST_BYTES, help="Bytes of a message.")
    ] = SMALL_BYTES,
    runs: Annotated[int, typer.Option(min=1, help="The medians are shown.")] = 3,
    json_output: JsonOption = False,
) -> None:
    """Measure this machine: documents of 2 KB through a bus of its own, beside the raw server's limit. Touches no data of yours."""
    count = messages or max(1_000, 20_000 * SMALL_BYTES // size)
    found: list[Figures] = []

    async def work() -> int:
        found.extend([await measure(Size(count, size)) for _ in range(runs)])
        return 0

    run(work())
    if json_output:
        print_json([asdict(one) for one in found])
        return
    rows = []
    for name, figure, unit, meaning in _ROWS:
        values = [getattr(one, figure) for one in found]
        rows.append(
            (name, f"{median(values):,.1f} {unit}", f"{min(values):,.1f} … {max(values):,.1f}", meaning)
        )
    print_table(("what", "median", "range", "meaning"), rows)
    typer.echo(
        f"{median(one.share_of_raw for one in found):.0%} of the raw limit over as many streams; {runs} runs of {count:,} messages"
    )
