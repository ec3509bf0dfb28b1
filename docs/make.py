"""Writes the pages that are made from code: `make docs`. A test holds them to it."""

from pathlib import Path

from lgsp.conformance import SUITES
from lgsp.conformance.clients import CLIENT_SUITES
from lgsp.registry import find_standin
from lgsp.scenario import GROUPS, PARAMETERS
from lgsp.standards import dossier_life
from lgsp.standards.document_life import NAMES, next_steps

HERE = Path(__file__).parent
STAND_INS = ("ioffice", "igate", "axis", "portal")


def differences() -> str:
    """How each stand-in is known to differ from the real system."""
    lines = [
        "# Known differences from the real systems",
        "",
        "Made from the code by `make docs`; each stand-in also says it at `/__mock__/differences`. Confidence: *recorded* (a real client",
        "was run against it), *public code* (seen in somebody's published client), *assumed*.",
    ]
    for name in STAND_INS:
        stand_in = find_standin(name)
        lines += [
            "",
            f"## {stand_in.title} · {stand_in.title_vi}",
            "",
            "| topic | real | here | source | confidence |",
            "|---|---|---|---|---|",
        ]
        lines += [
            "| "
            + " | ".join(_cell(text) for text in (one.topic, one.real, one.ours, one.source, one.confidence))
            + " |"
            for one in stand_in.differences
        ]
    return "\n".join(lines) + "\n"


def lives() -> str:
    """The two state machines."""
    arrows = [f"    s{code} --> s{after}" for code in ("01", "03", "04", "05") for after in next_steps(code)]
    named = [f'    state "{code} {name}" as s{code}' for code, name in NAMES.items() if code[0] == "0"]
    return "\n".join(
        [
            "# Lives of documents and dossiers",
            "",
            "Made from the code by `make docs`: `lgsp/standards/document_life.py` and `lgsp/standards/dossier_life.py` are the tables",
            "that stand-ins, adapters and reconciliation judge by.",
            "",
            "## A document at one receiver (QĐ 28/2018/QĐ-TTg)",
            "",
            "Reports come late, twice and out of order: one that says more than what is known is applied, also over steps that were",
            "never heard of; one that says the same or less is noted; 02 after 03, anything after 02, and an answer (15, 16) without a",
            "request (13, recall, update, replacement) are faults that are shown and not applied.",
            "",
            "```mermaid",
            "stateDiagram-v2",
            *named,
            "    [*] --> s01",
            *arrows,
            "```",
            "",
            "## A dossier (TrangThaiHoSo)",
            "",
            "```mermaid",
            dossier_life.mermaid(lang="vi"),
            "```",
            "",
        ]
    )


def steps() -> str:
    """The sentences that scenarios are written in."""
    lines = [
        "# Các câu của kịch bản · The steps of scenarios",
        "",
        "Made from the code by `make docs`; `lgsp scenario steps` prints the same. Both languages may stand in one file;",
        "`# language: vi` at its top lets the keywords be Tính năng, Bối cảnh, Kịch bản, Khung kịch bản, Dữ liệu, Cho, Khi, Thì, Và.",
        "Sentences of one's own, in Python, stand beside these: `@step` in [testing.md](testing.md#scenarios-for-people-who-dont-program).",
        "",
        "| {…} | |",
        "|---|---|",
        *(f"| `{{{name}}}` | {_cell(what)} |" for name, what in PARAMETERS.items()),
    ]
    for (english, vietnamese), group in GROUPS.items():
        lines += [
            "",
            f"## {vietnamese} · {english}",
            "",
            "| tiếng Việt | English | what it does | below it |",
            "|---|---|---|---|",
        ]
        lines += [
            f"| {_cell(step.vi)} | {_cell(step.en)} | {_cell(step.act.__doc__ or '')} | {_cell(step.below)} |"
            for step in group
        ]
    return "\n".join(lines) + "\n"


def conformance() -> str:
    """The assertions of `lgsp check`."""
    lines = [
        "# Kiểm tra tuân thủ · Conformance",
        "",
        "Made from the code by `make docs`; `lgsp check --list --as ROLE` prints the same. Only a broken *must* fails a subject.",
    ]
    for suite in (*SUITES.values(), *CLIENT_SUITES.values()):
        lines += [
            "",
            f"## `--as {suite.role}`: {suite.title_vi} · {suite.title} ({len(suite.assertions)})",
            "",
            "| id | level | quy tắc | rule | source | needs |",
            "|---|---|---|---|---|---|",
        ]
        lines += [
            f"| {one.id} | {one.level} | "
            + " | ".join(map(_cell, (one.rule_vi, one.rule, one.source, one.needs)))
            + " |"
            for one in sorted(suite.assertions, key=lambda one: one.id)
        ]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|") or "–"


PAGES = {"differences.md": differences, "lives.md": lives, "steps.md": steps, "conformance.md": conformance}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), encoding="utf-8")
