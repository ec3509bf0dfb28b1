"""/api/lab over the running demo province: scenarios, faults, clock, stand-ins."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from lgsp.cli import main
from lgsp.scenario import parse, play_through
from province import province
from waiting import eventually

pytestmark = pytest.mark.flow


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        province(tmp_path) as world,
        httpx.AsyncClient(base_url=f"{world.urls['gateway']}/api/lab/", timeout=30, trust_env=False) as http,
    ):
        yield http


async def in_state(lab: httpx.AsyncClient, state: str) -> dict:
    found: dict = {}

    async def there() -> bool:
        found.update((await lab.get("stage")).json())
        return found["state"] == state

    await eventually(there, f"the stage is {state}; it is {found.get('state')}")
    return found


async def test_a_scenario_is_played_step_by_step_and_the_receiver_holds_the_document(
    lab: httpx.AsyncClient,
) -> None:
    keys = [one["key"] for one in (await lab.get("scenarios")).json()["scenarios"]]
    assert "incoming" in keys
    started = await lab.post("stage/start", json={"scenario": "incoming", "paused": True})
    assert (started.status_code, started.json()["state"], started.json()["next"]) == (202, "waiting", 1)
    assert [one["state"] for one in started.json()["steps"]] == ["next", "ahead", "ahead"]

    busy = await lab.post("stage/start", json={"scenario": "outgoing"})
    assert (busy.status_code, busy.headers["content-type"]) == (409, "application/problem+json")
    assert busy.json()["detail_vi"].startswith("Một kịch bản đang chạy")

    await lab.post("stage/step")
    first = await in_state(lab, "waiting")
    while first["next"] != 2:
        first = await in_state(lab, "waiting")
    assert (first["steps"][0]["state"], first["steps"][0]["seen"]) == ("passed", first["key"])

    resumed = await lab.post("stage/resume", json={"pause_s": 0})
    assert resumed.json()["paused"] is False
    passed = await in_state(lab, "passed")
    assert [one["state"] for one in passed["steps"]] == ["passed"] * 3
    assert passed["steps"][1]["seen_vi"].endswith("1 tệp đính kèm")


async def test_a_scenario_is_paused_and_stopped_and_nothing_waits_then(lab: httpx.AsyncClient) -> None:
    await lab.post("stage/start", json={"scenario": "system-away", "pause_s": 60})
    paused = await lab.post("stage/pause")
    assert paused.json()["paused"] is True
    await in_state(lab, "waiting")
    stopped = await lab.post("stage/stop")
    assert stopped.json()["state"] == "stopped"
    assert (await lab.get("faults")).json() == {"faults": [], "silent": []}
    assert (await lab.post("stage/step")).status_code == 409


@pytest.mark.parametrize(
    ("order", "status", "told"),
    [
        ({"scenario": "none"}, 404, "Không có kịch bản"),
        ({"scenario": "incoming", "pause_s": -1}, 422, "phải từ 0 trở lên"),
        ({"scenario": "incoming", "speed": 1}, 422, "trường không được định nghĩa"),
    ],
)
async def test_an_order_that_is_none_is_a_problem_in_both_languages(
    lab: httpx.AsyncClient, order: dict, status: int, told: str
) -> None:
    answer = await lab.post("stage/start", json=order)
    problem = answer.json()
    assert answer.status_code == status
    assert told in problem.get("detail_vi", "") or told in problem["faults"][0]["message_vi"]


async def test_a_fault_is_set_shown_and_cleared(lab: httpx.AsyncClient) -> None:
    kinds = {one["kind"]: one for one in (await lab.get("faults/kinds")).json()["kinds"]}
    assert "axis" in kinds["latency"]["at"]
    order = {"at": "axis", "kind": "latency", "delay_s": 0.01, "share": 0.5, "expires_s": 90}
    answer = await lab.post("faults", json=order)
    assert answer.status_code == 201
    [shown] = (await lab.get("faults")).json()["faults"]
    assert shown["id"] == answer.json()["id"]
    assert shown["expires_at"] == answer.json()["expires_at"]
    assert {**shown, **order} == shown
    assert (await lab.delete(f"faults/axis/{shown['id']}")).status_code == 204
    gone = await lab.delete(f"faults/axis/{shown['id']}")
    assert (gone.status_code, gone.json()["detail_vi"]) == (404, f"axis: Lỗi {shown['id']!r} không còn bật.")
    await lab.post("faults", json=order)
    assert (await lab.delete("faults/axis")).status_code == 204
    assert (await lab.get("faults")).json()["faults"] == []


@pytest.mark.parametrize(
    ("order", "status", "place"),
    [
        ({"at": "axis", "kind": "down", "share": 2, "expires_s": 0}, 422, {"/share", "/expires_s"}),
        ({"at": "axis", "kind": "nothing"}, 422, {"/kind"}),
        ({"at": "nowhere", "kind": "down"}, 404, set()),
        ({"kind": "down"}, 422, {"/body/at"}),
    ],
)
async def test_a_fault_that_is_none_names_every_place(
    lab: httpx.AsyncClient, order: dict, status: int, place: set[str]
) -> None:
    answer = await lab.post("faults", json=order)
    problem = answer.json()
    assert answer.status_code == status
    assert {one["place"] for one in problem.get("faults", [])} == place
    assert all(one["message_vi"] != one["message"] for one in problem.get("faults", []))


async def test_the_clock_is_read_advanced_and_set(lab: httpx.AsyncClient) -> None:
    there = await lab.post("clock", json={"freeze": "2031-02-03T04:05"})
    assert there.json()["now"].startswith("2031-02-03T04:05:00")
    await lab.post("clock", json={"advance": "2h"})
    assert (await lab.get("clock")).json()["now"].startswith("2031-02-03T06:05:00")
    await lab.post("clock", json={"resume": True})
    assert (await lab.get("clock")).json()["frozen"] is False
    wrong = await lab.post("clock", json={"advance": "soon"})
    assert wrong.status_code == 422
    assert "không phải khoảng thời gian" in wrong.json()["faults"][0]["message_vi"]
    beyond = await lab.post("clock", json={"freeze": "2098-01-01", "advance": "3650d"})
    assert beyond.status_code == 422
    assert "chỉ đi từ 2000 đến 2100" in beyond.json()["detail_vi"]


async def test_a_stand_in_is_reset_and_seeded(lab: httpx.AsyncClient) -> None:
    assert "igate" in (await lab.get("stand-ins")).json()["stand_ins"]
    await lab.post("faults", json={"at": "igate", "kind": "down"})
    assert (await lab.post("stand-ins/igate/reset")).status_code == 204
    assert (await lab.get("faults")).json()["faults"] == []
    assert (await lab.post("stand-ins/igate/seed")).status_code == 204
    assert (await lab.post("stand-ins/nowhere/reset")).status_code == 404


async def test_a_page_of_another_origin_changes_nothing(lab: httpx.AsyncClient) -> None:
    foreign = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    for path, body in (
        ("stage/start", {"scenario": "incoming"}), ("stage/stop", None), ("clock", {"freeze": True}),
        ("faults", {"at": "axis", "kind": "down"}), ("stand-ins/axis/reset", None),
    ):  # fmt: skip
        assert (await lab.post(path, json=body, headers=foreign)).status_code == 403, path
    assert (await lab.delete("faults/axis", headers=foreign)).status_code == 403
    assert (await lab.get("stage")).json()["state"] == "idle"


async def test_openapi_describes_the_lab(lab: httpx.AsyncClient) -> None:
    described = (await lab.get(lab.base_url.copy_with(path="/openapi.json"))).json()
    ours = {path: one for path, one in described["paths"].items() if path.startswith("/api/lab/")}
    assert len(ours) >= 15
    for path, methods in ours.items():
        for method, operation in methods.items():
            assert operation["description"], (method, path)
            assert "application/problem+json" in operation["responses"]["404"]["content"], (method, path)


@pytest.mark.parametrize(
    ("sentence", "told", "told_vi"),
    [
        (
            'iOffice phát hành văn bản "V/v thử" của 000.00.00.G98 gửi 000.00.00.G22',
            "ioffice refused issue-document: from: 000.00.00.G98 has no desk here",
            "ioffice từ chối issue-document: from: 000.00.00.G98 không có văn thư ở đây",
        ),
        (
            "công dân nộp hồ sơ thủ tục none trên cổng",
            "portal refused submit-dossier: ",
            "portal từ chối submit-dossier: nội dung không hợp lệ; /procedure: ",
        ),
        (
            "trục gặp sự cố none",
            "axis refused POST faults: The request is not valid; /kind: Input should be ",
            "axis từ chối POST faults: nội dung không hợp lệ; /kind: giá trị ngoài danh mục; chỉ nhận ",
        ),
    ],
)
async def test_what_a_system_refuses_in_a_scenario_is_told_in_both_languages(
    tmp_path: Path, sentence: str, told: str, told_vi: str
) -> None:
    [scenario] = parse(f"# language: vi\nTính năng: A\n  Kịch bản: B\n    Khi {sentence}\n", "a.feature")
    async with province(tmp_path) as world:
        played = await play_through(scenario, world)
    why = played.steps[0].why
    assert why.of("en").startswith(told)
    assert why.of("vi").startswith(told_vi)


async def test_the_command_line_plays_step_by_step_and_sends_a_sample(
    lab: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    async def run(*arguments: str) -> int:
        return await asyncio.to_thread(
            main, ["lab", *arguments, "--url", str(lab.base_url.copy_with(path="/"))]
        )

    assert await run("show") == 0
    assert capsys.readouterr().out == "idle\n"
    assert await run("play", "incoming", "--step") == 0
    assert (
        "Văn bản đến · Incoming document: waiting\n  next      Khi 000.00.00.G09" in capsys.readouterr().out
    )
    assert await run("play", "outgoing") == 2
    assert "is being played" in capsys.readouterr().err
    assert await run("next") == 0

    async def second() -> bool:
        return (await lab.get("stage")).json()["next"] == 2

    await eventually(second, "the first step has ended")
    assert await run("resume", "--pace", "60") == 0
    assert await run("pause") == 0
    assert await run("stop", "--json") == 0
    assert '"state": "stopped"' in capsys.readouterr().out

    assert await run("samples") == 0
    assert "cong-van" in capsys.readouterr().out
    assert await run("send", "cong-van") == 0
    assert "accepted; follow it with `lgsp trace" in capsys.readouterr().out
    assert await run("send", "van-ban-doc-hai") != 0
    assert "/data/attachments/0/name" in capsys.readouterr().err
