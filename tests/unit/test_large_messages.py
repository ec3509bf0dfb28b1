"""Large messages: read once, written once, and small ones as before."""

import json
from datetime import UTC, datetime

import pytest
from pydantic_core import to_json

from builders import message as a_message
from lgsp.bench.load import documents
from lgsp.errors import InvalidMessageError
from lgsp.message import MAX_MESSAGE_BYTES, Message, MessageReader
from lgsp.routing import Condition, Route, Router

pytestmark = pytest.mark.unit

SIZE = 100 * 1024


def large(**data):
    (message,) = documents(1, SIZE)
    return message.model_copy(update={"data": message.data | data})


def test_the_bench_makes_messages_of_the_size_that_was_asked_for():
    for size in (2_048, SIZE):
        (message,) = documents(1, size)
        assert 0.8 * size < len(message.to_json()) <= size


def test_a_large_message_reads_as_a_careful_reader_reads_it():
    odd = {
        "null": None,
        "big": 12345678901234567890123,
        "float": 1e300,
        "text": 'ắ\u0000"\\',
        "deep": [[{"a": []}]],
    }
    body = large(odd=odd).model_copy(update={"expirytime": datetime(2026, 11, 27, tzinfo=UTC)}).to_json()
    assert MessageReader().read(body) == Message.from_json(body)
    assert MessageReader().read(body).data["odd"] == odd


def test_of_a_large_message_the_envelope_is_read_without_its_data():
    message = large()
    envelope = MessageReader().read_envelope(message.to_json())
    assert envelope == message.model_copy(update={"data": {}})


def test_a_small_message_is_read_whole_and_once():
    reader, body = MessageReader(), a_message().to_json()
    assert reader.read_envelope(body) is reader.read(body)


@pytest.mark.parametrize("change", [{"source": "nobody"}, {"data": None}, {"time": "yesterday"}, {"id": 7}])
def test_a_large_message_that_is_wrong_is_refused_with_every_fault(change):
    body = json.dumps(json.loads(large().to_json()) | change).encode()
    with pytest.raises(InvalidMessageError):
        MessageReader().read(body)


def test_a_body_over_the_limit_is_refused_also_where_a_foreign_writer_put_it():
    body = large(filler="x" * MAX_MESSAGE_BYTES).to_json()
    for read in (MessageReader().read, MessageReader().read_envelope):
        with pytest.raises(InvalidMessageError):
            read(body)


def test_json_that_was_made_before_is_not_made_again():
    message = large()
    assert message.to_json(to_json(message.data)) == message.to_json()
    assert json.loads(message.to_json()) == message.model_dump(mode="json", exclude_none=True)


@pytest.mark.parametrize(("route", "looks"), [
    (Route("a", ("document.*",), ("axis",)), False),
    (Route("b", ("document.*",), ("axis",), data=(Condition("/priority", exists=True),)), True),
    (Route("c", ("document.*",), ("axis",), signature="warn"), True),
    (Route("d", ("dossier.*",), ("axis",), data=(Condition("/priority", exists=True),)), False),
])  # fmt: skip
def test_the_router_says_which_kinds_it_looks_into(route, looks):
    assert Router([route]).looks_into("document.issued") is looks


@pytest.mark.parametrize("odd", [float("nan"), None, 2**70, 1e300, "\u007f\u0000", {"deep": [None]}])
def test_data_is_written_as_what_it_is(odd):
    message = a_message(data={"odd": odd})
    assert repr(Message.from_json(message.to_json()).data) == repr({"odd": odd})
