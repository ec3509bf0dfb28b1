"""The way of a request to a stand-in's routes: plain ones are asked at once, FastAPI's own are read for, and errors end as ever."""

from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lgsp_mocks.kit import Context, Parts, StandIn, create_app
from lgsp_mocks.kit.front import FormRoute
from lgsp_mocks.kit.problems import RefusedError

pytestmark = pytest.mark.contract


async def told(request: Request) -> Response:
    return JSONResponse({"path": request.path_params, "app": request.app.title})


async def refuses(_: Request) -> Response:
    raise HTTPException(418, "no tea", headers={"X-Why": "pot"})


async def breaks(_: Request) -> Response:
    raise RuntimeError("broken")


def in_a_thread(request: Request) -> Response:
    return JSONResponse({"path": request.path_params})


class Blank(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1)]
    size: int = 0


async def fill_in(form: Blank) -> dict[str, JsonValue]:
    if form.name == "refused":
        raise RefusedError(409, "refused", "từ chối")
    return {"tên": form.name, "size": form.size}


def build(_: Context) -> Parts:
    router = APIRouter()

    @router.get("/read/{number}")
    async def read(number: int) -> dict[str, int]:
        return {"number": number}

    for name, kind in (("short", FormRoute), ("long", APIRoute)):
        acts = APIRouter(prefix=f"/__mock__/act/{name}", route_class=kind)
        acts.post("/fill-in", status_code=201)(fill_in)
        router.routes.extend(acts.routes)

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


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (201, '{"name": "Đỗ"}'),
        (201, '{"name": "Đỗ", "size": "3"}'),
        (201, '{"name": "a", "name": "b"}'),
        (409, '{"name": "refused"}'),
        (422, '{"name": "", "size": 1.5}'),
        (422, '{"name": "a", "more": null}'),
        (422, '{"name": "\\ud800"}'),
        (422, '{"name": '),
        (422, "[]"),
        (422, ""),
        (201, '{"name": "%s"}' % ("x" * 2_000_000)),
    ],
)
async def test_a_form_is_answered_as_fastapi_answers_it(status: int, body: str) -> None:
    app = create_app(STAND_IN, autopilot=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http,
    ):
        for kind in ("application/json", "application/vnd.a+json", "text/plain", None):
            headers = {"content-type": kind} if kind else {}
            short, long = [
                await http.post(f"/__mock__/act/{way}/fill-in", content=body.encode(), headers=headers)
                for way in ("short", "long")
            ]
            assert (short.status_code, short.headers, short.content) == (
                long.status_code,
                long.headers,
                long.content,
            )
            assert "json" not in (kind or "") or short.status_code == status


async def test_a_form_is_described() -> None:
    described = create_app(STAND_IN, autopilot=False).openapi()["paths"]
    short, long = (described[f"/__mock__/act/{way}/fill-in"]["post"] for way in ("short", "long"))
    assert short["requestBody"] == long["requestBody"]
