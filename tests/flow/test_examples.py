"""The examples are run as their readers run them; the Python one from the built wheel, in an environment with pytest and nothing else."""

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import pytest
from hatchling.build import build_wheel
from packaging.requirements import Requirement

pytestmark = pytest.mark.flow

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


def environment(**more: str) -> dict[str, str]:
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("LGSP_", "PYTEST_", "PYTHON"))
    }
    return own | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"} | more


def run(*words: str, place: Path, **more: str) -> str:
    ended = subprocess.run(
        words, cwd=place, env=environment(**more), capture_output=True, text=True, check=False, timeout=120
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout[-4000:] + ended.stderr[-2000:]
    return ended.stdout


def needed_by(*names: str) -> dict[str, Distribution]:
    """What pip would install for these: the closure of their requirements on this machine."""
    found: dict[str, Distribution] = {}
    left = list(names)
    while left:
        name = left.pop().lower().replace("_", "-")
        if name in found:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            continue  # for another platform or Python
        for line in found[name].requires or ():
            wanted = Requirement(line)
            extras = {"hiredis", "asyncio", ""}  # those that lgsp itself asks for
            if wanted.marker is None or any(wanted.marker.evaluate({"extra": extra}) for extra in extras):
                left.append(wanted.name)
    return found


def link(one: Distribution, site: Path) -> None:
    """Put an installed distribution into another environment."""
    for file in one.files or ():
        top = file.parts[0]
        if top not in {"..", "__pycache__"} and not (site / top).exists():
            (site / top).symlink_to(Path(str(one.locate_file(top))))


@pytest.fixture(scope="module")
def empty_environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with lgsp's wheel, what it requires, and pytest; its bin directory."""
    place = tmp_path_factory.mktemp("empty")
    before = Path.cwd()
    try:
        os.chdir(ROOT)
        wheel = place / build_wheel(str(place))
    finally:
        os.chdir(before)
    venv.create(place / "venv", with_pip=False, symlinks=True)
    [site] = (place / "venv" / "lib").glob("python*/site-packages")
    zipfile.ZipFile(wheel).extractall(site)
    for name, one in needed_by("lgsp", "pytest").items():
        if name != "lgsp":
            link(one, site)
    return place / "venv" / "bin"


def copied(name: str, tmp_path: Path) -> Path:
    return shutil.copytree(
        EXAMPLES / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache")
    )


def test_the_python_connector_is_tested_from_the_wheel_in_an_empty_environment(
    tmp_path: Path, empty_environment: Path
) -> None:
    place = copied("python-connector", tmp_path)
    python = str(empty_environment / "python")
    where = run(
        python, "-c", "import lgsp, lgsp.pytest_plugin as p; print(lgsp.__file__, p.__file__)", place=place
    )
    assert where.count(str(empty_environment.parent)) == 2
    said = run(python, "-m", "pytest", "-q", "-W", "error", place=place)
    assert "10 passed" in said


def test_asking_pytest_for_its_version_does_not_load_lgsp(tmp_path: Path, empty_environment: Path) -> None:
    program = (
        "import sys, pytest; pytest.main(['--version', '--version']); "
        "print(sorted(m for m in sys.modules if m.partition('.')[0] in {'lgsp', 'httpx', 'pydantic', 'gherkin'}))"
    )
    said = run(str(empty_environment / "python"), "-c", program, place=tmp_path)
    assert said.splitlines()[-1] == "['lgsp', 'lgsp.importing', 'lgsp.pytest_plugin']"


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")
def test_the_shell_example_ends_with_0() -> None:
    said = run("sh", str(EXAMPLES / "shell-curl" / "run.sh"), place=EXAMPLES)
    assert said.splitlines()[-1] == "three calls, one of them broken: as it should be"


def test_the_node_example_passes() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node.js on this machine")
    major = int(
        subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
        .stdout[1:]
        .split(".")[0]
    )
    if major < 20:
        pytest.skip(f"Node.js {major} is too old for its own test runner")
    said = run(node, "--test", place=EXAMPLES / "node")
    assert "# fail 0" in said or "fail 0" in said
    assert "# pass 3" in said or "pass 3" in said
