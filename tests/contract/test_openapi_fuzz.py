"""Every stand-in against requests made from its own OpenAPI and its routes: answered in time, never by a fault of its own."""

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.routing import Route

from lgsp_mocks import axis, igate, ioffice, portal
from lgsp_mocks.kit import create_app
from lgsp_mocks.kit.openapi import plain_routes

pytestmark = pytest.mark.contract

STAND_INS = {one.name: one for one in (portal.STAND_IN, igate.STAND_IN, axis.STAND_IN, ioffice.STAND_IN)}
TIMEOUT_S = 5.0
ACCOUNT = {"username": "sim", "password": "sim-secret"}
FEW = settings(
    max_examples=6, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
TEXT = st.text(max_size=20)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=8,
)
BODIES = st.one_of(JSON_VALUES.map(lambda value: json.dumps(value).encode()), st.binary(max_size=100))
TYPES = st.sampled_from(["application/json", "application/xml", "multipart/form-data; boundary=x", "", "x/ÿ"])


class Stage:
    """A stand-in on an event loop of its own, so that each call has an end."""

    def __init__(self, name: str) -> None:
        self.app: FastAPI = create_app(STAND_INS[name], autopilot=False)
        self.headers: dict[str, str] = {}
        self._name = name
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()

    def __enter__(self) -> "Stage":
        self._client = self._runner.run(self._open())
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._runner.run(self._stack.aclose())
        self._runner.close()

    async def _open(self) -> httpx.AsyncClient:
        await self._stack.enter_async_context(self.app.router.lifespan_context(self.app))
        # An exception that nobody caught comes through as such: worth more than its status 500.
        transport = httpx.ASGITransport(self.app)
        return await self._stack.enter_async_context(
            httpx.AsyncClient(transport=transport, base_url="http://standin")
        )

    def ask(self, method: str, url: str, **fields: Any) -> httpx.Response:
        call = self._client.request(method, url, **fields)
        return self._runner.run(asyncio.wait_for(_finished(call), TIMEOUT_S))

    def refresh(self) -> None:
        """As after a start: no fault on, time running, the demo account logged in."""
        self.ask("DELETE", "/__mock__/faults")
        self.ask("POST", "/__mock__/clock", json={"resume": True})
        self.ask("POST", "/__mock__/seed")
        self.headers = self._log_in()

    def _log_in(self) -> dict[str, str]:
        if self._name == "igate":
            form = {"grant_type": "password", "client_id": "sim", "client_secret": "sim-secret", **ACCOUNT}
            answer = self.ask("POST", "/auth/realms/digo/protocol/openid-connect/token", data=form).json()
            return {"Authorization": f"Bearer {answer.get('access_token', '')}"}
        if self._name == "ioffice":
            answer = self.ask("POST", "/qlvb/api/login/", json=ACCOUNT).json()
            return {"Authorization": answer["data"]["token"]}
        return {}


async def _finished(call: Any) -> httpx.Response:
    response: httpx.Response = await call
    await response.aread()
    return response


@pytest.fixture(params=STAND_INS)
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    with Stage(request.param) as started:
        started.refresh()
        yield started


def check(response: httpx.Response, url: str) -> None:
    assert response.status_code < 500 or response.status_code in {502, 503, 504}, (url, response.text)
    path = httpx.URL(url).path
    if response.status_code >= 400 and path.startswith("/__mock__/"):
        assert response.headers["content-type"] == "application/problem+json", (url, response.text)
        assert response.json()["status"] == response.status_code


def test_whatever_the_openapi_allows_is_answered(stage: Stage) -> None:
    schema = schemathesis.openapi.from_dict(stage.app.openapi())
    asked = operations = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        operations += 1
        stage.refresh()

        @FEW
        @given(case=operation.as_strategy())
        def ask(case: schemathesis.Case) -> None:
            nonlocal asked
            fields = _for_httpx(case.as_transport_kwargs(base_url="http://standin"))
            fields["headers"] = {**fields["headers"], **stage.headers}
            url = fields.pop("url")
            check(stage.ask(fields.pop("method"), url, **fields), url)
            asked += 1
            # A delay that was switched on would only be waited for.
            stage.ask("DELETE", "/__mock__/faults")

        ask()
    assert asked > 2 * operations > 20


def _for_httpx(fields: dict[str, Any]) -> dict[str, Any]:
    """schemathesis speaks requests' language."""
    body = fields.pop("data", None)
    if isinstance(body, dict):
        fields["data"] = body
    elif body is not None:
        fields["content"] = body
    fields.pop("cookies", None)
    kept = {key: value for key, value in fields.items() if value is not None}
    kept["headers"] = _sendable(fields.get("headers") or {})
    if "wait" in (kept.get("params") or {}):  # which is waited out, as it was asked for
        kept["params"] = {**kept["params"], "wait": 0}
    return kept


def _sendable(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if value.isascii() and value.isprintable()}


def test_whatever_comes_to_a_route_without_a_description_is_answered(stage: Stage) -> None:
    routes = plain_routes(stage.app)
    assert routes or stage.app.state.runtime.stand_in.name in {"igate", "ioffice"}
    for route in routes:
        _ask_any(stage, route)


def _ask_any(stage: Stage, route: Route) -> None:
    @FEW
    @given(body=BODIES, word=TEXT, content_type=TYPES)
    def ask(body: bytes, word: str, content_type: str) -> None:
        path = re.sub(r"\{[^}]*\}", lambda _: quote(word, safe="") or "x", route.path)
        url = f"http://standin{path}"
        headers = {**stage.headers, "Content-Type": content_type.encode("latin-1")}
        for method in sorted((route.methods or {"GET"}) - {"HEAD"}):
            check(stage.ask(method, url, content=body, headers=headers, params={"x": word}), url)

    ask()


@pytest.mark.parametrize("path", ["/__mock__/nothing", "/__mock__/state/x/y", "/__mock__/act/nothing"])
def test_control_path_that_is_not_there_is_a_problem(stage: Stage, path: str) -> None:
    response = stage.ask("GET", path)
    assert response.status_code == 404
    check(response, path)


@pytest.mark.parametrize("body", ["{", "[]", '{"kind":"none"}', '{"kind":"delay","delay_s":-1}', ""])
def test_fault_that_is_none_is_a_problem_that_names_the_place(stage: Stage, body: str) -> None:
    response = stage.ask(
        "POST", "/__mock__/faults", content=body, headers={"Content-Type": "application/json"}
    )
    assert response.status_code == 422
    check(response, "/__mock__/faults")
    assert response.json()["errors"]
