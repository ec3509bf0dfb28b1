"""Every page in Chromium: both languages, three widths, axe, and no breach of the content-security policy."""

import asyncio
import json
import threading
from pathlib import Path

import httpx
import pytest

from builders import document_data, message
from province import province

PAGES = (
    "/console/",
    "/console/messages",
    "/console/dead",
    "/console/refused",
    "/console/streams",
    "/console/routes",
    "/console/systems",
    "/console/lab",
    "/console/lab/samples",
    "/console/lab/faults",
    "/console/lab/clock",
    "/console/lab/anew",
    "/console/schemas",
    "/console/schemas/document.issued/1",
    "/console/indicators",
    "/console/systems/portal?show=acts",
    *(f"/console/systems/ioffice?show={tab}" for tab in ("holds", "acts", "journal", "differences")),
)
WIDTHS = (390, 1280, 3840)


class Served:
    """The demo province in a thread of its own, with one document that has flowed."""

    def __init__(self, folder: Path) -> None:
        self.url = self.axis = ""
        self.document = ""
        self._ready, self._done = threading.Event(), None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(folder)))

    async def _serve(self, folder: Path) -> None:
        self._loop, self._done = asyncio.get_running_loop(), asyncio.Event()
        async with province(folder) as world:
            body = {
                "from": "000.00.00.H34",
                "to": ["000.00.00.G22"],
                "subject": "V/v <script>alert(1)</script>",
                "attachments": [],
            }
            issued = await world.act("ioffice", "issue-document", body)
            self.document = str(issued["document_id"])

            async def stored():
                found = await world.gateway("/api/messages?type=document.issued&state=delivered")
                return found["messages"] or None

            await world.until("the document is delivered", stored)
            self.url, self.axis = world.urls["gateway"], world.urls["axis"]
            self._ready.set()
            await self._done.wait()

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(60)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._done.set)
        self._thread.join(60)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    one = Served(tmp_path_factory.mktemp("console"))
    one.start()
    yield one
    one.stop()


@pytest.fixture
def open_page(browser, served):
    opened, complaints = [], []

    def opening(path: str, *, width: int = 1280, lang: str = "vi", before=lambda page: None):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, locale=lang, reduced_motion="reduce"
        )
        opened.append(context)
        page = context.new_page()
        before(page)
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(served.url + path, wait_until="load")
        return page

    yield opening
    for context in opened:
        context.close()
    assert complaints == []


def message_path(served) -> str:
    found = httpx.get(f"{served.url}/api/messages?type=document.issued", trust_env=False).json()
    return f"/console/messages/{found['messages'][0]['message_id']}"


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("path", [path for path in PAGES if "/lab" in path])
def test_a_page_of_the_lab_has_no_serious_fault_of_accessibility(onlooker, serious, served, path, lang):
    """The other pages: test_accessible.py."""
    page, _ = onlooker.at(served.url + path, lang=lang)
    assert page.get_attribute("html", "lang") == lang
    assert serious(page) == []
    assert onlooker.complaints == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_needs_no_sideways_scrolling(onlooker, served, path):
    page, _ = onlooker.at(served.url + path, lang="vi")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
    assert onlooker.complaints == []


def test_hostile_content_is_shown_as_text(open_page, served):
    page = open_page(message_path(served))
    assert "<script>alert(1)</script>" in page.inner_text(".lead")


def test_words_without_diacritics_find_and_stay_in_the_url(open_page, served):
    page = open_page("/console/messages")
    page.fill("#text", "van ban")
    page.wait_for_url("**text=van*")
    page.fill("#text", "script alert")
    page.wait_for_url("**text=script*")
    assert page.locator("[data-row]").count() >= 1
    page.select_option("[name=type]", "document.*")
    page.wait_for_url("**type=document*")
    assert page.url == f"{served.url}/console/messages?text=script+alert&type=document.%2A"
    page.reload()
    assert page.input_value("[name=type]") == "document.*"
    assert page.locator("[data-row]").count() >= 1


def test_what_fits_the_filters_is_downloaded_for_a_spreadsheet(open_page):
    page = open_page("/console/messages")
    page.select_option("[name=type]", "document.issued")
    page.wait_for_url("**type=document.issued*")
    with page.expect_download() as found:
        page.click("text=CSV")
    lines = found.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].startswith("accepted_at,type,state,number,title")
    assert len(lines) > 1
    assert all(",document.issued," in line for line in lines[1:])


def publish(served, number: str) -> None:
    sent = message(
        f"tail-{number}", subject=f"tail-{number}", data=document_data(f"tail-{number}", subject="Theo dõi")
    )
    headers = {"content-type": "application/cloudevents+json"}
    answer = httpx.post(f"{served.url}/v1/messages", content=sent.to_json(), headers=headers, trust_env=False)
    assert answer.status_code == 202, answer.text


def test_the_live_list_grows_keeps_the_focus_pauses_and_goes_on_where_it_was_left(open_page, served):
    """All the while the filter stays, in the list and in the address."""
    publish(served, "1")
    page = open_page("/console/messages?text=theo+doi&live=1", lang="en")
    rows = page.locator("[data-row]")
    page.wait_for_selector("[data-row]")
    page.focus("[data-row] a")
    again = []
    page.on("request", lambda request: again.append(request.url) if "/events" in request.url else None)
    publish(served, "2")
    page.wait_for_selector("[data-row]:nth-child(2)")
    assert again == []  # the connection stayed, so that nothing was missed meanwhile
    assert page.evaluate("document.activeElement.id").startswith("m-")
    page.keyboard.press("p")
    page.wait_for_url("**mark=*")
    assert "live=1" not in page.url
    publish(served, "3")
    page.wait_for_selector("#fresh:has-text('1 new since you paused')")
    assert rows.count() == 2
    page.keyboard.press("p")
    page.wait_for_selector("[data-row]:nth-child(3), tr:nth-child(4)[data-row]")
    assert rows.count() == 3
    assert "You left here" in page.inner_text("tr.divider")
    assert "text=theo" in page.url
    page.fill("#text", "theo")
    page.wait_for_url(lambda url: "text=theo&" in url or url.endswith("text=theo"))
    assert "live=1" in page.url


def test_the_keyboard_reaches_pages_search_and_help(open_page):
    page = open_page("/console/messages")
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "find"
    page.keyboard.press("Tab")
    page.keyboard.press("g")
    page.keyboard.press("d")
    page.wait_for_url("**/console/dead")


def test_a_saved_message_opens_without_us(browser, served, tmp_path):
    file = tmp_path / "message.html"
    file.write_bytes(httpx.get(served.url + message_path(served) + "/export.html", trust_env=False).content)
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto(file.as_uri())
    assert page.locator("h1").count() == 1
    context.close()


def test_a_change_without_the_token_is_refused(served):
    answer = httpx.post(f"{served.url}/console/dead/tasks", data={"system": "axis"}, trust_env=False)
    assert answer.status_code == 403
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_pasted_message_is_explained_rule_by_rule_and_a_wrong_one_is_named(open_page, served):
    found = httpx.get(f"{served.url}/api/messages?type=document.issued", trust_env=False).json()
    shown = httpx.get(
        f"{served.url}/api/messages/{found['messages'][0]['message_id']}", trust_env=False
    ).json()
    page = open_page("/console/routes", lang="en")
    page.fill("#message", json.dumps(shown["message"]))
    page.click("form.explain button")
    assert "documents-outside" in page.inner_text("tr:has(.chip.delivered)")
    page.fill("#message", '{"specversion": "<b>1</b>"}')
    page.click("form.explain button")
    assert "/specversion" in page.inner_text(".note.bad")


def test_the_streams_show_who_works_them(open_page):
    page = open_page("/console/streams", lang="en")
    assert "held by" in page.inner_text("section.partition")
    assert "answers" in page.inner_text("#standing table")


def test_a_document_is_issued_with_a_file_and_a_dossier_is_submitted_as_their_users_do(open_page, tmp_path):
    paper = tmp_path / "cong-van.txt"
    paper.write_text("Kính gửi", encoding="utf-8")
    page = open_page("/console/systems/ioffice?show=acts", lang="en")
    page.fill('form[action$="issue-document"] textarea', "V/v <b>gửi</b> từ bảng điều khiển")
    page.set_input_files('form[action$="issue-document"] input[type=file]', str(paper))
    page.click('form[action$="issue-document"] button')
    sent = page.locator("#h-sent ~ table tr", has_text="V/v <b>gửi</b> từ bảng điều khiển")
    assert "1 files" in sent.inner_text()
    page = open_page("/console/systems/portal?show=acts", lang="en")
    page.click('form[action$="submit-dossier"] button')
    assert "G22." in page.inner_text(".note")


def test_what_a_system_refuses_is_said(open_page):
    page = open_page("/console/systems/igate?show=acts&about=none", lang="en")
    page.click('form[action$="act/move"] button')
    assert "no dossier" in page.inner_text(".note.bad")


def test_what_moves_between_the_drawing_of_a_list_and_its_connection_is_not_missed(open_page, served):
    """The connection is held up until it has happened; nothing comes afterwards that would tell of it."""
    held = []

    def keep(route) -> None:
        held.append(route)

    def hold(page) -> None:
        page.route("**/api/flow/events", keep)

    page = open_page("/console/messages?text=giua+chung&live=1", lang="en", before=hold)
    assert page.locator("[data-row]").count() == 0
    headers = {"content-type": "application/cloudevents+json"}
    sent = message("between", subject="between", data=document_data("between", subject="Giữa chừng"))
    httpx.post(f"{served.url}/v1/messages", content=sent.to_json(), headers=headers, trust_env=False)
    for _ in range(200):
        found = httpx.get(
            f"{served.url}/api/messages?text=giua+chung&state=delivered", trust_env=False
        ).json()
        if found["messages"] and held:
            break
        page.wait_for_timeout(50)
    held[0].continue_()
    page.wait_for_selector("[data-row]")
