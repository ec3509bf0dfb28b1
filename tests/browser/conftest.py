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


@pytest.fixture(scope="session")
def serious():
    """The serious and critical findings of axe on a page."""

    def found(page) -> list[str]:
        page.evaluate(AXE.read_text(encoding="utf-8"))
        return [
            f"{one['id']}: {one['nodes'][0]['html'][:160]}"
            for one in page.evaluate("axe.run()")["violations"]
            if one["impact"] in {"serious", "critical"}
        ]

    return found
