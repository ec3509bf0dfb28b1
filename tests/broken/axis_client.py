"""Connectors of the axis that are wrong in one way each."""

import contextlib
from collections.abc import Callable
from typing import Any

import httpx

from edoc_samples import document_message, message
from lgsp.adapter import Delivery
from lgsp.errors import LgspError, TransientError
from lgsp_adapters import wire
from lgsp_adapters.axis import AxisAdapter
from lgsp_mocks.kit.packet_faults import NEW_FIELD

MESSAGE = document_message(sender="000.00.00.H34", to=("000.00.00.G22",))


class ForgetsStatuses(AxisAdapter):
    async def _list(self, kind: str) -> Any:
        return await super()._list(kind) if kind == "edoc" else []


class ConfirmsFirst(AxisAdapter):
    async def _fetch(self, doc_id: str) -> Any:
        await self._confirm(doc_id, "done")
        return await super()._fetch(doc_id)


class ConfirmsAllWithDone(AxisAdapter):
    async def _confirm(self, doc_id: str, state: str) -> None:
        await super()._confirm(doc_id, "done")


class GivesUpAtOnce(AxisAdapter):
    async def _fetch(self, doc_id: str) -> Any:
        try:
            return await super()._fetch(doc_id)
        except LgspError:
            await self._confirm(doc_id, "fail")
            raise


class NewestFirst(AxisAdapter):
    async def _list(self, kind: str) -> Any:
        return iter([*await super()._list(kind)][::-1])


class Following(httpx.AsyncBaseTransport):
    def __init__(self) -> None:
        self._http = httpx.AsyncClient(follow_redirects=True, trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._http.send(request, stream=True)

    async def aclose(self) -> None:
        await self._http.aclose()


class FollowsAnywhere(AxisAdapter):
    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._client = wire.build_client(str(self._client.base_url), transport=Following())


class StopsAtUnreadable(AxisAdapter):
    async def _confirm(self, doc_id: str, state: str) -> None:
        if state == "fail":
            raise TransientError("stuck", system_down=True)
        await super()._confirm(doc_id, state)


class SendsAnew(AxisAdapter):
    """A retry under another identity."""

    async def send(self, delivery: Any) -> Any:
        self.sent = getattr(self, "sent", 0) + 1
        number = str(self.sent)
        identity = {
            "document_id": f"000.00.00.H34,2026/11/23,{number}/X",
            "code": {"number": number, "notation": "X"},
        }
        data = MESSAGE.data | identity
        return await super().send(Delivery(message("document.issued", data), delivery.organizations, 1, "k"))


class AsksUnsigned(AxisAdapter):
    """One call that everybody may make, and so nobody signed it."""

    async def poll(self, intake: Any) -> int:
        headers = {"XroadVnpt-systemid": self._system_id}
        await wire.call(self._client, "POST", "/getAgenciesList", headers=headers)
        return await super().poll(intake)


class SignsInPart(AxisAdapter):
    """A parameter that anybody on the way may change."""

    def _signed(self, parameters: Any, content_type: str) -> dict[str, str]:
        return super()._signed(parameters, content_type) | {"XroadVnpt-filePath": "./"}


class NeverConfirms(AxisAdapter):
    async def _confirm(self, doc_id: str, state: str) -> None:
        """Forgotten."""


class FetchesOnSuspicion(AxisAdapter):
    """Counts docIds on by itself."""

    async def poll(self, intake: Any) -> int:
        with contextlib.suppress(LgspError):
            await self._fetch("987654")
        return await super().poll(intake)


class NamesNoSender(AxisAdapter):
    def _signed(self, parameters: Any, content_type: str) -> dict[str, str]:
        kept = {name: value for name, value in parameters.items() if name != "from"}
        return super()._signed(kept, content_type)


class TakesWhatItKnows(AxisAdapter):
    """Leaves what has a field that it never saw."""

    async def _fetch(self, doc_id: str) -> Any:
        raw = await super()._fetch(doc_id)
        if NEW_FIELD.encode() in raw.read():
            raise TransientError("a newer format")
        return raw


class HasLittleRoom(AxisAdapter):
    async def _fetch(self, doc_id: str) -> Any:
        raw = await super()._fetch(doc_id)
        if raw.size > 1 << 20:
            raise TransientError("larger than 1 MB")
        return raw


BROKEN: dict[type[AxisAdapter], set[str]] = {
    ForgetsStatuses: {"02", "06", "07"},
    ConfirmsFirst: {"04"},
    ConfirmsAllWithDone: {"21", "22", "53"},
    GivesUpAtOnce: {"24", "28"},
    NewestFirst: {"08"},
    FollowsAnywhere: {"31"},
    StopsAtUnreadable: {"21", "23", "53"},
    SendsAnew: {"43"},
    AsksUnsigned: {"01"},
    SignsInPart: {"01"},
    NeverConfirms: {"03", "06", "07", "21", "23", "24", "25", "26", "27", "28", "29", "30", "51", "52", "53"},
    FetchesOnSuspicion: {"05", "08", "09"},
    NamesNoSender: {"41"},
    TakesWhatItKnows: {"51"},
    HasLittleRoom: {"52"},
}


def gives_up(of: Callable[[TransientError], bool]) -> type[AxisAdapter]:
    """One that never asks again once that has happened to it."""

    class GivesUp(AxisAdapter):
        over = False

        async def poll(self, intake: Any) -> int:
            if self.over:
                return 0
            try:
                return await super().poll(intake)
            except TransientError as exc:
                self.over = of(exc)
                raise

    return GivesUp


def _about(*words: str) -> Callable[[TransientError], bool]:
    return lambda exc: all(word in str(exc) for word in words)


GIVES_UP: dict[str, tuple[type[AxisAdapter], set[str]]] = {
    "a 503 on the list": (gives_up(_about("getReceivedEdocList", "503")), {"25"}),
    "a page in place of JSON": (gives_up(_about("getReceivedEdocList", "not JSON")), {"26"}),
    "a code that nobody knows": (gives_up(_about("getReceivedEdocList", "unknown")), {"27"}),
    "a 503 on a confirmation": (gives_up(_about("updateStatus", "503")), {"29"}),
    "a reset line": (gives_up(lambda exc: exc.unanswered and "getReceivedEdocList" in str(exc)), {"30"}),
}
"""By what ends their asking for good. Each assertion wants a fresh one of these."""
