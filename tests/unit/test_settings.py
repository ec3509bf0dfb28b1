from pathlib import Path

import pytest

from lgsp import registry
from lgsp.errors import ConfigurationError
from lgsp.settings import ensure_data_dir, load

pytestmark = pytest.mark.unit


def write(tmp_path, text):
    file = tmp_path / "lgsp.toml"
    file.write_text(text, encoding="utf-8")
    return file


def told(tmp_path, text, environ=None):
    with pytest.raises(ConfigurationError) as caught:
        load(write(tmp_path, text), environ or {})
    return str(caught.value)


def test_without_a_file_the_built_in_demo_is_used(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = load(None, {})
    assert sorted(settings.systems) == ["axis", "igate", "ioffice", "portal"]
    assert settings.systems["axis"].table()["system_id"] == "sim.lgsp.01"
    assert {system for route in settings.routes for system in route.to} == set(settings.systems)
    assert (settings.host, settings.port, settings.partitions) == ("127.0.0.1", 8080, 4)


def test_a_file_in_the_working_directory_is_found(tmp_path, monkeypatch):
    write(tmp_path, "port = 9000")
    monkeypatch.chdir(tmp_path)
    assert load(None, {}).port == 9000


def test_the_environment_wins_over_the_file(tmp_path):
    environ = {
        "LGSP_PORT": "0",
        "LGSP_DATA_DIR": "/somewhere",
        "LGSP_REDIS_URL": "redis://r:6379",
        "LGSP_LOG_LEVEL": "debug",
    }
    settings = load(write(tmp_path, "port = 9000"), environ)
    assert (settings.port, settings.data_dir, settings.redis_url) == (0, Path("/somewhere"), "redis://r:6379")
    assert settings.database_url == "sqlite:////somewhere/messages.db"


def test_the_environment_names_the_file(tmp_path):
    file = write(tmp_path, "partitions = 8")
    assert load(None, {"LGSP_CONFIG": str(file)}).partitions == 8


def test_a_toml_mistake_is_told_with_its_line(tmp_path):
    assert "lgsp.toml: not valid TOML: " in told(tmp_path, "port = 1\nhost = \n")
    assert "line 2" in told(tmp_path, "port = 1\nhost = \n")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("prot = 1", "lgsp.toml: prot: unknown key; did you mean 'port'?"),
        ("port = 70000", "lgsp.toml: port: "),
        ('port = "many"', "lgsp.toml: port: "),
        ('redis_url = "http://x"', "a Redis URL begins with redis://"),
        ('[systems.axis]\nurl = "ftp://x"', "lgsp.toml: systems.axis.url: "),
        ('[systems."a b"]\nurl = "http://x"', "a system's name has letters"),
        (
            '[[routes]]\nwhen = ["document.*"]\nto = ["axsi"]',
            "lgsp.toml: routes[0].to: unknown system 'axsi'; known: none",
        ),
        ("routes = 3", "write each route as a [[routes]] table"),
    ],
)
def test_a_mistake_is_told_with_file_and_place(tmp_path, text, place):
    assert place in told(tmp_path, text)


def test_a_mistake_in_the_environment_names_the_variable(tmp_path):
    assert told(tmp_path, "", {"LGSP_PORT": "x"}).startswith("environment: LGSP_PORT='x': ")


def test_a_file_that_is_missing_or_not_text_is_told(tmp_path):
    with pytest.raises(ConfigurationError, match="can't be read"):
        load(tmp_path / "none.toml", {})
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        load(tmp_path / "binary.toml", {})


def test_a_data_directory_that_can_not_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("x")
    settings = load(write(tmp_path, ""), {"LGSP_DATA_DIR": str(tmp_path / "file" / "below")})
    with pytest.raises(ConfigurationError, match="set LGSP_DATA_DIR"):
        ensure_data_dir(settings)


def test_the_data_directory_is_made(tmp_path):
    settings = load(write(tmp_path, ""), {"LGSP_DATA_DIR": str(tmp_path / "a" / "b")})
    assert ensure_data_dir(settings).is_dir()


def test_an_unknown_adapter_is_told_with_the_nearest_name():
    with pytest.raises(
        ConfigurationError,
        match=r"unknown adapter 'axsi'; did you mean 'axis'\? known: axis, igate, inbox, ioffice, portal",
    ):
        registry.find_adapter("axsi")


def test_a_class_of_ones_own_is_found_by_path():
    assert registry.find("lgsp.adapters", "pathlib:Path") is Path


@pytest.mark.parametrize(
    ("path", "reason"),
    [("no_such_module:X", "can't be imported"), ("pathlib:Nothing", "there is no 'Nothing'")],
)
def test_a_path_that_leads_nowhere_is_told(path, reason):
    with pytest.raises(ConfigurationError, match=reason):
        registry.find("lgsp.adapters", path)


def test_an_adapter_must_be_a_class():
    with pytest.raises(ConfigurationError, match="is not a class"):
        registry.find_adapter("math:pi")
