"""CONTRIBUTING.md, "Add a system in ten minutes", followed to the letter."""

import re
from pathlib import Path

import pytest

from builders import message
from lgsp.bootstrap import running
from lgsp.settings import load
from waiting import eventually

pytestmark = pytest.mark.flow

PAGE = Path(__file__).parents[2] / "CONTRIBUTING.md"


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found.group(1)


async def test_new_system_receives_what_its_route_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "archive_adapter.py").write_text(block("python"), encoding="utf-8")
    (tmp_path / "archive").mkdir()
    config = tmp_path / "lgsp.toml"
    config.write_text(block("toml"), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    settings = load(config, {"LGSP_DATA_DIR": str(tmp_path / "data"), "LGSP_PORT": "0"})

    async with running(settings, only=frozenset({"bus"})) as system:
        assert system.bus is not None
        await system.bus.publish(message("m-1"))
        await eventually(lambda: len(list((tmp_path / "archive").iterdir())) == 1, "filed")

    assert [file.read_text(encoding="utf-8") for file in (tmp_path / "archive").iterdir()] == [
        "V/v kết nối liên thông"
    ]
