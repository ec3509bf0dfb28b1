"""A message and what became of it, dead letters, and a system's lists, in Chromium as a visitor uses them."""

import json
import time
from urllib.parse import quote

import httpx
import pytest

from served_province import ServedProvince

HOSTILE = "V/v <img src=x onerror=alert(1)><script>alert(2)</script>"
PROVINCE, MINISTRY, NOBODY = "000.00.00.H34", "000.00.00.G22", "000.00.00.G98"
MANY = 120


def event(number: int, receiver: str, **more: str) -> dict:
    """A document as a connector would publish it."""
    return {
        "specversion": "1.0",
        "id": f"page-{number}",
        "source": "/systems/ioffice",
        "type": "vn.lgsp.document.issued",
        "subject": f"page-{number}",
        "time": "2026-11-26T08:00:00+07:00",
        "dataschema": "https://lgsp.vn/schemas/document.issued/1",
        "sender": PROVINCE,
        "recipients": receiver,
        "data": {
            "document_id": f"page-{number}",
            "issuer": {"id": PROVINCE, "name": "UBND tỉnh Kon Tum"},
            "recipients": [{"id": receiver, "name": "Nơi nhận"}],
            "code": {"number": str(number), "notation": "UBND-VX"},
            "promulgated_on": "2026-11-26",
            "type_name": "Công văn",
            "subject": f"V/v thử {number}",
        },
        **more,
    }


class Province:
    """The served province, asked over HTTP."""

    def __init__(self, urls: dict[str, str]) -> None:
        self.urls = urls
        self.http = httpx.Client(timeout=30, trust_env=False)

    def ask(self, path: str) -> dict:
        return self.http.get(self.urls["gateway"] + path).json()

    def publish(self, events: list[dict]) -> None:
        headers = {"content-type": "application/cloudevents-batch+json"}
        answer = self.http.post(
            self.urls["gateway"] + "/v1/messages", content=json.dumps(events), headers=headers
        )
        assert answer.status_code == 202, answer.text

    def act(self, system: str, act: str, body: dict) -> dict:
        answer = self.http.post(f"{self.urls[system]}/__mock__/act/{act}", json=body)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def until(self, look):
        """What `look` finds; the buses of a test settle within seconds."""
        for _ in range(600):
            if found := look():
                return found
            time.sleep(0.1)
        raise AssertionError("it did not come")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with ServedProvince(tmp_path_factory.mktemp("pages")) as served:
        asked = Province(served.urls)
        yield asked
        asked.http.close()


@pytest.fixture
def open_page(browser, world):
    opened, complaints = [], []

    def opening(path: str, *, lang: str = "en", width: int = 1280):
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            locale=lang,
            reduced_motion="reduce",
            accept_downloads=True,
        )
        opened.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda asked: asked.accept())
        page.goto(world.urls["gateway"] + path, wait_until="load")
        return page

    yield opening
    for context in opened:
        context.close()
    assert [one for one in complaints if "status of 422" not in one] == []


@pytest.fixture(scope="module")
def hostile(world) -> str:
    """The page of a delivered document whose title and attachment are an attack."""
    form = {
        "from": PROVINCE, "to": [MINISTRY], "subject": HOSTILE,
        "attachments": [{"name": "tệp <b>.html", "content_base64": "PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg=="}],
    }  # fmt: skip
    key = world.act("ioffice", "issue-document", form)["document_id"]

    def delivered() -> str | None:
        found = world.ask("/api/messages?type=document.issued&state=delivered")["messages"]
        return next((one["message_id"] for one in found if one["subject"] == key), None)

    return f"/console/messages/{quote(world.until(delivered), safe='')}"


def test_every_stage_of_a_message_is_there_and_two_of_them_are_compared(open_page, hostile):
    page = open_page(hostile)
    stages = page.locator("details.stage > summary strong").all_inner_texts()
    assert [one.partition(". ")[2] for one in stages][:5] == [
        "Received", "Answer on receiving", "Canonical", "Sent", "Answer on sending"
    ]  # fmt: skip
    page.select_option("#left", index=0)
    page.select_option("#right", index=3)
    page.click("#content form button, section:has(#content) form button")
    assert page.locator("table.diff tr.in").count() > 0
    assert page.locator("table.diff tr.out").count() > 0
    assert "valid" in page.inner_text("section:has(#signed)")
    assert page.locator("section:has(#why) details summary").inner_text().endswith("do not fit, and why")


def test_an_attack_stays_text_and_its_attachment_is_saved_and_never_shown(open_page, world, hostile):
    page = open_page(hostile)
    assert HOSTILE in page.inner_text(".lead")
    assert page.locator("img, main script").count() == 0
    link = page.locator("section:has(#files) a")
    with page.expect_download() as downloading:
        link.click()
    assert downloading.value.path().read_bytes() == b"<script>alert(1)</script>"
    answer = world.http.get(world.urls["gateway"] + link.get_attribute("href"))
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"].startswith('attachment; filename="t_p _b_.html"; filename*=')
    wrong = link.get_attribute("href").rpartition("/")[0] + "/" + "0" * 64
    assert world.http.get(world.urls["gateway"] + wrong).status_code == 404


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_a_saved_message_opens_from_a_file_and_asks_for_nothing(browser, world, hostile, tmp_path, lang):
    file = tmp_path / "message.html"
    url = f"{world.urls['gateway']}{hostile}/export.html?lang={lang}"
    file.write_bytes(world.http.get(url).content)
    context = browser.new_context(offline=True)
    page = context.new_page()
    asked, complaints = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda said: complaints.append(said.text))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.goto(file.as_uri(), wait_until="load")
    assert page.get_attribute("html", "lang") == lang
    assert HOSTILE in page.inner_text(".lead")
    assert page.locator("details.stage").count() >= 5
    assert page.locator("script, link, img, form, a[href^='/']").count() == 0
    page.locator("details.stage summary").first.click()
    assert page.evaluate("getComputedStyle(document.querySelector('.sheet')).borderTopStyle") == "solid"
    context.close()
    assert asked == [file.as_uri()]
    assert complaints == []


def test_a_message_that_waits_says_for_which_attempt_and_names_its_trace(open_page, world):
    trace = "0af7651916cd43dd8448eb211c80319c"
    world.http.post(
        f"{world.urls['axis']}/__mock__/faults", json={"kind": "error", "path": "/sendEdoc", "status": 500}
    ).raise_for_status()
    world.publish([event(900, MINISTRY, traceparent=f"00-{trace}-b7ad6b7169203331-01")])
    world.until(lambda: world.ask("/api/trace/page-900").get("held"))
    try:
        page = open_page("/console/messages/page-900")
        assert trace in page.inner_text("dl.facts")
        assert "being retried" in page.inner_text("ol.timeline")
        assert "Try number" in page.locator("section:has(#journey) .note.warn").first.inner_text()
    finally:
        world.http.delete(f"{world.urls['axis']}/__mock__/faults").raise_for_status()


@pytest.fixture(scope="module")
def letters(world) -> int:
    """Dead letters of one cause."""
    world.publish([event(number, NOBODY) for number in range(MANY)])
    world.until(lambda: world.ask("/api/dead/groups?kind=document.issued")["total"] >= MANY)
    return MANY


def tasks(world) -> list[dict]:
    return world.ask("/api/dead/tasks")["tasks"]


def test_letters_are_tried_replayed_paused_and_cancelled_as_a_task(open_page, world, letters):
    page = open_page("/console/dead?system=axis")
    assert "The system refused it" in page.inner_text("section:has(#groups)")
    page.click("section:has(#these) a.button")
    assert f"{letters}" in page.inner_text(".note[role=status]")
    assert tasks(world) == []
    page.click("section:has(#these) button.main")
    page.click("#tasks button[value=pause]")
    world.until(lambda: tasks(world)[0]["state"] == "paused")
    page.wait_for_selector("#tasks button[value=run]")
    assert page.locator("#tasks progress").count() == 1
    world.until(lambda: tasks(world)[0]["worker"] == "")
    before = tasks(world)[0]
    assert before["done"] < letters
    page.click("#tasks button[value=run]")
    world.until(lambda: tasks(world)[0]["done"] > before["done"])
    page.click("#tasks button[value=cancel]")
    world.until(lambda: tasks(world)[0]["state"] == "cancelled")
    page.wait_for_selector("#tasks button", state="detached")
    assert "cancelled" in page.inner_text("#tasks")


def test_a_letter_is_edited_tried_and_sent_as_a_new_message_and_another_discarded(open_page, world, letters):
    one, other = world.ask("/api/dead?system=axis&limit=2")["dead"]
    page = open_page(f"/console/dead/{quote(one['id'], safe='')}")
    right = page.input_value("textarea[name=message]")
    page.fill(
        "textarea[name=message]",
        right.replace('"promulgated_on": "2026-11-26"', '"promulgated_on": "<b>never</b>"'),
    )
    page.click("text=Send the edited")
    line = right.splitlines().index('    "promulgated_on": "2026-11-26",') + 1
    assert f"/data/promulgated_on · line {line}" in page.inner_text(".note.bad[role=alert]")
    assert "<b>never</b>" in page.input_value("textarea[name=message]")
    page.fill("textarea[name=message]", right.replace("V/v thử", "V/v đã sửa"))
    page.click("form[action$=edit] button[name=try]")
    assert "National" in page.inner_text("[role=status].note") or "xis" in page.inner_text(
        "[role=status].note"
    )
    assert world.ask(f"/api/dead/{quote(one['id'], safe='')}")["id"] == one["id"]
    page.fill("[name=note]", "sửa trích yếu")
    page.click("text=Send the edited")
    page.wait_for_url("**/console/messages/*")
    assert "V/v đã sửa" in page.inner_text(".lead")
    assert world.http.get(f"{world.urls['gateway']}/api/dead/{quote(one['id'], safe='')}").status_code == 404

    page = open_page(f"/console/dead/{quote(other['id'], safe='')}")
    page.fill("form[action$=discard] [name=reason]", "không cần nữa")
    page.click("form[action$=discard] button")
    page.wait_for_url("**/console/dead")
    told = world.until(
        lambda: [
            step["detail"]
            for step in world.ask(f"/api/messages/{quote(other['message_id'], safe='')}")["steps"]
            if step["step"] == "discarded"
        ]
    )
    assert told == ["không cần nữa"]


def test_what_a_visitor_has_opened_is_not_closed_by_the_lists_refreshing_themselves(open_page, hostile):
    page = open_page("/console/systems/ioffice")
    page.locator("#desk details summary").first.click()
    desk = "document.querySelector('#desk')"
    refreshes = f"htmx.trigger({desk}, 'htmx:beforeRequest', {{elt: {desk}, target: {desk}}})"
    assert page.evaluate(refreshes) is False
    page.locator("#desk details summary").first.click()
    assert page.evaluate(refreshes) is True


def test_a_systems_journal_shows_equal_calls_as_one_and_finds_words(open_page, world, hostile):
    page = open_page("/console/systems/axis?show=journal")
    assert 1 < page.locator("tbody tr").count() <= 100
    page.fill("[name=contains]", "/sendEdoc")
    page.click("form.filters:has([name=contains]) button")
    rows = page.locator("tbody tr td:nth-child(2) summary").all_inner_texts()
    assert rows
    assert all("/sendEdoc" in row for row in rows)


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("width", [390, 1280])
def test_a_document_and_its_reconciliation_fit_and_are_accessible(open_page, serious, hostile, lang, width):
    page = open_page(hostile, lang=lang, width=width)
    page.click("dl.facts a")
    page.wait_for_selector("#agreement")
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.goto(page.url.partition("/console/")[0] + "/console/reconcile/axis")
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
