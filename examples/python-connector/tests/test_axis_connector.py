from pathlib import Path

import pytest
from axis_connector import AxisConnector, RefusedError

DOCUMENT = (Path(__file__).parent / "document.edxml").read_bytes()
MINISTRY, PROVINCE = "000.00.00.G22", "000.00.00.H34"


@pytest.fixture
def connector(lgsp_axis):
    with AxisConnector(
        lgsp_axis.url, lgsp_axis.credentials["system_id"], lgsp_axis.credentials["secret"]
    ) as connector:
        yield connector


def test_a_document_arrives_at_the_ministry(lgsp_axis, connector):
    connector.send(DOCUMENT)
    held = lgsp_axis.wait_for("external_documents", lambda row: row["agency"] == MINISTRY)
    assert held["subject"] == "V/v kết nối, liên thông phần mềm quản lý văn bản"


def test_what_came_is_fetched_and_taken_off_the_list(lgsp_axis, connector):
    lgsp_axis.act("send-document", sender=MINISTRY, to=[PROVINCE], subject="V/v thử")
    [packet] = connector.received()
    assert "V/v thử".encode() in packet
    assert connector.received() == []


def test_a_session_that_ends_in_mid_batch_is_opened_again(lgsp_axis, connector):
    for number in range(3):
        lgsp_axis.act("send-document", sender=MINISTRY, to=[PROVINCE], subject=f"V/v {number}")
    with lgsp_axis.fault("session_expires", after=3, count=1) as fault:
        assert len(connector.received()) == 3
        assert fault.hits == 1
    lgsp_axis.verify("POST", "/v1/auth/login", times=2)


@pytest.mark.parametrize("kind", ["reset", "half", "down", "lost_receipt"])
def test_a_bad_line_makes_one_document_of_two_tries(lgsp_axis, connector, kind):
    with lgsp_axis.fault(kind, path="/v1/sendEdoc", operation="*", count=1):
        connector.send(DOCUMENT)
    lgsp_axis.wait_for("external_documents")
    assert len(lgsp_axis.state("external_documents")) == 1


def test_a_refusal_is_told_and_not_tried_again(lgsp_axis, connector):
    with pytest.raises(RefusedError, match=r"000\.00\.00\.G98"):
        connector.send(DOCUMENT.replace(b"000.00.00.G22", b"000.00.00.G98"))
    lgsp_axis.verify("POST", "/v1/sendEdoc", times=1)


def test_it_gives_up_where_the_axis_stays_away(lgsp_axis, connector):
    stub = lgsp_axis.expect("POST", "/v1/sendEdoc", answers=[{"status": 503}])
    with pytest.raises(ConnectionError, match="4 tries"):
        connector.send(DOCUMENT)
    stub.verify(times=4)


def test_the_conversation_is_the_one_that_was_agreed(lgsp_axis, lgsp_clock, lgsp_conversation, connector):
    lgsp_clock.freeze("2026-11-23T08:30")
    lgsp_axis.act("send-document", sender=MINISTRY, to=[PROVINCE], subject="V/v thử", signed=False)
    connector.received()
    lgsp_conversation.matches_snapshot()
