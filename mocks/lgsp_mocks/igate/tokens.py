"""Tokens as Keycloak gives them, and the check of every other call."""

import hmac
from codecs import BOM_UTF8
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated

from fastapi import Form, Header, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import Receive, Scope

from lgsp_mocks.igate.dossiers import IllegalStepError
from lgsp_mocks.kit import Context, Record
from lgsp_mocks.kit.front import Endpoint, FormRoute

__all__ = ["CLIENTS", "DirectRoute", "Tokens", "WireError", "WireRoute"]

CLIENTS = frozenset({"sim", "sim-lgsp", "web-onegate", "citizens-admin", "test-public"})
SECRET = "sim-secret"  # noqa: S105 - the demo account, plainly marked
LIFE_S = 300


class WireError(Exception):
    """An answer of the wire that is no success."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body: Record = {"code": code, "message": message}


async def _told(answer: Awaitable[Response]) -> Response:
    """Errors as iGate tells them: `{code, message}`."""
    try:
        return await answer
    except WireError as exc:
        return JSONResponse(exc.body, exc.status)
    except IllegalStepError as exc:
        return JSONResponse({"code": "400", "message": f"TrangThai: {exc}"}, 400)


class _JsonRequest(Request):
    """Takes no JSON that could not be written again: half a surrogate pair, NaN."""

    async def json(self) -> object:
        """FastAPI asks for it."""
        body = await self.body()
        try:
            return from_json(body.removeprefix(BOM_UTF8), allow_inf_nan=False)
        except ValueError as exc:
            raise HTTPException(400, f"không phải JSON / no JSON: {exc}") from exc


class WireRoute(APIRoute):
    """Answers errors as iGate does, with 400 for what can't be read."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[object, object, Response]]:
        """FastAPI's hook."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await _told(handle(_JsonRequest(request.scope, request.receive)))
            except RequestValidationError as exc:
                return JSONResponse({"code": "400", "message": "; ".join(map(_fault, exc.errors()))}, 400)
            except HTTPException as exc:
                return JSONResponse({"code": str(exc.status_code), "message": exc.detail}, exc.status_code)

        return answer


class DirectRoute(WireRoute, FormRoute):
    """Of the calls that come all day long: takes one form, in the body or, where it is a GET, in the query; behind the token alone."""

    async def read(self, scope: Scope, receive: Receive) -> tuple[Endpoint | None, Receive]:
        """What answers it, unless FastAPI has to, and where its body can still be read."""
        if self.methods != {"GET"}:
            return await super().read(scope, receive)
        try:
            form = self.form.model_validate(dict(QueryParams(scope["query_string"])))
        except ValidationError:
            return None, receive
        return partial(self._answer, form), receive

    async def _answer(self, form: BaseModel, request: Request) -> Response:
        return await _told(self._reply(form, request))

    async def _reply(self, form: BaseModel, request: Request) -> Response:
        for guard in self.dependencies:
            if guard.dependency is not None:
                await guard.dependency(request.headers.get("authorization", ""))
        answer = await self.endpoint(form)
        return answer if isinstance(answer, Response) else JSONResponse(answer)


class Tokens:
    """Table `tokens`: token -> end of its life."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._tokens = context.state.table("tokens")

    def keycloak(
        self,
        grant_type: Annotated[str, Form()] = "",
        client_id: Annotated[str, Form()] = "",
        client_secret: Annotated[str, Form()] = "",
        username: Annotated[str, Form()] = "",
        password: Annotated[str, Form()] = "",
    ) -> JSONResponse:
        """`POST …/openid-connect/token`."""
        if grant_type not in {"client_credentials", "password"}:
            return _refused(400, "unsupported_grant_type", "Unsupported grant_type")
        if client_id not in CLIENTS:
            return _refused(401, "invalid_client", "Invalid client credentials")
        if grant_type == "client_credentials" and not _is_secret(client_secret):
            return _refused(401, "invalid_client", "Invalid client credentials")
        if grant_type == "password" and not (username in CLIENTS and _is_secret(password)):
            return _refused(401, "invalid_grant", "Invalid user credentials")
        return JSONResponse(
            {"access_token": self.issue(), "expires_in": LIFE_S, "token_type": "Bearer", "scope": "profile"}
        )

    def partner(self, client_id: str, client_secret: str) -> Record:
        """Token of the partner API."""
        if client_id not in CLIENTS or not _is_secret(client_secret):
            raise WireError(401, "401", "Sai client_id hoặc client_secret")
        data: Record = {
            "access_token": self.issue(),
            "expires_in": LIFE_S,
            "token_type": "Bearer",
            "scope": "partner",
        }
        return {"code": "200", "message": "Thành công", "data": data}

    def issue(self) -> str:
        """A token that lives five minutes; those that have ended are forgotten."""
        now = self._context.clock.now()
        for token, value in self._tokens.items():
            if datetime.fromisoformat(str(value["end"])) <= now:
                self._tokens.delete(token)
        token = self._context.new_id()
        self._tokens.put(token, {"end": (now + timedelta(seconds=LIFE_S)).isoformat()})
        return token

    async def check(self, authorization: Annotated[str, Header()] = "") -> None:
        """Dependency of every other call; a plain function would be called in a thread."""
        # Clients write "bearer" too: the scheme's case means nothing (RFC 9110 §11.1).
        token = authorization[7:] if authorization[:7].lower() == "bearer " else authorization
        found = self._tokens.get(token.strip())
        if found is None or datetime.fromisoformat(str(found["end"])) <= self._context.clock.now():
            raise WireError(401, "401", "Token không hợp lệ hoặc đã hết hạn")

    def get_route(self, path: str, answer: Callable[[str], Response]) -> Route:
        """A GET behind a token that wants nothing but the one variable of its path; past FastAPI."""

        async def guarded(request: Request) -> Response:
            return await _told(self._got(request, answer))

        guarded.__doc__ = answer.__doc__
        route = Route(path, guarded, methods=["GET"])
        route.methods = {"GET"}  # no HEAD, as FastAPI has it
        return route

    async def _got(self, request: Request, answer: Callable[[str], Response]) -> Response:
        await self.check(request.headers.get("authorization", ""))
        [value] = request.path_params.values()
        return answer(value)


def _fault(error: Mapping[str, object]) -> str:
    """Its place and what is wrong; in both languages where the rule is our own."""
    loc, ctx = error["loc"], error.get("ctx")
    place = "/".join(map(str, loc)) if isinstance(loc, tuple) else str(loc)
    vietnamese = ctx.get("vi") if isinstance(ctx, dict) else None
    return f"{place}: {vietnamese} / {error['msg']}" if vietnamese else f"{place}: {error['msg']}"


def _is_secret(value: str) -> bool:
    return hmac.compare_digest(value.encode(errors="replace"), SECRET.encode())


def _refused(status: int, error: str, description: str) -> JSONResponse:
    return JSONResponse({"error": error, "error_description": description}, status)
