"""Reconciliation over the whole bus: what a system lost is found, and sent again."""

from pathlib import Path
from typing import Any

import pytest

from lgsp.bootstrap import Overrides
from lgsp.scenario.steps.dossiers import returned as ended
from lgsp.scenario.world import World
from province import MINISTRY, PLAIN, PROVINCE, province

pytestmark = pytest.mark.flow

LETTER = {"from": PROVINCE, "to": [MINISTRY], "subject": "V/v đối soát", "attachments": []}


async def ministry_holds(world: World, document_id: str) -> dict[str, object] | None:
    return await world.record("axis", "external_documents", f"{document_id}|{MINISTRY}")


async def test_what_the_axis_lost_is_found_and_sent_again(tmp_path: Path) -> None:
    async with province(tmp_path) as world:
        issued = [
            str((await world.act("ioffice", "issue-document", LETTER))["document_id"]) for _ in range(3)
        ]
        for document_id in issued:
            await world.until("the ministry holds it", lambda key=document_id: ministry_holds(world, key))
        url = f"{world.urls['gateway']}/api/reconcile/axis"

        async def compared() -> dict[str, object] | None:
            answer = (await world.http.get(url)).json()
            return answer if answer["compared"] >= 3 else None

        assert (await world.until("the store has heard of all three", compared))["missing"] == []
        for step in ("reset", "seed"):
            (await world.http.post(f"{world.urls['axis']}/__mock__/{step}")).raise_for_status()
        found = (await world.http.get(url)).json()
        assert {each["subject"] for each in found["missing"]} >= set(issued)
        assert all("DocId" in each["reason"] for each in found["missing"])
        assert await ministry_holds(world, issued[0]) is None

        mended = (await world.http.post(url)).json()
        assert mended["mended"] == len(mended["missing"]) >= 3
        for document_id in issued:
            await world.until(
                "the ministry holds it again", lambda key=document_id: ministry_holds(world, key)
            )

        async def agreed() -> bool | None:
            return True if (await world.http.get(url)).json()["missing"] == [] else None

        assert await world.until("nothing is missing any more", agreed)


async def test_a_system_that_cannot_be_asked_is_named(tmp_path: Path) -> None:
    async with province(tmp_path) as world:
        answer = await world.http.get(f"{world.urls['gateway']}/api/reconcile/nobody")
        assert answer.status_code == 404
        assert "axis" in answer.json()["detail"]


async def test_dossiers_that_the_portal_lost_are_told_again_in_order(tmp_path: Path) -> None:
    async with province(tmp_path) as world:
        codes = [
            str(
                (await world.act("igate", "receive-at-counter", {"procedure": PLAIN, "documents": []}))[
                    "code"
                ]
            )
            for _ in range(2)
        ]
        before = {code: await world.until("ended", lambda key=code: ended(world, key)) for code in codes}
        url = f"{world.urls['gateway']}/api/reconcile/portal"

        async def compared() -> bool | None:
            answer = (await world.http.get(url)).json()
            return True if answer["compared"] >= 14 and answer["missing"] == [] else None

        await world.until("the store has heard of all of it", compared)
        for step in ("reset", "seed"):
            (await world.http.post(f"{world.urls['portal']}/__mock__/{step}")).raise_for_status()
        found = (await world.http.get(url)).json()
        assert {each["subject"] for each in found["missing"]} == set(codes)
        assert {each["reason"] for each in found["missing"]} == {"the portal has no such dossier"}

        await world.http.post(url)
        for code in codes:
            after = await world.until("ended again", lambda key=code: ended(world, key))
            assert after["tien_do"] == before[code]["tien_do"]
            assert (after["TrangThaiHoSo"], len(after["ket_qua"])) == ("10", len(before[code]["ket_qua"]))
        assert (await world.http.get(url)).json()["missing"] == []


async def test_dossier_whose_state_differs_is_found_and_told_on_from_there_in_order(tmp_path: Path) -> None:
    async with province(tmp_path, overrides=Overrides(autopilot=False)) as world:
        taken = await world.act("igate", "receive-at-counter", {"procedure": PLAIN, "documents": []})
        code = str(taken["code"])

        async def shown(state: str) -> dict[str, Any] | None:
            row = await world.record("portal", "dossiers", code)
            return row if row is not None and row["TrangThaiHoSo"] == state and row["tien_do"] else None

        await world.until("the portal shows 2", lambda: shown("2"))
        # The portal says yes to everything, and keeps nothing.
        deaf = {
            "request": {"path": "/VXPAdapter/RestService/forward/mapi/g"},
            "answers": [{"json_body": {"error_code": 0, "message": "Thành công"}}],
        }
        await world.control("portal", "POST", "expectations", deaf)
        for _ in range(3):
            await world.control("igate", "POST", "tick")
        url = f"{world.urls['gateway']}/api/reconcile/portal"

        async def told() -> bool | None:
            return True if (await world.http.get(url)).json()["compared"] >= 7 else None

        await world.until("all is delivered", told)
        await world.control("portal", "DELETE", "expectations")

        found = (await world.http.get(url)).json()["missing"]
        assert {one["reason"] for one in found} == {"the portal shows state 2"}
        kinds = [one["kind"] for one in found]
        assert kinds == ["dossier.progressed", *["dossier.progressed", "dossier.resolved"] * 2]

        assert (await world.http.post(url)).json()["mended"] == 5
        row = await world.until("the portal shows 10", lambda: shown("10"))
        assert [step["TrangThai"] for step in row["tien_do"]] == ["2", "4", "9", "10"]
        assert row["ket_qua"]
        assert (await world.http.get(url)).json()["missing"] == []


async def test_a_step_that_became_a_dead_letter_is_missing_too_and_is_told_again(tmp_path: Path) -> None:
    async with province(tmp_path, overrides=Overrides(autopilot=False)) as world:
        taken = await world.act("igate", "receive-at-counter", {"procedure": PLAIN, "documents": []})
        code = str(taken["code"])

        async def shown(state: str) -> bool | None:
            row = await world.record("portal", "dossiers", code)
            return True if row is not None and row["TrangThaiHoSo"] == state and row["tien_do"] else None

        await world.until("the portal shows 2", lambda: shown("2"))
        refuses = {
            "request": {
                "path": "/VXPAdapter/RestService/forward/mapi/g",
                "body_contains": ["CapNhatTienDoHoSoMC"],
            },
            "answers": [{"json_body": {"error_code": 1, "message": "Dữ liệu không hợp lệ"}}],
        }
        await world.control("portal", "POST", "expectations", refuses)
        await world.control("igate", "POST", "tick")
        url = f"{world.urls['gateway']}/api/reconcile/portal"

        async def dead() -> list[dict[str, Any]] | None:
            found = (await world.http.get(url)).json()["missing"]
            return found or None

        [lost] = await world.until("the step is a dead letter", dead)
        assert (lost["subject"], lost["kind"]) == (code, "dossier.progressed")
        assert lost["reason"].startswith("dead letter ")
        await world.control("portal", "DELETE", "expectations")

        assert (await world.http.post(url)).json()["mended"] == 1
        await world.until("the portal shows 4", lambda: shown("4"))

        async def agreed() -> bool | None:
            return True if (await world.http.get(url)).json()["missing"] == [] else None

        await world.until("nothing is missing any more", agreed)
