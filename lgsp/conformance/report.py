"""Verdicts as JSON, JUnit XML and one HTML page; what a subject said is shown as text only."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from html import escape
from xml.sax.saxutils import quoteattr

from lgsp.conformance.model import Outcome, Verdict

__all__ = ["to_html", "to_json", "to_junit"]


def to_json(role: str, verdicts: Sequence[Verdict]) -> str:
    """Every verdict with its evidence."""
    return json.dumps(
        {"role": role, "verdicts": [asdict(one) for one in verdicts]}, ensure_ascii=False, indent=1
    )


def to_junit(role: str, verdicts: Sequence[Verdict]) -> str:
    """A test suite; a broken `should` or `may` is no failure there."""
    failed = sum(one.fails_subject for one in verdicts)
    cases = "".join(
        f'<testcase name={_attr(one.id)} classname={_attr(role)} time="{one.seconds}">{_end(one)}</testcase>'
        for one in verdicts
    )
    return f'<?xml version="1.0"?>\n<testsuite name={_attr(role)} tests="{len(verdicts)}" failures="{failed}">{cases}</testsuite>\n'


def _end(one: Verdict) -> str:
    if one.fails_subject:
        return f"<failure message={_attr(one.finding)}/>"
    return f"<skipped message={_attr(one.finding)}/>" if one.outcome is not Outcome.PASSED else ""


def to_html(role: str, verdicts: Sequence[Verdict]) -> str:
    """One page without any script or foreign resource."""
    rows = "".join(
        f"<tr><td>{one.id}<td>{one.level}<td>{one.outcome}<td>{escape(one.rule_vi)}<br>{escape(one.rule)}<br><small>{escape(one.source)}"
        f"</small><td>{escape(one.finding)}{_evidence(one)}</tr>"
        for one in verdicts
    )
    head = f'<!doctype html><html lang="vi"><meta charset="utf-8"><title>{escape(role)}</title>'
    style = "<style>body{font:15px system-ui}td{border:1px solid #8888;padding:.3rem;vertical-align:top}pre{white-space:pre-wrap}</style>"
    policy = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    return (
        f"{head}{policy}{style}<h1>Kiểm tra tuân thủ · Conformance: {escape(role)}</h1><table>{rows}</table>"
    )


def _evidence(one: Verdict) -> str:
    shown = "".join(f"<pre>{escape(each.request)}\n\n→ {escape(each.answer)}</pre>" for each in one.evidence)
    return f"<details><summary>Bằng chứng · Evidence ({len(one.evidence)})</summary>{shown}</details>"


def _attr(text: str) -> str:
    return quoteattr("".join(each if each.isprintable() else "?" for each in text))
