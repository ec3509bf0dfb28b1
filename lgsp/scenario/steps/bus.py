"""What the bus did."""

from functools import partial
from urllib.parse import quote

from pydantic import JsonValue

from lgsp.scenario.situation import Situation
from lgsp.scenario.vocabulary import Step
from lgsp.scenario.world import NotSoError, Record, Said, World

__all__ = ["STEPS"]


async def delivered(at: Situation, system: str) -> Said:
    """What the scenario is about was delivered there."""
    key = at.about("document or dossier")
    what = Said(f"{key} delivered to {system}", f"{key} được chuyển tới {system}")
    await at.world.until(what, partial(_step, at.world, key, "delivered", system))
    return Said(f"delivered to {system}", f"đã chuyển tới {system}")


async def refused(at: Situation, code: str) -> Said:
    """The bus answered with that code of the wire."""
    reply = _reply(at)
    if reply["code"] != code:
        raise _other_answer(reply)
    why = str(reply["why"])[:70]
    return Said(f"refused with {code}: {why}", f"từ chối với mã {code}: {why}")


async def refused_because(at: Situation, reason: str) -> Said:
    """The bus refused, and names that."""
    reply = _reply(at)
    if reply["code"] == "0" or reason not in str(reply["why"]):
        raise _other_answer(reply)
    why = str(reply["why"])[:70]
    return Said(f"refused: {why}", f"từ chối: {why}")


async def dead(at: Situation, system: str) -> Said:
    """It could not be delivered, and the dead letter says why."""
    key = at.about("document or dossier")
    what = Said(f"a dead letter of {system} about {key}", f"thư chết của {system} về {key}")
    letter = await at.world.until(what, partial(_letter, at.world, key, system))
    reason = str(letter["reason"])[:70]
    return Said(f"dead letter: {reason}", f"thư chết: {reason}")


async def nothing_lost(at: Situation) -> Said:
    """Accepted = delivered + dead + expired + discarded + under way, over every message."""
    found = await at.world.gateway("/api/verify")
    if not isinstance(found, dict) or not found["holds"]:
        lost = {name: found.get(name) for name in ("lost", "doubled")} if isinstance(found, dict) else found
        raise NotSoError(f"the recount does not hold: {lost}", f"đếm lại không khớp: {lost}")
    return Said(
        f"{found['accepted']} accepted, none lost", f"{found['accepted']} đã tiếp nhận, không mất bản tin nào"
    )


def _reply(at: Situation) -> Record:
    if at.reply is None:
        raise NotSoError(
            "the bus was not asked yet: a step before this one must send it something",
            "chưa gửi gì tới trục: một bước trước đó phải gửi",
        )
    return at.reply


def _other_answer(reply: Record) -> NotSoError:
    said = f"{reply['code']}: {reply['why']}"
    return NotSoError(f"the bus answered {said}", f"trục trả lời {said}")


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
