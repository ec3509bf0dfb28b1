"""Console: what every page needs, that is the ports, the templates, the words, and the guard of changes."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.datastructures import URL, FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from lgsp import __version__
from lgsp.console import wording
from lgsp.console.reader import Reader, reader_of
from lgsp.console.texts import LANGUAGES, Texts, texts
from lgsp.gateway import GatewayServices
from lgsp.gateway.views import names_of
from lgsp.store import MessageQuery, StoredMessage

__all__ = ["Console", "NavItem"]

MOST_NAMES = 5000


@dataclass(frozen=True, slots=True)
class NavItem:
    """An entry of the menu; `key` follows `g` on the keyboard."""

    name: str
    path: str
    key: str


NAV = (
    NavItem("map", "/console/", "f"),
    NavItem("messages", "/console/messages", "m"),
    NavItem("dead", "/console/dead", "d"),
    NavItem("systems", "/console/systems", "y"),
    NavItem("indicators", "/console/indicators", "i"),
    NavItem("lab", "/console/lab", "l"),
    NavItem("streams", "/console/streams", "s"),
    NavItem("routes", "/console/routes", "r"),
    NavItem("schemas", "/console/schemas", "c"),
)


class Console:
    """One for each application. The token guards against changes from foreign pages; a restart makes a new one."""

    def __init__(self, services: GatewayServices) -> None:
        self.services = services
        self._names: dict[str, str] = {}
        self._token = secrets.token_urlsafe(24)
        self._templates = Environment(
            loader=PackageLoader("lgsp.console"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["tojson_text"] = wording.as_json
        self._templates.globals.update(nav=NAV, version=__version__, languages=LANGUAGES, quote=_quote)

    async def names_in(self, rows: Sequence[StoredMessage]) -> Mapping[str, str]:
        """Organizations by their mã định danh, as the messages shown so far call them; some thousands at most."""
        self._names.update(names_of(await self.services.store.bodies([row.seq for row in rows])))
        while len(self._names) > MOST_NAMES:
            del self._names[next(iter(self._names))]
        return self._names

    @staticmethod
    def newest(limit: int) -> MessageQuery:
        """The newest few messages."""
        return MessageQuery(limit=limit)

    def now_ms(self) -> int:
        """The bus's time, which may be steered."""
        return int(self.services.clock.now().timestamp() * 1000)

    def page(
        self,
        request: Request,
        template: str,
        values: Mapping[str, object] | None = None,
        *,
        status: int = 200,
        **context: object,
    ) -> Response:
        """A template as an answer: a whole page, or the block of it that htmx asked for."""
        reader = reader_of(request)
        found = self._templates.get_template(template)
        whole = {**self._context(request, reader), **(values or {}), **context}
        part = request.headers.get("hx-target", "") if _wants_part(request) else ""
        if part in found.blocks:
            block = found.blocks[part](found.new_context(whole))
            response = HTMLResponse("".join(block), status)
        else:
            response = HTMLResponse(found.render(whole), status)
        response.headers["Vary"] = "HX-Request, HX-Target, Cookie, Accept-Language"
        reader.remember(response)
        return response

    def texts_of(self, request: Request) -> Texts:
        """The words in the reader's language."""
        return texts(reader_of(request).lang)

    def said(self, request: Request, error: Exception) -> str:
        """An error in the reader's language, as far as it speaks it."""
        in_vietnamese = getattr(error, "message_vi", "") if self.texts_of(request).lang == "vi" else ""
        return in_vietnamese or str(error)

    async def change(self, request: Request) -> FormData:
        """The form of a request that changes something, once it is sure that one of our own pages sent it.

        Raises:
            HTTPException: 403, it did not; the gateway has checked the origin before.
        """
        form = await request.form(max_fields=200, max_files=20)
        given = form.get("token") or request.headers.get("x-lgsp-token", "")
        if not isinstance(given, str) or not secrets.compare_digest(given.encode(), self._token.encode()):
            raise HTTPException(403, self.texts_of(request)("error.old_page"))
        return form

    @staticmethod
    def back_to(path: str) -> Response:
        """Go on to a page after a change."""
        return RedirectResponse(path, 303)

    def _context(self, request: Request, reader: Reader) -> dict[str, object]:
        t, now_ms = texts(reader.lang), self.now_ms()

        def url_with(**changes: object) -> str:
            """This page's URL with other parameters; None takes one out."""
            kept = {key: value for key, value in request.query_params.items() if key not in {"lang", "theme"}}
            merged = kept | {key: str(value) for key, value in changes.items() if value is not None}
            left = {
                key: value for key, value in merged.items() if value and changes.get(key, value) is not None
            }
            return str(URL(request.url.path).replace(query=urlencode(left)))

        return {
            "t": t,
            "word": t.word,
            "said": t.said,
            "lang": reader.lang,
            "theme": reader.theme,
            "here": request.url.path,
            "query": request.query_params,
            "url_with": url_with,
            "token": self._token,
            "now_ms": now_ms,
            "iso": wording.iso,
            "moment": lambda at_ms: wording.moment(at_ms, now_ms=now_ms),
            "ago": lambda at_ms: wording.ago(at_ms, t, now_ms=now_ms),
            "duration": lambda ms: wording.duration(ms, t),
            "num": lambda number: wording.count(number, t),
            "dossier_state": lambda code: wording.dossier_state(code, t),
            "size": lambda number: wording.size(number, t),
        }


def _wants_part(request: Request) -> bool:
    return "hx-request" in request.headers and "hx-history-restore-request" not in request.headers


def _quote(text: object) -> str:
    """For a path segment, whatever is in it."""
    return quote(str(text), safe="")
