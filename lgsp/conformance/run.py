"""Runs a suite against a subject. Whatever the subject does, it becomes a verdict."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import httpx

from lgsp.conformance.line import Exchange, Line, LineError, plain
from lgsp.conformance.model import Assertion, BrokenError, Outcome, SkipError, Suite, Verdict
from lgsp.standards.tls import client_context

__all__ = ["ASSERTION_S", "check"]

ASSERTION_S = 30.0
SILENCES = 3
S = TypeVar("S")


async def check(  # noqa: PLR0913 - a subject, what to ask it, and the bounds of patience
    suite: Suite[S],
    url: str,
    options: Mapping[str, str],
    *,
    only: Sequence[str] = (),
    allowed: frozenset[str] = frozenset(),
    call_s: float = 10.0,
    kept: int = 0,
    tell: Callable[[Verdict], None] | None = None,
) -> list[Verdict]:
    """The verdicts, in the order of the suite; each assertion has a line and a subject of its own. `kept`: connections that are
    used again, none where a subject may have spoilt them.

    A subject that let the time of three assertions in a row pass without any whole answer is not asked any further.
    """
    verdicts: list[Verdict] = []
    silences = 0
    limits = httpx.Limits(max_connections=4, max_keepalive_connections=kept)
    async with httpx.AsyncClient(
        timeout=call_s, trust_env=False, follow_redirects=False, limits=limits, verify=client_context()
    ) as http:
        for assertion in suite.selected(only):
            line = Line(url, http, allowed, call_s)
            line.hide(*(value for name, value in options.items() if "secret" in name or "password" in name))
            if silences < SILENCES:
                verdict = await _judge(assertion, suite.subject(line, options), line)
                silences = silences + 1 if line.unanswered else 0
            else:
                why = f"not asked: the {SILENCES} assertions before got no whole answer in their time"
                verdict = _verdict(assertion, Outcome.SKIPPED, why)
            verdicts.append(verdict)
            if tell is not None:
                tell(verdict)
    return verdicts


async def _judge(assertion: Assertion[S], subject: S, line: Line) -> Verdict:
    began = time.perf_counter()
    outcome, finding = Outcome.FAILED, ""
    try:
        async with asyncio.timeout(ASSERTION_S):
            await assertion.check(subject)
        outcome = Outcome.PASSED
    except SkipError as exc:
        outcome, finding = Outcome.SKIPPED, str(exc)
    except (BrokenError, LineError) as exc:
        finding = str(exc)
    except TimeoutError:
        finding = f"not done within {ASSERTION_S:g} s"
    except Exception as exc:  # noqa: BLE001 - an answer of a shape that nobody thought of is the subject's fault, and a verdict
        finding = f"the answer could not be read: {type(exc).__name__} {str(exc)[:300]}"
    took_s = round(time.perf_counter() - began, 3)
    return _verdict(assertion, outcome, plain(finding[:1000]), took_s, line.exchanges)


def _verdict(
    assertion: Assertion[S],
    outcome: Outcome,
    finding: str,
    took_s: float = 0.0,
    evidence: Sequence[Exchange] = (),
) -> Verdict:
    return Verdict(
        assertion.id, assertion.level, assertion.rule, assertion.rule_vi, assertion.source, outcome, finding, took_s,
        tuple(evidence),
    )  # fmt: skip
