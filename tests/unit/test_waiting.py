"""Waiting that a sign to stop ends."""

import asyncio
import gc

import pytest

from lgsp.endpoint import until_stopped

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
