import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from lgsp.gateway.guard import Guard

pytestmark = pytest.mark.contract


async def _done(_request):
    return PlainTextResponse("done")


async def _ask(method: str, host: str, **headers: str) -> int:
    app = Guard(Starlette(routes=[Route("/", _done, methods=["GET", "POST"])]), local_only=True)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=f"http://{host}") as http:
        return (
            await http.request(method, "/", headers={k.replace("_", "-"): v for k, v in headers.items()})
        ).status_code


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8080", "localhost:8080", "[::1]:8080", "bus:8080", "lgsp.localhost"]
)
async def test_names_of_this_machine_are_served(host):
    assert await _ask("GET", host) == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8080", "localhost.evil.example"])
async def test_a_rebound_name_is_not_served(host):
    assert await _ask("GET", host) == 421


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"origin": "http://evil.example"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "null"},
    ],
)
async def test_a_change_that_another_page_asks_for_is_refused(headers):
    assert await _ask("POST", "127.0.0.1:8080", **headers) == 403
    assert await _ask("GET", "127.0.0.1:8080", **headers) == 200


@pytest.mark.parametrize(
    "headers", [{}, {"sec_fetch_site": "same-origin"}, {"origin": "http://127.0.0.1:8080"}]
)
async def test_our_own_pages_and_plain_clients_may_change(headers):
    assert await _ask("POST", "127.0.0.1:8080", **headers) == 200
