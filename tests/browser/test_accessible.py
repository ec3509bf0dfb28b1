"""Every page, and every tab of every system, with something on it: no serious finding of axe, light and dark, in both languages."""

import asyncio
import threading
from urllib.parse import quote

import pytest

from province import NAMES, flow, province

SYSTEM_TABS = [
    f"/systems/{system}?show={tab}" for system in NAMES for tab in ("holds", "acts", "journal", "differences")
]
PAGES = {
    "the map": "/",
    "messages": "/messages",
    "messages, live": "/messages?live=1",
    "messages, paused": "/messages?mark=1",
    "messages, filtered": "/messages?text=khong+co&sender=000.00.00.H34",
    "a message": "/messages/{message}",
    "a message, compared": "/messages/{message}?left=canonical&right=sent",
    "a message on its way": "/messages/{dossier_message}",
    "a document": "/documents/{document}",
    "a dossier": "/dossiers/{dossier}",
    "dead letters": "/dead",
    "dead letters, tried": "/dead?system=igate&try=1",
    "a dead letter": "/dead/{dead}",
    "refused messages": "/refused",
    "a refused message": "/refused/{refused}",
    "systems": "/systems",
    "reconciled": "/reconcile/axis",
    "indicators": "/indicators",
    "streams": "/streams",
    "routes": "/routes",
    "schemas": "/schemas",
    "a schema": "/schemas/dossier.progressed/1",
    "nothing": "/messages/nobody-knows-this",
    **{path: path for path in SYSTEM_TABS},
}


class Demo:
    """The province after a few flows, some of which went wrong, in a thread of its own."""

    def __init__(self, folder) -> None:
        self.named: dict[str, str] = {}
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(folder)))
        self._thread.start()
        assert self._ready.wait(120)

    async def _serve(self, folder) -> None:
        self._loop, self._done = asyncio.get_running_loop(), asyncio.Event()
        try:
            async with province(folder) as world:
                await self._fill(world)
                self.url = world.urls["gateway"] + "/console"
                self._ready.set()
                await self._done.wait()
        finally:
            self._ready.set()

    async def _fill(self, world) -> None:
        document, dossier = await flow(world, "outgoing"), await flow(world, "online")
        await flow(world, "malformed-document")
        await world.http.post(
            world.urls["gateway"] + "/v1/messages",
            json={
                "specversion": "1.0", "id": "lost", "source": "/connectors/test", "type": "vn.lgsp.result.issued",
                "subject": dossier, "time": "2026-11-23T08:00:00+07:00", "datacontenttype": "application/json",
                "dataschema": "https://lgsp.vn/schemas/result.issued/1",
                "data": {"code": dossier, "outcome": "03", "reason": "<b>không</b>"},
            },
            headers={"content-type": "application/cloudevents+json"},
        )  # fmt: skip

        async def buried():
            return (await world.gateway("/api/dead"))["dead"] or None

        dead = await world.until("a dead letter", buried)
        refused = (await world.gateway("/api/invalid"))["invalid"]
        issued = await world.gateway("/api/messages?type=document.issued&state=delivered")
        told = await world.gateway("/api/messages?type=dossier.progressed")
        self.named = {
            "message": issued["messages"][0]["message_id"], "dossier_message": told["messages"][0]["message_id"],
            "document": document, "dossier": dossier, "dead": dead[0]["id"], "refused": refused[0]["id"],
        }  # fmt: skip

    def path(self, page: str) -> str:
        return self.url + PAGES[page].format(
            **{name: quote(one, safe="") for name, one in self.named.items()}
        )

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._done.set)
        self._thread.join(60)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    one = Demo(tmp_path_factory.mktemp("accessible"))
    yield one
    one.stop()


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(("lang", "scheme"), [("vi", "light"), ("en", "dark")])
def test_a_page_has_no_serious_finding(onlooker, serious, demo, page, lang, scheme) -> None:
    """Contrast depends on the colours and not on the language, so two of the four are enough."""
    shown, answer = onlooker.at(demo.path(page), lang=lang, scheme=scheme)
    assert answer.status == (404 if page == "nothing" else 200)
    assert shown.get_attribute("html", "lang") == lang
    assert serious(shown) == []
