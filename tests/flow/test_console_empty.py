from pathlib import Path

import httpx
import pytest

from lgsp.bootstrap import running
from lgsp.settings import Settings

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
