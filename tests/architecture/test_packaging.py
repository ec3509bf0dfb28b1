"""What is shipped, and what the pages say of it."""

import re
import zipfile
from importlib.metadata import metadata, version
from pathlib import Path

import pytest
from hatchling.build import build_wheel
from packaging.specifiers import SpecifierSet

import lgsp

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[2]


def test_wheel_has_three_packages_and_their_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    names = zipfile.ZipFile(tmp_path / build_wheel(str(tmp_path))).namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert tops == {"lgsp", "lgsp_adapters", "lgsp_mocks"}
    assert {"lgsp/kontum.toml", "lgsp/py.typed", "lgsp/gateway/landing.html"} <= set(names)


def test_changelog_begins_with_the_version_of_the_package() -> None:
    found = re.search(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None
    assert found.group(1) == lgsp.__version__ == version("lgsp")


@pytest.mark.parametrize("page", ["README.md", "README.vi.md"])
def test_readme_names_only_commands_that_exist(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    targets = set(re.findall(r"^make (\w+)", text, re.MULTILINE))
    assert targets == {"demo", "test"}
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert all(f"\n{target}: " in makefile for target in targets)


def test_what_is_locked_installs_on_the_oldest_python_that_the_readme_names() -> None:
    """Debian 12 has 3.11.2."""
    locked = re.findall(
        r"^([\w.-]+)==", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(locked) > 50
    wants = {name: metadata(name).get("Requires-Python") or "" for name in locked}
    assert {name: want for name, want in wants.items() if not SpecifierSet(want).contains("3.11.0")} == {}
