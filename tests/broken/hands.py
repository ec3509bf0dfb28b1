"""Hands on the wire of a right stand-in, from which the broken ones are made."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tampering import Call, Forward, Hand, Reply

Breakers = dict[str, tuple[Hand, set[str]]]
"""By what the server does wrong: the hand that makes it so, and the last two digits of the assertions that it breaks."""


def answers(change: Callable[[Call, Reply], Reply]) -> Hand:
    async def hand(call: Call, forward: Forward) -> Reply:
        return change(call, await forward(call))

    return hand


def hears(change: Callable[[Call], Call]) -> Hand:
    async def hand(call: Call, forward: Forward) -> Reply:
        return await forward(change(call))

    return hand


def never_asks(fits: Callable[[Call], bool], made: Reply) -> Hand:
    async def hand(call: Call, forward: Forward) -> Reply:
        return made if fits(call) else await forward(call)

    return hand


def service(call: Call) -> str:
    return str(call.fields.get("service", ""))


def code(answer: Reply) -> Any:
    return answer.body.get("error_code")


def at(name: str) -> Callable[[Call], bool]:
    return lambda call: name in call.path


def patched(name: str, change: Callable[[Reply], Reply]) -> Hand:
    return answers(lambda call, answer: change(answer) if name in call.path else answer)


def status_is(name: str, old: int, new: int) -> Hand:
    return patched(name, lambda answer: replace(answer, status=new) if answer.status == old else answer)


def without(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda row: {key: value for key, value in row.items() if key != name}
