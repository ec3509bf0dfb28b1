"""Who reads: language and colours, by URL, else by cookie, else by what the browser says."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from lgsp.console.texts import LANGUAGES

__all__ = ["THEMES", "Reader", "reader_of"]

THEMES = ("auto", "light", "dark")
_YEAR_S = 365 * 86_400


@dataclass(frozen=True, slots=True)
class Reader:
    """`chosen` is what the URL asked for, and what a cookie should remember."""

    lang: str
    theme: str
    chosen: tuple[tuple[str, str], ...] = ()

    def remember(self, response: Response) -> None:
        """Keep the choice for the next page."""
        for name, value in self.chosen:
            response.set_cookie(
                f"lgsp_{name}", value, max_age=_YEAR_S, path="/console", httponly=True, samesite="lax"
            )


def reader_of(request: Request) -> Reader:
    """From `?lang=` and `?theme=`, the cookies, and Accept-Language."""
    chosen: list[tuple[str, str]] = []
    found: dict[str, str] = {}
    for name, known in (("lang", LANGUAGES), ("theme", THEMES)):
        asked = request.query_params.get(name)
        kept = request.cookies.get(f"lgsp_{name}")
        if asked is not None and asked in known:
            chosen.append((name, asked))
            found[name] = asked
        elif kept is not None and kept in known:
            found[name] = kept
    lang = found.get("lang") or _accepted(request.headers.get("accept-language", ""))
    return Reader(lang, found.get("theme", "auto"), tuple(chosen))


def _accepted(header: str) -> str:
    """The first language of the header that we speak, by its weight; Vietnamese by default."""
    ranked = []
    for place, part in enumerate(header[:500].split(",")):
        tag, _, weight = part.strip().partition(";q=")
        try:
            ranked.append((-float(weight or 1), place, tag[:2].lower()))
        except ValueError:
            continue
    return next((tag for _, _, tag in sorted(ranked) if tag in LANGUAGES), "vi")
