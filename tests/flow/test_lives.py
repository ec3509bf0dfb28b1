"""Random lives of dossiers, legal and illegal, over the whole bus: iGate, portal and bus end in agreement."""

from pathlib import Path
from typing import Any

import pytest

from lgsp.bootstrap import Overrides
from lgsp.scenario.world import World
from lgsp.standards.dossier_life import TRANSITIONS
from lives import PLAIN, Lives
from province import province

pytestmark = pytest.mark.flow

ALL = {(one.before, one.after) for one in TRANSITIONS}


def without_catalogue(config: str) -> str:
    """Weeks pass here, and each hour of them the adapter would look through all procedures."""
    return config.replace("[systems.portal]", "[systems.portal]\nprocedures_interval_s = 1e9")


def for_dossiers(config: str) -> str:
    """No document comes over the axis, and nothing happens within less than a second."""
    begin, axis, end = without_catalogue(config).partition("[systems.axis]")
    often = "poll_interval_s = 0.2"
    return (
        begin.replace(often, "poll_interval_s = 1.0")
        + axis
        + end.replace(often, "poll_interval_s = 3600.0", 1)
    )


@pytest.mark.parametrize("seed", [1, 2])
async def test_random_lives_end_with_igate_portal_and_bus_in_agreement(tmp_path: Path, seed: int) -> None:
    async with province(tmp_path, change=for_dossiers, overrides=Overrides(autopilot=False)) as world:
        lives = Lives(world, seed)
        for _ in range(20):
            await lives.begin(4)
            for _ in range(40):
                await lives.act()
            if set(await lives.transitions()) >= ALL and lives.tried[False] > 20:
                break
        assert await lives.settle() == []
        assert set(await lives.transitions()) == ALL

        dead = (await world.http.get(f"{world.urls['gateway']}/api/dead", params={"system": "portal"})).json()
        assert [one for one in dead["dead"] if one["system"] == "portal"] == []
        assert (await world.http.get(f"{world.urls['gateway']}/api/reconcile/portal")).json()["missing"] == []

        await world.until("the store has heard of all", lives.counts_agree)
        assert await lives.gaps() == []


CODE, AT = "000.00.03.H34-261126-0500", "2026-11-26T08:30:00+07:00"
WHOLE = {
    "code": CODE, "procedure_code": PLAIN, "procedure_name": "Thủ tục", "field_code": "G15-TP03", "field_name": "Hộ tịch",
    "applicant": {"name": "Nguyễn A"}, "channel": "1", "state": "2", "unit_id": "000.00.03.H34", "unit_name": "Sở Tư pháp",
    "accepted_at": AT, "due_at": "2026-12-03T08:30:00+07:00",
}  # fmt: skip


def step(sequence: int, state: str) -> dict[str, Any]:
    return {"code": CODE, "sequence": sequence, "state": state, "officer": "Trần B", "content": f"bước {state}",
            "at": f"2026-11-26T09:0{sequence}:00+07:00"}  # fmt: skip


async def publish(world: World, message_id: str, kind: str, data: dict[str, Any]) -> None:
    message = {
        "specversion": "1.0", "id": message_id, "source": "/systems/igate", "type": f"vn.lgsp.{kind}", "subject": CODE, "time": AT,
        "dataschema": f"https://lgsp.vn/schemas/{kind}/1", "sender": "000.00.03.H34", "recipients": "000.00.00.G22", "data": data,
    }  # fmt: skip
    answer = await world.http.post(f"{world.urls['gateway']}/v1/messages", json=message)
    assert answer.status_code == 202, answer.text


async def until_waits(world: World, *message_ids: str) -> None:
    async def waits() -> bool | None:
        traces = [await world.gateway(f"/api/messages/{one}") for one in message_ids]
        return True if all("no such dossier" in str(trace) for trace in traces) else None

    await world.until("they wait for their predecessor", waits)


async def test_events_in_the_wrong_order_wait_for_each_other_and_end_in_the_right_one(tmp_path: Path) -> None:
    async with province(tmp_path, overrides=Overrides(autopilot=False)) as world:
        await publish(world, "third", "dossier.progressed", step(3, "10"))
        await publish(world, "second", "dossier.progressed", step(2, "9"))
        await until_waits(world, "third", "second")
        await publish(world, "first", "dossier.synchronized", WHOLE)

        async def ended() -> dict[str, Any] | None:
            row = await world.record("portal", "dossiers", CODE)
            return row if row is not None and row["TrangThaiHoSo"] == "10" else None

        row = await world.until("the portal shows 10", ended)
        assert [one["TrangThai"] for one in row["tien_do"]] == ["9", "10"]


async def test_event_whose_predecessor_never_comes_waits_a_day_and_no_longer(tmp_path: Path) -> None:
    async with province(tmp_path, change=without_catalogue, overrides=Overrides(autopilot=False)) as world:
        await publish(world, "lonely", "dossier.progressed", step(2, "4"))
        await until_waits(world, "lonely")
        await world.steer({"advance": "20h"})

        async def dead() -> list[str] | None:
            found = (await world.http.get(f"{world.urls['gateway']}/api/dead")).json()["dead"]
            return [one["reason"] for one in found] or None

        assert await dead() is None
        await world.steer({"advance": "30h"})
        [reason] = await world.until("a dead letter", dead)
        assert "its predecessor did not come within 86400 s" in reason
        assert "the portal has no such dossier" in reason
