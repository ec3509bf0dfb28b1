"""docs/testing.md, followed literally: the files are written, the commands are run."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.flow

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("testing.md", "testing.vi.md")


def blocks(page: str) -> list[tuple[str, str]]:
    return re.findall(r"```(\w+)\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)


def commands() -> list[str]:
    return [line for kind, text in blocks(PAGES[0]) if kind == "sh" for line in text.splitlines()]


def test_both_pages_have_the_same_blocks() -> None:
    first, second = map(blocks, PAGES)
    assert first == second


def test_the_page_can_be_followed_from_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    own = {name: value for name, value in os.environ.items() if not name.startswith(("LGSP_", "PYTEST_"))}
    written = [
        (found[1], text)
        for _, text in blocks(PAGES[0])
        if (found := re.match(r"# file: (\S+)\n", text)) is not None
    ]
    assert len(written) == 7
    for name, text in written:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    create, install, *rest = commands()
    assert "venv" in create
    assert "pip install lgsp pytest" in install
    update, *others = sorted(rest, key=lambda line: "update" not in line)
    for command in (update, *others):
        # The reader's environment has no pytest-asyncio that wants to be configured.
        own["PYTEST_ADDOPTS"] = "-p no:asyncio -p no:cacheprovider"
        ended = subprocess.run(
            ["sh", "-f", "-c", command],
            cwd=tmp_path,
            env=own,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert ended.returncode == 0, f"{command}\n{ended.stdout[-3000:]}{ended.stderr[-1000:]}"
