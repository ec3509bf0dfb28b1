"""The list of messages: filters in the URL, newest first, a live tail that can be paused and taken up again."""

from dataclasses import replace
from urllib.parse import urlencode

from pydantic import ValidationError
from starlette.datastructures import URL
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from lgsp.console.console import Console
from lgsp.gateway.messages import Search

__all__ = ["families", "routes"]

STATES = (
    "accepted",
    "routed",
    "delivered",
    "retrying",
    "dead",
    "replayed",
    "unrouted",
    "expired",
    "discarded",
)
_MOST_NEW = 500
_FILTERS = ("type", "state", "text", "system", "sender", "recipient", "since", "until")


def families(console: Console) -> dict[str, list[str]]:
    """The known types by their first word."""
    found: dict[str, list[str]] = {}
    for kind in sorted(console.services.schemas.kinds):
        found.setdefault(kind.partition(".")[0], []).append(kind)
    return found


def search_of(request: Request) -> Search:
    """The filters of the URL; an empty one is none.

    Raises:
        HTTPException: 422, one of them is not what it should be.
    """
    given = {
        name: value for name, value in request.query_params.items() if value and name in Search.model_fields
    }
    try:
        return Search.model_validate(given)
    except ValidationError as exc:
        wrong = exc.errors()[0]
        raise HTTPException(422, f"{wrong['loc'][0]}: {wrong['msg']}") from exc


def _number(request: Request, name: str) -> int | None:
    text = request.query_params.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 19 else None


def routes(console: Console) -> list[BaseRoute]:
    """`/console/messages`."""
    store = console.services.store

    async def listing(request: Request) -> Response:
        """One page of the list."""
        search = search_of(request)
        live, mark = request.query_params.get("live") == "1", _number(request, "mark")
        wanted = search.to_query()
        newer = () if mark is None else await store.search(replace(wanted, newer=mark, limit=_MOST_NEW))
        if live or mark is None:
            rows = await store.search(replace(wanted, limit=min(500, wanted.limit + len(newer))))
        else:
            rows = await store.search(replace(wanted, after=mark + 1))
        filters = {name: value for name in _FILTERS if (value := request.query_params.get(name))}
        page = console.page(
            request,
            "messages.html",
            search=search,
            rows=rows,
            names=await console.names_in(rows),
            next=rows[-1].seq if len(rows) >= wanted.limit else None,
            newest=rows[0].seq if rows else 0,
            fresh=len(newer),
            live=live,
            mark=mark,
            paging=search.after is not None,
            filtered=bool(filters) or search.after is not None,
            families=families(console),
            states=STATES,
            systems=console.services.systems,
            api_query=urlencode(filters),
        )
        if request.headers.get("hx-target") == "results":
            # A form sends its empty fields too; the address that people copy has none of them.
            kept = {name: value for name, value in request.query_params.items() if value}
            page.headers["HX-Push-Url"] = str(URL(request.url.path).replace(query=urlencode(kept)))
        return page

    return [Route("/messages", listing)]
