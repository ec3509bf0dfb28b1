"""The pytest plugin: fixtures lgsp_bus, lgsp_axis, lgsp_portal, lgsp_igate, lgsp_ioffice, lgsp_clock, lgsp_conversation.

Loaded by pytest wherever lgsp is installed, so nothing of lgsp is imported before a test asks for it.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, cast

import pytest

from lgsp.importing import load

if TYPE_CHECKING:
    # Only for the annotations: see above.
    from collections.abc import Generator, Iterator, Sequence
    from pathlib import Path
    from types import ModuleType
    from typing import Literal

    from lgsp import testing

    Scope = Literal["session", "package", "module", "class", "function"]

__all__ = [
    "lgsp_axis", "lgsp_bus", "lgsp_clock", "lgsp_conversation", "lgsp_igate", "lgsp_ioffice", "lgsp_options", "lgsp_portal",
    "lgsp_world",
]  # fmt: skip

_PARTS = {
    "lgsp_bus": "bus",
    "lgsp_axis": "axis",
    "lgsp_portal": "portal",
    "lgsp_igate": "igate",
    "lgsp_ioffice": "ioffice",
}
_SCOPES = ("function", "class", "module", "package", "session")
_UPDATE = "--lgsp-update-snapshots"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Pytest's hook."""
    group = parser.getgroup("lgsp")
    group.addoption(
        _UPDATE,
        action="store_true",
        help="write the conversations that tests compare with instead of comparing",
    )
    parser.addini(
        "lgsp_features",
        "feature files (globs, from the root directory) that are collected as tests",
        type="args",
    )
    parser.addini(
        "lgsp_steps",
        "Python files, or folders of them, with steps of one's own (from the root directory)",
        type="args",
    )
    parser.addini("lgsp_scope", f"how long one running LGSP lasts: {', '.join(_SCOPES)}", default="function")


def _scope(fixture_name: str, config: pytest.Config) -> Scope:
    scope = str(config.getini("lgsp_scope"))
    if scope not in _SCOPES:
        raise pytest.UsageError(f"lgsp_scope = {scope}: one of {', '.join(_SCOPES)}")
    return cast("Scope", scope)


@pytest.fixture(scope=_scope)
def lgsp_options() -> testing.Options:
    """What differs from the built-in province; override this fixture to say what (`lgsp.testing.Options`)."""
    return cast("testing.Options", _testing().Options())


@pytest.fixture(scope=_scope)
def lgsp_world(
    request: pytest.FixtureRequest, lgsp_options: testing.Options, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[testing.World]:
    """Everything that runs for this test: the parts whose fixtures it asks for."""
    world: testing.World = _testing().World(_wanted(request), tmp_path_factory.mktemp("lgsp"), lgsp_options)
    with world:
        yield world


@pytest.fixture(scope=_scope)
def lgsp_bus(lgsp_world: testing.World) -> testing.Bus:
    """The bus with its gateway, and the whole province around it."""
    return lgsp_world.bus


@pytest.fixture(scope=_scope)
def lgsp_axis(lgsp_world: testing.World) -> testing.StandIn:
    """The national document axis (Trục liên thông văn bản quốc gia)."""
    return lgsp_world.standin("axis")


@pytest.fixture(scope=_scope)
def lgsp_portal(lgsp_world: testing.World) -> testing.StandIn:
    """The national public-service portal (Cổng Dịch vụ công quốc gia)."""
    return lgsp_world.standin("portal")


@pytest.fixture(scope=_scope)
def lgsp_igate(lgsp_world: testing.World) -> testing.StandIn:
    """The province's one-stop system (VNPT-iGate)."""
    return lgsp_world.standin("igate")


@pytest.fixture(scope=_scope)
def lgsp_ioffice(lgsp_world: testing.World) -> testing.StandIn:
    """The province's document system (VNPT-iOffice)."""
    return lgsp_world.standin("ioffice")


@pytest.fixture(scope=_scope)
def lgsp_clock(lgsp_world: testing.World) -> testing.WorldClock:
    """The one clock of everything that runs for this test."""
    return lgsp_world.clock


@pytest.fixture
def lgsp_conversation(request: pytest.FixtureRequest, lgsp_world: testing.World) -> Conversing:
    """Compares what was said with a stored file; `--lgsp-update-snapshots` writes it."""
    return Conversing(request, lgsp_world)


class Conversing:
    """The conversation of one test, and where its snapshots lie: `snapshots/<module>/<test>.json` beside the test."""

    def __init__(self, request: pytest.FixtureRequest, world: testing.World) -> None:
        self._request = request
        self._world = world

    def matches_snapshot(self, name: str = "", *, without: Sequence[str] = ()) -> None:
        """What was said to the stand-ins so far is what the file says; `without`: paths (globs) that don't count.

        Raises:
            AssertionError: it isn't; with the difference and what to do.
        """
        __tracebackhide__ = True
        here = self._request.path
        safe = "".join(
            letter if letter.isalnum() or letter in "-_." else "-"
            for letter in name or self._request.node.name
        )
        file = here.parent / "snapshots" / here.stem / f"{safe}.json"
        conversation = self._world.conversation(without=tuple(without))
        conversation.matches(file, update=bool(self._request.config.getoption(_UPDATE)))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Pytest's hook: only what `lgsp_features` names, so that pytest-bdd and others keep theirs."""
    globs = parent.config.getini("lgsp_features")
    if not globs or file_path.suffix != ".feature":
        return None
    place = (
        file_path.relative_to(parent.config.rootpath)
        if parent.config.rootpath in file_path.parents
        else file_path
    )
    if not any(fnmatchcase(str(place), glob) for glob in globs):
        return None
    features = load("lgsp.testing.features")
    return cast("pytest.Collector", features.FeatureFile.from_parent(parent, path=file_path))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Behind a test that failed stands what each part saw."""
    report = yield
    world = getattr(item, "funcargs", {}).get("lgsp_world") or getattr(item, "lgsp_world", None)
    if report.failed and report.when == "call" and world is not None:
        report.sections += _told(world)
    return report


def _told(world: testing.World) -> list[tuple[str, str]]:
    try:
        return [(f"LGSP {name}", text) for name, text in world.told().items()]
    except Exception as exc:  # noqa: BLE001 - a report about a failure must not fail
        return [("LGSP", f"could not be asked: {exc!r}")]


def _wanted(request: pytest.FixtureRequest) -> set[str]:
    """The parts that the tests within this scope ask for."""
    node = request.node
    items = (
        [node]
        if isinstance(node, pytest.Item)
        else [one for one in request.session.items if node in one.listchain()]
    )
    names = {name for one in items for name in getattr(one, "fixturenames", ())}
    return {part for fixture, part in _PARTS.items() if fixture in names}


def _testing() -> ModuleType:
    return load("lgsp.testing")
