"""The axis' stand-in against the VXP wire."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from pathlib import Path

import httpx
import pytest

from lgsp.clock import VIETNAM, VirtualClock
from lgsp.standards import edxml, vxp
from lgsp.standards.content import Content
from lgsp_mocks.axis import STAND_IN
from lgsp_mocks.kit import create_app

pytestmark = pytest.mark.contract

START = datetime(2026, 11, 23, 8, 30, tzinfo=VIETNAM)
PROVINCE, MINISTRY = "000.00.00.H34", "000.00.00.G22"


@asynccontextmanager
async def axis(data_dir: Path | None = None) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(STAND_IN, data_dir=data_dir, clock=VirtualClock(START), autopilot=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://axis") as client,
    ):
        yield client


def document(to: str = MINISTRY, number: str = "1", subject: str = "V/v thử") -> edxml.EdxmlDocument:
    return edxml.EdxmlDocument(
        edxml.EdxmlOrgan(PROVINCE, "UBND tỉnh"), (edxml.EdxmlOrgan(to, "Nơi nhận"),), number, "UBND-VX", date(2026, 11, 23),
        "Công văn", subject, document_id=f"{PROVINCE},2026/11/23,{number}/UBND-VX",
        attachments=(edxml.EdxmlAttachment("cid:1", "a.pdf", Content.of(b"%PDF")),),
    )  # fmt: skip


async def call(
    client: httpx.AsyncClient, name: str, body: bytes = b"", secret: str = "sim-secret", **signed: str
) -> dict[str, object]:
    parameters = {
        "systemid": "sim.lgsp.01",
        **{key.replace("_", "-"): value for key, value in signed.items()},
        "timestamp": vxp.timestamp(START),
    }
    answer = await client.post(f"/{name}", content=body, headers=vxp.sign(parameters, secret))
    assert answer.status_code == 200
    found: dict[str, object] = answer.json()
    return found


async def send(client: httpx.AsyncClient, raw: bytes, kind: str = "edoc") -> dict[str, object]:
    return await call(
        client,
        "sendEdoc",
        raw + b"\r\n",
        servicetype="eDoc",
        messagetype=kind,
        hash_file=vxp.file_hash(raw),
        **{"from": PROVINCE},
    )


async def statuses(client: httpx.AsyncClient) -> list[str]:
    found = await call(client, "getReceivedEdocList", servicetype="eDoc", messagetype="status")
    codes = []
    for item in found["data"]:  # type: ignore[attr-defined]
        answer = await call(client, "getEdoc", b"{}", docId=item["docId"])
        packet = edxml.read(base64.b64decode(str(answer["data"])))
        assert isinstance(packet, edxml.EdxmlStatus)
        codes.append(packet.status_code)
    return codes


async def test_ministry_takes_the_document_and_answers_in_order() -> None:
    async with axis() as client:
        assert (await send(client, edxml.write(document())))["ErrorCode"] == "0"
        for _ in range(6):
            await client.post("/__mock__/tick")
        assert await statuses(client) == ["01", "03", "04", "05", "06"]
        tables = (await client.get("/__mock__/state")).json()["tables"]
        [row] = tables["external_documents"].values()
        assert [file["name"] for file in row["attachments"]] == ["a.pdf"]


async def test_ministry_refuses_what_asks_for_it() -> None:
    async with axis() as client:
        await send(client, edxml.write(document(subject="V/v gửi nhầm [từ chối]")))
        for _ in range(4):
            await client.post("/__mock__/tick")
        assert await statuses(client) == ["01", "02"]


@pytest.mark.parametrize(("secret", "system"), [("wrong", "sim.lgsp.01"), ("sim-secret", "nobody")])
async def test_wrong_signature_is_refused(secret: str, system: str) -> None:
    async with axis() as client:
        headers = vxp.sign({"systemid": system, "timestamp": "x"}, secret)
        assert (await client.post("/getAgenciesList", headers=headers)).json()["ErrorCode"] == "15"


async def test_malformed_document_is_refused_with_its_place() -> None:
    async with axis() as client:
        answer = await send(
            client, edxml.write(document()).replace(b"2026/11/23</edXML:Prom", b"2026/13/45</edXML:Prom")
        )
        assert answer["ErrorCode"] == "22"
        assert "PromulgationDate" in str(answer["ErrorDesc"])
        assert (await client.get("/__mock__/state")).json()["tables"].get("packets", {}) == {}


async def test_unknown_receiver_and_changed_file_are_refused() -> None:
    async with axis() as client:
        assert (await send(client, edxml.write(document(to="000.00.00.G98"))))["ErrorCode"] == "18"
        raw = edxml.write(document())
        answer = await call(
            client,
            "sendEdoc",
            raw + b"<!-- -->",
            servicetype="eDoc",
            messagetype="edoc",
            hash_file=vxp.file_hash(raw),
        )
        assert answer["ErrorCode"] == "10"


async def test_same_document_again_has_the_same_doc_id() -> None:
    async with axis() as client:
        first, again = [await send(client, edxml.write(document())) for _ in range(2)]
        other = await send(client, edxml.write(document(number="2")))
        assert first["DocId"] == again["DocId"] != other["DocId"]


async def test_incoming_document_waits_until_it_is_done() -> None:
    async with axis() as client:
        body = {
            "from": MINISTRY,
            "to": [PROVINCE],
            "subject": "V/v báo cáo",
            "attachments": [{"name": "a.pdf", "content_base64": "JVBERg=="}],
        }
        sent = (await client.post("/__mock__/act/send-document", json=body)).json()
        [item] = (await call(client, "getReceivedEdocList", messagetype="edoc"))["data"]  # type: ignore[misc]
        assert (await call(client, "countReceiveEdoc", b"{}"))["count"] == 1
        packet = edxml.read(
            base64.b64decode(str((await call(client, "getEdoc", b"{}", docId=item["docId"]))["data"]))
        )
        assert isinstance(packet, edxml.EdxmlDocument)
        assert (packet.document_id, packet.attachments[0].content.read()) == (sent["document_id"], b"%PDF")
        headers = vxp.sign({"systemid": "sim.lgsp.01", "docId": item["docId"]}, "sim-secret")
        assert edxml.read((await client.get("/downloadEdoc", headers=headers)).content) == packet
        await call(client, "updateStatus", b"{}", docid=item["docId"], status="done")
        assert (await call(client, "countReceiveEdoc", b"{}"))["count"] == 0


async def test_another_systems_packet_is_not_shown() -> None:
    async with axis() as client:
        sent = await send(client, edxml.write(document()))
        assert (await call(client, "getEdoc", b"{}", docId=str(sent["DocId"])))["ErrorCode"] == "21"


async def test_agencies_are_registered_listed_and_deleted() -> None:
    async with axis() as client:
        body = b'{"id":"","pcode":"000.00.00.H34","code":"000.99.00.H34","name":"So A","mail":"a@b.vn"}'
        await call(client, "registerAgency", body)
        listed = (await call(client, "getAgenciesList"))["data"]
        assert "000.99.00.H34" in {agency["code"] for agency in listed}  # type: ignore[attr-defined]
        assert (await call(client, "deleteAgency", body))["ErrorCode"] == "0"
        assert (await call(client, "deleteAgency", body))["ErrorCode"] == "19"


async def test_state_survives_a_restart(tmp_path: Path) -> None:
    async with axis(tmp_path) as client:
        first = await send(client, edxml.write(document()))
    async with axis(tmp_path) as client:
        assert await send(client, edxml.write(document())) == first


async def test_fault_meets_the_wire_and_never_the_control_endpoints() -> None:
    async with axis() as client:
        await client.post("/__mock__/faults", json={"kind": "down", "count": 1})
        assert (await client.post("/getAgenciesList")).status_code == 503
        assert (await client.get("/__mock__/requests")).json()["requests"][-1]["status"] == 503
        assert (await client.post("/getAgenciesList")).json()["ErrorCode"] == "15"
