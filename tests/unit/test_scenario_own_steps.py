"""Steps of one's own: found in Python files, checked before anything is played, failed with their place."""

import threading
from pathlib import Path

import httpx
import pytest

from lgsp.errors import ConfigurationError
from lgsp.scenario import State, World, own_steps, parse, play_through, vocabulary

pytestmark = pytest.mark.unit

FEATURE = "Feature: A\n  Scenario: B\n{}"
GOOD = '''
from __future__ import annotations
from dataclasses import dataclass
from helper import twice
from lgsp.scenario import Situation, step

@dataclass
class Held:
    number: int

@step("ghi nhớ {int}", en="I remember {int}")
async def remember(at: Situation, number: int) -> None:
    at.notes["held"] = Held(twice(number))

@step("{agency} biết {int} và {string}", en="{agency} knows {int} and {string}", below="table: anything")
def known(at: Situation, agency: str, number: int, text: str) -> str:
    """It is known."""
    assert at.notes["held"].number == number, f"I know {at.notes['held'].number}"
    return f"{agency} {text} {len(at.rows())}"

@step("nothing special")
@step("không có gì")
def nothing(at: Situation) -> None:
    assert not at.notes

@step("it breaks")
async def breaks(at: Situation) -> None:
    {}["a"]

@step("time stands still")
def still(at: Situation) -> str:
    import threading
    return threading.current_thread().name
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "helper.py").write_text("def twice(number):\n    return 2 * number\n", encoding="utf-8")
    (tmp_path / "steps.py").write_text(GOOD, encoding="utf-8")
    return tmp_path


async def played(folder: Path, *lines: str):
    [scenario] = parse(FEATURE.format("\n".join(f"    {line}" for line in lines)), "a.feature")
    async with httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(404))) as http:
        world = World({"gateway": "http://gateway"}, http, "sim", "sim-secret", limit_s=0.01)
        return await play_through(scenario, world, words=vocabulary(own_steps([folder])))


async def test_own_steps_are_given_values_tables_and_what_the_step_before_left(folder: Path) -> None:
    lines = ('Given I remember 2', 'Then 000.00.00.G22 biết 4 và "x"', "  | a | b |", "  | 1 | 2 |")  # fmt: skip
    ended = await played(folder, *lines)
    assert [one.state for one in ended.steps] == [State.PASSED, State.PASSED]
    assert ended.steps[1].seen.en == "000.00.00.G22 x 1"


async def test_a_function_may_have_several_sentences_and_notes_are_of_one_scenario(folder: Path) -> None:
    await played(folder, "Given I remember 2")
    assert (await played(folder, "Given nothing special", "And không có gì")).passed


async def test_what_fails_says_what_and_where(folder: Path) -> None:
    wrong = await played(folder, "Given I remember 2", 'Then 000.00.00.G22 knows 5 and "x"', "And it breaks")
    assert [one.state for one in wrong.steps] == [State.PASSED, State.FAILED, State.SKIPPED]
    assert wrong.steps[1].why.en == f"I know 4 ({folder / 'steps.py'}:18)"
    broken = await played(folder, "Given it breaks")
    assert broken.steps[0].why.en == f"KeyError: 'a' ({folder / 'steps.py'}:28)"


async def test_ones_own_sentence_goes_before_the_built_in_one_and_a_plain_function_blocks_nobody(
    folder: Path,
) -> None:
    ended = await played(folder, "Given time stands still")
    assert ended.passed
    assert ended.steps[0].seen.en != threading.main_thread().name


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no function with @step"),
        ("import nonsense_that_is_not_there\n", "steps.py:1: ModuleNotFoundError"),
        ("\ndef (:\n", "steps.py:2: SyntaxError"),
        ("from lgsp.scenario import step\n@step('a {colour}')\ndef a(at, b): ...\n", "steps.py:2: 'a {colour}': "),
        ("from lgsp.scenario import step\n@step('a {int}')\ndef a(at): ...\n", "has 1 value(s)"),
        ("from lgsp.scenario import step\n@step('a {int}', en='b')\ndef a(at, b): ...\n", "'b' has 0 value(s)"),
        ("from lgsp.scenario import step\n@step('a')\ndef a(at): ...\n@step('a')\ndef b(at): ...\n", "'a' is defined twice"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_before_anything_is_played(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "steps.py"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        own_steps([file])
    assert said in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is no Python file"):
        own_steps([tmp_path / "none.py"])
