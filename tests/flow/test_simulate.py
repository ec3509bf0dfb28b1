"""`lgsp simulate year`, small: a bus of its own, and counts that add up."""

import json
import subprocess
import sys

import pytest

from lgsp.settings import demo_config

pytestmark = pytest.mark.flow


def lgsp(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lgsp", "simulate", "year", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_small_year_arrives_whole_and_can_be_kept(tmp_path):
    small = ("--documents", "1500", "--dossiers", "60", "--json", "--data-dir", str(tmp_path / "year"))
    lived = lgsp(*small)
    assert lived.returncode == 0, lived.stderr
    found = json.loads(lived.stdout)
    traffic = found["traffic"]
    assert found["disagreements"] == []
    assert found["law"] == {"holds": True, "settled": True, "accepted": found["messages"]}
    assert found["arrived"]["ioffice"] == traffic["inside"] + traffic["into"]
    assert found["arrived"]["portal"] == traffic["dossiers"] + traffic["steps"]
    assert found["form_06a"]["early"] > found["form_06a"]["late"] >= 0

    again = lgsp(*small)
    assert again.returncode == 2
    assert "give an empty --data-dir" in again.stderr


def test_a_paced_year_keeps_the_order_of_each_dossier():
    lived = lgsp("--documents", "900", "--dossiers", "200", "--speed", "20000000", "--json")
    assert json.loads(lived.stdout)["disagreements"] == []


def test_a_year_whose_documents_find_no_route_ends_and_says_what_is_missing(tmp_path):
    config = tmp_path / "lgsp.toml"
    config.write_text(demo_config().partition("[[routes]]")[0], encoding="utf-8")
    lived = lgsp("--documents", "2600", "--dossiers", "0", "--json", "--config", str(config))
    assert lived.returncode == 1, lived.stderr
    found = json.loads(lived.stdout)
    assert found["arrived"]["ioffice"] == found["arrived"]["axis"] == 0
    assert any("arrived at ioffice" in one for one in found["disagreements"])


def test_a_small_year_over_http_ends_with_every_status_and_both_sides_in_agreement():
    lived = lgsp("--over-http", "--documents", "30", "--dossiers", "12", "--json")
    assert lived.returncode == 0, lived.stderr
    found = json.loads(lived.stdout)
    assert found["disagreements"] == []
    assert found["outgoing"] == found["received"] == {"06": 30}
    assert found["igate"] == found["portal"]
    assert sum(found["portal"].values()) == 12
    assert found["form"] == found["planned_form"]
    assert found["law"]["holds"]
