"""AxisAdapter against a fake axis that checks each signature and answers as the VXP wire does."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest
import respx

from edoc_samples import document_message, document_xml, status_message, status_xml
from fakes import FakeIntake, make_ports
from lgsp.adapter import Closes, Delivery, Polls, Sends
from lgsp.errors import (
    BackpressureError,
    ConfigurationError,
    Fault,
    InvalidMessageError,
    RejectedError,
    TransientError,
)
from lgsp.message import Message
from lgsp.standards import edxml, vxp
from lgsp_adapters.axis import AxisAdapter
from lgsp_adapters.rounds import HANDS

pytestmark = pytest.mark.contract

SETTINGS = {"url": "http://axis.test", "secret": "sim-secret"}
HOME = "000.00.01.H34"


@dataclass
class FakeAxis:
    """`inbox`: docId -> (messagetype, from, to, content); answers ErrorCode 15 to a wrong signature."""

    inbox: dict[str, tuple[str, str, str, bytes]] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    sent: list[tuple[httpx.Headers, bytes]] = field(default_factory=list)
    send_answer: httpx.Response | None = None
    broken: set[str] = field(default_factory=set)
    list_status: int = 200

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if not vxp.verify(request.headers, {"sim.lgsp.01": "sim-secret"}.get):
            return self._answer(code="15")
        name = request.url.path.removeprefix("/")
        return getattr(self, f"_{name}")(request)

    def _answer(self, code: str = "0", **more) -> httpx.Response:
        return httpx.Response(200, json={"status": "OK", "ErrorCode": code, "ErrorDesc": "", **more})

    def _sendEdoc(self, request: httpx.Request) -> httpx.Response:  # noqa: N802 - found by the wire's name
        raw = request.content
        assert request.headers["XroadVnpt-hash-file"] == vxp.file_hash(raw)
        self.sent.append((request.headers, raw))
        return self.send_answer or self._answer(DocId="77")

    def _getReceivedEdocList(self, request: httpx.Request) -> httpx.Response:  # noqa: N802
        if self.list_status != 200:
            return httpx.Response(self.list_status)
        kind = request.headers["XroadVnpt-messagetype"]
        waiting = [
            {"docId": doc_id, "messageType": each, "from": sender, "to": to, "status": "initial"}
            for doc_id, (each, sender, to, _) in self.inbox.items()
            if each == kind and self.states.get(doc_id) not in {"done", "fail"}
        ]
        return self._answer(data=waiting)

    def _downloadEdoc(self, request: httpx.Request) -> httpx.Response:  # noqa: N802
        doc_id = request.headers["XroadVnpt-docId"]
        if doc_id in self.broken:
            return self._answer(code="21")
        return httpx.Response(200, content=self.inbox[doc_id][3])

    def _updateStatus(self, request: httpx.Request) -> httpx.Response:  # noqa: N802
        self.states[request.headers["XroadVnpt-docid"]] = request.headers["XroadVnpt-status"]
        return self._answer()


@pytest.fixture
def axis() -> FakeAxis:
    return FakeAxis()


@pytest.fixture
async def adapter(axis: FakeAxis) -> AsyncIterator[AxisAdapter]:
    with respx.mock(assert_all_called=False) as router:
        router.route(host="axis.test").mock(side_effect=axis)
        adapter = AxisAdapter(SETTINGS, make_ports("axis"))
        yield adapter
        await adapter.aclose()


def delivery(message: Message, *organizations: str) -> Delivery:
    return Delivery(message, organizations, attempt=1, idempotency_key="key-1")


def test_the_adapter_sends_polls_and_closes():
    adapter = AxisAdapter(SETTINGS, make_ports("axis"))
    assert isinstance(adapter, Sends)
    assert isinstance(adapter, Polls)
    assert isinstance(adapter, Closes)


@pytest.mark.parametrize("missing", ["url", "secret"])
def test_a_missing_setting_is_named(missing):
    settings = {key: value for key, value in SETTINGS.items() if key != missing}
    with pytest.raises(ConfigurationError, match=rf"\[systems\.axis\]\.{missing}"):
        AxisAdapter(settings, make_ports("axis"))


async def test_a_document_goes_out_with_only_the_recipients_of_the_delivery(adapter, axis):
    message = document_message(to=("000.00.00.G22", "000.00.00.G09"))
    receipt = await adapter.send(delivery(message, "000.00.00.G22"))
    headers, raw = axis.sent[0]
    assert receipt.reference == "77"
    assert headers["XroadVnpt-messagetype"] == "edoc"
    assert headers["XroadVnpt-from"] == HOME
    assert [each.id for each in edxml.read(raw).recipients] == ["000.00.00.G22"]


async def test_a_status_goes_out_as_messagetype_status(adapter, axis):
    await adapter.send(delivery(status_message()))
    assert axis.sent[0][0]["XroadVnpt-messagetype"] == "status"


@pytest.mark.parametrize("code", ["10", "15", "18", "19", "22", "23"])
async def test_what_the_axis_refuses_is_rejected_with_its_code(adapter, axis, code):
    axis.send_answer = httpx.Response(200, json={"status": "FAIL", "ErrorCode": code, "ErrorDesc": "sai"})
    with pytest.raises(RejectedError, match="sai") as caught:
        await adapter.send(delivery(document_message()))
    assert caught.value.wire_code == code


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, json={"ErrorCode": "20"}),
        httpx.Response(200, json={"ErrorCode": "21"}),
        httpx.Response(200, json={"ErrorCode": "999"}),
        httpx.Response(200, json={}),
        httpx.Response(200, text="<html>"),
        httpx.Response(404, text="nothing here"),
        httpx.Response(503),
    ],
)
async def test_an_answer_that_decides_nothing_is_transient(adapter, axis, answer):
    axis.send_answer = answer
    with pytest.raises(TransientError):
        await adapter.send(delivery(document_message()))


async def test_a_packet_that_is_too_large_for_the_axis_is_rejected(adapter, axis):
    axis.send_answer = httpx.Response(413)
    with pytest.raises(RejectedError):
        await adapter.send(delivery(document_message()))


async def test_a_poll_takes_documents_before_statuses_and_confirms_each(adapter, axis):
    axis.inbox["1"] = ("status", "000.00.00.G22", HOME, status_xml())
    axis.inbox["2"] = ("edoc", "000.00.00.G22", HOME, document_xml(to=(HOME,)))
    intake = FakeIntake()
    assert await adapter.poll(intake) == 2
    assert [each.kind for each in intake.messages] == ["document.issued", "document.status"]
    assert axis.states == {"1": "done", "2": "done"}


async def test_a_repeated_poll_of_the_same_item_is_one_message(adapter, axis):
    axis.inbox["2"] = ("edoc", "000.00.00.G22", HOME, document_xml(to=(HOME,)))
    intake = FakeIntake()
    await adapter.poll(intake)
    axis.states.clear()
    await adapter.poll(intake)
    assert intake.calls == 2
    assert len(intake.messages) == 1


async def test_an_unreadable_item_is_recorded_and_marked_fail(adapter, axis):
    axis.inbox["3"] = ("edoc", "000.00.00.G22", HOME, b"<not-xml")
    intake = FakeIntake()
    assert await adapter.poll(intake) == 1
    raw, error, reference = intake.refused[0]
    assert (raw, reference) == (b"<not-xml", "3")
    assert error.faults
    assert axis.states == {"3": "fail"}


async def test_an_item_that_the_bus_refuses_is_marked_fail_without_a_second_record(adapter, axis):
    axis.inbox["3"] = ("edoc", "000.00.00.G22", HOME, document_xml())
    intake = FakeIntake()
    intake.invalid = InvalidMessageError("document.issued", [Fault("x", "/data", "no", "không")])
    await adapter.poll(intake)
    assert intake.refused == []
    assert axis.states == {"3": "fail"}


async def test_a_full_bus_leaves_the_item_for_the_next_round(adapter, axis):
    axis.inbox["3"] = ("edoc", "000.00.00.G22", HOME, document_xml())
    intake = FakeIntake()
    intake.full_for = 1
    with pytest.raises(BackpressureError):
        await adapter.poll(intake)
    assert axis.states == {}
    assert await adapter.poll(intake) == 1


async def test_an_item_that_fails_holds_back_its_sender_and_nobody_else(adapter, axis):
    axis.inbox["1"] = ("edoc", "000.00.00.G22", HOME, document_xml(number="1"))
    axis.inbox["2"] = ("edoc", "000.00.00.G22", HOME, document_xml(number="2"))
    axis.inbox["3"] = ("edoc", "000.00.00.G09", HOME, document_xml(number="3"))
    axis.broken.add("1")
    assert await adapter.poll(FakeIntake()) == 1
    assert axis.states == {"3": "done"}


class SlowIntake(FakeIntake):
    """Accepts once `together` messages wait at its door; `most` were there at once."""

    def __init__(self, together: int) -> None:
        super().__init__()
        self.together, self.most, self.inside = together, 0, 0
        self.enough = asyncio.Event()

    async def accept(self, message: Message) -> bool:
        self.inside += 1
        self.most = max(self.most, self.inside)
        if self.inside == self.together:
            self.enough.set()
        await asyncio.wait_for(self.enough.wait(), 5.0)
        await asyncio.sleep(0)
        self.inside -= 1
        return await super().accept(message)


async def test_senders_are_taken_side_by_side_and_each_in_its_order(adapter, axis):
    senders = [f"000.00.00.G{number}" for number in range(10, 30)]
    for number in (1, 2, 3):
        for sender in senders:
            doc_id = f"{sender} {number}"
            axis.inbox[doc_id] = ("edoc", sender, HOME, document_xml(sender=sender, number=str(number)))
    intake = SlowIntake(together=HANDS)
    assert await adapter.poll(intake) == 60
    assert intake.most == HANDS
    for sender in senders:
        numbers = [each.data["code"]["number"] for each in intake.messages if each.sender == sender]
        assert numbers == ["1", "2", "3"]
    assert set(axis.states.values()) == {"done"}


async def test_an_axis_that_goes_away_ends_the_round_for_all_senders(adapter, axis, monkeypatch):
    senders = [f"000.00.00.G{number}" for number in range(10, 30)]
    for sender in senders:
        axis.inbox[sender] = ("edoc", sender, HOME, document_xml(sender=sender))
    asked: list[str] = []

    def gone(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers["XroadVnpt-docId"])
        return httpx.Response(503)

    monkeypatch.setattr(axis, "_downloadEdoc", gone)
    with pytest.raises(TransientError) as caught:
        await adapter.poll(FakeIntake())
    assert caught.value.system_down
    assert len(asked) <= HANDS
    assert axis.states == {}


async def test_a_round_in_which_nothing_went_through_says_why(adapter, axis):
    axis.inbox["1"] = ("edoc", "000.00.00.G22", HOME, document_xml())
    axis.broken.add("1")
    with pytest.raises(TransientError, match="21"):
        await adapter.poll(FakeIntake())


async def test_a_round_takes_at_most_a_hundred_items(adapter, axis):
    for index in range(103):
        axis.inbox[str(index)] = ("edoc", "000.00.00.G22", HOME, document_xml(number=str(index + 1)))
    intake = FakeIntake()
    assert [await adapter.poll(intake), await adapter.poll(intake), await adapter.poll(intake)] == [100, 3, 0]


async def test_an_axis_that_is_away_is_down(adapter, axis):
    axis.list_status = 503
    with pytest.raises(TransientError) as caught:
        await adapter.poll(FakeIntake())
    assert caught.value.system_down


async def test_a_wrong_secret_is_rejected_with_15():
    with respx.mock() as router:
        router.route(host="axis.test").mock(side_effect=FakeAxis())
        adapter = AxisAdapter({**SETTINGS, "secret": "wrong"}, make_ports("axis"))
        with pytest.raises(RejectedError) as caught:
            await adapter.send(delivery(document_message()))
        await adapter.aclose()
    assert caught.value.wire_code == "15"


@pytest.mark.parametrize("answer", [httpx.Response(404, text="not here"), httpx.Response(200, text="{}")])
async def test_an_answer_that_is_no_packet_is_asked_for_again(adapter, axis, monkeypatch, answer):
    axis.inbox["1"] = ("edoc", "000.00.00.G22", HOME, document_xml())
    monkeypatch.setattr(axis, "_downloadEdoc", lambda _request: answer)
    with pytest.raises(TransientError):
        await adapter.poll(FakeIntake())
    assert axis.states == {}


async def test_entries_without_docid_and_those_already_read_are_passed_over(adapter, axis, monkeypatch):
    entries = [{"from": "x"}, {"docId": "9", "status": "done"}, "odd"]
    monkeypatch.setattr(axis, "_getReceivedEdocList", lambda _request: axis._answer(data=entries))
    assert await adapter.poll(FakeIntake()) == 0
