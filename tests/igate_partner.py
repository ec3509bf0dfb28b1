"""A small, correct connector of iGate, written from the wire alone; tests of the kit break it in one place at a time."""

import base64
import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx

from lgsp.clock import Clock
from lgsp.conformance.clients.connector import Work

Row = dict[str, Any]
HANOI = timezone(timedelta(hours=7))
TOKEN = "/auth/realms/digo/protocol/openid-connect/token"


class LaterError(Exception):
    """Not now; the next go tries again."""


class RefusedError(Exception):
    """iGate does not want it."""


class Partner:
    """`poll` reads what changed; `send` says a piece of work, and remembers what iGate has or has refused."""

    page_size = 100

    def __init__(self, url: str, clock: Clock, **options: Any) -> None:
        self.http = httpx.AsyncClient(base_url=url, timeout=0.8, trust_env=False, **options)
        self.token = ""
        self.known: dict[str, str] = {}
        self.done: set[str] = set()
        self.clock = clock
        self.not_before: datetime | None = None

    async def poll(self) -> None:
        for row in reversed(await self.changed()):
            try:
                await self.read(row)
            except RefusedError:
                continue
            except LaterError:
                continue
            self.known[row["id"]] = self.revision(row)

    async def changed(self) -> list[Row]:
        found: dict[str, Row] = {}
        for page in range(50):
            answer = await self.json(
                "GET",
                "/pa/dossier/search",
                params={"page": page, "size": self.page_size, "sort": "updatedDate,desc"},
            )
            rows = [row for row in answer["content"] if isinstance(row, dict) and row.get("id")]
            found |= {row["id"]: row for row in rows if self.known.get(row["id"]) != self.revision(row)}
            if self.is_last(answer):
                break
        return list(found.values())

    def is_last(self, answer: Row) -> bool:
        return bool(answer["last"])

    def revision(self, row: Row) -> str:
        return f"{row.get('updatedDate')} {row.get('revision')}"

    async def read(self, row: Row) -> None:
        detail = await self.json("GET", f"/pa/dossier/{row['id']}/--online")
        try:
            files = [one["id"] for one in detail["results"]]
        except (KeyError, TypeError) as exc:
            raise RefusedError("unreadable") from exc
        for file in files:
            await self.call("GET", f"/fi/file/{file}")

    async def send(self, work: Work) -> None:
        """Once iGate has it, or has refused it, nothing more is said of it."""
        kind, data = str(work["kind"]), dict(work["data"])  # type: ignore[arg-type]
        key = f"{kind} {data.get('code')} {data.get('national_code')}"
        if key in self.done or (self.not_before and self.clock.now() < self.not_before):
            return
        say: dict[str, Callable[[Row], Any]] = {
            "dossier.submitted": self.submit,
            "dossier.supplemented": self.supplement,
            "dossier.fee_paid": self.pay,
            "dossier.withdrawn": self.withdraw,
            "result.issued": self.result,
        }
        try:
            await say[kind](data)
        except RefusedError:
            self.done.add(key)
            raise
        self.done.add(key)

    async def submit(self, data: Row) -> None:
        who = data["applicant"]
        kind = self.applicant_kind(who)
        at = self.moment(data["submitted_at"])
        await self.partner(
            "NopHoSo",
            {
                "MaHoSo": self.number(data),
                "MaTTHC": data["procedure_code"],
                "MaDichVuCong": data["procedure_code"],
                "ChuHoSo": self.name(who),
                "LoaiDoiTuong": kind,
                "MaDonViTiepNhan": data["unit_id"],
                "NgayNop": at,
                "NgayTiepNhan": at,
                "EformThongTinChiTiet": {"TrichYeu": data["abstract"]},
                "ThanhPhanHoSo": [await self.component(one) for one in data["documents"]],
                "ThongTinNguoiNop": {
                    "LoaiDoiTuong": kind,
                    "ThongTinChiTiet": {"TenNguoiNop": self.name(who), "DiaChi": who["address"]},
                },
            },
        )

    def number(self, data: Row) -> str:
        return str(data.get("national_code") or data["code"])

    def name(self, who: Row) -> str:
        return str(who["name"])

    def applicant_kind(self, who: Row) -> str:
        return {"1": "0", "2": "1", "3": "1", "4": "2"}[who["kind"]]

    def moment(self, text: str) -> str:
        return f"{datetime.fromisoformat(text).astimezone(HANOI):%Y-%m-%d %H:%M:%S}"

    async def component(self, document: Row) -> Row:
        file = document["attachment"]
        stored = await self.upload(file["name"], base64.b64decode(file["base64"]))
        paper = {
            "IdGiayTo": stored["IdTepTin"],
            "TenGiayTo": document["name"],
            "HashTepTin": stored["HashTepTin"],
        }
        return {
            "MaThanhPhanHoSo": document["code"],
            "TenThanhPhanHoSo": document["name"],
            "LoaiBan": "2",
            "GiayToDinhKem": [paper],
        }

    async def upload(self, name: str, content: bytes) -> Row:
        answer = self.accepted(
            await self.json("POST", "/pa/partner/UploadFile", files={"file": (name, content)})
        )
        [stored] = answer["data"]
        if stored["HashTepTin"] != hashlib.sha256(content).hexdigest():
            raise LaterError("the file did not arrive whole")
        return dict(stored)

    async def supplement(self, data: Row) -> None:
        row = await self.find(data)
        await self.partner(
            "NopHoSo",
            {
                "MaHoSo": self.number(data),
                "MaTTHC": row["procedure"]["code"],
                "ChuHoSo": row["applicant"]["data"]["fullname"],
                "NgayNop": self.moment(data["at"]),
                "EformThongTinChiTiet": {
                    "HoSoBoSungId": data["request_id"],
                    "NoiDungBoSung": data["content"],
                },
                "ThanhPhanHoSo": [await self.component(one) for one in data["documents"]],
            },
        )

    async def pay(self, data: Row) -> None:
        await self.find(data)
        fees = [
            {"MaPhiLePhi": one["code"], "TenPhiLePhi": one["name"], "Gia": str(one["amount"])}
            for one in data["fees"]
        ]
        await self.partner(
            "CapNhatTrangThai",
            [
                {
                    "MaHoSo": self.number(data),
                    "TrangThai": "6",
                    "HoSoBoSungId": data["request_id"],
                    "NoiDungXuLy": data["content"],
                    "DanhSachLePhi": fees,
                }
            ],
        )

    async def withdraw(self, data: Row) -> None:
        await self.find(data)
        step = {
            "MaHoSo": self.number(data),
            "TrangThai": "7",
            "NoiDungXuLy": data["content"],
            "ThoiDiemXuLy": self.step_moment(data),
        }
        await self.partner("CapNhatTienTrinh", [step])

    def step_moment(self, data: Row) -> str:
        return str(data["at"])

    async def result(self, data: Row) -> None:
        papers = []
        for one in data["attachments"]:
            stored = await self.upload(one["name"], base64.b64decode(one["base64"]))
            papers.append({"IdGiayTo": stored["IdTepTin"], "TenGiayTo": one["name"], "MaKetQua": "KQ"})
        await self.partner(
            "CapNhatTrangThai",
            [
                {
                    "MaHoSo": data["code"],
                    "TrangThai": "9",
                    "NoiDungYKien": f"Đã ký {data['number']}",
                    "DanhSachGiayToKetQua": papers,
                }
            ],
        )

    async def find(self, data: Row) -> Row:
        answer = await self.json(
            "GET", "/pa/dossier/search", params={"code": self.number(data), "page": 0, "size": 1}
        )
        if not answer["content"]:
            raise LaterError("iGate has no such dossier yet")
        return dict(answer["content"][0])

    async def partner(self, name: str, body: Any) -> Row:
        return self.accepted(await self.json("POST", f"/pa/partner/{name}", json=body))

    def accepted(self, answer: Row) -> Row:
        code = str(answer.get("code", "200"))
        if code.startswith("5"):
            raise LaterError(answer.get("message"))
        if code != "200":
            raise RefusedError(answer.get("message"))
        return answer

    async def json(self, method: str, path: str, **what: Any) -> Row:
        response = await self.call(method, path, **what)
        try:
            found = response.json()
        except ValueError as exc:
            raise LaterError("no JSON") from exc
        if not isinstance(found, dict):
            raise LaterError("no object")
        return found

    async def call(self, method: str, path: str, **what: Any) -> httpx.Response:
        """With a token; once again with a new one where it was refused."""
        for _ in range(2):
            token = self.token or await self.log_in()
            response = await self.ask(method, path, headers={"Authorization": f"Bearer {token}"}, **what)
            if response.status_code != 401:
                break
            self.token = ""
        if response.status_code >= 300:
            raise RefusedError(f"{path}: HTTP {response.status_code}")
        return response

    async def log_in(self) -> str:
        form = {"grant_type": "client_credentials", "client_id": "sim", "client_secret": "sim-secret"}
        response = await self.ask("POST", TOKEN, data=form)
        if response.status_code != 200:
            raise LaterError("no token")
        self.token = str(response.json()["access_token"])
        return self.token

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
