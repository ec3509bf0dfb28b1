"""A stand-in as a test sees it. Everything blocks, so that a suite without asyncio, or one that drives another language, can use it."""

import base64
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self, cast
from urllib.parse import quote

import httpx
from pydantic import JsonValue

from lgsp.errors import LgspError
from lgsp.testing.control import Record, ask
from lgsp.testing.seen import Seen
from lgsp.testing.waiting import TIMEOUT_S, wait_for

__all__ = ["Expected", "FaultOn", "StandIn", "attachment"]

TOLD = 20


class StandIn:
    """`url` is what the connector under test is pointed at; `credentials` what it logs in with."""

    def __init__(self, name: str, url: str, credentials: Mapping[str, str], http: httpx.Client) -> None:
        self.name = name
        self.url = url
        self.credentials = credentials
        self._http = http

    def __repr__(self) -> str:
        return f"<{self.name} at {self.url}>"

    def state(self, table: str) -> dict[str, Record]:
        """What it holds: a table's records by key."""
        return cast("dict[str, Record]", self._ask("GET", f"state/{quote(table, safe='')}") or {})

    def record(self, table: str, key: str) -> Record | None:
        """One record, or None."""
        return cast("Record | None", self._ask("GET", f"state/{quote(table, safe='')}/{quote(key, safe='')}"))

    def tables(self) -> dict[str, int]:
        """How many records each of its tables holds."""
        found = cast("dict[str, dict[str, Record]]", cast("Record", self._ask("GET", "state"))["tables"])
        return {name: len(records) for name, records in found.items()}

    def act(self, action: str, form: Mapping[str, JsonValue] | None = None, **fields: JsonValue) -> Record:
        """Do what a person who works with that system does: send-document, submit-dossier, receive-at-counter …

        Raises:
            LgspError: the system refused, or knows no such action.
        """
        done = self._ask("POST", f"act/{action}", {**(form or {}), **fields})
        if done is None:
            raise LgspError(f"{self.name} refused {action}, or has no such action: HTTP 404")
        return cast("Record", done)

    def tick(self) -> int:
        """One round of work of its people, where they don't work by themselves; what they did."""
        return int(str(cast("Record", self._ask("POST", "tick"))["actions"]))

    def reset(self) -> None:
        """Forget everything: state, journal, faults and expectations."""
        self._ask("POST", "reset")

    def seed(self) -> None:
        """Put back what it starts with."""
        self._ask("POST", "seed")

    def requests(self, **wanted: str | float) -> list[Seen]:
        """What came, oldest first. Filters: method, path (glob), status, answered_by, expectation, fault, contains, since, limit."""
        return [Seen.of(one) for one in self._requests(**wanted)]

    def wait_for_requests(
        self, count: int = 1, *, timeout_s: float = TIMEOUT_S, **wanted: str | float
    ) -> list[Seen]:
        """As soon as so many have come.

        Raises:
            AssertionError: fewer came in time; with all that did come, and why nothing answered it.
        """
        __tracebackhide__ = True
        found = self._requests(**wanted, count=count, wait=min(timeout_s, 60))
        if len(found) >= count:
            return [Seen.of(one) for one in found]
        asked = ", ".join(f"{name}={value!r}" for name, value in wanted.items()) or "of any kind"
        raise AssertionError(
            f"after {timeout_s:g} s {self.name} has had {len(found)} of {count} requests ({asked})\n{self.told()}"
        )

    def wait_for(
        self,
        table: str,
        fits: Callable[[Record], object] = bool,
        *,
        what: str = "",
        timeout_s: float = TIMEOUT_S,
    ) -> Record:
        """The first record of a table that fits, as soon as there is one.

        Raises:
            AssertionError: none in time; with what the table holds, and what came.
        """
        __tracebackhide__ = True

        def look() -> Record | None:
            return next((record for record in self.state(table).values() if fits(record)), None)

        def otherwise() -> str:
            rows = [str(record)[:300] for record in list(self.state(table).values())[-5:]]
            return "\n".join([f"{self.name} holds in {table}: {len(self.state(table))}", *rows, self.told()])

        return wait_for(
            look, what or f"a record in {self.name}'s {table}", timeout_s=timeout_s, otherwise=otherwise
        )

    def told(self) -> str:
        """What came, for a person: the last requests, each with its answer, and why nothing answered it; repetitions are counted."""
        times: dict[str, list[int]] = {}
        for one in self.requests():
            times.setdefault(one.told, []).append(one.number)
        last = sorted(times.items(), key=lambda item: item[1][-1])[-TOLD:]
        lines = [
            f"  #{numbers[0]} {f'(x {len(numbers)}) ' * (len(numbers) > 1)}{text}" for text, numbers in last
        ]
        return "\n".join([f"{self.name} saw:", *lines]) if lines else f"{self.name} saw nothing"

    def expect(
        self, method: str | None = None, path: str | None = None, *, answers: Sequence[Mapping[str, JsonValue]] = (),
        times: int | None = None, priority: int = 0, **match: JsonValue,
    ) -> "Expected":  # fmt: skip
        """Stub an answer, or several in turn; without answers the stand-in answers itself, and the request is counted.

        `answers`: status, headers, json_body, text or base64, delay_s. `match`: query, headers, json_contains, json_equals,
        json_at, xml_at, xml_equals, body_contains, body_equals, body_regex, path_regex.
        """
        line = {name: value for name, value in (("method", method), ("path", path)) if value is not None}
        kept = self._ask("POST", "expectations", {
            "request": {**line, **match}, "answers": [dict(one) for one in answers], "priority": priority,
            **({"times": times} if times is not None else {}),
        })  # fmt: skip
        return Expected(self, str(cast("Record", kept)["id"]), self._ask)

    def expectations(self) -> list[Record]:
        """Those that it keeps, each with its count."""
        return cast("list[Record]", self._ask("GET", "expectations"))

    def verify(
        self, method: str | None = None, path: str | None = None, *, times: int = 1, **wanted: str | float
    ) -> list[Seen]:
        """So many such requests came, no more and no fewer.

        Raises:
            AssertionError: with all that came.
        """
        __tracebackhide__ = True
        line = {name: value for name, value in (("method", method), ("path", path)) if value is not None}
        found = self.requests(**line, **wanted)
        if len(found) != times:
            asked = (
                ", ".join(f"{name}={value!r}" for name, value in {**line, **wanted}.items()) or "of any kind"
            )
            raise AssertionError(
                f"{self.name} had {len(found)} requests ({asked}), wanted {times}\n{self.told()}"
            )
        return found

    def fault(self, kind: str, **scope: JsonValue) -> "FaultOn":
        """`with axis.fault("reset", operation="sendEdoc", count=1):`, off at the end of the block.

        Scope: path, operation (globs), agency; share and seed; after, count, expires_s. By kind: status, delay_s, jitter_s,
        bytes_per_s, skew_s, when. `lgsp fault kinds` lists the kinds.
        """
        return FaultOn(self._ask, {"kind": kind, **scope})

    def _requests(self, **wanted: str | float) -> list[Record]:
        params = {
            name: f"{value:g}" if isinstance(value, float) else str(value) for name, value in wanted.items()
        }
        return cast("list[Record]", cast("Record", self._ask("GET", "requests", params=params))["requests"])

    def _ask(
        self, method: str, path: str, body: object = None, *, params: dict[str, str] | None = None
    ) -> JsonValue:
        return ask(self._http, method, f"{self.url}/__mock__/{path}", body, params=params)


Ask = Callable[[str, str], JsonValue]


class Expected:
    """An expectation that a stand-in keeps."""

    def __init__(self, stand_in: StandIn, name: str, ask_it: Ask) -> None:
        self.id = name
        self._stand_in = stand_in
        self._ask = ask_it

    @property
    def count(self) -> int:
        """How often it was met."""
        return int(str(cast("Record", self._ask("GET", f"expectations/{self.id}") or {"count": 0})["count"]))

    def verify(
        self,
        times: int | None = None,
        *,
        at_least: int | None = None,
        at_most: int | None = None,
        wait_s: float = 0,
    ) -> None:
        """It was met that often; by default its own `times`, else at least once. With `wait_s`, as soon as it was.

        Raises:
            AssertionError: with the nearest requests, and how they differ.
        """
        __tracebackhide__ = True
        given = {"times": times, "at_least": at_least, "at_most": at_most, "wait": wait_s or None}
        query = "&".join(f"{name}={value}" for name, value in given.items() if value is not None)
        try:
            self._ask("GET", f"expectations/{self.id}/verify?{query}")
        except LgspError as exc:
            raise AssertionError(f"{exc}\n{self._stand_in.told()}") from None

    def remove(self) -> None:
        """Forget it."""
        self._ask("DELETE", f"expectations/{self.id}")


class FaultOn:
    """A fault for the length of a `with` block; it ends by itself after `expires_s` (600) too."""

    def __init__(self, ask_it: Callable[..., JsonValue], fault: Record) -> None:
        self._ask = ask_it
        self._fault = fault
        self.id = ""

    @property
    def hits(self) -> int:
        """How often it has struck, as far back as the journal goes."""
        found = cast("Record", self._ask("GET", f"requests?fault={self.id}"))["requests"]
        return sum(int(str(entry.get("times", 1))) for entry in cast("list[Record]", found)) if self.id else 0

    def __enter__(self) -> Self:
        """Switch it on.

        Raises:
            LgspError: this stand-in can't play it, or a value is wrong.
        """
        self.id = str(cast("Record", self._ask("POST", "faults", self._fault))["id"])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Switch it off; one that ended by itself is off already."""
        self._ask("DELETE", f"faults/{self.id}")


def attachment(name: str, content: bytes) -> Record:
    """A file as a person of a stand-in attaches it."""
    return {"name": name, "content_base64": base64.b64encode(content).decode()}
