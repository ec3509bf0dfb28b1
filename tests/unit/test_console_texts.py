import re
from dataclasses import asdict
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path

import pytest

from lgsp.console.console import NAV
from lgsp.console.desks import differences
from lgsp.console.texts import LANGUAGES, texts
from lgsp.errors import LgspError
from lgsp.remark import remark
from lgsp.schemas import SchemaRegistry
from lgsp.store import Step

pytestmark = pytest.mark.unit

ROOM = files("lgsp.console")
SOURCES = Path(str(files("lgsp")))
REMARK = re.compile(r"""\bremark\(\s*"([a-z_]+)",\s*(?:text|f?"([^"]*)")""")
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


def remarked() -> set[str]:
    return {
        code for file in SOURCES.rglob("*.py") for code, _ in REMARK.findall(file.read_text(encoding="utf-8"))
    }


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_remark_of_the_backend_has_its_sentence_and_no_sentence_is_left_over(lang):
    assert len(remarked()) > 20
    assert {f"remark.{code}" for code in remarked()} == {
        key for key in texts(lang).keys if key.startswith("remark.")
    }


def test_a_remark_is_said_in_the_readers_language_with_its_codes_as_words():
    said = remark("route_for", "{kind} for {organizations}", kind="document.issued", organizations="G22 {x}")
    assert said.text == "document.issued for G22 {x}"
    assert texts("vi").said(said) == "Văn bản gửi G22 {x}"
    assert texts("en").said(remark("unheard_of", "as it is, {who}", who="you")) == "as it is, you"


def codes_of(error: type[LgspError]) -> set[str]:
    return {error.code}.union(*map(codes_of, error.__subclasses__()))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_error_of_the_bus_has_words(lang):
    ours = {code for code in codes_of(LgspError) if code.startswith("lgsp.")} | {"lgsp.unrouted"}
    assert {f"code.{code.replace('.', '_')}" for code in ours} <= texts(lang).keys


@pytest.mark.parametrize("system", ["ioffice", "igate", "axis", "portal"])
def test_every_difference_of_a_stand_in_is_told_in_vietnamese(system):
    (entry,) = [one for one in entry_points(group="lgsp.standins") if one.name == system]
    told = [asdict(one) for one in entry.load().differences]
    english, vietnamese = (differences(system, told, lang) for lang in ("en", "vi"))
    assert [one.here for one in english] == [row["ours"] for row in told]
    confidences = {"đã ghi được", "mã công khai", "giả định"}
    assert {one.confidence for one in vietnamese} <= confidences
    same = [
        one.topic
        for one, other in zip(english, vietnamese, strict=True)
        if (one.real, one.here) == (other.real, other.here)
    ]
    assert same == []
