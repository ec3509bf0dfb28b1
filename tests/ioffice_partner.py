"""A small, correct connector of iOffice's one-stop link, written from the wire alone; tests of the kit break it in one place at a time."""

import base64
import binascii
from datetime import datetime, timedelta
from typing import Any

import httpx

from igate_partner import HANOI, LaterError, RefusedError, Row
from lgsp.clock import Clock
from lgsp.conformance.clients.connector import Work

LINK = "/qlvb/lienthong"


class Partner:
    """`poll` fetches what was decided; `send` says a piece of work, and remembers what iOffice has or has refused."""

    def __init__(self, url: str, clock: Clock, **options: Any) -> None:
        self.http = httpx.AsyncClient(
            base_url=url, timeout=0.8, trust_env=False, auth=("sim", "sim-secret"), **options
        )
        self.done: set[str] = set()
        self.clock = clock
        self.not_before: datetime | None = None
        self.known: set[str] = set()

    async def poll(self) -> None:
        for reference in await self.listed():
            try:
                await self.take(reference)
            except (RefusedError, LaterError):
                continue

    async def listed(self) -> list[str]:
        answer = await self.json("GET", "LayDanhSachGoiTinVanBan", params={"maDonViCha": "H34", "top": "100"})
        rows = answer["data"]
        return [str(one) for one in rows] if isinstance(rows, list) else []

    async def take(self, reference: str) -> None:
        package = (await self.fetch(reference))["data"]
        if self.fits(package):
            await self.confirm(reference, "1")
        else:
            await self.confirm(reference, "0")

    async def fetch(self, reference: str) -> Row:
        return await self.json("GET", "LayGoiTinVanBan", params={"MaVanBan": reference})

    async def confirm(self, reference: str, state: str) -> None:
        await self.json("POST", "CapNhatTrangThaiVanBan", json={"MaVanBan": reference, "TrangThai": state})

    def fits(self, package: Row) -> bool:
        document = package["VanBanDi"]
        return (
            self.is_dossier(package)
            and self.is_outcome(package["LoaiKetQua"])
            and self.is_day(document["NgayBanHanh"])
            and all(self.is_file(one) for one in document["DinhKem"])
        )

    def is_dossier(self, package: Row) -> bool:
        return bool(package["MaHoSo"])

    def is_outcome(self, code: str) -> bool:
        return code in {"01", "02", "03", "04"}

    def is_day(self, text: str) -> bool:
        try:
            return not text or bool(datetime.strptime(text, "%d/%m/%Y").replace(tzinfo=HANOI))
        except ValueError:
            return False

    def is_file(self, one: Row) -> bool:
        try:
            return bool(base64.b64decode(one["Base64"], validate=True))
        except binascii.Error:
            return False

    async def send(self, work: Work) -> None:
        """Once iOffice has it, or has refused it, nothing more is said of it."""
        data: Row = dict(work["data"])  # type: ignore[arg-type]
        key = f"{data['code']} {data['round']}"
        if key in self.done or (self.not_before and self.clock.now() < self.not_before):
            return
        try:
            await self.say(self.packet(data))
        except RefusedError:
            self.done.add(key)
            raise
        self.done.add(key)

    async def say(self, packet: Row) -> None:
        await self.json("POST", "GuiHoSo", json=packet)

    def packet(self, data: Row) -> Row:
        return {
            "IDHoSo": data["igate_id"],
            "MaHoSo": data["code"],
            "DonVi": {"Ten": data["unit_name"], "MaDinhDanh": data["unit_id"]},
            "NguoiNop": {"Ten": data["applicant"]["name"]},
            "HanXuLyVanBan": self.day(data["due_at"]),
            "ThamSoAn": str(data["round"]),
            "VanBanDuThao": {
                "TrichYeu": self.subject(data),
                "LoaiVanBan": data["document_type"],
                "NgayTao": self.day(data["requested_at"]),
                "DinhKem": [self.file(one) for one in data["drafts"]],
            },
        }

    def subject(self, data: Row) -> str:
        return str(data["abstract"])

    def file(self, one: Row) -> Row:
        return {"Ten": one["name"], "Base64": one["base64"], "Link": ""}

    def day(self, text: str) -> str:
        return f"{datetime.fromisoformat(text).astimezone(HANOI):%d/%m/%Y}"

    async def json(self, method: str, name: str, **what: Any) -> Row:
        response = await self.ask(method, f"{LINK}/{name}", **what)
        try:
            found = response.json()
        except ValueError as exc:
            raise LaterError("no JSON") from exc
        if not isinstance(found, dict) or response.status_code >= 300:
            raise RefusedError(f"HTTP {response.status_code}")
        return self.judged(found)

    def judged(self, answer: Row) -> Row:
        code = str((answer.get("error") or {}).get("code") or "0")
        if code.startswith("5"):
            raise LaterError(code)
        if code != "0":
            raise RefusedError(code)
        return answer

    async def ask(self, method: str, path: str, **what: Any) -> httpx.Response:
        try:
            response = await self.http.request(method, path, **what)
        except httpx.HTTPError as exc:
            raise LaterError(str(exc)) from exc
        if response.status_code >= 500:
            wait_s = float(response.headers.get("Retry-After", "0"))
            self.not_before = self.clock.now() + timedelta(seconds=wait_s)
            raise LaterError(f"HTTP {response.status_code}")
        return response
