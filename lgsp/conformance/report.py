"""Verdicts as JSON, JUnit XML and one HTML page; what a subject said is shown as text only."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from html import escape
from xml.sax.saxutils import quoteattr

from lgsp.conformance.model import Outcome, Verdict

__all__ = ["summary", "to_html", "to_json", "to_junit"]

_SHOWN = {
    Outcome.PASSED: "đạt · passed",
    Outcome.FAILED: "không đạt · failed",
    Outcome.SKIPPED: "bỏ qua · skipped",
}
_STYLE = (
    "<style>:root{color-scheme:light dark}body{font:15px system-ui;margin:1rem}table{border-collapse:collapse;width:100%}"
    "td,th{border:1px solid #8888;padding:.3rem .5rem;vertical-align:top;text-align:left}td:nth-child(-n+3){white-space:nowrap}"
    ".failed td:nth-child(3){background:#c0392b33;font-weight:bold}.passed td:nth-child(3){background:#27ae6033}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:13px}</style>"
)


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
    """One page without any script or foreign resource; what failed stands open."""
    rows = "".join(
        f'<tr class="{one.outcome}"><td>{escape(one.id)}<td>{one.level}<td>{_SHOWN[one.outcome]}<td>{escape(one.rule_vi)}<br>'
        f"{escape(one.rule)}<br><small>{escape(one.source)}</small><td>{escape(one.finding)}{_evidence(one)}</tr>"
        for one in verdicts
    )
    policy = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    return (
        f'<!doctype html><html lang="vi"><meta charset="utf-8">{policy}<meta name="viewport" content="width=device-width">'
        f"<title>{escape(role)}</title>{_STYLE}<h1>Kiểm tra tuân thủ · Conformance: {escape(role)}</h1><p><b>{summary(verdicts)}</b></p>"
        "<table><thead><tr><th>Mã · Id<th>Mức · Level<th>Kết quả · Outcome<th>Quy tắc · Rule<th>Phát hiện · Finding</thead>"
        f"<tbody>{rows}</tbody></table></html>"
    )


def summary(verdicts: Sequence[Verdict]) -> str:
    """The verdict on the subject in one line, in both languages."""
    count = Counter(one.outcome for one in verdicts)
    fails = sum(one.fails_subject for one in verdicts)
    vi, en = ("KHÔNG TUÂN THỦ", "DOES NOT CONFORM") if fails else ("TUÂN THỦ", "CONFORMS")
    passed, failed, skipped = (count[each] for each in (Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED))
    return (
        f"{vi}: {passed} đạt, {failed} không đạt (bắt buộc: {fails}), {skipped} bỏ qua · "
        f"{en}: {passed} passed, {failed} failed ({fails} of them must), {skipped} skipped"
    )


def _evidence(one: Verdict) -> str:
    shown = "".join(f"<pre>{escape(each.request)}\n\n→ {escape(each.answer)}</pre>" for each in one.evidence)
    opened = " open" if one.outcome is Outcome.FAILED else ""
    return f"<details{opened}><summary>Bằng chứng · Evidence ({len(one.evidence)})</summary>{shown}</details>"


def _attr(text: str) -> str:
    return quoteattr("".join(each if each.isprintable() else "?" for each in text))
