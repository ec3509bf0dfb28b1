"""Screenshots for the README, from a demo that runs: `lgsp demo`, then `.venv/bin/python docs/screenshots.py [URL]`."""

import sys
from pathlib import Path

import httpx
from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).parent / "images"
CHROMIUM = "/usr/bin/chromium"


def main(url: str) -> None:
    """Write docs/images/*.png."""
    found = httpx.get(f"{url}/api/messages?type=document.issued&state=delivered", trust_env=False).json()[
        "messages"
    ]
    pages = {
        "console-map": ("/console/?lang=en", "light"),
        "console-messages": ("/console/messages?lang=vi", "light"),
        "console-message": (f"/console/messages/{found[0]['message_id']}?lang=en", "dark"),
        "console-dead": ("/console/dead?lang=vi", "light"),
    }
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for name, (path, scheme) in pages.items():
            context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme=scheme)
            page = context.new_page()
            page.goto(url + path)
            page.wait_for_timeout(600)
            page.screenshot(path=IMAGES / f"{name}.png")
            context.close()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080")
