"""Waiting that a sign to stop ends."""

import asyncio
import gc

import pytest

from lgsp.endpoint import until_stopped
from lgsp.endpoint.waiting import Limit

pytestmark = pytest.mark.unit


async def test_work_that_is_done_first_gives_its_result():
    async def work():
        return 7

    assert await until_stopped(work(), asyncio.Event()) == 7


async def test_a_sign_cuts_the_work_short():
    sign = asyncio.Event()
    sign.set()
    assert await until_stopped(asyncio.Event().wait(), sign) is None


async def test_a_cancellation_while_the_work_is_being_cut_short_is_not_swallowed():
    sign, cut, may_end = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def work():
        try:
            await asyncio.Event().wait()
        finally:
            cut.set()
            await may_end.wait()

    async def waiter():
        await until_stopped(work(), sign)
        await asyncio.Event().wait()

    waiting = asyncio.ensure_future(waiter())
    await asyncio.sleep(0)
    sign.set()
    await cut.wait()
    waiting.cancel()
    await asyncio.sleep(0)
    may_end.set()
    await asyncio.wait({waiting}, timeout=2)
    was_cancelled = waiting.cancelled()
    waiting.cancel()
    assert was_cancelled


@pytest.mark.parametrize("cancelled", [1, 2], ids=["as it fails", "twice"])
async def test_work_that_fails_while_its_waiter_is_cancelled_is_not_called_forgotten(cancelled: int):
    """What an overloaded machine said of leases that were lost."""
    said: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: said.append(context))
    may_fail, ended = asyncio.Event(), asyncio.Event()

    async def work():
        try:
            await may_fail.wait()
        except asyncio.CancelledError:
            await may_fail.wait()
        ended.set()
        raise ValueError("the lease was taken over")

    waiting = asyncio.ensure_future(until_stopped(work(), asyncio.Event()))
    await asyncio.sleep(0.01)
    if cancelled == 2:
        waiting.cancel()
        await asyncio.sleep(0.01)
    may_fail.set()
    await ended.wait()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await asyncio.sleep(0.01)
    del waiting
    gc.collect()
    assert not said


async def test_what_is_done_within_its_limit_gives_its_result_or_its_error():
    async def fails():
        await asyncio.sleep(0)
        raise KeyError("own")

    limit = Limit(5.0)
    assert await limit.within(asyncio.sleep(0, 7)) == 7
    with pytest.raises(KeyError):
        await limit.within(fails())


async def test_each_of_many_that_share_a_limit_has_its_own_time():
    limit, loop = Limit(0.1), asyncio.get_running_loop()

    async def one(begins_s, lasts_s):
        await asyncio.sleep(begins_s)
        began = loop.time()
        try:
            await limit.within(asyncio.sleep(lasts_s))
        except TimeoutError:
            return round(loop.time() - began, 3) >= 0.099
        return None

    ended = await asyncio.gather(
        *(one(begins, lasts) for begins in (0.0, 0.05, 0.12) for lasts in (0.01, 9.0))
    )
    assert ended == [None, True] * 3
    assert asyncio.current_task().cancelling() == 0


async def test_a_task_goes_on_after_its_limit_and_can_be_held_to_it_again():
    limit = Limit(0.02)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            await limit.within(asyncio.Event().wait())
        await asyncio.sleep(0)


async def test_work_that_does_not_let_itself_be_cut_short_leaves_no_trace():
    async def stubborn():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "done all the same"

    assert await Limit(0.02).within(stubborn()) == "done all the same"
    assert asyncio.current_task().cancelling() == 0


@pytest.mark.parametrize("limit_s", [0.02, 5.0])
async def test_a_cancellation_from_elsewhere_is_no_time_limit(limit_s):
    cut = asyncio.Event()

    async def slow_to_end():
        try:
            await asyncio.Event().wait()
        finally:
            cut.set()
            await asyncio.sleep(0.05)

    task = asyncio.ensure_future(Limit(limit_s).within(slow_to_end()))
    await asyncio.sleep(0)
    if limit_s < 1:
        await cut.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
