"""Connectors of the axis: our adapter conforms; each broken one fails exactly the assertions that it should."""

from collections.abc import Callable
from typing import Any

import pytest

from edoc_samples import document_message, message
from fakes import FakeIntake, make_ports
from lgsp.adapter import Delivery
from lgsp.conformance import Outcome
from lgsp.conformance.clients import CLIENT_SUITES, Hooks, check_connector
from lgsp.conformance.clients.connector import Work
from lgsp.errors import LgspError, TransientError
from lgsp.standards import vxp
from lgsp_adapters.axis import AxisAdapter

pytestmark = pytest.mark.contract
SUITE = CLIENT_SUITES["axis-client"]
MESSAGE = document_message(sender="000.00.00.H34", to=("000.00.00.G22",))


class Connector:
    """An adapter at the kit's address."""

    def __init__(self, make: type[AxisAdapter], settings: dict[str, Any]) -> None:
        self._make = make
        self._settings = settings
        self.adapter: AxisAdapter | None = None

    def ready(self, url: str) -> None:
        self.adapter = self._make({"url": url, "secret": "sim-secret", **self._settings}, make_ports("axis"))

    async def poll(self) -> None:
        assert self.adapter
        await self.adapter.poll(FakeIntake())

    async def send(self, work: Work) -> None:
        assert self.adapter
        assert work == {"kind": "document.issued", "to": "000.00.00.G22"}
        await self.adapter.send(Delivery(MESSAGE, ("000.00.00.G22",), 1, "key"))


async def failed(make: type[AxisAdapter], **settings: Any) -> set[str]:
    connector = Connector(make, settings)
    options = SUITE.options | {"patience_s": "0.6"}
    verdicts = await check_connector(
        SUITE, "axis", Hooks(connector.poll, connector.send), options, ready=connector.ready
    )
    if connector.adapter:
        await connector.adapter.aclose()
    assert {one.outcome for one in verdicts} <= {Outcome.PASSED, Outcome.FAILED}
    return {one.id.removeprefix("LGSP-AXC-") for one in verdicts if one.outcome is Outcome.FAILED}


async def test_our_adapter_conforms() -> None:
    assert await failed(AxisAdapter) == set()


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
        return (await super()._list(kind))[::-1]


class FollowsAnywhere(AxisAdapter):
    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._client.follow_redirects = True


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


BROKEN: dict[type[AxisAdapter], set[str]] = {
    ForgetsStatuses: {"02", "06", "07"},
    ConfirmsFirst: {"04"},
    ConfirmsAllWithDone: {"21", "22"},
    GivesUpAtOnce: {"24", "28"},
    NewestFirst: {"08"},
    FollowsAnywhere: {"31"},
    StopsAtUnreadable: {"21", "23"},
    SendsAnew: {"43"},
}


@pytest.mark.parametrize("make", BROKEN)
async def test_broken_connector_fails_exactly(make: type[AxisAdapter]) -> None:
    assert await failed(make) == BROKEN[make]


async def test_a_connector_that_hashes_wrongly_can_send_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    write: Callable[[Any], str] = vxp.file_hash
    adapter_only = {"on": False}

    class HashesWrongly(AxisAdapter):
        async def send(self, delivery: Any) -> Any:
            adapter_only["on"] = True
            try:
                return await super().send(delivery)
            finally:
                adapter_only["on"] = False

    monkeypatch.setattr(vxp, "file_hash", lambda raw: "0" * 64 if adapter_only["on"] else write(raw))
    assert await failed(HashesWrongly) == {"42", "43"}
