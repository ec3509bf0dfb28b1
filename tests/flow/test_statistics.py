"""What iGate, the portal and the bus count is the same, of dossiers that really flowed."""

from pathlib import Path

import pytest

from lgsp.scenario.steps.dossiers import returned as ended
from lgsp.scenario.world import Record, World
from province import PLAIN, SIGNED, province

pytestmark = pytest.mark.flow

PERIOD = {"from": "2026-01-01", "to": "2099-12-31"}


async def counted(world: World) -> tuple[Record, Record, Record]:
    form = {"grant_type": "client_credentials", "client_id": "sim-lgsp", "client_secret": "sim-secret"}
    token = await world.http.post(
        f"{world.urls['igate']}/auth/realms/digo/protocol/openid-connect/token", data=form
    )
    headers = {"Authorization": f"Bearer {token.json()['access_token']}"}
    url = f"{world.urls['igate']}/pa/dossier-statistic/--statistic-agency-kgg"
    igate = (await world.http.get(url, params=PERIOD, headers=headers)).json()
    portal = (await world.http.get(f"{world.urls['portal']}/__mock__/statistics", params=PERIOD)).json()
    bus = (await world.http.get(f"{world.urls['gateway']}/api/statistics/dossiers", params=PERIOD)).json()
    return (
        {"rows": igate["content"], "total": igate["total"]},
        portal,
        {"rows": bus["rows"], "total": bus["total"]},
    )


async def test_form_06a_is_the_same_on_igate_portal_and_bus(tmp_path: Path) -> None:
    async with province(tmp_path) as world:
        for procedure, abstract in ((PLAIN, ""), (PLAIN, "V/v lệ phí [lệ phí]"), (SIGNED, "")):
            await world.act(
                "igate", "receive-at-counter", {"procedure": procedure, "abstract": abstract, "documents": []}
            )
        online = await world.act("portal", "submit-dossier", {"procedure": PLAIN, "documents": []})
        refused = {"procedure": PLAIN, "abstract": "Thiếu giấy tờ [từ chối]", "documents": []}
        await world.act("portal", "submit-dossier", refused)
        await world.until("the online one ended", lambda: ended(world, str(online["national_code"])))

        async def agreed() -> Record | None:
            igate, portal, bus = await counted(world)
            whole = igate["total"]["received_counter"] == 3 and igate["total"]["received_online"] == 2
            still = igate["total"]["pending_late"] == 1  # its day has passed long before 2099
            return bus if igate == portal == bus and whole and still else None

        agreement = await world.until("all three count the same", agreed)
        total = agreement["total"]
        assert (total["returned"], total["early"] + total["on_time"]) == (1, 3)
        assert len(agreement["rows"]) == 2


async def test_any_dossier_of_the_province_is_found_from_the_portal_as_it_stands(tmp_path: Path) -> None:
    async with province(tmp_path) as world:
        received = await world.act("igate", "receive-at-counter", {"procedure": PLAIN, "documents": []})

        async def shown() -> Record | None:
            found = await world.act("portal", "look-up", {"code": received["code"]})
            rows: list[Record] = found["result"]  # type: ignore[assignment]
            return rows[0] if rows and rows[0]["TrangThaiHoSo"] == "10" else None

        row = await world.until("the portal's look-up shows state 10", shown)
        assert row["NgayTra"]


async def test_a_period_that_makes_no_sense_is_refused(tmp_path: Path) -> None:
    async with province(tmp_path) as world:
        for url in (
            f"{world.urls['gateway']}/api/statistics/dossiers",
            f"{world.urls['portal']}/__mock__/statistics",
        ):
            assert (
                await world.http.get(url, params={"from": "2026-02-01", "to": "2026-01-01"})
            ).status_code == 422
            assert (
                await world.http.get(url, params={"from": "gestern", "to": "2026-01-01"})
            ).status_code == 422
