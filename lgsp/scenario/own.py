"""Steps of one's own, in Python: `@step("sentence {int}")` above a function, in a file that is named to the runner."""

import asyncio
import hashlib
import importlib.util
import inspect
import re
import sys
import traceback
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

from lgsp.errors import ConfigurationError
from lgsp.scenario.situation import Situation
from lgsp.scenario.steps import GROUPS
from lgsp.scenario.vocabulary import Step, Vocabulary
from lgsp.scenario.world import NotSoError, Said

__all__ = ["own_steps", "step", "vocabulary"]

F = TypeVar("F", bound=Callable[..., object])
_MARK = "__lgsp_sentences__"
_VALUE = re.compile(r"(?<!\\)\{\w*\}")


@dataclass(frozen=True, slots=True)
class _Sentence:
    vi: str
    en: str
    below: str


def step(sentence: str, *, en: str = "", below: str = "") -> Callable[[F], F]:
    """The function is what the sentence means: it is given the situation and the sentence's values, and says what it saw.

    `sentence` is a cucumber expression with the parameters of `lgsp scenario steps`; `en` the same in another language. A step fails by
    an AssertionError, a `NotSoError`, or any other. Functions that are not `async` run in a thread.
    """

    def mark(function: F) -> F:
        setattr(function, _MARK, [*getattr(function, _MARK, ()), _Sentence(sentence, en or sentence, below)])
        return function

    return mark


def own_steps(places: Iterable[Path]) -> tuple[Step, ...]:
    """The steps of Python files, and of every `*.py` in folders, in order.

    Raises:
        ConfigurationError: no such file, no step in it, an error in it, or a sentence that can't be one; with place and remedy.
    """
    found: list[Step] = []
    for place in places:
        files = sorted(place.glob("*.py")) if place.is_dir() else [place]
        steps = [one for file in files for one in _of(file)]
        if not steps:
            raise ConfigurationError(f"{place}: there is no function with @step in it")
        found += steps
    said: dict[str, Step] = {}
    for one in found:
        for sentence in {one.vi, one.en}:
            if said.setdefault(sentence, one) is not one:
                raise ConfigurationError(f"the step {sentence!r} is defined twice")
    return tuple(found)


def vocabulary(own: tuple[Step, ...] = ()) -> Vocabulary:
    """All sentences; of two that fit a line, one's own."""
    return Vocabulary((*own, *(one for steps in GROUPS.values() for one in steps)))


def _of(file: Path) -> list[Step]:
    functions = {id(one): one for one in vars(_loaded(file)).values() if hasattr(one, _MARK)}
    return [
        _checked(file, function, sentence)
        for function in functions.values()
        for sentence in getattr(function, _MARK)
    ]


def _loaded(file: Path) -> object:
    name = f"lgsp_steps_{hashlib.sha256(str(file.absolute()).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None or not file.is_file():
        raise ConfigurationError(f"{file}: is no Python file; name a file or a folder with steps")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    beside = str(file.parent.absolute())
    sys.path.insert(0, beside)  # for what the file imports from its own folder
    try:
        spec.loader.exec_module(module)
    except Exception as exc:
        raise ConfigurationError(f"{_place(exc, file)}: {type(exc).__name__}: {exc}") from exc
    finally:
        sys.path.remove(beside)
    return module


def _checked(file: Path, function: Callable[..., object], sentence: _Sentence) -> Step:
    made = Step(sentence.en, sentence.vi, _act(function, file), sentence.below)
    where = f"{file}:{inspect.unwrap(function).__code__.co_firstlineno}"
    for text in (sentence.vi, sentence.en):
        values = len(_VALUE.findall(text))
        try:
            Vocabulary([Step(text, text, made.act)])
            inspect.signature(function).bind(None, *range(values))
        except TypeError as exc:
            raise ConfigurationError(
                f"{where}: {text!r} has {values} value(s), so the function takes the situation and {values} more ({exc})"
            ) from exc
        except Exception as exc:
            raise ConfigurationError(f"{where}: {text!r}: {' '.join(str(exc).split())}") from exc
    return made


def _act(function: Callable[..., object], file: Path) -> Callable[..., Awaitable[Said | str | None]]:
    @wraps(function)
    async def act(situation: Situation, *values: object) -> Said | str | None:
        try:
            if inspect.iscoroutinefunction(function):
                seen = await function(situation, *values)
            else:
                seen = await asyncio.to_thread(function, situation, *values)
        except NotSoError:
            raise
        except Exception as exc:
            kind = "" if isinstance(exc, AssertionError) else f"{type(exc).__name__}: "
            why = f"{kind}{str(exc) or 'not so'} ({_place(exc, file)})"
            raise NotSoError(why, why) from exc
        return seen if isinstance(seen, Said) or seen is None else str(seen)

    return act


def _place(exc: BaseException, file: Path) -> str:
    """The last line of that file on the way to where it was raised."""
    if isinstance(exc, SyntaxError) and exc.filename == str(file):
        return f"{file}:{exc.lineno}"
    frames: list[Any] = [one for one in traceback.extract_tb(exc.__traceback__) if one.filename == str(file)]
    return f"{file}:{frames[-1].lineno}" if frames else str(file)
