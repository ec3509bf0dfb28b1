"""Draw benchmarks/growth.json as docs/growth.svg. Needs matplotlib, in an environment of its own.

python benchmarks/plot.py
"""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes

HERE = Path(__file__).parent
PARTS = {"publisher_us": "publisher", "worker_us": "worker", "server_us": "server", "store_us": "store"}
COLOURS = ("#7b8fa1", "#1f6feb", "#d1603d", "#3f8f5b")
SERIES = {
    "count": ("messages in one run", "messages"),
    "backlog": ("backlog before the first worker", "messages"),
    "partitions": ("partitions (50,000 messages)", "partitions"),
    "workers": ("workers (50,000 messages)", "workers"),
    "cluster": ("nodes of a cluster (12 partitions)", "nodes"),
}


def _panel(axes: Axes, points: list[dict[str, Any]], title: str, key: str) -> None:
    """Stacked CPU per message; above each bar the rate at which it was delivered."""
    names = [f"{point['setup'][key]:,}" for point in points]
    below = [0.0] * len(points)
    for (part, label), colour in zip(PARTS.items(), COLOURS, strict=True):
        heights = [point[part] for point in points]
        axes.bar(names, heights, bottom=below, label=label, color=colour, width=0.62)
        below = [one + other for one, other in zip(below, heights, strict=True)]
    for place, (top, point) in enumerate(zip(below, points, strict=True)):
        axes.annotate(
            f"{point['delivered_per_s']:,.0f}/s", (place, top), (0, 3), textcoords="offset points",
            ha="center", fontsize=8,
        )  # fmt: skip
    axes.set_title(title, fontsize=10)
    axes.tick_params(labelsize=8)
    axes.set_ylim(0, max(below) * 1.15)
    axes.spines[["top", "right"]].set_visible(False)


def _memory(axes: Axes, points: list[dict[str, Any]]) -> None:
    """The server at its peak: flat while it is drained, and as large as the backlog where there is one."""
    for (series, label), colour in zip(
        {"count": "drained all the time", "backlog": "backlog"}.items(), COLOURS[1:], strict=False
    ):
        these = [one for one in points if one["setup"]["series"] == series]
        axes.plot(
            [one["setup"]["messages"] for one in these], [one["server_peak_bytes"] / 1e6 for one in these],
            marker="o", label=label, color=colour,
        )  # fmt: skip
    axes.set(xscale="log", yscale="log")
    axes.set_title("server memory at its peak, MB, by messages", fontsize=10)
    axes.tick_params(labelsize=8)
    axes.legend(frameon=False, fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)


def main() -> int:
    """One picture with a panel for each series, and one for memory. Above each bar: messages delivered a second."""
    points = json.loads((HERE / "growth.json").read_text())
    mpl.rcParams["svg.hashsalt"] = "lgsp"
    figure, rows = plt.subplots(2, 3, figsize=(12, 6.6), layout="constrained")
    panels = rows.ravel()
    for axes, (series, (title, key)) in zip(panels, SERIES.items(), strict=False):
        _panel(axes, [one for one in points if one["setup"]["series"] == series], title, key)
    panels[0].set_ylabel("CPU, µs per message", fontsize=9)
    panels[3].set_ylabel("CPU, µs per message", fontsize=9)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    _memory(panels[5], points)
    figure.savefig(HERE.parent / "docs" / "growth.svg", metadata={"Date": None})
    return 0


if __name__ == "__main__":
    sys.exit(main())
