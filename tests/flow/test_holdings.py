"""A document is compared at its sender, on the bus, on the axis and at its receivers, by what people would compare."""

from pathlib import Path
from urllib.parse import quote

import pytest

from province import MINISTRY, PROVINCE, flow, province

pytestmark = pytest.mark.flow
INSIDE = "000.00.02.H34"


async def test_a_document_agrees_everywhere_and_who_lost_it_is_named(tmp_path: Path) -> None:
    async with province(tmp_path) as world:
        form = {
            "from": PROVINCE,
            "to": [MINISTRY, INSIDE],
            "subject": "V/v đối chiếu",
            "attachments": [{"name": "cong-van.txt", "content_base64": "a8OtbmggZ+G7rWk="}],
        }
        issued = await world.act("ioffice", "issue-document", form)
        key = str(issued["document_id"])
        path = f"/api/holdings/{quote(key, safe='')}"

        async def settled() -> dict | None:
            found = await world.gateway(path) or {"copies": [], "agree": None}
            done = [code for one in found["copies"] for code in one["statuses"].values() if code == "06"]
            return found if found["agree"] and len(done) == 7 else None

        found = await world.until("all copies agree that it is done", settled)
        roles = [(one["role"], one["system"], one["organization"]) for one in found["copies"]]
        assert roles[:3] == [("sender", "ioffice", PROVINCE), ("bus", "bus", ""), ("axis", "axis", "")]
        assert sorted(roles[3:]) == [("receiver", "axis", MINISTRY), ("receiver", "ioffice", INSIDE)]
        sender, bus, axis, *receivers = found["copies"]
        assert sender["number"] == bus["number"] == axis["number"]
        assert len(bus["files"]) == 1
        assert {tuple(one["files"]) for one in [sender, bus, *receivers]} == {tuple(bus["files"])}
        assert sender["statuses"] == bus["statuses"] == {MINISTRY: "06", INSIDE: "06"}
        assert axis["statuses"] == {MINISTRY: "06"}

        await world.control("axis", "POST", "reset")
        found = await world.gateway(path)
        assert found["agree"] is False
        (missing,) = found["differences"]
        assert (missing["what"], missing["values"]) == ("missing", [[f"axis {MINISTRY}", ""]])

        page = await world.http.get(
            f"{world.urls['gateway']}/console/documents/{quote(key, safe='')}", params={"lang": "en"}
        )
        assert "They differ in:" in page.text
        assert "Should hold it, and does not" in page.text
        assert "/console/reconcile/ioffice" in page.text


async def test_a_dossier_is_compared_by_its_state(tmp_path: Path) -> None:
    async with province(tmp_path) as world:
        key = await flow(world, "online")

        async def agreed() -> dict | None:
            found = await world.gateway(f"/api/holdings/{key}")
            return found if found["agree"] else None

        found = await world.until("all agree", agreed)
        assert found["copies"] == []
        assert {one["system"] for one in found["systems"] if one["answer"] == "holds"} >= {"igate", "portal"}


async def test_what_a_receiver_lost_is_listed_and_sent_again_from_the_page(tmp_path: Path) -> None:
    async with province(tmp_path) as world:
        form = {"from": PROVINCE, "to": [MINISTRY], "subject": "V/v đối soát", "attachments": []}
        key = f"{(await world.act('ioffice', 'issue-document', form))['document_id']}|{MINISTRY}"
        page = f"{world.urls['gateway']}/console/reconcile/axis"

        async def held() -> object:
            return await world.record("axis", "external_documents", key)

        async def compared() -> str | None:
            text = (await world.http.get(page, params={"lang": "en"})).text
            return None if ">0 deliveries" in text else text

        await world.until("the ministry holds it", held)
        assert "Nothing is missing" in await world.until("the store has heard of it", compared)
        for step in ("reset", "seed"):
            await world.control("axis", "POST", step)
        lost = (await world.http.get(page, params={"lang": "en"})).text
        assert "are not there" in lost
        assert "/console/messages/" in lost
        token = lost.partition('name="token" value="')[2].partition('"')[0]
        assert (await world.http.post(page, data={"hours": "24"})).status_code == 403
        assert (await world.http.post(page, data={"token": token, "hours": "24"})).status_code == 200
        await world.until("the document is there again", held)
        assert (await world.http.get(f"{world.urls['gateway']}/console/reconcile/nobody")).status_code == 404
