"""Faults of the stand-ins, on purpose. Whatever a scenario switched on is off at its end."""

from functools import partial
from typing import cast

from lgsp.scenario.situation import Situation
from lgsp.scenario.vocabulary import Step
from lgsp.scenario.world import NotSoError, Record, Said, World

__all__ = ["STEPS"]


async def switch_on(at: Situation, system: str, kind: str) -> Said:
    """As `lgsp fault set`."""
    values: Record = {name: _value(text) for row in at.rows() for name, text in row.items() if text}
    return await _on(at, system, {"kind": kind, **values})


async def away(at: Situation, system: str) -> Said:
    """It answers nobody."""
    return await _on(at, system, {"kind": "down"})


async def back(at: Situation, system: str) -> Said:
    """Every fault there is off."""
    await at.world.control(system, "DELETE", "faults")
    return Said(f"{system}: no fault", f"{system}: hết sự cố")


async def struck(at: Situation, count: int) -> Said:
    """The fault that was switched on last has struck at least so often."""
    if at.fault is None:
        raise NotSoError(
            "no fault yet: a step before this one must switch it on",
            "chưa có sự cố nào: một bước trước đó phải bật sự cố",
        )
    system, name = at.fault

    async def often_enough() -> int | None:
        found = cast("Record", await at.world.control(system, "GET", f"requests?fault={name}"))
        hits = sum(int(str(entry.get("times", 1))) for entry in cast("list[Record]", found["requests"]))
        return hits if hits >= count else None

    what = Said(f"the fault at {system} has struck {count} times", f"sự cố ở {system} xảy ra {count} lần")
    hits = await at.world.until(what, often_enough)
    return Said(f"{system}: struck {hits} times", f"{system}: đã xảy ra {hits} lần")


async def _on(at: Situation, system: str, fault: Record) -> Said:
    kept = cast("Record", await at.world.control(system, "POST", "faults", fault))
    at.fault = system, str(kept["id"])
    at.undo.push_async_callback(partial(_off, at.world, system, at.fault[1]))
    kind, until = kept["kind"], str(kept["expires_at"])[11:19]
    return Said(f"{system}: {kind} until {until}", f"{system}: sự cố {kind} đến {until}")


async def _off(world: World, system: str, name: str) -> None:
    await world.http.delete(f"{world.at(system)}/__mock__/faults/{name}")


def _value(text: str) -> str | int | float:
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return text


STEPS = (
    Step(
        "{system} has the fault {word}", "{system} gặp sự cố {word}", switch_on,
        "table: operation, path, agency, share, seed, after, count, expires_s; status, delay_s, jitter_s, bytes_per_s, skew_s, when",
    ),
    Step("{system} is away", "{system} ngừng hoạt động", away),
    Step("{system} is back", "{system} hoạt động trở lại", back),
    Step("the fault has struck {int} time(s)", "sự cố đã xảy ra {int} lần", struck),
)  # fmt: skip
