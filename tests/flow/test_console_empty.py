from pathlib import Path

import httpx
import pytest

from lgsp.bootstrap import running
from lgsp.settings import Settings, SystemSettings

pytestmark = pytest.mark.flow


async def test_every_page_of_the_console_shows_where_nothing_has_flowed_yet(tmp_path: Path) -> None:
    async with (
        running(Settings(data_dir=tmp_path, port=0), only=frozenset({"gateway"})) as system,
        httpx.AsyncClient(base_url=system.urls["gateway"], trust_env=False, follow_redirects=True) as http,
    ):
        pages = ["", "messages", "find?q=x", "messages/none"]
        found = {page: (await http.get(f"/console/{page}")).status_code for page in pages}
    assert 500 not in found.values(), found
    assert found[""] == 200


async def test_the_lab_without_stand_ins_says_what_is_missing_and_asks_before_a_real_system_is_reached(
    tmp_path: Path,
) -> None:
    real = SystemSettings(adapter="webhook", url="http://127.0.0.1:9/hook")
    settings = Settings(data_dir=tmp_path, port=0, systems={"tax": real}, mocks={})
    async with (
        running(settings, only=frozenset({"gateway"})) as system,
        httpx.AsyncClient(
            base_url=system.urls["gateway"], trust_env=False, headers={"Accept-Language": "vi"}
        ) as http,
    ):
        assert "Ở đây không chạy được kịch bản" in (await http.get("/console/lab")).text
        assert "data-sure" in (await http.get("/console/lab/samples")).text
        assert (await http.get("/console/lab/clock")).status_code == 200
        for page in ("faults", "anew"):
            missing = await http.get(f"/console/lab/{page}")
            assert missing.status_code == 404
            assert "Không hệ thống nào ở đây là hệ thống giả lập." in missing.text
        for path in ("stage", "faults", "stand-ins"):
            problem = await http.get(f"/api/lab/{path}")
            assert problem.status_code == 404
            assert problem.json()["detail_vi"]
