"""The conformance kit: our own stand-in passes, a broken one fails, a hostile one becomes a verdict."""

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import RedirectResponse
from starlette.routing import Route

from lgsp.conformance import SUITES, Outcome, check
from lgsp.http_server import HttpServer
from lgsp.registry import find_standin
from served_standin import served

pytestmark = pytest.mark.contract
AXIS = SUITES["axis"]


async def failed(url: str, only: tuple[str, ...] = ()) -> set[str]:
    verdicts = await check(AXIS, url, AXIS.options, only=only)
    assert verdicts
    return {one.id for one in verdicts if one.outcome is Outcome.FAILED}


@pytest.mark.parametrize("role", sorted(SUITES))
async def test_our_stand_in_conforms_and_nothing_was_skipped(role: str) -> None:
    async with served(find_standin(role)) as system:
        verdicts = await check(SUITES[role], system.url, SUITES[role].options)
        assert [(one.id, one.finding) for one in verdicts if one.outcome is not Outcome.PASSED] == []


async def test_a_redirect_to_another_host_is_not_followed() -> None:
    async def away(_: object) -> RedirectResponse:
        return RedirectResponse("http://127.0.0.2:9/")

    server = HttpServer("away", "127.0.0.1", 0)
    await server.start(Starlette(routes=[Route("/{rest:path}", away, methods=["GET", "POST"])]))
    try:
        [verdict] = await check(AXIS, server.url, AXIS.options, only=["LGSP-AX-01"])
    finally:
        await server.stop()
    assert "another host" in verdict.finding
    assert "sim-secret" not in str(verdict.evidence)
    assert httpx.URL(server.url).host == "127.0.0.1"
