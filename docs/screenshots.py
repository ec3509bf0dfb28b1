"""Screenshots for the README, from a demo that runs: `lgsp demo`, then `.venv/bin/python docs/screenshots.py [URL]`."""

import sys
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import httpx
from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).parent / "images"
CHROMIUM = "/usr/bin/chromium"


class Shot(NamedTuple):
    """One picture: where, in which colours, and how wide."""

    path: str
    scheme: str = "light"
    width: int = 1280


def newest(url: str, **wanted: str) -> dict[str, str]:
    """The newest message that fits."""
    found = httpx.get(f"{url}/api/messages", params=wanted, trust_env=False).json()["messages"]
    return {name: quote(str(value), safe="") for name, value in found[0].items()}


def shots(url: str) -> dict[str, Shot]:
    """What is shown, by the name of its file."""
    document = newest(url, type="document.issued", state="delivered")
    dossier = newest(url, type="dossier.progressed", state="delivered")
    return {
        "console-map": Shot("/console/?lang=en"),
        "console-phone": Shot("/console/?lang=vi", "dark", 390),
        "console-messages": Shot("/console/messages?lang=vi"),
        "console-message": Shot(f"/console/messages/{document['message_id']}?lang=en", "dark"),
        "console-document": Shot(f"/console/documents/{document['subject']}?lang=en"),
        "console-dossier": Shot(f"/console/dossiers/{dossier['subject']}?lang=vi"),
        "console-dead": Shot("/console/dead?lang=vi"),
        "console-system": Shot("/console/systems/ioffice?lang=vi"),
        "console-lab": Shot("/console/lab?lang=vi"),
        "console-indicators": Shot("/console/indicators?lang=vi"),
        "console-streams": Shot("/console/streams?lang=en", "dark"),
        "console-schema": Shot("/console/schemas/document.issued/1?lang=en"),
    }


def main(url: str) -> None:
    """Write docs/images/*.png."""
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for name, shot in shots(url).items():
            context = browser.new_context(
                viewport={"width": shot.width, "height": 800}, color_scheme=shot.scheme
            )
            page = context.new_page()
            page.goto(url + shot.path)
            page.wait_for_timeout(600)
            page.screenshot(path=IMAGES / f"{name}.png")
            context.close()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080")
