"""What goes wrong in one part of a process, or with one message or task, stops no other."""

import pytest

from builders import message
from bus_at_work import KEYS, FakeSystem, running
from lgsp.bus import Worker
from lgsp.channels import Server, TaskBook
from lgsp.channels.tasks import KEPT, TaskRecord
from lgsp.clock import SystemClock
from lgsp.dead_letters import DeadLetters
from lgsp.dead_letters.runner import TaskRunner
from lgsp.errors import InvalidMessageError
from waiting import eventually

pytestmark = pytest.mark.flow


async def test_a_worker_whose_look_round_fails_goes_round_again(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    share, failures = Worker._share, iter([RuntimeError("a bug")])

    async def fails_once(worker: Worker) -> int:
        for failure in failures:
            raise failure
        return await share(worker)

    monkeypatch.setattr(Worker, "_share", fails_once)
    system = FakeSystem()
    async with running(server, system) as bus:
        await bus.publish(message("m-1"))
        await eventually(lambda: system.holds == ["m-1"], "the delivery")


@pytest.mark.parametrize("name", ["id", "subject"])
async def test_a_name_with_a_control_character_is_refused(server: Server, name: str) -> None:
    async with running(server, FakeSystem()) as bus:
        with pytest.raises(InvalidMessageError) as refused:
            await bus.publish(message().model_copy(update={name: "a\0b"}))
        assert [fault.place for fault in refused.value.faults] == [f"/{name}"]
        await bus.publish(message("mã số\u00a01", subject="hồ sơ 🙂"))


async def test_a_task_that_is_not_over_is_kept_however_many_come(server: Server) -> None:
    book = TaskBook(server, KEYS)
    for number in range(KEPT + 2):
        await book.add(TaskRecord(f"t-{number}", b"{}", "pause", b"{}"))
        if number:
            await book.close(f"t-{number}")
    assert (await book.get("t-0")).wish == "pause"
    assert [one.id for one in await book.open()] == ["t-0"]
    assert len(await book.list()) == KEPT + 1


async def test_a_task_that_can_t_be_read_is_closed_and_the_others_are_worked(server: Server) -> None:
    book = TaskBook(server, KEYS)
    await book.add(TaskRecord("unreadable", b"{}", "", b"{}"))
    runner = TaskRunner(server, KEYS, DeadLetters.__new__(DeadLetters), SystemClock(), "owner-1")
    await runner._look_round()
    assert await book.open() == []
    await runner._let_go()
