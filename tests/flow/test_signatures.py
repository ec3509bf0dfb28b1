"""Signatures over the whole bus: what is judged at the door, what is kept, and what a route refuses."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import cast

import pytest

from lgsp.scenario.world import Record, World, attachment
from lgsp.standards import vxp
from lgsp.standards.signatures.pdf import minimal_pdf
from province import MINISTRY, PROVINCE, province

pytestmark = pytest.mark.flow

INSIDE = 'to = ["ioffice"]\nback = true'


def strict(text: str) -> str:
    assert INSIDE in text
    return text.replace(INSIDE, f'{INSIDE}\nsignature = "require"', 1)


def letter(*, signed: bool) -> Record:
    files = [attachment("cong-van.pdf", minimal_pdf(["Cong van"]))]
    return {
        "from": MINISTRY,
        "to": [PROVINCE],
        "subject": "V/v chữ ký",
        "attachments": files,
        "signed": signed,
    }


async def verdicts(world: World, document_id: str) -> list[Record] | None:
    found = await world.gateway(f"/api/messages?type=document.issued&text={document_id.rsplit(',', 1)[-1]}")
    rows = found["messages"] if isinstance(found, dict) else []
    for row in rows:
        whole = await world.gateway(f"/api/messages/{row['message_id']}")
        if row["subject"] == document_id:
            return whole["message"]["data"]["signatures"]
    return None


async def kept(world: World, document_id: str) -> tuple[list[Record]] | None:
    found = await verdicts(world, document_id)
    return None if found is None else (found,)


async def test_verdicts_on_packet_and_files_are_kept_with_the_document(tmp_path: Path) -> None:
    async with province(tmp_path) as world:
        signed = str((await world.act("axis", "send-document", letter(signed=True)))["document_id"])
        plain = str((await world.act("axis", "send-document", letter(signed=False)))["document_id"])
        for document_id in (signed, plain):
            await world.until(
                "arrived", lambda key=document_id: world.record("ioffice", "documents", f"{key}|{PROVINCE}")
            )
        found = await world.until("stored", lambda: verdicts(world, signed))
        assert [(each["part"], each["state"], each["organization"]) for each in found] == [
            ("", "valid", MINISTRY),
            ("cong-van.pdf", "valid", MINISTRY),
        ]
        unsigned = await world.until("stored too", lambda: kept(world, plain))
        assert unsigned == ([],)


async def test_unsigned_document_is_refused_where_the_route_requires_a_signature(tmp_path: Path) -> None:
    async with province(tmp_path, change=strict) as world:
        plain = str((await world.act("axis", "send-document", letter(signed=False)))["document_id"])
        signed = str((await world.act("axis", "send-document", letter(signed=True)))["document_id"])
        await world.until(
            "the signed one", lambda: world.record("ioffice", "documents", f"{signed}|{PROVINCE}")
        )

        async def marked() -> Record | None:
            wanted = lambda row: row["document_id"] == plain and row["status"] == "fail"  # noqa: E731
            return await world.find("axis", "packets", wanted)

        await world.until("the axis was told that it failed", marked)
        assert await world.record("ioffice", "documents", f"{plain}|{PROVINCE}") is None


async def test_packet_that_was_changed_after_signing_is_refused_and_its_sender_told(tmp_path: Path) -> None:
    async with province(tmp_path, change=strict) as world:
        issued = await world.act("axis", "send-document", letter(signed=True))
        row = await world.until(
            "on the axis",
            lambda: world.find("axis", "packets", lambda row: row["document_id"] == issued["document_id"]),
        )
        with closing(sqlite3.connect(tmp_path / "state/mocks/axis.sqlite3")) as file:
            found = file.execute("SELECT content FROM files WHERE sha256 = ?", (str(row["sha256"]),))
            raw = cast("bytes", found.fetchone()[0])
        # Somebody sends what the ministry signed again, with another subject and number.
        forged = raw.replace("V/v chữ ký".encode(), "V/v chữ kỳ".encode()).replace(
            MINISTRY.encode(), PROVINCE.encode()
        )
        stripped = forged.partition(b"<Signature")[0] + forged.partition(b"</Signature>")[2]
        for packet, word in ((forged, "invalid"), (stripped, "")):
            answer = await send(world, packet)
            assert answer["ErrorCode"] == "22"
            assert "chữ ký số hợp lệ" in str(answer["ErrorDesc"])
            assert word in str(answer["ErrorDesc"])


async def send(world: World, raw: bytes) -> Record:
    signed = {
        "systemid": world.vxp_system_id, "servicetype": "eDoc", "messagetype": "edoc", "hash-file": vxp.file_hash(raw), "from": PROVINCE,
        "timestamp": vxp.timestamp(await world.now()), "Content-Type": "application/octet-stream",
    }  # fmt: skip
    headers = {**vxp.sign(signed, world.vxp_secret), "Content-Type": "application/octet-stream"}
    answer = await world.http.post(
        f"{world.urls['gateway']}/in/ioffice/sendEdoc", content=raw, headers=headers
    )
    return answer.json()


async def test_verdicts_can_not_be_published_by_anybody(tmp_path: Path) -> None:
    async with province(tmp_path) as world:
        await world.act("axis", "send-document", letter(signed=True))
        found = await world.until("stored", lambda: first(world))
        found["message"]["id"] = "forged-1"
        answer = await world.http.post(
            f"{world.urls['gateway']}/v1/messages",
            json=found["message"],
            headers={"Content-Type": "application/cloudevents+json"},
        )
        assert answer.status_code == 422
        assert answer.json()["faults"][0]["place"] == "/data/signatures"


async def first(world: World) -> Record | None:
    found = await world.gateway("/api/messages?type=document.issued")
    rows = found["messages"] if isinstance(found, dict) else []
    return await world.gateway(f"/api/messages/{rows[0]['message_id']}") if rows else None
