"""CSDL quốc gia TTHC over the whole bus: what the portal's editors decide, iGate's counter goes by."""

from pathlib import Path

import pytest

from lgsp.scenario.world import World
from province import province

pytestmark = pytest.mark.flow

CODE, SIGNED, NEW = "1.000001.000.00.00.H34", "1.000002.000.00.00.H34", "1.900001.000.00.00.H34"


def watched(config: str) -> str:
    """Rounds without a pause, and all of a round at one poll."""
    table = "[systems.portal]"
    settings = ("poll_interval_s = 0.1", "procedures_interval_s = 0.1", "procedures_calls = 1000")
    return config.replace(table, "\n".join((table, *settings, 'procedures_codes = "1.[09]000*.H34"')))


async def learned(world: World) -> bool | None:
    """The list, forty records, and the list again: what is known is what was there before anything changed."""
    answer = await world.http.get(f"{world.urls['portal']}/__mock__/requests")
    return True if answer.json()["total"] >= 60 else None


async def newest(world: World, code: str, decision_id: object) -> dict[str, object] | None:
    held = await world.record("igate", "procedures", code)
    versions = held["versions"] if held else []
    return versions[-1] if versions and versions[-1]["decisionId"] == decision_id else None  # type: ignore[index,call-overload,return-value]


async def receive(world: World, code: str) -> tuple[int, str]:
    url = f"{world.urls['igate']}/__mock__/act/receive-at-counter"
    answer = await world.http.post(url, json={"procedure": code})
    return answer.status_code, answer.text


async def test_publication_change_and_repeal_reach_the_counter(tmp_path: Path) -> None:
    async with province(tmp_path, change=watched) as world:
        await world.until("the first round is over", lambda: learned(world))
        assert (await receive(world, NEW))[0] == 422
        changed = await world.act("portal", "change-procedure", {"code": CODE, "fee": 77_000})
        added = await world.act("portal", "publish-procedure", {"code": NEW, "name": "Thủ tục mới"})
        repealed = await world.act("portal", "repeal-procedure", {"code": SIGNED, "decision": "99/QĐ-UBND"})

        row = await world.until("iGate has the new fee", lambda: newest(world, CODE, changed["decision_id"]))
        assert (row["fee"], row["version"]) == (77_000, 2)
        await world.until("iGate has the new one", lambda: newest(world, NEW, added["decision_id"]))
        await world.until("iGate knows of the repeal", lambda: newest(world, SIGNED, repealed["decision_id"]))

        assert (await receive(world, CODE))[0] == (await receive(world, NEW))[0] == 201
        status, text = await receive(world, SIGNED)
        assert (status, "99/QĐ-UBND" in text) == (422, True)


async def test_what_igate_lost_of_the_catalogue_is_found_and_sent_again(tmp_path: Path) -> None:
    async with province(tmp_path, change=watched) as world:
        await world.until("the first round is over", lambda: learned(world))
        changed = await world.act("portal", "change-procedure", {"code": CODE, "fee": 77_000})
        await world.until("iGate has it", lambda: newest(world, CODE, changed["decision_id"]))
        url = f"{world.urls['gateway']}/api/reconcile/igate"

        async def compared() -> dict[str, object] | None:
            answer = (await world.http.get(url)).json()
            return answer if answer["compared"] >= 1 else None

        assert (await world.until("the store has heard of it", compared))["missing"] == []
        for step in ("reset", "seed"):
            (await world.http.post(f"{world.urls['igate']}/__mock__/{step}")).raise_for_status()
        [missing] = (await world.http.get(url)).json()["missing"]
        assert (missing["subject"], "77000" in missing["reason"]) == (CODE, True)
        await world.http.post(url)
        await world.until("iGate has it again", lambda: newest(world, CODE, changed["decision_id"]))


async def test_what_was_decided_just_before_a_restart_arrives_after_it(tmp_path: Path) -> None:
    async with province(tmp_path, change=watched) as world:
        await world.until("the first round is over", lambda: learned(world))
        first = await world.act("portal", "change-procedure", {"code": CODE, "fee": 77_000})
        await world.until("iGate has it", lambda: newest(world, CODE, first["decision_id"]))
        second = await world.act("portal", "change-procedure", {"code": CODE, "fee": 88_000})
    async with province(tmp_path, change=watched) as world:
        row = await world.until("iGate has the second", lambda: newest(world, CODE, second["decision_id"]))
        assert (row["fee"], row["version"]) == (88_000, 3)
