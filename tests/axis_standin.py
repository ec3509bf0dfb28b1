"""The axis' stand-in in this process, and calls to both of its dialects as their clients make them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import httpx

from lgsp.clock import VIETNAM, VirtualClock
from lgsp.standards import edxml, vxp
from lgsp.standards.content import Content
from lgsp_mocks.axis import STAND_IN
from lgsp_mocks.kit import create_app

START = datetime(2026, 11, 23, 8, 30, tzinfo=VIETNAM)
PROVINCE, DEPARTMENT, OTHER_DEPARTMENT = "000.00.00.H34", "000.00.02.H34", "000.00.03.H34"
MINISTRY, HOME_AFFAIRS = "000.00.00.G22", "000.00.00.G09"
HOME, AWAY = "sim.lgsp.01", "sim.external"


def document(
    *to: str, sender: str = PROVINCE, number: str = "1", subject: str = "V/v thử", **more: Any
) -> edxml.EdxmlDocument:
    return edxml.EdxmlDocument(
        edxml.EdxmlOrgan(sender, "Nơi gửi"), tuple(edxml.EdxmlOrgan(one, "Nơi nhận") for one in to or (MINISTRY,)), number,
        "UBND-VX", date(2026, 11, 23), "Công văn", subject, document_id=f"{sender},2026/11/23,{number}/UBND-VX",
        attachments=more.pop("attachments", (edxml.EdxmlAttachment("cid:1", "a.pdf", Content.of(b"%PDF")),)), **more,
    )  # fmt: skip


def status(about: edxml.EdxmlDocument, sender: str, code: str) -> edxml.EdxmlStatus:
    response_for = edxml.EdxmlResponseFor(
        about.sender.id, about.code, about.promulgation_date, about.document_id
    )
    return edxml.EdxmlStatus(edxml.EdxmlOrgan(sender, "Văn thư"), response_for, code, "", START)


@dataclass
class Axis:
    """The stand-in, called as a system."""

    http: httpx.AsyncClient
    clock: VirtualClock
    app: Any

    async def vxp(
        self, name: str, body: bytes = b"", system: str = HOME, secret: str = "sim-secret", **signed: str
    ) -> dict[str, Any]:
        answer = await self.http.post(
            f"/{name}", content=body, headers=self.headers(system, secret, **signed)
        )
        assert answer.status_code == 200
        found: dict[str, Any] = answer.json()
        assert found["status"] == ("OK" if found["ErrorCode"] == "0" else "FAIL")
        return found

    def headers(self, system: str = HOME, secret: str = "sim-secret", **signed: str) -> dict[str, bytes]:
        fields = {key.replace("_", "-"): value for key, value in signed.items()}
        headers = vxp.sign({"systemid": system, **fields, "timestamp": vxp.timestamp(START)}, secret)
        return {name: value.encode() for name, value in headers.items()}

    async def send(
        self, packet: bytes | edxml.EdxmlDocument | edxml.EdxmlStatus, system: str = HOME, **changed: str
    ) -> dict[str, Any]:
        raw = packet if isinstance(packet, bytes) else edxml.write(packet)
        kind = "status" if isinstance(packet, edxml.EdxmlStatus) else "edoc"
        sender = "" if isinstance(packet, bytes) else packet.sender.id
        signed = {
            "servicetype": "eDoc", "messagetype": kind, "hash_file": vxp.file_hash(raw), "from": sender, **changed
        }  # fmt: skip
        return await self.vxp(
            "sendEdoc", raw + b"\r\n", system, **{name: value for name, value in signed.items() if value}
        )

    async def inbox(self, system: str = HOME, kind: str = "edoc") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (
            await self.vxp("getReceivedEdocList", system=system, messagetype=kind)
        )["data"]
        return found

    async def sent(self, system: str = HOME, kind: str = "edoc") -> dict[str, dict[str, Any]]:
        rows = (await self.vxp("getSentEdocList", system=system, messagetype=kind))["data"]
        return {row["toCode"]: row for row in rows}

    async def log_in(self, system: str = HOME) -> dict[str, str]:
        login = {
            "username": system, "password": "sim-secret", "applicationCode": "QLVB", "otp": None, "twoFactorProvider": None,
            "typeObjs": [0, 1],
        }  # fmt: skip
        answer = await self.http.post("/v1/auth/login?allow_anonymous=true", json=login)
        token = answer.json()["data"]["token"]
        return {"Authorization": f"Bearer {token}", "X-SystemId": system, "X-SecretKey": "sim-secret"}


@asynccontextmanager
async def axis(
    data_dir: Path | None = None, settings: Mapping[str, str] | None = None
) -> AsyncIterator[Axis]:
    clock = VirtualClock(START)
    app = create_app(STAND_IN, data_dir=data_dir, clock=clock, autopilot=False, settings=settings)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://axis") as client,
    ):
        yield Axis(client, clock, app)
