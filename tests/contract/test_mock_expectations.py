"""Expectations before, behind and beside a stand-in's own behaviour."""

import asyncio
import base64
import json

import pytest

from lgsp_mocks.axis import STAND_IN as AXIS
from lgsp_mocks.igate import STAND_IN as IGATE
from lgsp_mocks.ioffice import STAND_IN as IOFFICE
from lgsp_mocks.portal import STAND_IN as PORTAL
from served_standin import in_process, served
from waiting import eventually

pytestmark = pytest.mark.contract
XML = b'<a:doc xmlns:a="urn:a"><a:to>H34</a:to><a:to>G22</a:to></a:doc>'


@pytest.mark.parametrize("stand_in", [AXIS, IGATE, IOFFICE, PORTAL], ids=lambda one: one.name)
async def test_a_stub_answers_on_every_stand_in(stand_in):
    async with in_process(stand_in) as standin:
        await standin.expect(
            request={"path": "/x/*"},
            answers=[{"status": 201, "json_body": {"a": "ạ"}, "headers": {"X-Y": "z"}}],
        )
        answer = await standin.http.put("/x/1")
        assert (answer.status_code, answer.json(), answer.headers["x-y"]) == (201, {"a": "ạ"}, "z")
        entry = await standin.last()
        assert (entry["answered_by"], entry["expectation"]) == ("expectation", "expectation-1")


@pytest.mark.parametrize(
    ("request_match", "difference"),
    [
        ({"method": "POST"}, None),
        ({"method": "GET"}, "method: wanted GET, came POST"),
        ({"path": "/x/?"}, None),
        ({"path": "/y"}, 'path: wanted "/y", came "/x/1"'),
        ({"path_regex": r"/x/\d+"}, None),
        ({"path_regex": r"/x/"}, 'path: wanted ~"/x/", came "/x/1"'),
        ({"query": {"q": "1"}}, None),
        ({"query": {"q": "2"}}, 'query q: wanted "2", came "1"'),
        ({"query": {"r": "2"}}, 'query r: wanted "2", came null'),
        ({"query": {"q": None}}, 'query q: wanted none, came "1"'),
        ({"headers": {"X-A": "~b+"}}, None),
        ({"headers": {"X-A": "b"}}, 'header x-a: wanted "b", came "bb"'),
        ({"json_equals": {"n": 1, "l": [{"k": "v"}, 2]}}, None),
        ({"json_equals": {"n": 1}}, '/l: not wanted, came [{"k": "v"}, 2]'),
        ({"json_equals": {"n": True, "l": [{"k": "v"}, 2]}}, "/n: wanted true, came 1"),
        ({"json_contains": {"l": [2]}}, None),
        ({"json_contains": {"l": [{"k": "w"}]}}, '/l: no item has {"k": "w"}'),
        ({"json_at": {"/l/0/k": "v"}}, None),
        ({"json_at": {"/l/1/k": "v"}}, '/l/1/k: wanted "v", is not there'),
        ({"body_contains": ['"n"']}, None),
        ({"body_contains": ["nn"]}, 'body: lacks "nn"'),
        ({"body_regex": r'"n":\s*1'}, None),
        ({"xml_at": {"//a": None}}, "body: wanted XML, came"),
    ],
)
async def test_each_matcher_matches_or_names_the_difference(request_match, difference):
    async with in_process(AXIS) as axis:
        await axis.expect(request=request_match, answers=[{"text": "stub"}])
        answer = await axis.http.post("/x/1?q=1", json={"n": 1, "l": [{"k": "v"}, 2]}, headers={"X-A": "bb"})
        if difference is None:
            assert answer.text == "stub"
        else:
            assert answer.status_code == 404
            [why] = [one for one in (await axis.last())["why_not"] if "expectation" in one]
            assert why["differences"][0].startswith(difference)


@pytest.mark.parametrize(
    ("match", "difference"),
    [
        ({"xml_at": {"/doc/to": "G22"}}, None),
        ({"xml_at": {"//to[1]": "H34", "//to": None}}, None),
        ({"xml_at": {"//to[1]": "G22"}}, '//to[1]: wanted "G22", came "H34"'),
        ({"xml_at": {"/doc/from": None}}, "/doc/from: wanted it, is not there"),
        ({"xml_equals": '<b:doc xmlns:b="urn:b"><b:to>H34</b:to></b:doc>'}, "body: wanted the XML"),
        ({"xml_equals": XML.decode()}, None),
        ({"json_contains": {}}, "body: wanted JSON"),
    ],
)
async def test_xml_is_matched_by_path_and_canonically(match, difference):
    async with in_process(AXIS) as axis:
        await axis.expect(request=match, answers=[{"text": "stub"}])
        answer = await axis.http.post("/x", content=XML)
        if difference is None:
            assert answer.text == "stub"
        else:
            assert (await axis.last())["why_not"][0]["differences"][0].startswith(difference)


async def test_answers_come_in_turn_and_the_last_one_stays():
    async with in_process(AXIS) as axis:
        packed = base64.b64encode(b"\x00\x01").decode()
        await axis.expect(
            request={"path": "/x"}, answers=[{"status": 503}, {"text": "two"}, {"base64": packed}]
        )
        answers = [await axis.http.get("/x") for _ in range(4)]
        assert [one.status_code for one in answers] == [503, 200, 200, 200]
        assert [one.content for one in answers[1:]] == [b"two", b"\x00\x01", b"\x00\x01"]


async def test_an_expectation_is_used_up_after_its_times_and_the_stand_in_answers_again():
    async with in_process(AXIS) as axis:
        await axis.expect(id="one", request={"path": "/getAgenciesList"}, answers=[{"text": "stub"}], times=1)
        first, second = [await axis.http.post("/getAgenciesList") for _ in range(2)]
        assert first.text == "stub"
        assert second.json()["ErrorCode"] == "15"
        assert (await axis.last())["why_not"] == [
            {"expectation": "one", "differences": ["times: it was met 1 times, which is all of them"]}
        ]


async def test_the_highest_priority_comes_first_and_below_zero_comes_behind_the_stand_in():
    async with in_process(AXIS) as axis:
        for priority in (-1, 0, 5):
            await axis.expect(
                id=f"p{priority}",
                priority=priority,
                request={"method": "POST"},
                answers=[{"text": str(priority)}],
                times=1,
            )
        assert [(await axis.http.post("/getAgenciesList")).text for _ in range(2)] == ["5", "0"]
        assert (await axis.http.post("/getAgenciesList")).json()["ErrorCode"] == "15"
        assert (await axis.http.post("/own/path")).text == "-1"


async def test_an_expectation_without_answers_only_counts():
    async with in_process(AXIS) as axis:
        await axis.expect(id="spy", request={"path": "/getAgenciesList"})
        assert (await axis.http.post("/getAgenciesList")).json()["ErrorCode"] == "15"
        entry = await axis.last()
        assert (entry["answered_by"], entry["expectation"]) == ("stand-in", "spy")
        assert (await axis.http.get("/__mock__/expectations/spy/verify?times=1")).json()["count"] == 1


async def test_a_delay_runs_on_the_clock_of_the_stand_in():
    async with in_process(AXIS) as axis:
        await axis.expect(request={"path": "/x"}, answers=[{"text": "late", "delay_s": 3600}])
        asked = asyncio.create_task(axis.http.get("/x"))
        await eventually(lambda: bool(axis.clock._sleepers), "the answer is held back")
        await axis.clock.advance(3599)
        assert not asked.done()
        await axis.clock.advance(1)
        assert (await asked).text == "late"


async def test_verify_counts_and_says_what_came_nearest():
    async with in_process(AXIS) as axis:
        await axis.expect(id="e", request={"path": "/x", "json_at": {"/a": 1}}, answers=[{}])
        missed = await axis.http.get("/__mock__/expectations/e/verify")
        assert missed.status_code == 409
        assert missed.headers["content-type"] == "application/problem+json"
        await axis.http.post("/x", json={"a": 2})
        missed = await axis.http.get("/__mock__/expectations/e/verify")
        assert missed.json()["detail"] == (
            "e was met 0 times, wanted 1 to any number of; nearest came with /a: wanted 1, came 2"
        )
        await axis.http.post("/x", json={"a": 1})
        for query, status in (
            ("", 200),
            ("times=1", 200),
            ("times=2", 409),
            ("at_most=0", 409),
            ("at_least=2", 409),
        ):
            assert (await axis.http.get(f"/__mock__/expectations/e/verify?{query}")).status_code == status, (
                query
            )


async def test_verify_waits_until_it_was_met():
    async with served(AXIS) as axis:
        await axis.expect(id="e", request={"path": "/x"}, answers=[{}])
        waiting = asyncio.create_task(
            axis.http.get("/__mock__/expectations/e/verify?times=2&wait=30", timeout=40)
        )
        await axis.http.get("/x")
        await axis.http.get("/x")
        assert (await waiting).json() == {"expectation": "e", "verified": True, "count": 2}


async def test_expectations_are_listed_replaced_and_forgotten():
    async with in_process(AXIS) as axis:
        for text in ("old", "new"):
            await axis.expect(id="e", request={"path": "/x"}, answers=[{"text": text}])
        assert (await axis.http.get("/x")).text == "new"
        [listed] = (await axis.http.get("/__mock__/expectations")).json()
        assert (listed["id"], listed["count"]) == ("e", 1)
        assert (await axis.http.get("/__mock__/expectations/e")).json() == listed
        assert (await axis.http.delete("/__mock__/expectations/e")).status_code == 200
        assert (await axis.http.delete("/__mock__/expectations/e")).status_code == 404
        await axis.expect(request={"path": "/x"}, answers=[{}])
        await axis.http.delete("/__mock__/expectations")
        assert (await axis.http.get("/__mock__/expectations")).json() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"request": {"path_regex": "("}}, {"request": {"headers": {"a": "~("}}}, {"request": {"xml_equals": "<a>"}},
        {"request": {"xml_at": {"a[": "x"}}}, {"answers": [{"base64": "?"}]}, {"answers": [{"text": "a", "json_body": 1}]},
        {"answers": [{"headers": {"Content-Length": "3"}}]}, {"answers": [{"headers": {"a": "b\r\nc: d"}}]}, {"more": 1},
        {"answers": [{"text": "\ud800"}]},
    ],
)  # fmt: skip
async def test_an_expectation_that_is_none_is_refused(wrong):
    async with in_process(AXIS) as axis:
        answer = await axis.http.post(
            "/__mock__/expectations", content=json.dumps(wrong), headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 422
        assert answer.json()["errors"]


async def test_a_large_body_reaches_the_stand_in_whole_behind_a_matcher_that_gives_up():
    async with in_process(AXIS) as axis:
        await axis.expect(id="e", request={"path": "/getAgenciesList", "body_contains": ["x"]})
        await axis.http.post("/getAgenciesList", content=b"x" * (2 * 1024 * 1024))
        entry = await axis.last()
        assert entry["size"] == 2 * 1024 * 1024
        assert entry["why_not"][0]["differences"] == ["body: larger than 1048576 bytes, not looked into"]
