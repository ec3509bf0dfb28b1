"""The way of a request to a stand-in's routes: plain ones are asked at once, FastAPI's own are read for, and errors end as ever."""

import httpx
import pytest
from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lgsp_mocks.kit import Context, Parts, StandIn, create_app

pytestmark = pytest.mark.contract


async def told(request: Request) -> Response:
    return JSONResponse({"path": request.path_params, "app": request.app.title})


async def refuses(_: Request) -> Response:
    raise HTTPException(418, "no tea", headers={"X-Why": "pot"})


async def breaks(_: Request) -> Response:
    raise RuntimeError("broken")


def in_a_thread(request: Request) -> Response:
    return JSONResponse({"path": request.path_params})


def build(_: Context) -> Parts:
    router = APIRouter()

    @router.get("/read/{number}")
    async def read(number: int) -> dict[str, int]:
        return {"number": number}

    plain = [
        ("/told", told),
        ("/told/{name}", told),
        ("/refuses", refuses),
        ("/breaks", breaks),
        ("/thread/{name}", in_a_thread),
    ]
    return Parts(
        [*(Route(path, answer, methods=["GET"]) for path, answer in plain), *router.routes], lambda: None
    )


STAND_IN = StandIn("test", "A test", "Kiểm thử", 0, build)


async def ask(path: str, *, method: str = "GET", times: int = 2) -> tuple[httpx.Response, dict[str, object]]:
    """The last of the answers, and its entry in the journal."""
    app = create_app(STAND_IN, autopilot=False)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test") as http,
    ):
        answers = [await http.request(method, path) for _ in range(times)]
        entries = (await http.get("/__mock__/requests")).json()["requests"]
        assert len(entries) == times
        return answers[-1], entries[-1]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/told", {"path": {}, "app": "A test (stand-in)"}),
        ("/told/me", {"path": {"name": "me"}, "app": "A test (stand-in)"}),
        ("/thread/x", {"path": {"name": "x"}}),
        ("/read/7", {"number": 7}),
    ],
)
async def test_each_kind_of_route_answers_each_time(path: str, found: object) -> None:
    answer, entry = await ask(path)
    assert (answer.status_code, answer.json()) == (200, found)
    assert (entry["status"], entry["answered_by"], entry["answer"]) == (200, "stand-in", answer.text)


async def test_a_plain_route_refuses_in_the_words_of_the_others() -> None:
    answer, entry = await ask("/refuses")
    assert (answer.status_code, answer.json(), answer.headers["x-why"]) == (418, {"detail": "no tea"}, "pot")
    assert entry["status"] == 418


async def test_a_route_that_breaks_is_an_error_500_that_was_never_answered() -> None:
    answer, entry = await ask("/breaks")
    assert (answer.status_code, answer.text) == (500, "Internal Server Error")
    assert (entry["path"], entry["status"], entry["answered_by"]) == ("/breaks", 0, "")


@pytest.mark.parametrize(
    ("method", "path", "status"), [("POST", "/told", 405), ("GET", "/nowhere", 404), ("GET", "/read/x", 422)]
)
async def test_what_no_route_takes_is_refused_by_the_framework(method: str, path: str, status: int) -> None:
    answer, _ = await ask(path, method=method)
    assert answer.status_code == status
