"""What the bus did."""

from functools import partial
from urllib.parse import quote

from pydantic import JsonValue

from lgsp.scenario.situation import Situation
from lgsp.scenario.vocabulary import Step
from lgsp.scenario.world import NotSoError, Record, World

__all__ = ["STEPS"]


async def delivered(at: Situation, system: str) -> str:
    """What the scenario is about was delivered there."""
    key = at.about("document or dossier")
    await at.world.until(f"{key} delivered to {system}", partial(_step, at.world, key, "delivered", system))
    return f"delivered to {system}"


async def refused(at: Situation, code: str) -> str:
    """The bus answered with that code of the wire."""
    reply = _reply(at)
    if reply["code"] != code:
        raise NotSoError(f"the bus answered {reply['code']}: {reply['why']}")
    return f"refused with {code}: {str(reply['why'])[:70]}"


async def refused_because(at: Situation, reason: str) -> str:
    """The bus refused, and names that."""
    reply = _reply(at)
    if reply["code"] == "0" or reason not in str(reply["why"]):
        raise NotSoError(f"the bus answered {reply['code']}: {reply['why']}")
    return f"refused: {str(reply['why'])[:70]}"


async def dead(at: Situation, system: str) -> str:
    """It could not be delivered, and the dead letter says why."""
    key = at.about("document or dossier")
    letter = await at.world.until(
        f"a dead letter of {system} about {key}", partial(_letter, at.world, key, system)
    )
    return f"dead letter: {str(letter['reason'])[:70]}"


async def nothing_lost(at: Situation) -> str:
    """Accepted = delivered + dead + expired + discarded + under way, over every message."""
    found = await at.world.gateway("/api/verify")
    if not isinstance(found, dict) or not found["holds"]:
        lost = {name: found.get(name) for name in ("lost", "doubled")} if isinstance(found, dict) else found
        raise NotSoError(f"the recount does not hold: {lost}")
    return f"{found['accepted']} accepted, none lost"


def _reply(at: Situation) -> Record:
    if at.reply is None:
        raise NotSoError("the bus was not asked yet: a step before this one must send it something")
    return at.reply


async def _step(world: World, key: str, step: str, system: str) -> Record | None:
    found = await world.gateway(f"/api/trace/{quote(key, safe='')}")
    steps = (one for row in _rows(found, "messages") for one in _rows(row, "steps"))
    return next((one for one in steps if one.get("step") == step and one.get("system") == system), None)


async def _letter(world: World, key: str, system: str) -> Record | None:
    letters = _rows(await world.gateway("/api/dead?limit=1000"), "dead")
    return next((one for one in letters if one.get("subject") == key and one.get("system") == system), None)


def _rows(value: JsonValue, name: str) -> list[Record]:
    rows = value.get(name) if isinstance(value, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


STEPS = (
    Step("the bus delivers it to {system}", "trục LGSP chuyển tới {system}", delivered),
    Step("the bus refuses it with {string}", "trục LGSP từ chối với mã {string}", refused),
    Step("the bus refuses it because of {string}", "trục LGSP từ chối vì {string}", refused_because),
    Step("it becomes a dead letter of {system}", "văn bản thành thư chết của {system}", dead),
    Step("no message is lost", "không thông điệp nào bị mất", nothing_lost),
)
