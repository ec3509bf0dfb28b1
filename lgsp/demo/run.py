"""`lgsp demo`: start everything, play every flow, and say how each ended."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from urllib.parse import quote

import httpx
from pydantic import JsonValue
from rich.console import Console
from rich.table import Table

from lgsp.bootstrap import Running, running
from lgsp.errors import ConfigurationError
from lgsp.process import configure_log, run
from lgsp.scenario import Played, Scenario, World, built_in, play_through
from lgsp.settings import Settings
from lgsp.up import ready_line, until_signal

__all__ = ["Verdict", "play_all", "run_demo"]

ALONE = "alone"
"""Tag of a flow that would disturb the others."""

_WORDS: Mapping[str, tuple[str, ...]] = {
    "vi": (
        "Luồng",
        "Khóa",
        "Đường đi",
        "Chặng",
        "Giây",
        "Hệ thống nhận đang có",
        "Kết quả",
        "đến nơi",
        "HỎNG",
    ),
    "en": (
        "Flow",
        "Key",
        "Path",
        "Hops",
        "Seconds",
        "What the receiving system holds",
        "Verdict",
        "arrived",
        "FAILED",
    ),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one flow ended. `hops` counts steps of every message of the conversation; `seconds` is real time."""

    flow: str
    title: str
    title_vi: str
    key: str
    trace: str
    path: str
    hops: int
    messages: int
    seconds: float
    holds: str
    arrived: bool


def run_demo(settings: Settings, *, once: bool, lang: str, json_output: bool) -> int:
    """Play the flows; with `once` end then: 0 when all arrived, 1 otherwise. Without it, stay up until a signal."""
    configure_log("error" if once else settings.log_level)
    return run(_demo(settings, once=once, lang=lang, json_output=json_output))


async def _demo(settings: Settings, *, once: bool, lang: str, json_output: bool) -> int:
    started = time.perf_counter()
    console = Console(quiet=json_output)

    async def story(system: Running) -> int:
        ready_s = time.perf_counter() - started
        console.print(ready_line(system, json_output=False), highlight=False)
        console.print(
            f"  {'sẵn sàng sau' if lang == 'vi' else 'ready in'} {ready_s:.1f} s\n", highlight=False
        )
        verdicts = await play_all(system, console, lang)
        if json_output:
            report = {
                "ready_s": round(ready_s, 2),
                "urls": dict(system.urls),
                "flows": [asdict(one) for one in verdicts],
            }
            print(json.dumps(report, ensure_ascii=False), flush=True)  # noqa: T201 - the command's output
        console.print(_table(verdicts, lang))
        if not once:
            await asyncio.Event().wait()
        return 0 if all(one.arrived for one in verdicts) else 1

    async with running(settings) as system:
        return await until_signal(story(system))


async def play_all(
    system: Running, console: Console, lang: str, flows: Sequence[Scenario] | None = None
) -> list[Verdict]:
    """Every flow, side by side where they don't disturb each other: one that must be alone (an outage) comes last."""
    ioffice = system.settings.systems.get("ioffice")
    if ioffice is None:
        raise ConfigurationError(
            "the demo needs [systems.ioffice]; run it in a folder without an lgsp.toml, or give another --config"
        )
    office = ioffice.table()
    async with httpx.AsyncClient(timeout=30.0, trust_env=False) as http:
        world = World(system.urls, http, str(office["system_id"]), str(office["secret"]))

        async def one(flow: Scenario) -> Verdict:
            verdict = _verdict(await play_through(flow, world))
            mark = "[green]✓[/]" if verdict.arrived else "[red]✗[/]"
            console.print(f"{mark} {flow.title(lang)}: ", end="")
            console.print(f"{verdict.key}  {verdict.holds}", markup=False, highlight=False)
            return verdict

        wanted = built_in() if flows is None else flows
        verdicts = list(await asyncio.gather(*(one(flow) for flow in wanted if ALONE not in flow.tags)))
        verdicts += [await one(flow) for flow in wanted if ALONE in flow.tags]
        return [await _told(world, verdict) for verdict in verdicts]


def _verdict(played: Played) -> Verdict:
    flow = played.scenario
    seen = [step.seen.en for step in played.steps if step.seen and step.line.is_outcome]
    return Verdict(
        flow.key, flow.title("en"), flow.title("vi"), played.key, played.key, "-", 0, 0, round(played.seconds, 2),
        "; ".join(seen) if played.passed else played.why, played.passed,
    )  # fmt: skip


async def _told(world: World, verdict: Verdict) -> Verdict:
    """With its journey, which the message store has a moment after the fact."""
    path, hops, messages = await _journey(world, verdict.trace)
    return replace(verdict, path=path, hops=hops, messages=messages)


async def _journey(world: World, key: str) -> tuple[str, int, int]:
    """Path of the first message, steps and messages of the whole conversation."""
    found = await world.gateway(f"/api/trace/{quote(key, safe='')}") if key else None
    messages: JsonValue = found.get("messages") if isinstance(found, dict) else None
    rows = [row for row in messages if isinstance(row, dict)] if isinstance(messages, list) else []
    hops = sum(len(steps) for row in rows if isinstance(steps := row.get("steps"), list))
    return (_path(rows[0]) if rows else "-"), hops, len(rows)


def _path(row: Mapping[str, JsonValue]) -> str:
    steps = row.get("steps")
    targets: dict[str, None] = {}
    for step in steps if isinstance(steps, list) else []:
        if isinstance(step, dict) and step.get("step") == "routed":
            targets[str(step.get("system"))] = None
    return f"{str(row.get('source')).removeprefix('/systems/')} → {', '.join(targets) or '-'}"


def _table(verdicts: list[Verdict], lang: str) -> Table:
    words = _WORDS[lang]
    table = Table(*words[:7], show_lines=False)
    for one in verdicts:
        verdict = f"[green]{words[7]}[/]" if one.arrived else f"[red]{words[8]}[/]"
        title = one.title_vi if lang == "vi" else one.title
        hops = f"{one.hops} ({one.messages})"
        table.add_row(
            title, one.key, one.path, hops, f"{one.seconds:.1f}", one.holds.replace("[", r"\["), verdict
        )
    return table
