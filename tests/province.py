"""The whole demo province in this process, on free ports."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from lgsp.bootstrap import Overrides, running
from lgsp.scenario import World, built_in, play_through
from lgsp.settings import demo_config, load

NAMES = ("ioffice", "igate", "axis", "portal")
PROVINCE, MINISTRY = "000.00.00.H34", "000.00.00.G22"
PLAIN, SIGNED = "1.000001.000.00.00.H34", "1.000002.000.00.00.H34"


@asynccontextmanager
async def province(
    tmp_path: Path, *, change: Callable[[str], str] = lambda text: text, overrides: Overrides | None = None
) -> AsyncIterator[World]:
    """`change` edits the built-in lgsp.toml before it is read."""
    config = tmp_path / "lgsp.toml"
    ports = "".join(f"{name} = 0\n" for name in NAMES)
    config.write_text(f"{change(demo_config())}\n[mocks]\n{ports}", encoding="utf-8")
    settings = load(config, {"LGSP_DATA_DIR": str(tmp_path / "state"), "LGSP_PORT": "0"})
    async with (
        running(settings, overrides=overrides) as system,
        httpx.AsyncClient(timeout=30.0, trust_env=False) as http,
    ):
        office = settings.systems["ioffice"].table()
        yield World(system.urls, http, str(office["system_id"]), str(office["secret"]))


async def flow(world: World, name: str) -> str:
    """Play a flow of the demo; the key of the document or dossier that it was about."""
    (scenario,) = [one for one in built_in() if one.key == name]
    played = await play_through(scenario, world)
    assert played.passed, played.why
    return played.key
