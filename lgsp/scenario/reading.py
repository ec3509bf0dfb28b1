"""Feature files (Gherkin, in any of its languages) as scenarios."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from gherkin.errors import CompositeParserException, ParserError
from gherkin.parser import Parser
from gherkin.pickles.compiler import Compiler

from lgsp.errors import ConfigurationError

__all__ = ["Line", "Scenario", "built_in", "load", "parse"]

MOST_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Line:
    """A step as it stands in the file: Cho, Khi, Thì or Và before its text; a table's rows, or a text, below it.

    `is_outcome`: a Thì, or a Và behind one.
    """

    number: int
    keyword: str
    text: str
    is_outcome: bool = False
    table: tuple[tuple[str, ...], ...] = ()
    block: str = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario, or one row of an outline, with the steps of its background first. `id` stays as long as name and place do."""

    id: str
    name: str
    feature: str
    file: str
    number: int
    language: str
    tags: frozenset[str]
    lines: tuple[Line, ...]

    @property
    def key(self) -> str:
        """A short name: what its tag `@flow:NAME` says, or else the id."""
        return next((tag.removeprefix("flow:") for tag in self.tags if tag.startswith("flow:")), self.id)

    def title(self, lang: str) -> str:
        """Its name; where that is `tiếng Việt · English`, the half in that language."""
        vietnamese, _, english = self.name.partition(" · ")
        return english if lang == "en" and english else vietnamese


def load(paths: Iterable[Path]) -> list[Scenario]:
    """The scenarios of files, and of every `*.feature` below folders, in order of their names.

    Raises:
        ConfigurationError: one can't be read, or is no feature file; with file, line and what was expected there.
    """
    found: list[Scenario] = []
    for path in paths:
        inside = sorted(path.rglob("*.feature")) if path.is_dir() else [path]
        if not inside:
            raise ConfigurationError(f"{path}: there is no *.feature file in it")
        for file in inside:
            found += parse(_text(file), str(file))
    return found


def built_in() -> list[Scenario]:
    """The flows of the demo, which come with the package."""
    folder = files("lgsp.scenario").joinpath("features")
    names = sorted(one.name for one in folder.iterdir() if one.name.endswith(".feature"))
    return [one for name in names for one in parse(folder.joinpath(name).read_text(encoding="utf-8"), name)]


def parse(text: str, file: str) -> list[Scenario]:
    """The scenarios of one file's text.

    Raises:
        ConfigurationError: it is no feature file.
    """
    try:
        document = Parser().parse(text)
        pickles = Compiler().compile({**document, "uri": file})
    except CompositeParserException as exc:
        raise ConfigurationError("\n".join(_worded(file, one) for one in exc.errors[:10])) from exc
    except ParserError as exc:
        raise ConfigurationError(_worded(file, exc)) from exc
    except RecursionError as exc:
        raise ConfigurationError(f"{file}: nested too deeply") from exc
    feature: Mapping[str, Any] = document.get("feature") or {}
    nodes = {one["id"]: one for one in _objects(feature) if "id" in one}
    return [_scenario(pickle, nodes, str(feature.get("name", "")), file) for pickle in pickles]


def _scenario(
    pickle: Mapping[str, Any], nodes: Mapping[str, Mapping[str, Any]], feature: str, file: str
) -> Scenario:
    lines = tuple(_line(step, nodes[step["astNodeIds"][0]]) for step in pickle["steps"])
    number = int(nodes[pickle["astNodeIds"][-1]]["location"]["line"])
    identity = hashlib.sha256(f"{Path(file).name}\0{pickle['name']}\0{number}".encode()).hexdigest()[:12]
    tags = frozenset(tag["name"].removeprefix("@") for tag in pickle["tags"])
    return Scenario(
        identity, pickle["name"], feature, file, number, pickle["language"], tags, lines
    )  # fmt: skip


def _line(step: Mapping[str, Any], written: Mapping[str, Any]) -> Line:
    argument = step.get("argument") or {}
    rows = argument.get("dataTable", {}).get("rows", [])
    table = tuple(tuple(str(cell["value"]) for cell in row["cells"]) for row in rows)
    block = str(argument.get("docString", {}).get("content", ""))
    return Line(
        written["location"]["line"],
        str(written["keyword"]).strip(),
        str(step["text"]),
        step["type"] == "Outcome",
        table,
        block,
    )


def _objects(value: object) -> Iterable[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        yield value
        for one in value.values():
            yield from _objects(one)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for one in value:
            yield from _objects(one)


def _text(file: Path) -> str:
    try:
        if file.stat().st_size > MOST_BYTES:
            raise ConfigurationError(f"{file}: larger than {MOST_BYTES} bytes")
        return file.read_text(encoding="utf-8")
    except OSError as exc:
        raise ConfigurationError(f"{file}: can't be read ({exc.strerror or exc})") from exc
    except UnicodeDecodeError as exc:
        raise ConfigurationError(f"{file}: is not UTF-8 text (byte {exc.start}); save it as UTF-8") from exc


def _worded(file: str, error: ParserError) -> str:
    line = getattr(error, "location", None) or {}
    said = str(error).partition(": ")[2] or str(error)
    return f"{file}:{line.get('line', 1)}: {said}"
