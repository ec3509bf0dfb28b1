"""Every page in Vietnamese and in English, by its links: no key without words, no English on a Vietnamese page, no Python value."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest

from lgsp.console.texts import texts
from lgsp.scenario import World
from province import PROVINCE, flow, province

pytestmark = pytest.mark.flow

MOST = 400
VOID = {"input", "meta", "link", "br", "rect", "path", "circle", "line", "img"}
QUOTED = {"pre", "code", "kbd", "script", "style", "textarea"}
ENGLISH = re.compile(
    r"(?<![\w.'/-])(the|is|are|of|and|not|with|for|this|that|was|has|no|to|it|by)(?![\w.'/-])",
    re.IGNORECASE,
)
PYTHON = re.compile(r"\bNone\b|\bTrue\b|\bFalse\b|\['|\('|<\w+ object|Undefined")
SECTIONS = {key.partition(".")[0] for key in texts("vi").keys}
KEY = re.compile(rf"\b({'|'.join(sorted(SECTIONS))})\.[a-z]+_?[a-z_]*\b")


class Reading(HTMLParser):
    """The words that a person reads, without what is quoted; and the links."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.links: list[str] = []
        self._open: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a":
            self.links.append(given.get("href", ""))
        quoted = tag in QUOTED or bool({"mono", "verbatim"} & set(given.get("class", "").split()))
        quoted |= given.get("lang", "vi") == "en" and tag != "html"
        if not (quoted or any(self._open)):
            self.texts += [
                given[name] for name in ("title", "aria-label", "placeholder", "data-sure") if name in given
            ]
        if tag not in VOID:
            self._open.append(quoted)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID and self._open:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if data.strip() and not any(self._open):
            self.texts.append(" ".join(data.split()))


async def troubled(world: World) -> None:
    """Something of everything that has a page: dead letters of each cause, what was refused, what waits."""
    await flow(world, "incoming")
    await flow(world, "unknown-recipient")
    await flow(world, "signed-result")
    await flow(world, "malformed-document")
    event = {
        "specversion": "1.0", "id": "x1", "source": "/systems/elsewhere", "type": "vn.lgsp.dossier.withdrawn", "subject": "h1",
        "time": "2026-11-26T08:00:00+07:00", "dataschema": "https://lgsp.vn/schemas/dossier.withdrawn/1", "data": {"code": "h1"},
    }  # fmt: skip
    headers = {"content-type": "application/cloudevents+json"}
    await world.http.post(f"{world.urls['gateway']}/v1/messages", json=event, headers=headers)
    lost = {"from": PROVINCE, "to": ["000.00.00.X99"], "subject": "V/v không tuyến", "attachments": []}
    await world.http.post(f"{world.urls['ioffice']}/__mock__/act/issue-document", json=lost)


async def walk(world: World, lang: str) -> dict[str, Reading]:
    """Every page of the console that a link leads to, each kind of long lists some times."""
    base = world.urls["gateway"]
    waiting, seen, kinds = [f"{base}/console/"], {}, {}
    while waiting and len(seen) < MOST:
        url = waiting.pop(0)
        kind = re.sub(
            r"(messages|dead|refused|documents|dossiers)/[^/?]+",
            r"\1/*",
            urlsplit(url).path + "?" + urlsplit(url).query[:40],
        )
        kinds[kind] = kinds.get(kind, 0) + 1
        if url in seen or kinds[kind] > 12 or "export" in url:
            continue
        answer = await world.http.get(url, headers={"accept-language": lang})
        assert answer.status_code < 500, url
        reading = seen[url] = Reading()
        reading.feed(answer.text)
        for link in reading.links:
            target = urljoin(url, link).partition("#")[0]
            outside = not target.startswith(f"{base}/console") or "lang=" in target or "theme=" in target
            if not outside and "/static/" not in target and target not in seen:
                waiting.append(target)
    return seen


@pytest.mark.parametrize("lang", ["vi", "en"])
async def test_a_visitor_reads_one_language_and_no_code(tmp_path: Path, lang: str) -> None:
    async with province(tmp_path) as world:
        await troubled(world)
        pages = await walk(world, lang)
    assert len(pages) > 60
    names = "".join(urlsplit(url).path for url in pages)
    for page in (
        "/dead/",
        "/refused/",
        "/documents/",
        "/dossiers/",
        "/systems/portal",
        "/schemas/",
        "/reconcile/",
    ):
        assert page in names
    wrong: dict[str, str] = {}
    for url, reading in pages.items():
        for text in reading.texts:
            bare = re.sub("«.*»", "", text).replace("API", "")  # what a library said, word for word
            if PYTHON.search(bare) or KEY.search(bare) or (lang == "vi" and ENGLISH.search(bare)):
                wrong.setdefault(text[:160], urlsplit(url).path)
    assert wrong == {}
