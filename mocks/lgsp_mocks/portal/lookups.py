"""Citizens who look at the province how their dossier fares (search/call), and fetch its papers (downloadfile)."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import httpx
from pydantic import BaseModel, ConfigDict, JsonValue, StringConstraints, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from lgsp.standards import dvcqg
from lgsp.standards.faults import pydantic_faults
from lgsp_mocks.kit.files import SMALL_BYTES
from lgsp_mocks.kit.standin import Context
from lgsp_mocks.portal.reply import problem

__all__ = ["DOWNLOAD_PATH", "SEARCH_PATH", "lookup_routes"]

SEARCH_PATH = "/web/guest/search/call"
DOWNLOAD_PATH = "/web/guest/downloadfile/"
PORTAL_UNIT = "000.00.00.G22"
SERVICE = "TraCuuHoSo"
TIMEOUT_S = 10.0


class Look(BaseModel):
    """The number that the citizen types."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: dvcqg.DossierCode


class Download(BaseModel):
    """A path that the look-up's answer named: only what the province hands out there is fetched."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Annotated[
        str, StringConstraints(pattern=r"^/web/guest/downloadfile/[A-Za-z0-9_-][A-Za-z0-9_-]{0,254}$")
    ]


def lookup_routes(context: Context) -> Sequence[BaseRoute]:
    """Routes below /__mock__/act."""

    async def look(request: Request) -> JSONResponse:
        return await _look(context, await request.body())

    async def download(request: Request) -> JSONResponse:
        return await _download(context, await request.body())

    return [
        Route("/__mock__/act/look-up", look, methods=["POST"]),
        Route("/__mock__/act/download-file", download, methods=["POST"]),
    ]


async def _look(context: Context, raw: bytes) -> JSONResponse:
    try:
        code = Look.model_validate_json(raw).code
    except ValidationError as exc:
        return problem(422, "The look-up is not valid", pydantic_faults(exc))
    payload: JsonValue = {"madonvi": PORTAL_UNIT, "service": SERVICE, "masohoso": code}
    answer = await _call(context, "POST", SEARCH_PATH, payload)
    if isinstance(answer, JSONResponse):
        return answer
    try:
        return JSONResponse(answer.json())
    except ValueError:
        return problem(502, "The province's answer is not JSON")


async def _download(context: Context, raw: bytes) -> JSONResponse:
    try:
        path = Download.model_validate_json(raw).path
    except ValidationError as exc:
        return problem(422, "The path is not valid", pydantic_faults(exc))
    answer = await _call(context, "GET", path, None)
    if isinstance(answer, JSONResponse):
        return answer
    if len(answer.content) <= SMALL_BYTES:
        kept = context.files.put(answer.content)
    else:
        kept = await asyncio.to_thread(context.files.put, answer.content)
    told = {
        "sha256": kept,
        "size": len(answer.content),
        "type": answer.headers.get("content-type", ""),
    }
    return JSONResponse(told)


async def _call(
    context: Context, method: str, path: str, payload: JsonValue
) -> httpx.Response | JSONResponse:
    base = context.settings.get("callback_url", "").rstrip("/")
    if not base:
        return problem(409, "This portal knows no province: callback_url is not set")
    try:
        answer = await context.http.request(
            method, base + path, json=payload, timeout=TIMEOUT_S, follow_redirects=False
        )
    except (httpx.HTTPError, httpx.InvalidURL) as exc:
        return problem(502, f"The province does not answer: {type(exc).__name__}")
    if answer.status_code != httpx.codes.OK:
        return problem(
            404 if answer.status_code == 404 else 502, f"The province answers {answer.status_code}"
        )
    return answer
