"""Everything in one go: `lgsp bench`, and FastStream beside it; writes benchmarks/results.json.

.venv/bin/python benchmarks/run.py --peer /path/to/an/environment/with/faststream/bin/python
"""

import argparse
import asyncio
import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from statistics import median

from lgsp.bench import Size, measure
from lgsp.bench.load import documents
from lgsp.embedded import EmbeddedServer
from lgsp.process import run

HERE = Path(__file__).parent


async def peer(python: str, messages: int) -> float:
    """FastStream on a server of its own."""
    with tempfile.TemporaryDirectory() as place:
        load = Path(place) / "load.jsonl"
        load.write_bytes(b"\n".join(message.to_json() for message in documents(messages)))
        async with EmbeddedServer(Path(place) / "valkey") as server:
            command = [python, str(HERE / "faststream_peer.py"), server.url, str(load)]
            done = await asyncio.to_thread(
                subprocess.run, command, capture_output=True, text=True, check=True
            )
    return float(json.loads(done.stdout)["faststream_per_s"])


async def work(messages: int, runs: int, python: str | None) -> int:
    """The runs, one after the other, ours and the peer's in turn."""
    figures, peers = [], []
    for _ in range(runs):
        figures.append(asdict(await measure(Size(messages))))
        if python:
            peers.append(await peer(python, messages))
    result = {
        "machine": {
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "system": platform.platform(),
        },
        "messages": messages,
        "medians": {name: median(one[name] for one in figures) for name in figures[0]},
        "faststream_per_s": median(peers) if peers else None,
        "runs": figures,
        "peer_runs": peers,
    }
    (HERE / "results.json").write_text(json.dumps(result, indent=1) + "\n")
    sys.stdout.write(
        json.dumps({"medians": result["medians"], "faststream_per_s": result["faststream_per_s"]}) + "\n"
    )
    return 0


def main() -> int:
    """Five runs of 20,000 messages by default."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--peer", help="a Python that has faststream[redis], uvloop")
    wanted = parser.parse_args()
    return run(work(wanted.messages, wanted.runs, wanted.peer))


if __name__ == "__main__":
    sys.exit(main())
