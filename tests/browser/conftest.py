"""One Chromium for a module of tests, and what of a page counts as a serious fault."""

import os
from pathlib import Path

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = Path("/usr/bin/chromium")
AXE = Path(__file__).parent / "vendor" / "axe-4.14.1.min.js"


def pytest_collection_modifyitems(items):
    there = CHROMIUM.exists() or os.environ.get("CI")
    for item in items:
        if "/browser/" in str(item.path):
            item.add_marker(pytest.mark.browser)
            if not there:
                item.add_marker(
                    pytest.mark.skip(reason="no Chromium; tests/set-up.sh installs it where it may")
                )


# Not for the session: while it runs, its event loop stands in the way of every asyncio test.
@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as engine:
        chromium = engine.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield chromium
        chromium.close()


class Onlooker:
    """Somebody who only looks, from one page to the next: a new page is a new process, which costs more than what it shows."""

    def __init__(self, browser) -> None:
        self._browser, self._pages = browser, {}
        self.complaints: list[str] = []

    def at(self, url: str, *, lang: str, scheme: str = "light", width: int = 1280):
        """The page and its answer."""
        page = self._pages.get(lang) or self._pages.setdefault(lang, self._new(lang))
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        return page, page.goto(url, wait_until="load")

    def _new(self, lang: str):
        page = self._browser.new_context(locale=lang, reduced_motion="reduce").new_page()
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def leave(self) -> None:
        """Nothing is kept open."""
        for page in self._pages.values():
            page.goto("about:blank")
        self.complaints.clear()


@pytest.fixture(scope="module")
def _onlooker(browser):
    return Onlooker(browser)


@pytest.fixture
def onlooker(_onlooker):
    yield _onlooker
    _onlooker.leave()


@pytest.fixture(scope="session")
def serious():
    """The serious and critical findings of axe on a page."""

    def found(page) -> list[str]:
        if not page.evaluate("'axe' in window"):
            page.evaluate(AXE.read_text(encoding="utf-8"))
        return [
            f"{one['id']}: {one['nodes'][0]['html'][:160]}"
            for one in page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
            if one["impact"] in {"serious", "critical"}
        ]

    return found
