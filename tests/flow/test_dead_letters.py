"""Dead letters through the gateway, on a real bus whose system refuses what it is told to refuse."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import JsonValue

from builders import message
from lgsp.adapter import Delivery, Receipt
from lgsp.bootstrap import Overrides, Running, running
from lgsp.bus import WorkerSettings
from lgsp.dead_letters import has_delivered
from lgsp.errors import RejectedError
from lgsp.settings import load
from waiting import eventually

pytestmark = pytest.mark.flow

CONFIG = """
partitions = 2
[systems.axis]
url = "http://127.0.0.1:9"
[[routes]]
name = "ministries"
when = ["document.*"]
to = ["axis"]
recipients = ["*.G22"]
"""
WORKER = WorkerSettings(look_round_s=0.02)
View = dict[str, Any]


@dataclass
class Refuses:
    """A system that says no while `angry`."""

    angry: bool = True
    holds: list[str] = field(default_factory=list)
    titles: list[JsonValue] = field(default_factory=list)
    organizations: list[tuple[str, ...]] = field(default_factory=list)

    async def send(self, delivery: Delivery) -> Receipt:
        if self.angry:
            raise RejectedError(f"agency '{delivery.message.subject}' is not known (code 12)")
        self.holds.append(delivery.message.id)
        self.organizations.append(delivery.organizations)
        self.titles.append(delivery.message.data["subject"])
        return Receipt()


class Office:
    """One gateway, one worker, one system."""

    def __init__(self, system: Refuses, world: Running, http: httpx.AsyncClient) -> None:
        self.system, self.world, self.http = system, world, http

    async def publish(self, message_id: str, subject: str, **changes: object) -> None:
        assert self.world.bus is not None
        await self.world.bus.publish(message(message_id, subject=subject, **changes))

    async def ask(self, method: str, path: str, status: int = 200, **fields: object) -> View:
        answer = await self.http.request(method, path, **fields)
        assert answer.status_code == status, answer.text
        found: View = answer.json()
        return found

    async def dead(self, **params: str | int) -> list[View]:
        listed = await self.ask("GET", "/api/dead", params=params)
        return listed["dead"]

    async def until_dead(self, count: int) -> list[View]:
        async def buried() -> bool:
            return len(await self.dead(limit=1000)) == count

        await eventually(buried, f"{count} dead letters")
        return await self.dead(limit=1000)

    async def until_task(self, task: View, is_so: Callable[[View], bool]) -> View:
        async def stands() -> bool:
            return is_so(await self.ask("GET", f"/api/dead/tasks/{task['id']}"))

        await eventually(stands, "the task")
        return await self.ask("GET", f"/api/dead/tasks/{task['id']}")

    async def until_holds(self, ids: list[str]) -> None:
        await eventually(lambda: sorted(self.system.holds) == sorted(ids), "delivered")


def is_over(task: View) -> bool:
    return task["state"] in {"done", "cancelled", "failed"}


@asynccontextmanager
async def opened(folder: Path, *, config: str = CONFIG) -> AsyncIterator[Office]:
    file = folder / "lgsp.toml"
    file.write_text(config + "[mocks]\n", encoding="utf-8")
    settings = load(file, {"LGSP_DATA_DIR": str(folder / "data"), "LGSP_PORT": "0"})
    system = Refuses()
    async with (
        running(settings, overrides=Overrides(adapters={"axis": system}, worker=WORKER)) as world,
        httpx.AsyncClient(base_url=world.urls["gateway"], trust_env=False) as http,
    ):
        yield Office(system, world, http)


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with opened(tmp_path) as made:
        yield made


async def bury(office: Office, *subjects: str, each: int = 1) -> list[View]:
    for subject in subjects:
        for number in range(each):
            await office.publish(f"{subject}-{number}", subject)
    return await office.until_dead(len(subjects) * each)


async def test_letters_of_one_cause_are_one_group_whatever_their_particulars(office: Office) -> None:
    await bury(office, "a", "b")
    await office.publish("lost", "c", recipients="000.00.00.X99")
    await office.until_dead(3)
    found = await office.ask("GET", "/api/dead/groups")
    shown = [(group["count"], group["system"], group["code"], group["reason"]) for group in found["groups"]]
    assert shown[0] == (2, "axis", "lgsp.rejected", "agency '…' is not known (code 12)")
    assert shown[1][:3] == (1, "", "lgsp.unrouted")
    assert found["total"] == 3


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"system": "axis"}, ["a-0", "b-0"]),
        ({"system": ""}, ["lost"]),
        ({"code": "lgsp.unrouted"}, ["lost"]),
        ({"kind": "document.*"}, ["a-0", "b-0", "lost"]),
        ({"kind": "dossier.*"}, []),
        ({"subject": "b"}, ["b-0"]),
        ({"until": "2001-01-01T00:00:00+07:00"}, []),
        ({"since": "2001-01-01T00:00:00Z", "system": "axis", "subject": "a"}, ["a-0"]),
    ],
)  # fmt: skip
async def test_a_filter_finds_what_fits(office: Office, wanted: dict[str, str], found: list[str]) -> None:
    await bury(office, "a", "b")
    await office.publish("lost", "c", recipients="000.00.00.X99")
    await office.until_dead(3)
    assert sorted(str(one["message_id"]) for one in await office.dead(**wanted)) == found


async def test_pages_go_on_where_the_last_one_ended_over_all_partitions(office: Office) -> None:
    everything = [one["id"] for one in await bury(office, *"abcdefg")]
    pages, after = [], ""
    while True:
        page = await office.ask("GET", "/api/dead", params={"limit": 3, "after": after})
        pages += [one["id"] for one in page["dead"]]
        if page["next"] is None:
            break
        after = str(page["next"])
    assert pages == everything


async def test_a_group_is_replayed_as_a_task_each_subject_oldest_first(office: Office) -> None:
    letters = await bury(office, "a", "b", each=4)
    # The oldest one dies once more, so that its letter is the youngest of all.
    first = next(one for one in letters if one["message_id"] == "a-0")
    await office.ask("POST", f"/api/dead/{first['id']}/replay")
    await eventually_dead_again(office, first)
    office.system.angry = False
    order = {"action": "replay", "filter": {"group": first["group"]}, "rate_per_s": 1000}
    task = await office.ask("POST", "/api/dead/tasks", 202, json=order)
    ended = await office.until_task(task, is_over)
    assert (ended["state"], ended["total"], ended["done"], ended["failed"]) == ("done", 8, 8, 0)
    await office.until_holds([f"{subject}-{number}" for subject in "ab" for number in range(4)])
    for subject in "ab":
        own = [held for held in office.system.holds if held.startswith(subject)]
        assert own == [f"{subject}-{number}" for number in range(4)]
    assert await office.dead() == []


async def eventually_dead_again(office: Office, letter: View) -> None:
    async def again() -> bool:
        ids = [one["id"] for one in await office.dead()]
        return letter["id"] not in ids and len(ids) == 8

    await eventually(again, "dead again")


async def test_a_letter_that_is_gone_is_named_and_the_others_go(office: Office) -> None:
    [letter] = await bury(office, "a")
    office.system.angry = False
    order = {"action": "replay", "ids": [letter["id"], "1:5-0", "nonsense"], "rate_per_s": 1000}
    task = await office.ask("POST", "/api/dead/tasks", 202, json=order)
    ended = await office.until_task(task, is_over)
    assert (ended["done"], ended["failed"]) == (1, 2)
    assert [problem["id"] for problem in ended["problems"]] == ["1:5-0", "nonsense"]


async def test_what_dies_again_is_not_replayed_for_ever(office: Office) -> None:
    await bury(office, "a", "b")
    task = await office.ask(
        "POST", "/api/dead/tasks", 202, json={"action": "replay", "all": True, "rate_per_s": 1000}
    )
    assert (await office.until_task(task, is_over))["done"] == 2
    await office.until_dead(2)


async def test_a_task_is_paused_resumed_and_cancelled(office: Office) -> None:
    await bury(office, *"abcdef")
    office.system.angry = False
    order = {"action": "replay", "all": True, "rate_per_s": 2}
    task = await office.ask("POST", "/api/dead/tasks", 202, json=order)
    path = f"/api/dead/tasks/{task['id']}"
    await office.until_task(task, lambda found: found["done"] == 1)
    assert (await office.ask("POST", f"{path}/pause"))["state"] == "paused"
    await office.until_task(task, lambda found: not found["worker"])
    assert (await office.ask("POST", f"{path}/resume"))["state"] == "waiting"
    going = await office.until_task(task, lambda found: int(str(found["done"])) >= 3)
    assert going["total"] == 6, "what was done before the pause still counts"
    assert (await office.ask("POST", f"{path}/cancel"))["state"] == "cancelled"
    ended = await office.until_task(task, lambda found: found["ended_at"] is not None)
    assert int(str(ended["done"])) + len(await office.dead()) == 6
    await office.ask("POST", f"{path}/resume", 409)


async def test_a_task_outlives_the_process_that_began_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as office:
        await bury(office, *"abcdef")
        order = {"action": "discard", "all": True, "rate_per_s": 2, "reason": "a test"}
        task = await office.ask("POST", "/api/dead/tasks", 202, json=order)
        await office.until_task(task, lambda found: found["done"] == 1)
    async with opened(tmp_path) as office:
        ended = await office.until_task(task, is_over)
        assert (ended["state"], ended["total"], ended["done"]) == ("done", 6, 6)
        assert await office.dead() == []


async def test_a_dry_run_says_what_would_happen_and_sends_nothing(office: Office) -> None:
    [letter] = await bury(office, "a")
    await office.publish("lost", "c", recipients="000.00.00.X99")
    await office.until_dead(2)
    ran = await office.ask("POST", "/api/dead/dry-run", json={"all": True})
    assert (ran["total"], ran["verdicts"]) == (2, {"send": 1, "unrouted": 1})
    assert len(await office.dead()) == 2

    office.system.angry = False
    await office.ask("POST", f"/api/dead/{letter['id']}/replay")
    await office.until_holds(["a-0"])
    gone = await office.ask("POST", "/api/dead/dry-run", json={"ids": [letter["id"]]})
    assert gone["verdicts"] == {"gone": 1}


async def test_a_dry_run_knows_what_the_receiver_has_already(office: Office) -> None:
    office.system.angry = False
    await office.publish("m-1", "a")
    await office.until_holds(["m-1"])
    desk, store = office.world.dead_letters, office.world.store
    assert desk is not None
    assert store is not None
    await eventually(lambda: has_delivered(store, "m-1", "axis"), "stored")
    office.system.angry = True
    assert office.world.bus is not None
    await office.world.bus.send_again(message("m-1", subject="a"), "axis", ())
    [letter] = await office.until_dead(1)
    ran = await office.ask("POST", "/api/dead/dry-run", json={"ids": [letter["id"]]})
    assert ran["verdicts"] == {"dropped": 1}


async def test_an_edited_letter_is_a_new_message_that_names_the_old_one(office: Office) -> None:
    [letter] = await bury(office, "a")
    office.system.angry = False
    body = (await office.ask("GET", f"/api/dead/{letter['id']}"))["message"]
    assert isinstance(body, dict)
    mended = body | {"data": dict(body["data"]) | {"subject": "mended"}}
    edit = {"message": mended, "note": "the title was wrong"}
    looked = await office.ask("POST", f"/api/dead/{letter['id']}/edit", json=edit | {"dry_run": True})
    assert (looked["sent"], len(await office.dead())) == (False, 1)

    sent = await office.ask("POST", f"/api/dead/{letter['id']}/edit", json=edit)
    new = sent["message"]
    assert isinstance(new, dict)
    assert (new["causationid"], sent["replaces"]) == ("a-0", "a-0")
    assert new["id"] != "a-0"
    await office.until_holds([str(new["id"])])
    assert office.system.titles == ["mended"]
    store = office.world.store
    assert store is not None
    await eventually(lambda: has_delivered(store, str(new["id"]), "axis"), "stored")
    old, _ = await store.find("a-0")
    assert [step.detail for step in old.steps if step.step == "discarded"] == [
        f"replaced by {new['id']}: the title was wrong"
    ]
    verified = await office.ask("GET", "/api/verify")
    assert (verified["holds"], verified["accepted"]) == (True, 2)
    await office.ask("POST", f"/api/dead/{letter['id']}/edit", 404, json=edit)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"subject": "other"}, "/subject"),
        ({"source": "/systems/igate"}, "/source"),
        ({"data": {"subject": "only"}}, "/data/document_id"),
    ],
)  # fmt: skip
async def test_an_edit_is_checked_again(office: Office, change: View, place: str) -> None:
    [letter] = await bury(office, "a")
    body = (await office.ask("GET", f"/api/dead/{letter['id']}"))["message"]
    assert isinstance(body, dict)
    refused = await office.ask("POST", f"/api/dead/{letter['id']}/edit", 422, json={"message": body | change})
    assert place in [fault["place"] for fault in refused["faults"]]
    assert len(await office.dead()) == 1


async def test_a_discard_says_why_and_the_journal_keeps_it(office: Office) -> None:
    [letter] = await bury(office, "a")
    await office.ask("POST", f"/api/dead/{letter['id']}/discard", 422, json={"reason": ""})
    await office.ask("POST", f"/api/dead/{letter['id']}/discard", json={"reason": "sent on paper"})
    await office.ask("POST", f"/api/dead/{letter['id']}/discard", 404, json={"reason": "again"})
    store = office.world.store
    assert store is not None

    async def discarded() -> bool:
        traced, _ = await store.find("a-0")
        return [step.detail for step in traced.steps if step.step == "discarded"] == ["sent on paper"]

    await eventually(discarded, "stored")


async def test_only_the_recipient_that_no_route_took_is_routed_again(tmp_path: Path) -> None:
    """The other recipient has the message already: a replay must not send it there a second time."""
    async with opened(tmp_path) as office:
        office.system.angry = False
        await office.publish("m-1", "a", recipients="000.00.00.G22,000.00.00.X99")
        [letter] = await office.until_dead(1)
        refused = await office.ask("POST", f"/api/dead/{letter['id']}/replay", 404)
        assert "no route takes it" in str(refused["detail"])
    wider = CONFIG.replace('["*.G22"]', '["*.G22", "*.X99"]')
    async with opened(tmp_path, config=wider) as office:
        office.system.angry = False
        await office.ask("POST", f"/api/dead/{letter['id']}/replay")
        await eventually(lambda: office.system.organizations == [("000.00.00.X99",)], "for the new one only")


@pytest.mark.parametrize(
    "order",
    [
        {"action": "replay"},
        {"action": "replay", "all": True, "ids": ["0:1-0"]},
        {"action": "discard", "all": True},
        {"action": "replay", "all": True, "rate_per_s": 0},
        {"action": "burn", "all": True},
    ],
)  # fmt: skip
async def test_an_order_that_is_not_clear_is_refused(office: Office, order: View) -> None:
    await office.ask("POST", "/api/dead/tasks", 422, json=order)


async def test_unknown_ids_are_named(office: Office) -> None:
    for path in ("/api/dead/0:9-0", "/api/dead/nonsense", "/api/dead/tasks/none"):
        await office.ask("GET", path, 404)
    await office.ask("GET", "/api/dead", 404, params={"after": "nonsense"})
