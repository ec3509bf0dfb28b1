"""The national public-service portal (QCVN 120:2019), called as a province calls it; assertions about access and the envelope."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import cast

from pydantic import JsonValue

from lgsp.clock import SystemClock, wire_stamp
from lgsp.conformance.line import Answer, Line
from lgsp.conformance.model import Level, SkipError, Suite, demand
from lgsp.conformance.servers.fresh import dossier_code
from lgsp.standards import identifiers

__all__ = ["CLIENTS", "PORTAL", "QCVN", "PortalSubject", "Row", "accepted", "refused"]

QCVN = "QCVN 120:2019/BTTTT"
CLIENTS = "public client code (OpenCPS)"
NO_TABLE = "assumed (no official table of error codes is public)"
DESTINATION = "VN:GOV:000.00.00.G22:vpcpdvcprovider"
JSON_TYPE = {"Content-Type": "application/json", "Accept": "application/json"}
Row = dict[str, JsonValue]


@dataclass
class PortalSubject:
    """A portal under test. The session is opened at the first call that needs one, and what it lists is read once."""

    line: Line
    options: Mapping[str, str]
    session: str = ""
    procedures: list[Row] = field(default_factory=list)

    async def post(self, path: str, packet: JsonValue, headers: Mapping[str, str] | None = None) -> Answer:
        """One packet."""
        body = json.dumps(packet, ensure_ascii=False).encode()
        return await self.line.call("POST", path, body=body, headers={**JSON_TYPE, **(headers or {})})

    async def log_in(self, password: str = "") -> Row:
        """The answer of mapi/login."""
        account: Row = {
            "username": self.options["username"], "password": password or self.options["password"]
        }  # fmt: skip
        answer = (await self.post(self.options["login"], account)).object()
        self.line.hide(str(answer.get("session", "")))
        return answer

    async def packet(self, service: str, **fields: JsonValue) -> Row:
        """A request with a session."""
        if not self.session:
            answer = await self.log_in()
            demand(answer.get("session"), f"login gave no session: {_short(answer)}")
            self.session = str(answer["session"])
        return {"session": self.session, "madonvi": self.options["unit"], "service": service, **fields}

    async def ask(self, service: str, **fields: JsonValue) -> Row:
        """The answer of a service; errors of this wire come with HTTP 200."""
        answer = await self.post(self.options["path"], await self.packet(service, **fields))
        demand(answer.status == 200, f"{service}: HTTP {answer.status}, not 200")
        return answer.object()

    async def rows(self, service: str, **fields: JsonValue) -> list[Row]:
        """`result` of a service that has to succeed."""
        answer = await self.ask(service, **fields)
        accepted(answer)
        found = answer.get("result")
        demand(isinstance(found, list), f"{service}: result is no list: {_short(answer)}")
        rows = cast("list[JsonValue]", found)
        demand(all(isinstance(row, dict) for row in rows), f"{service}: a row of result is no object")
        return cast("list[Row]", rows)

    async def dossier(self, **changes: JsonValue) -> Row:
        """A new dossier with the mandatory fields, of a procedure that the portal itself lists."""
        self.procedures = self.procedures or await self.rows("LayDanhSachTTHC")
        if not self.procedures:
            raise SkipError("the portal lists no procedure")
        now = SystemClock().now()
        return {
            "MaHoSo": dossier_code(self.options["intake"]), "MaTTHC": self.procedures[0].get("MATTHC"),
            "TenTTHC": self.procedures[0].get("TENTTHC"), "MaLinhVuc": "G15-TP03", "TenLinhVuc": "Hộ tịch",
            "ChuHoSo": "Y Thử Nghiệm", "LoaiDoiTuong": "1", "TrichYeuHoSo": "Kiểm tra tuân thủ",
            "NgayTiepNhan": wire_stamp(now), "NgayHenTra": wire_stamp(now), "TrangThaiHoSo": "2", "HinhThuc": "0",
            "DonViXuLy": "Sở Tư pháp", **changes,
        }  # fmt: skip

    async def synchronize(self, *dossiers: Row, updating: str = "False") -> Row:
        """DongBoHoSoMC."""
        return await self.ask("DongBoHoSoMC", isUpdating=updating, data=list(dossiers))

    async def stored(self, **changes: JsonValue) -> Row:
        """A new dossier that the portal has taken."""
        made = await self.dossier(**changes)
        accepted(await self.synchronize(made))
        return made

    async def found(self, dossier: Row) -> list[Row]:
        """TraCuuHoSo."""
        return await self.rows("TraCuuHoSo", mahoso=dossier["MaHoSo"])


PORTAL: Suite[PortalSubject] = Suite(
    "portal", "National public-service portal (DVCQG)", "Cổng dịch vụ công quốc gia (DVCQG)",
    {"username": "sim", "password": "sim-secret", "unit": "000.00.00.H34", "intake": "000.00.03.H34",
     "login": "/mapi/login", "path": "/mapi/g"}, PortalSubject,
)  # fmt: skip


def accepted(answer: Row) -> None:
    """error_code is the number 0."""
    code = answer.get("error_code")
    demand(type(code) is int and code == 0, f"error_code is {code!r}, not the number 0: {_short(answer)}")


def refused(answer: Row, *codes: int) -> None:
    """error_code is a number other than 0, one of these where given, with a message."""
    code = answer.get("error_code")
    demand(type(code) is int and code != 0, f"accepted, or error_code is no number: {_short(answer)}")
    demand(not codes or code in codes, f"error_code {code!r}, expected {' or '.join(map(str, codes))}")
    demand(answer.get("message"), f"refused without a message: {_short(answer)}")


def _short(answer: Row) -> str:
    # A catalogue is long, and this is asked of each answer, before anybody knows whether it is wrong.
    return "".join(islice(json.JSONEncoder(ensure_ascii=False).iterencode(answer), 200))[:200]


@PORTAL.asserts("LGSP-PT-01", "Login gives a session as text and error_code as the number 0",
                "Đăng nhập trả session (chuỗi) và error_code là số 0", source=CLIENTS)  # fmt: skip
async def _(portal: PortalSubject) -> None:
    answer = await portal.log_in()
    accepted(answer)
    demand(isinstance(answer.get("session"), str) and answer["session"], "session is missing or no text")


@PORTAL.asserts("LGSP-PT-02", "A wrong password is refused with HTTP 200, and no session is given",
                "Sai mật khẩu bị từ chối bằng HTTP 200 và không cấp session", source=CLIENTS)  # fmt: skip
async def _(portal: PortalSubject) -> None:
    account: Row = {"username": portal.options["username"], "password": "not-the-password"}
    answer = await portal.post(portal.options["login"], account)
    demand(answer.status == 200, f"HTTP {answer.status}, not 200")
    refused(answer.object())
    demand(not answer.object().get("session"), "a session is given all the same")


@PORTAL.asserts(
    "LGSP-PT-03",
    "A session that was never given out is refused",
    "Session không tồn tại bị từ chối",
    source=CLIENTS,
)
async def _(portal: PortalSubject) -> None:
    portal.session = identifiers.new_id()
    refused(await portal.ask("LayDanhSachTTHC"))


@PORTAL.asserts("LGSP-PT-04", "The refusal of a session says \"session\", by which clients know to log in again",
                "Thông báo từ chối session có chữ \"session\" để máy khách biết đăng nhập lại",
                source="assumed", level=Level.SHOULD)  # fmt: skip
async def _(portal: PortalSubject) -> None:
    portal.session = identifiers.new_id()
    answer = await portal.ask("LayDanhSachTTHC")
    demand("session" in str(answer.get("message", "")).lower(), f"message: {answer.get('message')!r}")


@PORTAL.asserts("LGSP-PT-05", "The service is also reached behind an adapter's forward path",
                "Dịch vụ cũng gọi được qua đường dẫn forward của adapter", source=CLIENTS, level=Level.SHOULD)  # fmt: skip
async def _(portal: PortalSubject) -> None:
    packet = await portal.packet("LayDVC")
    for adapter in ("XrdAdapter", "VXPAdapter"):
        path = f"/{adapter}/RestService/forward{portal.options['path']}"
        accepted((await portal.post(path, packet)).object())


@PORTAL.asserts("LGSP-PT-06", "dstcode is taken as a header and as a query parameter",
                "Nhận dstcode trong header lẫn tham số truy vấn", source=CLIENTS)  # fmt: skip
async def _(portal: PortalSubject) -> None:
    packet = await portal.packet("LayDVC")
    accepted((await portal.post(portal.options["path"], packet, {"dstcode": DESTINATION})).object())
    accepted((await portal.post(f"{portal.options['path']}?dstcode={DESTINATION}", packet)).object())


@PORTAL.asserts("LGSP-PT-07", "A dstcode that is no member code is refused", "dstcode sai cấu trúc bị từ chối",
                source="assumed (grammar of the codes that were seen)", level=Level.SHOULD)  # fmt: skip
async def _(portal: PortalSubject) -> None:
    packet = await portal.packet("LayDVC")
    refused((await portal.post(portal.options["path"], packet, {"dstcode": "VN:ORG:x"})).object())


@PORTAL.asserts("LGSP-PT-08", "What is no JSON object is refused with HTTP 200 and an error_code",
                "Nội dung không phải đối tượng JSON bị từ chối bằng HTTP 200 và error_code", source=NO_TABLE)  # fmt: skip
async def _(portal: PortalSubject) -> None:
    for body in (b"", b"{", b"[]", b"\xff\xfe"):
        answer = await portal.line.call("POST", portal.options["path"], body=body, headers=JSON_TYPE)
        demand(answer.status == 200, f"{body!r}: HTTP {answer.status}, not 200")
        refused(answer.object())


@PORTAL.asserts("LGSP-PT-09", "A service that does not exist is refused, and named", "Dịch vụ không tồn tại bị từ chối, có nêu tên",
                source=NO_TABLE, level=Level.SHOULD)  # fmt: skip
async def _(portal: PortalSubject) -> None:
    answer = await portal.ask("LayDanhMucKhongCo")
    refused(answer)
    demand("LayDanhMucKhongCo" in str(answer["message"]), f"message: {answer['message']!r}")


@PORTAL.asserts(
    "LGSP-PT-10", "A unit that is not registered is refused", "Đơn vị chưa đăng ký bị từ chối", source=QCVN
)
async def _(portal: PortalSubject) -> None:
    refused(await portal.ask("LayDanhSachTTHC", madonvi="000.00.99.H99"))
