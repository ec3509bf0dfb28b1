"""lgsp openapi NAME: OpenAPI of the gateway, or of a stand-in."""

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, cast

import httpx
import typer
from fastapi import FastAPI
from pydantic import JsonValue

from lgsp import registry
from lgsp.bootstrap import running
from lgsp.cli.common import print_json
from lgsp.settings import Settings

__all__ = ["openapi"]

_CREATE_APP = "lgsp_mocks.kit.app:create_app"


def openapi(
    name: Annotated[str, typer.Argument(help="gateway, a stand-in (axis, igate, …), or module:STAND_IN.")],
) -> None:
    """OpenAPI of the gateway, or of a stand-in; nothing has to run for it."""
    if name == "gateway":
        print_json(asyncio.run(_gateway()))
        return
    stand_in = registry.find_standin(name)
    create_app = cast("Callable[..., FastAPI]", registry.find("lgsp.standins", _CREATE_APP))
    print_json(create_app(stand_in, autopilot=False).openapi())


async def _gateway() -> JsonValue:
    """As a gateway without systems says it of itself."""
    with tempfile.TemporaryDirectory(prefix="lgsp-openapi-") as place:
        settings = Settings(data_dir=Path(place), port=0)
        async with (
            running(settings, only=frozenset({"gateway"})) as system,
            httpx.AsyncClient(base_url=system.urls["gateway"], trust_env=False) as http,
        ):
            found: JsonValue = (await http.get("/openapi.json")).json()
            return found
