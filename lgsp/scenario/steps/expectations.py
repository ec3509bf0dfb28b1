"""What a connector asks of a stand-in, and what it is answered instead."""

from functools import partial
from typing import cast

from lgsp.scenario.situation import Situation
from lgsp.scenario.vocabulary import Step
from lgsp.scenario.world import NotSoError, Record, World

__all__ = ["STEPS"]


async def answer(at: Situation, system: str, method: str, path: str, status: int) -> str:
    """Answered so, instead of by the stand-in; the text below is the body."""
    return await _stubbed(at, system, method, path, [{"status": status, "text": at.line.block}], None)


async def answer_times(at: Situation, system: str, method: str, path: str, status: int, times: int) -> str:
    """So often, then by the stand-in again."""
    return await _stubbed(at, system, method, path, [{"status": status, "text": at.line.block}], times)


async def asked(at: Situation, system: str, times: int, method: str, path: str) -> str:
    """It got exactly so many such requests, once the last of them is there."""
    query = f"requests?method={method}&path={path}&count={max(times, 1)}&wait={min(at.world.limit_s, 60) if times else 0:g}"
    found = cast("Record", await at.world.control(system, "GET", query))
    if found["matched"] != times:
        came, number = await _came(at.world, system), found["matched"]
        raise NotSoError(
            f"{system} has had {number} requests {method} {path}, not {times}; the last ones: {came or 'none'}",
            f"{system} đã nhận {number} yêu cầu {method} {path}, không phải {times}; gần nhất: {came or 'không có'}",
        )
    return f"{system}: {times} x {method} {path}"


async def asked_with(at: Situation, system: str, text: str) -> str:
    """A request has that text in path, query or body."""
    wait_s = f"{min(at.world.limit_s, 60):g}"
    found = await at.world.http.get(
        f"{at.world.at(system)}/__mock__/requests", params={"contains": text, "wait": wait_s}, timeout=90
    )
    if not found.json()["matched"]:
        came = await _came(at.world, system)
        raise NotSoError(
            f"no request at {system} contains {text!r}; the last ones: {came or 'none'}",
            f"không yêu cầu nào ở {system} có {text!r}; gần nhất: {came or 'không có'}",
        )
    return f"{system}: {text}"


async def _stubbed(
    at: Situation, system: str, method: str, path: str, answers: list[Record], times: int | None
) -> str:  # fmt: skip
    stub: Record = {"request": {"method": method, "path": path}, "answers": [*answers], "times": times}
    kept = cast("Record", await at.world.control(system, "POST", "expectations", stub))
    at.undo.push_async_callback(partial(_forget, at.world, system, str(kept["id"])))
    return f"{system}: {kept['id']}"


async def _forget(world: World, system: str, name: str) -> None:
    await world.http.delete(f"{world.at(system)}/__mock__/expectations/{name}")


async def _came(world: World, system: str) -> str:
    found = cast("Record", await world.control(system, "GET", "requests?limit=5"))
    last = [
        f"{one['method']} {one['path']} -> {one['status']} ({one['answered_by']})"
        for one in cast("list[Record]", found["requests"])
    ]
    return ", ".join(last)


STEPS = (
    Step(
        "{system} answers {word} {string} with {int}", "{system} trả lời {word} {string} bằng {int}", answer,
        "text: the body of the answer",
    ),
    Step(
        "{system} answers {word} {string} with {int}, {int} time(s)", "{system} trả lời {word} {string} bằng {int}, {int} lần",
        answer_times, "text: the body of the answer",
    ),
    Step("{system} has had {int} request(s) {word} {string}", "{system} đã nhận {int} yêu cầu {word} {string}", asked),
    Step("{system} has had a request with {string}", "{system} đã nhận yêu cầu có {string}", asked_with),
)  # fmt: skip
