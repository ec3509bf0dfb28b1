"""The indicators count what flowed, once, and their export runs no formula."""

from pathlib import Path

import pytest

from lgsp.gateway.sheets import safe_cell
from province import province

pytestmark = pytest.mark.flow
YEAR = "from=2026-01-01&to=2099-12-31"


async def test_documents_are_counted_by_agency_and_exported(tmp_path: Path) -> None:
    async with province(tmp_path) as world:
        form = {
            "from": "000.00.00.H34",
            "to": ["000.00.00.G22", "000.00.02.H34", "000.00.03.H34"],
            "attachments": [],
        }
        await world.act("ioffice", "issue-document", {**form, "subject": "V/v gửi đi"})
        form = {"from": "000.00.00.G09", "to": ["000.00.00.H34"], "attachments": []}
        await world.act("axis", "send-document", {**form, "subject": "V/v gửi đến"})

        async def counted() -> dict | None:
            found = await world.gateway(f"/api/indicators?{YEAR}")
            return found if found["documents"]["total"]["sent"] == 2 else None

        found = await world.until("both are counted", counted)
        documents = found["documents"]
        assert (documents["total"]["sent"], documents["total"]["received"]) == (2, 4)
        rows = {row["id"]: row for row in documents["agencies"]}
        assert (rows["000.00.00.H34"]["sent"], rows["000.00.00.H34"]["received"]) == (1, 1)
        assert documents["signed_percent"] == 100 * documents["total"]["signed"] / 2
        verified = await world.gateway("/api/verify")
        assert found["counted"]["messages"] + found["counted"]["behind"] <= verified["accepted"]

        async def level() -> dict | None:
            now = await world.gateway(f"/api/indicators?{YEAR}")
            law = await world.gateway("/api/verify")
            settled = law["settled"] and now["counted"] == {
                **now["counted"],
                "messages": law["accepted"],
                "behind": 0,
            }
            return now if settled else None

        level_now = await world.until("every message of the law is counted", level)
        listed = 0
        for kind in ("document.issued", "procedure.published"):
            listed += len((await world.gateway(f"/api/messages?type={kind}&limit=500"))["messages"])
        assert listed == level_now["documents"]["total"]["sent"] + level_now["procedures"]["published"]
        for lang, word in (("vi", "Đã tính"), ("en", "messages counted")):
            page = await world.http.get(
                f"{world.urls['gateway']}/console/indicators?{YEAR}", params={"lang": lang}
            )
            assert word in page.text
        csv = (await world.http.get(f"{world.urls['gateway']}/api/indicators/documents.csv?{YEAR}")).text
        head, *lines = csv.lstrip("\ufeff").splitlines()
        assert head == "id,name,sent,received,signed,electronic"
        assert len(lines) == len(documents["agencies"]) + 1
        assert lines[-1].split(",")[2:4] == ["2", "4"]
        wrong = await world.http.get(f"{world.urls['gateway']}/api/indicators?from=2026-02-01&to=2026-01-01")
        assert wrong.status_code == 422


def test_a_cell_is_never_a_formula() -> None:
    assert [safe_cell(text) for text in ("=1+1", "@SUM(A1)", " -2", "Sở Y tế", 3)] == [
        "'=1+1", "'@SUM(A1)", "' -2", "Sở Y tế", 3
    ]  # fmt: skip
