"""`lgsp fault` against a served stand-in."""

import asyncio
import json

import pytest

from lgsp.cli import main
from lgsp_mocks.axis import STAND_IN as AXIS
from served_standin import served

pytestmark = pytest.mark.contract


async def run(*arguments: str) -> int:
    return await asyncio.to_thread(main, list(arguments))


async def test_a_fault_is_set_listed_and_cleared(capsys):
    async with served(AXIS) as axis:
        at = ("--at", axis.url)
        arguments = (
            "--operation",
            "sendEdoc",
            "--share",
            "0.5",
            "--count",
            "3",
            "--for",
            "60",
            "--set",
            "delay_s=1.5",
            "--set",
            "id=slow",
        )
        assert await run("fault", "set", "latency", *at, *arguments) == 0
        assert "latency is on as slow until 2026-11-23T08:31" in capsys.readouterr().out
        assert await run("fault", "list", *at, "--json") == 0
        [row] = json.loads(capsys.readouterr().out)
        assert (row["kind"], row["operation"], row["share"], row["count"], row["delay_s"]) == (
            "latency",
            "sendEdoc",
            0.5,
            3,
            1.5,
        )
        assert await run("fault", "list", *at) == 0
        assert "sendEdoc" in capsys.readouterr().out
        assert await run("fault", "clear", "slow", *at) == 0
        assert (await axis.http.get("/__mock__/faults")).json() == []
        assert await run("fault", "clear", "slow", *at) == 2
        assert await run("fault", "clear", *at) == 0
        assert await run("fault", "list", *at) == 0
        assert "no fault is on" in capsys.readouterr().out


async def test_kinds_are_listed_with_what_they_do(capsys):
    async with served(AXIS) as axis:
        assert await run("fault", "kinds", "--at", axis.url, "--json") == 0
        kinds = {row["kind"]: row["group"] for row in json.loads(capsys.readouterr().out)}
        assert kinds["reset"] == "network"
        assert kinds["recall_after_delivery"] == "business"


async def test_a_mistake_is_told_in_one_line(capsys):
    async with served(AXIS) as axis:
        for arguments, said in (
            (("set", "nonsense", "--at", axis.url), "/kind"),
            (("set", "latency", "--at", axis.url, "--set", "x"), "key=value"),
            (("set", "latency"), "say where"),
            (("set", "latency", "--at", "nobody"), "no stand-in of that name"),
            (("list", "--at", "http://127.0.0.1:1"), "no stand-in at http://127.0.0.1:1"),
        ):
            assert await run("fault", *arguments) == 2
            err = capsys.readouterr().err
            assert said in err
            assert len(err.splitlines()) == 1
