import re
from importlib.resources import files

import pytest

from lgsp.console.console import NAV
from lgsp.console.texts import LANGUAGES, texts
from lgsp.schemas import SchemaRegistry
from lgsp.store import Step

pytestmark = pytest.mark.unit

ROOM = files("lgsp.console")
KEY = re.compile(r"""\bt\(\s*["']([a-z_0-9]+\.[a-z_0-9]*[a-z0-9])["']""")


def _used() -> set[str]:
    sources = [
        part.read_text(encoding="utf-8")
        for folder in ("templates", "pages", "")
        for part in (ROOM.joinpath(folder) if folder else ROOM).iterdir()
        if part.name.endswith((".html", ".py"))
    ]
    return {key for source in sources for key in KEY.findall(source)}


def test_both_catalogues_have_the_same_keys():
    assert texts("vi").keys == texts("en").keys


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_key_that_a_page_uses_exists(lang):
    assert len(_used()) > 30
    assert _used() <= texts(lang).keys


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_page_state_and_message_type_has_a_word(lang):
    codes = {("nav", item.name) for item in NAV} | {("state", step.value) for step in Step}
    codes |= {("type", kind.replace(".", "_")) for kind in SchemaRegistry().kinds}
    assert {f"{section}.{code}" for section, code in codes} <= texts(lang).keys


@pytest.mark.parametrize("key", sorted(texts("en").keys))
def test_both_languages_fill_in_the_same_places(key):
    places = [set(re.findall(r"\{(\w+)\}", texts(lang)(key))) for lang in LANGUAGES]
    assert places[0] == places[1]
