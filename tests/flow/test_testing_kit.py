"""The fixtures of the pytest plugin, used as an integrator's suite without asyncio uses them."""

import subprocess
import sys
import threading
from contextlib import suppress
from datetime import datetime

import httpx
import pytest

from lgsp.clock import VIETNAM
from lgsp.errors import ConfigurationError, LgspError
from lgsp.testing import Bus, Options, StandIn, World, WorldClock, attachment, wait_for

pytestmark = pytest.mark.flow

MINISTRY, PROVINCE = "000.00.00.G22", "000.00.00.H34"


def login(axis: StandIn) -> httpx.Response:
    form = {
        "username": axis.credentials["system_id"], "password": axis.credentials["secret"], "applicationCode": "QLVB",
        "otp": None, "twoFactorProvider": None, "typeObjs": [0, 1],
    }  # fmt: skip
    return httpx.post(f"{axis.url}/v1/auth/login", json=form, trust_env=False)


def test_a_stand_in_alone_has_its_wire_and_the_credentials_for_it(lgsp_axis: StandIn) -> None:
    assert login(lgsp_axis).json()["data"]["token"]
    [seen] = lgsp_axis.verify("POST", "/v1/auth/login")
    assert (seen.status, seen.answered_by) == (200, "stand-in")
    assert "token" in seen.answer


def test_each_stand_in_runs_alone(
    lgsp_igate: StandIn, lgsp_portal: StandIn, lgsp_ioffice: StandIn, lgsp_world: World
) -> None:
    assert [one.name for one in lgsp_world.standins] == ["ioffice", "igate", "portal"]
    assert [sum(one.tables().values()) > 0 for one in (lgsp_igate, lgsp_portal)] == [False, True]
    with pytest.raises(ConfigurationError, match="lgsp_axis"):
        lgsp_world.standin("axis")
    with pytest.raises(ConfigurationError, match="lgsp_bus"):
        _ = lgsp_world.bus
    assert lgsp_ioffice.requests() == []


def test_a_document_goes_through_the_bus_to_the_ministry(
    lgsp_bus: Bus, lgsp_ioffice: StandIn, lgsp_axis: StandIn
) -> None:
    issued = lgsp_ioffice.act(
        "issue-document",
        sender=PROVINCE,
        to=[MINISTRY],
        subject="V/v thử",
        attachments=[attachment("a.txt", b"abc")],
    )
    document_id = str(issued["document_id"])
    lgsp_bus.wait_for_delivery(document_id, to="axis")
    held = lgsp_axis.wait_for("external_documents", lambda row: row["document_id"] == document_id)
    assert held["agency"] == MINISTRY
    assert lgsp_bus.dead() == []
    lgsp_bus.wait_for_delivery(document_id, to="ioffice")  # the ministry's answer
    told = [line for line in lgsp_bus.told().splitlines() if line.endswith(")")]
    assert len(told) == len(set(told)) > 1


def test_a_dead_letter_is_waited_for_and_says_why(lgsp_bus: Bus, lgsp_ioffice: StandIn) -> None:
    issued = lgsp_ioffice.act("issue-document", sender=PROVINCE, to=["000.00.00.G98"], subject="V/v thử")
    letter = lgsp_bus.wait_for_dead(lambda one: one["subject"] == issued["document_id"])
    assert letter["system"] == "axis"
    assert "dead letter for axis" in lgsp_bus.told()


def test_answers_come_in_turn_and_are_counted(lgsp_portal: StandIn) -> None:
    expected = lgsp_portal.expect(
        "POST", "/mine", answers=[{"status": 503}, {"json_body": {"ok": 1}}], times=2
    )
    first, second = (httpx.post(f"{lgsp_portal.url}/mine", trust_env=False) for _ in range(2))
    assert (first.status_code, second.json()) == (503, {"ok": 1})
    expected.verify()
    assert expected.count == 2
    with pytest.raises(AssertionError, match="wanted 3"):
        expected.verify(times=3)
    expected.remove()
    assert lgsp_portal.expectations() == []


def test_what_came_instead_is_said_with_the_difference(lgsp_axis: StandIn) -> None:
    lgsp_axis.expect("POST", "/mine", json_contains={"soKyHieu": "1"}, answers=[{"status": 200}])
    httpx.post(f"{lgsp_axis.url}/mine", json={"soKyHieu": "2"}, trust_env=False)
    with pytest.raises(AssertionError) as said:
        lgsp_axis.wait_for_requests(answered_by="expectation", timeout_s=0.05)
    assert "had 0 of 1 requests (answered_by='expectation')" in str(said.value)
    assert '/soKyHieu: wanted "1", came "2"' in str(said.value)


def test_a_wait_ends_as_soon_as_it_has_come(lgsp_axis: StandIn) -> None:
    later = threading.Timer(0.05, login, [lgsp_axis])
    later.start()
    [seen] = lgsp_axis.wait_for_requests(path="/v1/auth/*")
    assert seen.json["applicationCode"] == "QLVB"  # type: ignore[index, call-overload]
    later.join()


def test_a_fault_is_off_behind_its_block_and_says_how_often_it_struck(lgsp_axis: StandIn) -> None:
    with lgsp_axis.fault("reset", path="/v1/*", count=1) as fault:
        with pytest.raises(httpx.TransportError):
            login(lgsp_axis)
        assert fault.hits == 1
    with suppress(ZeroDivisionError), lgsp_axis.fault("down"):
        assert login(lgsp_axis).status_code == 503
        raise ZeroDivisionError
    assert login(lgsp_axis).status_code == 200
    with pytest.raises(LgspError, match="/kind"), lgsp_axis.fault("no-such-kind"):
        pass


def test_the_clock_is_one_for_all_and_counts_working_days(
    lgsp_clock: WorldClock, lgsp_bus: Bus, lgsp_axis: StandIn
) -> None:
    lgsp_clock.freeze("2026-11-27T08:00")
    assert lgsp_clock.advance("3wd") == datetime(2026, 12, 2, 8, tzinfo=VIETNAM)
    for url in (f"{lgsp_bus.url}/api/clock", f"{lgsp_axis.url}/__mock__/clock"):
        assert httpx.get(url, trust_env=False).json()["now"] == "2026-12-02T08:00:00+07:00"
    lgsp_clock.resume()
    assert lgsp_clock.now > datetime(2026, 12, 2, 8, tzinfo=VIETNAM)
    with pytest.raises(ValueError, match="no duration"):
        lgsp_clock.advance("15 working days")


def test_reset_and_seed_bring_a_stand_in_back(lgsp_igate: StandIn) -> None:
    before = lgsp_igate.tables()
    lgsp_igate.act("receive-at-counter", procedure="1.000001.000.00.00.H34", documents=[])
    assert lgsp_igate.tables() != before
    lgsp_igate.reset()
    lgsp_igate.seed()
    assert lgsp_igate.tables() == before


def test_a_program_in_another_process_reaches_it(lgsp_axis: StandIn) -> None:
    program = f"import urllib.request as u; print(u.urlopen('{lgsp_axis.url}/health/live').status)"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout == "200\n"


async def test_a_suite_with_asyncio_has_its_own_loop_beside_it(lgsp_axis: StandIn) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        assert (await http.get(f"{lgsp_axis.url}/health/ready")).status_code == 200


class TestOnesOwnInAStandInsPlace:
    @pytest.fixture
    def lgsp_options(self) -> Options:
        return Options(systems={"axis": {"url": "http://127.0.0.1:9"}}, autopilot=False)

    def test_the_bus_calls_it_and_the_stand_in_does_not_run(self, lgsp_bus: Bus, lgsp_world: World) -> None:
        assert [one.name for one in lgsp_world.standins] == ["ioffice", "igate", "portal"]
        assert lgsp_bus.messages() == []


def test_a_world_that_can_not_start_says_why(tmp_path) -> None:
    with pytest.raises(ConfigurationError, match="no part"):
        World({"nonsense"}, tmp_path)
    with pytest.raises(ConfigurationError, match="no nonsense"):
        World({"bus"}, tmp_path, Options(systems={"nonsense": {}}))
    (tmp_path / "taken").write_text("")
    with pytest.raises(ConfigurationError, match="can't be written"), World({"bus"}, tmp_path / "taken"):
        pass


def test_waiting_in_vain_says_what_was_found_last_or_what_failed() -> None:
    with pytest.raises(AssertionError, match=r"still not there: a light\nfound last: None\nit is dark"):
        wait_for(lambda: None, "a light", timeout_s=0, otherwise=lambda: "it is dark")
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        wait_for(lambda: 1 // 0, "a number", timeout_s=0)
