"""One blocking call to a part of the world."""

from typing import cast

import httpx
from pydantic import JsonValue

from lgsp.errors import LgspError

__all__ = ["Record", "ask"]

Record = dict[str, JsonValue]


def ask(
    http: httpx.Client, method: str, url: str, body: object = None, *, params: dict[str, str] | None = None
) -> JsonValue:
    """The answer's JSON; where there is nothing of that name (404), None.

    Raises:
        LgspError: refused; with what was wrong and where.
    """
    answer = (
        http.request(method, url, json=body, params=params)
        if body is not None
        else http.request(method, url, params=params)
    )
    if answer.status_code == 404:
        return None
    if not answer.is_success:
        raise LgspError(f"{method} {url}: {_why(answer)}")
    return cast("JsonValue", answer.json())


def _why(answer: httpx.Response) -> str:
    try:
        problem = answer.json()
    except ValueError:
        problem = None
    if not isinstance(problem, dict):
        return f"HTTP {answer.status_code}: {answer.text[:500]}"
    errors = problem.get("errors") or problem.get("faults") or []
    places = [
        str(one.get("pointer") or one.get("place")) + f": {one.get('detail') or one.get('message')}"
        for one in errors
    ]
    return "; ".join([str(problem.get("detail") or answer.text[:500]), *places])
