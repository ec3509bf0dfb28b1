"""The moving map in Chromium: what it draws of what it is told, and that it never draws more than it can."""

import asyncio
import threading

import pytest

from lgsp.bootstrap import running
from lgsp.channels import ActivityLog, Keys
from lgsp.settings import demo_config, load

EDGES = 8
WATCH = """
window.seen = []; window.most = 0;
addEventListener("DOMContentLoaded", () => {
  for (const dots of document.querySelectorAll("[id$=dots]")) new MutationObserver((changes) => {
    for (const change of changes) for (const node of change.addedNodes) {
      seen.push(node.getAttribute("href").slice(6) + " " + node.getAttribute("transform"));
    }
    most = Math.max(most, dots.childElementCount);
  }).observe(dots, { childList: true });
});
"""


class Bus:
    """A gateway with the four systems, and a hand on what its pages are told."""

    def __init__(self, folder) -> None:
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(folder)))
        self._thread.start()
        assert self._ready.wait(60)

    async def _serve(self, folder) -> None:
        self._loop, self._done = asyncio.get_running_loop(), asyncio.Event()
        config = folder / "lgsp.toml"
        config.write_text(demo_config(), encoding="utf-8")
        settings = load(config, {"LGSP_DATA_DIR": str(folder / "state"), "LGSP_PORT": "0"})
        async with running(settings, only=frozenset({"gateway"})) as system:
            self.url = system.urls["gateway"] + "/console/"
            self._log = ActivityLog(system.bus.parts.server, Keys(partitions=settings.partitions))
            self._ready.set()
            await self._done.wait()

    def tell(self, *batches) -> None:
        async def telling() -> None:
            for batch in batches:
                await self._log.tell(batch)

        asyncio.run_coroutine_threadsafe(telling(), self._loop).result(60)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._done.set)
        self._thread.join(60)


@pytest.fixture(scope="module")
def bus(tmp_path_factory):
    one = Bus(tmp_path_factory.mktemp("map"))
    yield one
    one.stop()


@pytest.fixture
def open_map(browser, bus):
    opened = []

    def opening(*, motion="no-preference", lang="en", width=1280, before=lambda page: None):
        # wait_for_function evaluates, which the policy forbids; test_console.py watches the policy.
        context = browser.new_context(
            locale=lang, reduced_motion=motion, bypass_csp=True, viewport={"width": width, "height": 900}
        )
        opened.append(context)
        context.add_init_script(WATCH)
        page = context.new_page()
        before(page)
        page.goto(bus.url)
        return page

    yield opening
    for context in opened:
        context.close()


def live(page) -> None:
    page.wait_for_function("document.getElementById('link').textContent === 'Live'")


def test_each_kind_has_a_mark_of_its_own_shape_on_its_edge_and_in_the_legend(open_map, bus) -> None:
    page = open_map()
    live(page)
    bus.tell(
        {
            ("accepted", "/systems/ioffice", "document.issued"): 1,
            ("routed", "axis", "document.issued"): 1,
            ("delivered", "axis", "document.status"): 1,
            ("accepted", "/systems/igate", "dossier.synchronized"): 1,
            ("retrying", "portal", "dossier.progressed"): 1,
            ("delivered", "igate", "procedure.published"): 1,
        }
    )
    page.wait_for_function("seen.length === 5")
    drawn = page.evaluate("seen.map((one) => one.split(' ')[0])")
    assert sorted(drawn) == ["document", "dossier", "failed", "other", "status"]
    assert drawn[0] == "failed"
    keys = page.locator(".legend use")
    assert [keys.nth(n).get_attribute("href") for n in range(keys.count())] == [
        f"#mark-{kind}" for kind in ("document", "dossier", "status", "other", "failed")
    ]
    shapes = page.evaluate("[...document.querySelectorAll('defs > *')].map((one) => one.outerHTML)")
    assert len(set(shapes)) == 5


def test_a_hundred_thousand_messages_draw_fifteen_marks_an_edge_and_leave_nothing_behind(
    open_map, bus
) -> None:
    page = open_map()
    live(page)
    page.evaluate(
        "document.getElementById('facts').remove()"
    )  # what the server draws anew is not the matter here
    count = "document.getElementsByTagName('*').length"
    before = page.evaluate(count)
    second = {
        (step, system, kind): 125
        for name in ("ioffice", "axis", "igate", "portal")
        for step, system in (("accepted", f"/systems/{name}"), ("routed", name), ("delivered", name))
        for kind in ("document.issued", "document.status", "dossier.submitted")
    }
    bus.tell(*([second] * 200), {("dead", "axis", "document.issued"): 1})
    page.wait_for_function("seen.some((one) => one.startsWith('failed'))")
    page.wait_for_function("document.getElementById('dots').childElementCount === 0")
    assert EDGES < page.evaluate("most") <= 15 * EDGES
    assert page.evaluate(count) == before


def test_who_wants_no_motion_sees_still_marks_one_of_a_kind_to_an_edge(open_map, bus) -> None:
    page = open_map(motion="reduce")
    live(page)
    moves = {("delivered", "axis", "document.issued"): 40, ("delivered", "axis", "document.status"): 2}
    bus.tell(moves)
    page.wait_for_function("seen.length === 2")
    places = page.evaluate("seen")
    assert len({place.split(" ", 1)[1] for place in places}) == 2
    assert all("translate(-99" not in place for place in places)
    page.wait_for_function("document.getElementById('dots').childElementCount === 0")
    assert page.evaluate("[seen.length, most]") == [2, 2]


def test_a_map_that_was_refused_a_connection_says_so_and_asks_again(open_map, bus) -> None:
    refusals = []

    def refuse_once(route) -> None:
        if refusals:
            route.continue_()
        else:
            refusals.append(route.request.url)
            route.fulfill(status=429, body="{}", content_type="application/problem+json")

    def prepare(page) -> None:
        page.clock.install()
        page.route("**/api/flow/events", refuse_once)

    page = open_map(before=prepare)
    page.wait_for_function("document.getElementById('link').textContent.startsWith('Connection lost')")
    page.clock.fast_forward(6000)
    live(page)


def test_standing_still_closes_the_connection_and_moving_opens_it_again(open_map, bus) -> None:
    page = open_map()
    live(page)
    page.keyboard.press("p")
    assert page.get_attribute("#still", "aria-pressed") == "true"
    assert page.inner_text("#link") == ""
    page.keyboard.press("p")
    live(page)


def test_a_refresh_keeps_the_focus_where_it_was(open_map, bus) -> None:
    page = open_map()
    live(page)
    for place in ("row-axis", "box-axis"):
        page.focus(f"#{place}")
        with page.expect_response(lambda answer: answer.url == bus.url):
            page.evaluate("document.getElementById('facts').dispatchEvent(new CustomEvent('flow'))")
        page.wait_for_function(
            "document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling') === null"
        )
        assert page.evaluate("document.activeElement.id") == place


def test_the_legend_speaks_both_languages(open_map, bus) -> None:
    for lang, words in (("vi", ("văn bản", "hồ sơ")), ("en", ("document", "dossier"))):
        said = open_map(lang=lang).inner_text(".legend >> nth=0")
        assert all(word in said for word in words)


def test_on_a_phone_the_map_is_another_one_whose_words_can_be_read(open_map, bus) -> None:
    page = open_map(width=390)
    live(page)
    assert not page.is_visible("#map")
    bus.tell({("delivered", "axis", "document.issued"): 2})
    page.wait_for_function("seen.length === 2")
    assert page.evaluate("document.getElementById('dots').childElementCount") == 0
    heights = page.evaluate(
        "[...document.querySelectorAll('#narrow-map text')].map((one) => one.getBoundingClientRect())"
        ".filter((one) => one.height > 0).map((one) => one.height)"
    )
    assert len(heights) > 8
    assert min(heights) >= 12  # of a line; its letters are some four fifths of it
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    overlapping = """
      [...document.querySelectorAll('#narrow-map .box')].filter((box) => {
        const edge = box.querySelector('rect').getBoundingClientRect();
        return [...box.querySelectorAll('text')].some((text) => text.getBoundingClientRect().right > edge.right);
      }).length"""
    assert page.evaluate(overlapping) == 0
