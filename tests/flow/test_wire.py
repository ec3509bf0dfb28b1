"""What went over the wire can be read by message id: how it came in, how it went out, and what was answered."""

from pathlib import Path
from urllib.parse import quote

import pytest

from lgsp.scenario.world import Record, World
from province import flow, province

pytestmark = pytest.mark.flow


async def exchanges(world: World, kind: str, key: str) -> list[Record]:
    trace = await world.gateway(f"/api/trace/{quote(key, safe='')}")
    message = next(row for row in trace["messages"] if row["type"] == kind)
    found = await world.gateway(f"/api/messages/{quote(message['message_id'], safe='')}/wire")
    assert found["kept"] is True
    return found["exchanges"]


def path(row: Record) -> str:
    return str(row["url"]).rpartition("/")[2].partition("?")[0]


async def test_a_document_and_a_dossier_show_their_wire_at_each_end(tmp_path: Path) -> None:
    async with province(tmp_path) as world:
        sent = await flow(world, "outgoing")
        rows = await exchanges(world, "document.issued", sent)
        assert [
            (path(row), row["system"], row["stage"], row["caller"], row["status"]) for row in rows[:1]
        ] == [("sendEdoc", "ioffice", "received", "system", 200)]
        assert "<edXML" in rows[0]["body"]
        delivered = [row for row in rows if row["system"] == "axis"]
        assert [(path(row), row["stage"], row["caller"]) for row in delivered] == [
            ("sendEdoc", "sent", "bus")
        ]
        assert '"ErrorCode"' in delivered[0]["answer"]
        fetched = [path(row) for row in rows if row["system"] == "ioffice" and row["stage"] == "sent"]
        assert {"downloadEdoc", "updateStatus"} & set(fetched)

        came = await flow(world, "incoming")
        rows = await exchanges(world, "document.issued", came)
        assert [(path(row), row["stage"]) for row in rows if row["system"] == "axis"] == [
            ("downloadEdoc", "received"), ("updateStatus", "received"),
        ]  # fmt: skip
        assert "<edXML" in next(row for row in rows if row["method"] == "MAILBOX")["body"]

        dossier = await flow(world, "online")
        rows = await exchanges(world, "dossier.submitted", dossier)
        assert path(rows[0]) == "nhanhsdvcqg"
        assert [path(row) for row in rows if row["system"] == "igate"][-1] == "NopHoSo"
        assert "sim-secret" not in str(rows)


async def test_it_can_be_switched_off(tmp_path: Path) -> None:
    async with province(tmp_path, change=lambda text: f"wire_log = false\n{text}") as world:
        sent = await flow(world, "incoming")
        trace = await world.gateway(f"/api/trace/{quote(sent, safe='')}")
        message_id = trace["messages"][0]["message_id"]
        found = await world.gateway(f"/api/messages/{message_id}/wire")
        assert found == {"id": message_id, "kept": False, "exchanges": []}
        assert not (tmp_path / "state" / "wire.db").exists()
