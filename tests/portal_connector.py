"""A connector of the national portal that does all of it right, in the fewest words; it shares nothing with our adapter.

It works at rounds: one try for what waits longest, behind which the rest follows. Its pauses are the portal's own clock, moved on.
"""

import json
from collections import deque
from datetime import datetime, timedelta
from typing import Any

import httpx

from lgsp.clock import VIETNAM, SteerableClock

TIMEOUT_S = 0.7
PATH = "/VXPAdapter/RestService/forward/mapi/"
READS = 2
Row = dict[str, Any]


class LaterError(Exception):
    """The portal did not say what became of it."""

    def __init__(self, wait_s: float = 0.0) -> None:
        super().__init__(wait_s)
        self.wait_s = wait_s


class RefusedError(Exception):
    """The portal said no."""


class PortalConnector:
    """One queue, one session."""

    tries = 2
    headers = {"dstcode": "VN:GOV:000.00.00.G22:vpcpdvcprovider"}  # noqa: RUF012 - nobody changes it

    def __init__(self, url: str, clock: SteerableClock) -> None:
        self.url, self.clock, self.http = url, clock, self.client()
        self.waiting: deque[Any] = deque()
        self.session, self.failures, self.due = "", 0, clock.now()

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False)

    async def send(self, work: Any) -> None:
        self.waiting.append(work)

    async def poll(self) -> None:
        if not self.waiting:
            await self.read_catalogue()
        while self.waiting:
            await self.pause()
            try:
                await self.report(self.waiting[0])
            except LaterError as exc:
                self.later(exc)
                return
            except RefusedError:
                pass
            self.failures = 0
            self.waiting.popleft()

    def later(self, exc: LaterError) -> None:
        self.failures += 1
        self.due = self.clock.now() + timedelta(seconds=self.wait_s(exc))

    async def pause(self) -> None:
        if (left := self.due - self.clock.now()) > timedelta():
            await self.clock.advance(left)

    def wait_s(self, later: LaterError) -> float:
        return later.wait_s or min(30.0, 0.5 * 2.0**self.failures)

    async def report(self, work: Any) -> None:
        data = work["data"]
        if work["kind"] == "dossier.progressed":
            await self.ask("CapNhatTienDoHoSoMC", data=[self.step(data)])
            return
        item = self.item(data)
        found = await self.look_up(item["MaHoSo"])
        await self.synchronize(item, found=found)
        if data.get("national_code"):
            await self.ask("DongBoTrangThaiHoSo", type="2", data=self.status(data))

    async def look_up(self, code: str) -> bool:
        return bool((await self.ask("TraCuuHoSo", mahoso=code)).get("result"))

    async def synchronize(self, item: Row, *, found: bool) -> None:
        try:
            await self.ask("DongBoHoSoMC", isUpdating=str(found), data=[item])
        except RefusedError as exc:
            if found or "đã tồn tại" not in str(exc):
                raise
            await self.ask("DongBoHoSoMC", isUpdating="True", data=[item])

    async def read_catalogue(self) -> None:
        try:
            listed = (await self.ask("LayDanhSachTTHC"))["result"]
            for row in listed[:READS]:
                await self.read_procedure(row["MATTHC"], row["TENTTHC"])
        except (LaterError, RefusedError):
            return

    async def read_procedure(self, code: str, name: str) -> None:
        await self.ask("LayThuTuc", maTTHC=code)

    async def ask(self, service: str, **fields: Any) -> Row:
        for _ in range(self.tries):
            if not self.session:
                await self.log_in()
            packet = {"session": self.session, "madonvi": "000.00.00.H34", "service": service, **fields}
            answer = await self.post("g", packet)
            if "session" not in str(answer.get("message")):
                break
            self.session = ""
        else:
            raise LaterError
        self.judge(answer)
        return answer

    async def log_in(self) -> None:
        answer = await self.post("login", {"username": "sim", "password": "sim-secret"})
        if answer.get("error_code") != 0:
            raise LaterError
        self.session = answer["session"]

    def judge(self, answer: Row) -> None:
        if "error_code" not in answer:
            raise LaterError
        if answer["error_code"] != 0:
            raise RefusedError(answer.get("message"))

    async def post(self, path: str, packet: Row) -> Row:
        try:
            response = await self.http.post(self.url + PATH + path, json=packet, headers=self.headers)
        except httpx.HTTPError as exc:
            self.lost(exc)
            raise LaterError from exc
        return self.read(response)

    def lost(self, exc: httpx.HTTPError) -> None:
        """Nothing more is known of it."""

    def read(self, response: httpx.Response) -> Row:
        if response.status_code != 200:
            raise LaterError(float(response.headers.get("retry-after", 0)))
        try:
            found: Row = json.loads(response.content)
        except ValueError as exc:
            raise LaterError from exc
        return found

    def item(self, data: Row) -> Row:
        who = data["applicant"]
        return {
            "MaHoSo": self.number(data), "MaTTHC": data["procedure_code"], "TenTTHC": data["procedure_name"],
            "MaLinhVuc": data["field_code"], "TenLinhVuc": data["field_name"], "ChuHoSo": who["name"], "LoaiDoiTuong": who["kind"],
            "TrichYeuHoSo": data["abstract"][:1000], "NgayTiepNhan": self.stamp(data["accepted_at"]),
            "NgayHenTra": self.stamp(data["due_at"]), "TrangThaiHoSo": data["state"], "HinhThuc": "0", "DonViXuLy": data["unit_name"],
            "NgayKetThucXuLy": self.stamp(data.get("finished_at")),
            "TaiLieuNop": [{"TenTepDinhKem": one["name"], "DuongDanTaiTepTin": one["url"]} for one in data.get("documents", ())],
            "DanhSachLePhi": [
                {"TenPhiLePhi": one["name"], "HinhThucThu": "1", "Gia": str(one["amount"]), "LoaiPhiLePhi": "1"}
                for one in data.get("fees", ())
            ],
            "DanhSachGiayToKetQua": [
                {"TenGiayTo": one["name"], "DuongDanTepTinKetQua": one["url"]} for one in data.get("results", ())
            ],
        }  # fmt: skip

    def number(self, data: Row) -> str:
        return str(data.get("national_code") or data["code"])

    def step(self, data: Row) -> Row:
        return {
            "MaHoSo": self.number(data), "NguoiXuLy": data["officer"][:50], "ThoiDiemXuLy": self.stamp(data["at"]),
            "NoiDungXuLy": data["content"], "TrangThai": data["state"],
        }  # fmt: skip

    def status(self, data: Row) -> Row:
        return {
            "MaHoSo": data["national_code"], "MaHoSoDonVi": data["code"], "MaDoiTuong": "", "NoiDung": "Đã tiếp nhận hồ sơ",
            "NgayXuLy": self.stamp(data["accepted_at"]), "TrangThai": "2", "TaiLieuXuLy": [],
        }  # fmt: skip

    def stamp(self, moment: str | None) -> str:
        return f"{datetime.fromisoformat(moment).astimezone(VIETNAM):%Y%m%d%H%M%S}" if moment else ""
