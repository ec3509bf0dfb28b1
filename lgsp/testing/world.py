"""A running LGSP for a test, or a part of one: in a thread with an event loop of its own, on free ports, with data of its own."""

import threading
from asyncio import AbstractEventLoop, Event, Task, all_tasks, get_running_loop, run_coroutine_threadsafe
from collections.abc import Collection, Coroutine, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
from pydantic import JsonValue

from lgsp.bootstrap import Overrides, Running, running
from lgsp.clock import SteerableClock
from lgsp.errors import ConfigurationError, LgspError
from lgsp.process import run
from lgsp.settings import Settings, SystemSettings, load
from lgsp.testing.bus import Bus
from lgsp.testing.clock import WorldClock
from lgsp.testing.conversation import Conversation
from lgsp.testing.standin import StandIn

__all__ = ["STAND_INS", "Options", "World"]

STAND_INS = ("ioffice", "igate", "axis", "portal")
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 60.0
CALL_TIMEOUT_S = 60.0
_NOWHERE = "http://127.0.0.1:9"
"""Discard (RFC 863): a system that a test leaves out must not be taken from a demo that runs on this machine."""

_NOT_SECRET_KEYS = frozenset(
    {"adapter", "url", "poll_interval_s", "concurrency", "send_timeout_s", "max_attempts"}
)


@dataclass(frozen=True, slots=True)
class Options:
    """`config`: lgsp.toml to use, else ./lgsp.toml, else the built-in demo; its ports, data and Redis are never used.

    `systems`: settings over those of the file, by system: `{"axis": {"url": my_server}}` puts one's own in a stand-in's place.
    `without`: stand-ins that don't run beside the bus. `standins`: settings of stand-ins, `{"ioffice": {"vxp_url": my_axis}}`.
    `autopilot`: whether the people of the stand-ins work by themselves; else they do at `tick()`.
    """

    config: Path | None = None
    systems: Mapping[str, Mapping[str, JsonValue]] = field(default_factory=dict)
    without: Collection[str] = ()
    standins: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    autopilot: bool = True


class World:
    """`with World({"axis"}, tmp_path) as world: world.standin("axis").url`. With "bus", all of its stand-ins run too.

    Enter and leave it in one thread, use it from any.
    """

    def __init__(self, parts: Collection[str], data_dir: Path, options: Options | None = None) -> None:
        """`parts`: bus, ioffice, igate, axis, portal."""
        if unknown := set(parts) - {"bus", *STAND_INS}:
            raise ConfigurationError(
                f"no part {', '.join(sorted(unknown))}; there are bus, {', '.join(STAND_INS)}"
            )
        self._options = options or Options()
        self._has_bus = "bus" in parts
        out = set(self._options.without) | set(self._options.systems) - set(parts)
        named = {name for name in parts if name != "bus"}
        self._standins = [name for name in STAND_INS if name in named or (self._has_bus and name not in out)]
        self._settings = self._own(load(self._options.config, {}), data_dir)
        self._ready: Future[Running] = Future()
        self._thread = threading.Thread(target=self._run, name="lgsp-world", daemon=True)
        self._loop: AbstractEventLoop | None = None
        self._stop: Event | None = None
        self._failed: BaseException | None = None
        self._http = httpx.Client(timeout=90.0, trust_env=False, verify=False)  # noqa: S501 - plain HTTP on this machine

    def __enter__(self) -> Self:
        """Start; everything answers when this returns.

        Raises:
            ConfigurationError: with the place and the remedy.
            LgspError: it did not come up in time; with what it was at.
        """
        self._thread.start()
        try:
            self._ready.result(START_TIMEOUT_S)
        except TimeoutError as exc:
            if self._ready.done():
                raise  # its own
            reason = f"LGSP did not start within {START_TIMEOUT_S:g} s; at work: {self._at_work()}"
            self._tell_to_stop()
            raise LgspError(reason) from exc
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop; what is in hand is finished first.

        Raises:
            LgspError: it did not stop in time; with what is still at work. Where the test has failed already, its error says so too.
        """
        self._http.close()
        self._tell_to_stop()
        self._thread.join(STOP_TIMEOUT_S)
        failed = self._failed
        if self._thread.is_alive():
            reason = f"LGSP did not stop within {STOP_TIMEOUT_S:g} s; still at work: {self._at_work()}"
            failed = LgspError(reason)
        if failed is not None and error is None:
            raise failed
        if failed is not None and error is not None:
            error.add_note(f"and LGSP: {type(failed).__name__}: {failed}")

    def _tell_to_stop(self) -> None:
        if self._loop is not None and self._stop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)

    def _at_work(self) -> str:
        """Its tasks, each with the line where it waits."""
        tasks = all_tasks(self._loop) if self._loop is not None else set()
        return "; ".join(sorted(_where(task) for task in tasks)) or "nothing that could be asked"

    @property
    def urls(self) -> Mapping[str, str]:
        """Where everything is: `gateway`, and the stand-ins by name."""
        return self._running.urls

    @property
    def standins(self) -> list[StandIn]:
        """Those that run."""
        return [self.standin(name) for name in self._standins]

    def standin(self, name: str) -> StandIn:
        """One of those that run.

        Raises:
            ConfigurationError: it doesn't.
        """
        if name not in self._standins:
            raise ConfigurationError(
                f"the stand-in {name} does not run in this test: ask for the fixture lgsp_{name} as an argument, and not in `without`"
            )
        return StandIn(name, self._running.urls[name], self._credentials(name), self._http)

    @property
    def bus(self) -> Bus:
        """The bus.

        Raises:
            ConfigurationError: it does not run.
        """
        if not self._has_bus:
            raise ConfigurationError(
                "the bus does not run in this test: ask for the fixture lgsp_bus as an argument"
            )
        return Bus(self._running.urls["gateway"], self._http)

    @property
    def clock(self) -> WorldClock:
        """The one clock of everything here."""
        clock = self._running.clock
        if not isinstance(clock, SteerableClock):
            raise ConfigurationError("this clock can't be steered")
        return WorldClock(clock, self._call)

    def conversation(self, *, without: tuple[str, ...] = ()) -> Conversation:
        """All that was said to the stand-ins so far."""
        seen = [(one.name, request) for one in self.standins for request in one.requests(direction="in")]
        return Conversation(seen, without=without)

    def told(self) -> dict[str, str]:
        """What each part saw, for a person."""
        found = {one.name: one.told() for one in self.standins}
        return {"bus": self.bus.told(), **found} if self._has_bus else found

    @property
    def _running(self) -> Running:
        return self._ready.result(0)

    def _own(self, settings: Settings, data_dir: Path) -> Settings:
        changed = dict(self._options.systems)
        systems = {
            name: SystemSettings.model_validate(
                {
                    **table.table(),
                    **({} if name in self._standins else {"url": _NOWHERE}),
                    **changed.get(name, {}),
                }
            )
            for name, table in settings.systems.items()
        }
        if unknown := set(changed) - set(systems):
            raise ConfigurationError(
                f"systems: no {', '.join(sorted(unknown))} in {settings.config}; there are {', '.join(systems)}"
            )
        return settings.model_copy(update={
            "systems": systems, "mocks": dict.fromkeys(self._standins, 0), "data_dir": data_dir, "host": "127.0.0.1", "port": 0,
            "redis_url": None, "store_url": "", "trust_dir": None,
        })  # fmt: skip

    def _credentials(self, name: str) -> dict[str, str]:
        table = self._settings.systems.get(name)
        return {
            key: value for key, value in (table.table() if table else {}).items()
            if isinstance(value, str) and key not in _NOT_SECRET_KEYS
        }  # fmt: skip

    def _run(self) -> None:
        try:
            run(self._live())
        except BaseException as exc:  # noqa: BLE001 - handed to the thread that waits
            if self._ready.done():
                self._failed = exc
            else:
                self._ready.set_exception(exc)

    async def _live(self) -> int:
        self._loop, self._stop = get_running_loop(), Event()
        # A stand-in alone calls nobody, unless it is told whom.
        lone = {} if self._has_bus else {"vxp_url": "", "callback_url": ""}
        settings = {name: {**lone, **self._options.standins.get(name, {})} for name in self._standins}
        only = {f"mock:{name}" for name in self._standins} | ({"bus"} if self._has_bus else set())
        overrides = Overrides(autopilot=self._options.autopilot, standins=settings)
        async with running(self._settings, only=frozenset(only), overrides=overrides) as system:
            self._ready.set_result(system)
            await self._stop.wait()
        return 0

    def _call(self, work: Coroutine[object, object, None]) -> None:
        if self._loop is None:
            work.close()
            raise ConfigurationError("the world is not running")
        call = run_coroutine_threadsafe(work, self._loop)
        try:
            call.result(CALL_TIMEOUT_S)
        except TimeoutError as exc:
            if not call.done():
                call.cancel()
                reason = f"no end within {CALL_TIMEOUT_S:g} s; at work: {self._at_work()}"
                raise LgspError(reason) from exc
            raise


def _where(task: Task[object]) -> str:
    frames = task.get_stack(limit=1)
    place = f"{Path(frames[-1].f_code.co_filename).name}:{frames[-1].f_lineno}" if frames else "its end"
    return f"{task.get_name()} at {place}"
