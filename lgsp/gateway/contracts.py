"""/schemas and /api/asyncapi.json: contracts at stable URLs. A message's `dataschema` has the same path."""

from functools import cache, partial

from fastapi import APIRouter, Request
from pydantic import JsonValue
from starlette.responses import JSONResponse, Response

from lgsp.contracts import as_yaml, asyncapi, published, xsds
from lgsp.errors import NotFoundError
from lgsp.gateway.ports import GatewayServices

__all__ = ["contract_routes"]

_CACHED = {"Cache-Control": "public, max-age=3600", "Access-Control-Allow-Origin": "*"}


def contract_routes(services: GatewayServices) -> APIRouter:
    """What other programs are built on."""
    routes = APIRouter(tags=["contracts"])
    texts = xsds()
    # Made when somebody asks: they take a tenth of a second.
    schemas = cache(partial(published, services.schemas))

    @routes.get("/schemas")
    async def index() -> dict[str, JsonValue]:
        """Every JSON Schema and XSD by its path."""
        return {
            "schemas": [f"/schemas/{name}" for name in schemas()],
            "xsd": [f"/schemas/xsd/{name}" for name in texts],
        }

    @routes.get("/schemas/xsd/{name}")
    async def xsd(name: str) -> Response:
        """An XSD of edXML."""
        if name not in texts:
            raise NotFoundError(f"no XSD {name}; known: {', '.join(texts)}")
        return Response(texts[name], media_type="application/xml", headers=_CACHED)

    @routes.get("/schemas/{kind}/{version}")
    async def schema(kind: str, version: str) -> JSONResponse:
        """JSON Schema of a type's data; `message/1` is the envelope."""
        found = schemas().get(f"{kind}/{version.removesuffix('.json')}")
        if found is None:
            raise NotFoundError(f"no schema {kind}/{version}; /schemas lists them")
        return JSONResponse(found, media_type="application/schema+json", headers=_CACHED)

    @routes.get("/api/asyncapi.json")
    async def bus(request: Request) -> dict[str, JsonValue]:
        """The bus as an AsyncAPI 3.0 document."""
        return asyncapi(services.schemas, services.systems, gateway=request.url.netloc)

    @routes.get("/api/asyncapi.yaml")
    async def bus_yaml(request: Request) -> Response:
        """The same as YAML."""
        document = asyncapi(services.schemas, services.systems, gateway=request.url.netloc)
        return Response(as_yaml(document), media_type="application/yaml")

    return routes
