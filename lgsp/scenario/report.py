"""What was played, as JUnit XML for a build server, and as text for a person."""

from collections.abc import Sequence

from lxml import etree

from lgsp.scenario.playing import Played, Progress, State
from lgsp.standards.xml import serialize

__all__ = ["MARKS", "as_text", "junit"]

MARKS = {State.PASSED: "✓", State.FAILED: "✗", State.UNDEFINED: "?", State.SKIPPED: "-", State.RUNNING: "…"}


def junit(played: Sequence[Played]) -> bytes:
    """One suite; a case for each scenario, with its steps as its output."""
    failed = [one for one in played if not one.passed]
    seconds = sum(one.seconds for one in played)
    suite = etree.Element(
        "testsuite",
        name="lgsp scenario",
        tests=str(len(played)),
        failures=str(len(failed)),
        errors="0",
        time=f"{seconds:.3f}",
    )
    for one in played:
        scenario = one.scenario
        case = etree.SubElement(
            suite, "testcase", classname=scenario.feature, name=scenario.name, file=scenario.file, line=str(scenario.number),
            time=f"{one.seconds:.3f}",
        )  # fmt: skip
        if not one.passed:
            failure = etree.SubElement(case, "failure", message=_xml_text(one.why))
            failure.text = _xml_text(as_text(one))
        etree.SubElement(case, "system-out").text = _xml_text(as_text(one))
    return serialize(suite)


def as_text(played: Played) -> str:
    """Each step with its mark, what it saw, or why it failed."""
    return "\n".join(line for step in played.steps for line in step_lines(step))


def step_lines(step: Progress) -> list[str]:
    """One step."""
    seen = f"   ({step.seen})" if step.seen else ""
    head = f"  {MARKS[step.state]} {step.line.keyword} {step.line.text}{seen}"
    return [head, f"      {step.why}"] if step.why else [head]


def _xml_text(text: str) -> str:
    """Without the characters that XML can't hold."""
    return "".join(
        letter for letter in text if letter in "\n\t" or (letter >= " " and letter not in "\ufffe\uffff")
    )
