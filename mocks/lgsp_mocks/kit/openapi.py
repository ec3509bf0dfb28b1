"""OpenAPI of a stand-in: also of the routes that FastAPI does not describe, and of what is answered besides success."""

import re
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Route

from lgsp_mocks.kit.journal import is_wire

__all__ = ["describe", "plain_routes"]

_PROBLEM = "application/problem+json"
_PROBLEM_SCHEMA = {
    "title": "Problem",
    "description": "RFC 9457; `errors` has each fault with its JSON Pointer.",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
_ANY_BODY = {
    "application/json": {"schema": {}},
    "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
}


def describe(app: FastAPI) -> None:
    """Have `/openapi.json` tell everything."""
    of_fastapi = app.openapi

    def openapi() -> dict[str, Any]:  # the document is FastAPI's own type
        if app.openapi_schema is None:
            document = of_fastapi()
            for route in plain_routes(app):
                path = re.sub(r"\{(\w+)(:\w+)?\}", r"{\1}", route.path)
                document["paths"].setdefault(path, {}).update(_operations(route, path))
            document.setdefault("components", {}).setdefault("schemas", {})["Problem"] = _PROBLEM_SCHEMA
            for path, operations in document["paths"].items():
                for operation in operations.values():
                    _refusals(path, operation["responses"])
        return app.openapi_schema or {}

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's documentation has it


def plain_routes(app: FastAPI) -> list[Route]:
    """Those without FastAPI's description."""
    return [
        route
        for route in app.router.routes
        if isinstance(route, Route) and not isinstance(route, APIRoute) and route.include_in_schema
    ]


def _operations(route: Route, path: str) -> dict[str, Any]:
    told = (route.endpoint.__doc__ or route.name).strip().splitlines()[0]
    names = re.findall(r"\{(\w+)\}", path)
    return {
        method.lower(): {
            "summary": told,
            "operationId": f"{method.lower()}{re.sub(r'[^A-Za-z0-9]+', '_', path)}",
            "parameters": [
                {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names
            ],
            **({} if method == "GET" else {"requestBody": {"content": _ANY_BODY}}),
            "responses": {"200": {"description": "What the real system answers.", "content": _ANY_BODY}},
        }
        for method in sorted((route.methods or {"GET"}) - {"HEAD"})
    }


def _refusals(path: str, responses: dict[str, Any]) -> None:
    if is_wire(path):
        words = "Refused, late or out of order, in the wire's own words: by the system's rules, or by a fault that was set."
        responses.setdefault("default", {"description": words, "content": _ANY_BODY})
        return
    problem = {"content": {_PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    if "422" in responses:
        responses["422"] = {"description": "The request is not valid", **problem}
    responses.setdefault("default", {"description": "Refused", **problem})
