"""The lab in Chromium: step by step, faults, the clock, samples; in both languages, and on a telephone."""

import re

import httpx
import pytest

from served_province import ServedProvince

TABS = ("", "/samples", "/faults", "/clock", "/anew")
LANGUAGES = ("vi", "en")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with ServedProvince(tmp_path_factory.mktemp("lab")) as one:
        yield one


@pytest.fixture
def open_lab(browser, served):
    opened, complaints = [], []

    def opening(tab: str = "", *, lang: str = "vi", width: int = 1280):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, locale=lang, reduced_motion="reduce"
        )
        opened.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{served.urls['gateway']}/console/lab{tab}", wait_until="load")
        return page

    yield opening
    for context in opened:
        context.close()
    httpx.post(f"{served.urls['gateway']}/api/lab/stage/stop", trust_env=False)
    for name in ("ioffice", "axis", "igate", "portal"):
        httpx.delete(f"{served.urls['gateway']}/api/lab/faults/{name}", trust_env=False)
    assert complaints == []


def stage_of(served) -> dict:
    return httpx.get(f"{served.urls['gateway']}/api/lab/stage", trust_env=False).json()


def faults_of(served) -> list[dict]:
    return httpx.get(f"{served.urls['gateway']}/api/lab/faults", trust_env=False).json()["faults"]


def wait_for_step(page, number: int) -> None:
    """Until that step has passed, and the next one waits or the scenario has ended."""
    page.wait_for_selector(f".verdicts li:nth-child({number}).passed", timeout=40_000)
    page.wait_for_selector("#stage:has(li.next), #stage:has(#single)", timeout=10_000)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("tab", TABS)
def test_each_tab_is_accessible_fits_a_telephone_and_shows_nothing_raw(onlooker, serious, served, tab, lang):
    page, _ = onlooker.at(f"{served.urls['gateway']}/console/lab{tab}", lang=lang, width=390)
    assert page.get_attribute("html", "lang") == lang
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert serious(page) == []
    page.emulate_media(color_scheme="dark")
    assert serious(page) == []
    assert onlooker.complaints == []
    assert re.findall(r"\b(?:True|False|None)\b|\{'|\['", page.inner_text("main")) == []


@pytest.mark.parametrize(
    ("lang", "waits", "passed"),
    [("vi", "chờ bấm bước tiếp theo", "đạt"), ("en", "waits for the next step", "passed")],
)
def test_a_scenario_is_played_step_by_step_and_shows_what_each_step_did(
    open_lab, served, serious, lang, waits, passed
):
    page = open_lab(lang=lang, width=390)
    page.select_option("[name=scenario]", "recall")
    page.click("#single")
    page.wait_for_selector(".verdicts li.next")
    assert page.locator(".verdicts li.passed").count() == 0
    assert page.inner_text("#stage [role=status]") == waits
    steps = page.locator(".verdicts li").count()
    for number in range(1, steps + 1):
        page.click("#step")
        wait_for_step(page, number)
        assert page.locator(".verdicts li.passed").count() == number
        assert page.inner_text(f".verdicts li:nth-child({number}) .soft").startswith("→ ")
        if number < steps:
            assert serious(page) == []
    assert page.inner_text("#stage [role=status]") == passed
    key = stage_of(served)["key"]
    assert key in page.inner_text("#stage")
    assert page.locator("#stage .moved li").count() >= 3
    page.click("#stage .moved li:last-child a")
    page.wait_for_url("**/console/messages/*")


def test_the_keyboard_plays_the_next_step_and_the_focus_stays_on_the_button(open_lab, served):
    page = open_lab("?scenario=incoming", lang="en")
    page.click("#single")
    page.wait_for_selector("li.next")
    page.keyboard.press("n")
    wait_for_step(page, 1)
    page.focus("#step")
    page.keyboard.press("Enter")
    wait_for_step(page, 2)
    assert page.evaluate("document.activeElement.id") == "step"
    page.click("#resume")
    page.wait_for_selector("#stage .chip.delivered[role=status]", timeout=40_000)
    assert stage_of(served)["state"] == "passed"


def test_a_scenario_pauses_takes_another_pace_goes_on_and_is_stopped(open_lab, served):
    page = open_lab(lang="en")
    page.select_option("[name=scenario]", "outgoing")
    page.select_option("[name=pause]", "10")
    page.click("#play")
    page.wait_for_selector(".verdicts li:nth-child(1).passed")
    page.click("#step")
    page.wait_for_selector("li.next")
    assert stage_of(served)["state"] == "waiting"
    page.select_option("#pace", "10")
    page.click("#resume")
    page.wait_for_selector(".verdicts li:nth-child(2).passed")
    page.click("#stop")
    page.wait_for_selector("#single")
    assert page.inner_text("#stage [role=status]") == "stopped"
    assert stage_of(served)["state"] == "stopped"
    assert page.locator(".verdicts li.running").count() == 0


def test_a_button_is_not_replaced_while_it_is_pressed_nor_a_list_while_somebody_chooses(open_lab, served):
    page = open_lab("?scenario=outgoing", lang="en")
    page.click("#single")
    page.wait_for_selector("li.next")
    stage = "document.querySelector('#stage')"

    def replaced(event: str) -> bool:
        """What htmx would do with a look at the stage that is due, or has just come back."""
        return page.evaluate(
            f"htmx.trigger({stage}, '{event}', {{target: {stage}, requestConfig: {{elt: {stage}}}}})"
        )

    events = ("htmx:beforeRequest", "htmx:beforeSwap")
    assert all(map(replaced, events))
    page.focus("#pace")
    assert not any(map(replaced, events))
    page.hover("#stop")
    page.mouse.down()
    assert not any(map(replaced, events))
    page.mouse.up()
    page.wait_for_selector("#single")
    assert stage_of(served)["state"] == "stopped"


@pytest.mark.parametrize(("lang", "told"), [("vi", "Một kịch bản đang chạy"), ("en", "is being played")])
def test_a_second_scenario_must_wait(open_lab, served, lang, told):
    page = open_lab(lang=lang)
    order = {"scenario": "outgoing", "paused": True}
    httpx.post(f"{served.urls['gateway']}/api/lab/stage/start", json=order, trust_env=False)
    page.click("#play")
    assert told in page.inner_text(".note.bad")


def test_a_fault_is_set_with_its_end_and_cleared(open_lab, served):
    page = open_lab("/faults", lang="en")
    page.select_option("select[name=at]", "axis")
    page.select_option("select[name=kind]", "latency")
    page.fill("[name=share]", "0,5")
    page.click("button.main")
    [fault] = faults_of(served)
    assert (fault["at"], fault["kind"], fault["share"]) == ("axis", "latency", 0.5)
    assert "50 % of the calls" in page.inner_text("tbody tr")
    page.click("tbody button")
    assert "No fault is on" in page.inner_text("main")
    assert faults_of(served) == []


def test_a_fault_that_has_ended_leaves_the_page_by_itself(open_lab, served):
    page = open_lab("/faults", lang="vi")
    page.select_option("select[name=at]", "portal")
    page.select_option("select[name=kind]", "latency")
    page.click("button.main")
    assert page.locator("#on tbody tr").count() == 1
    httpx.delete(f"{served.urls['gateway']}/api/lab/faults/portal", trust_env=False)
    page.wait_for_selector("#on:not(:has(table))")
    assert faults_of(served) == []


@pytest.mark.parametrize(
    ("lang", "share", "expires"),
    [("vi", "phải là số", "phải lớn hơn 0"), ("en", "should be a valid number", "greater than 0")],
)
def test_what_is_wrong_with_a_fault_stands_at_its_field_and_what_was_typed_stays(
    open_lab, served, serious, lang, share, expires
):
    page = open_lab("/faults", lang=lang)
    page.select_option("select[name=kind]", "latency")
    page.fill("[name=share]", "một nửa")
    page.fill("[name=expires_s]", "0")
    page.click("button.main")
    assert share in page.inner_text("#wrong-share")
    assert expires in page.inner_text("#wrong-expires_s")
    assert page.input_value("[name=share]") == "một nửa"
    assert page.input_value("select[name=kind]") == "latency"
    assert serious(page) == []
    assert faults_of(served) == []


@pytest.mark.parametrize(("lang", "told"), [("vi", "không phải khoảng thời gian"), ("en", "is no duration")])
def test_the_clock_says_what_is_no_duration(open_lab, lang, told):
    page = open_lab("/clock", lang=lang)
    page.fill("form:has([value=advance]) [name=by]", "sớm")
    page.click("[value=advance]")
    assert told in page.inner_text(".note.bad")


def test_the_clock_stops_advances_is_set_and_runs_on(open_lab, served):
    clock = f"{served.urls['gateway']}/api/lab/clock"

    def now() -> str:
        return httpx.get(clock, trust_env=False).json()["now"]

    page = open_lab("/clock", lang="vi")
    page.click("[value=freeze]")
    assert "đang dừng" in page.inner_text("#face")
    page.fill("input[type=datetime-local]", "2031-02-03T04:05")
    page.click("[value=set]")
    assert now().startswith("2031-02-03T04:05:00")
    page.fill("form:has([value=advance]) [name=by]", "2h")
    page.click("[value=advance]")
    assert now().startswith("2031-02-03T06:05:00")
    assert "06:05:00 03/02/2031" in page.inner_text("#face")
    page.click("[value=resume]")
    assert "đang chạy" in page.inner_text("#face")
    assert httpx.get(clock, trust_env=False).json()["frozen"] is False


def test_a_stand_in_begins_anew_once_the_person_is_sure(open_lab, served):
    state = f"{served.urls['axis']}/__mock__/counts"
    page = open_lab("/anew", lang="en")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.accept()))
    page.click("form:has([value=axis]) button.danger")
    assert "has begun anew" in page.inner_text(".note")
    assert len(asked) == 1
    counts = httpx.get(state, trust_env=False).json()
    assert counts.get("external_documents", 0) == 0


@pytest.mark.parametrize(
    ("lang", "title"),
    [
        ("vi", "Công văn có tệp đính kèm, gửi ra ngoài tỉnh"),
        ("en", "Official letter with attachments, to a ministry"),
    ],
)
def test_a_sample_is_sent_in_two_clicks_and_its_message_is_shown(open_lab, serious, lang, title):
    page = open_lab("/samples", lang=lang, width=390)
    page.click(f"text={title}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert serious(page) == []
    page.click("form.act button.main >> nth=0")
    page.wait_for_url("**/console/messages/*")
    assert "V/v kết nối, liên thông phần mềm quản lý văn bản" in page.inner_text("main")
    assert "phu-luc.txt" in page.inner_text("main")


def test_a_sample_that_needs_another_is_sent_at_once_behind_it(open_lab):
    page = open_lab("/samples", lang="en")
    page.click('button[aria-label$="Recall of a letter that went to the wrong place"]')
    page.wait_for_url("**/console/messages/*")
    assert "Document" in page.text_content(".sequence")
    assert "Recall" in page.text_content(".sequence")


@pytest.mark.parametrize(
    ("lang", "title", "expected", "empty", "name"),
    [
        ("vi", "Văn bản độc hại", "Đúng như dự kiến", "phải có ít nhất 1 phần tử", "sai định dạng"),
        ("en", "Hostile: a file name", "As expected", "at least 1 item", "should match pattern"),
    ],
)
def test_a_hostile_sample_is_refused_at_its_fields(open_lab, serious, lang, title, expected, empty, name):
    page = open_lab("/samples", lang=lang)
    page.click(f"li:has-text('{title}') button")
    assert expected in page.inner_text(".note.bad")
    assert empty in page.inner_text("label:has([name=recipients]) .wrong")
    assert name in page.inner_text("label:has([name=attachments]) .wrong")
    assert "/0/name" in page.inner_text("label:has([name=attachments]) .wrong")
    assert page.input_value("[name=subject]") == "<script>alert(1)</script>"
    assert serious(page) == []


@pytest.mark.parametrize(
    ("lang", "no_json", "no_day", "too_short"),
    [
        (
            "vi",
            "không phải JSON hợp lệ (dòng 1, cột 1)",
            "phải là ngày, như 2026-12-01",
            "phải có ít nhất 1 ký tự",
        ),
        ("en", "no JSON: ", "valid date", "at least 1 character"),
    ],
)
def test_a_form_names_each_mistake_at_its_field_keeps_what_was_typed_and_is_sent_once_it_is_right(
    open_lab, lang, no_json, no_day, too_short
):
    page = open_lab("/samples", lang=lang)
    page.goto(re.sub("/console/.*", "/console/schemas/document.issued/1?sample=thong-bao", page.url))
    recipients = page.input_value("[name=recipients]")
    page.fill("[name=recipients]", "[")
    page.click("form.act button.main >> nth=0")
    assert no_json in page.inner_text("label:has([name=recipients]) .wrong")
    page.fill("[name=recipients]", recipients)
    page.fill("[name=promulgated_on]", "hôm nay")
    page.fill("[name='@subject']", "")
    page.click("form.act button.main >> nth=0")
    assert too_short in page.inner_text("label:has([name='@subject']) .wrong")
    page.fill("[name='@subject']", "doc-from-form")
    page.click("form.act button.main >> nth=0")
    assert no_day in page.inner_text("label:has([name=promulgated_on]) .wrong")
    page.fill("[name=promulgated_on]", "2026-11-26")
    page.click("form.act button.main >> nth=0")
    page.wait_for_url("**/console/messages/*")
    assert "doc-from-form" in page.inner_text("main")
