"""iOffice, called as its mobile client and as a one-stop system on the link call it."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from pydantic import JsonValue

from lgsp.conformance.line import Answer, Line
from lgsp.conformance.model import Level, Suite, demand
from lgsp.conformance.servers.fresh import dossier_code
from lgsp.standards import identifiers

__all__ = ["IOFFICE", "IOfficeSubject"]

CLIENTS = "public client code (Android client)"
LINK = "public client code (one-stop link)"
AGAIN = "error_authentication_required"
JSON_TYPE = {"Content-Type": "application/json"}
Row = dict[str, JsonValue]


@dataclass
class IOfficeSubject:
    """An iOffice under test."""

    line: Line
    options: Mapping[str, str]
    token: str = ""

    async def log_in(self, password: str = "") -> Row:
        """The answer of login."""
        account = {
            "username": self.options["username"], "password": password or self.options["password"]
        }  # fmt: skip
        body = json.dumps(account).encode()
        answer = (await self.line.call("POST", "/qlvb/api/login/", body=body, headers=JSON_TYPE)).object()
        data = answer.get("data")
        if isinstance(data, dict):
            self.line.hide(str(data.get("token", "")))
        return answer

    async def ask(self, path: str) -> Row:
        """A user's call, with the raw token as this wire has it; logs in at the first."""
        if not self.token:
            data = (await self.log_in()).get("data")
            demand(isinstance(data, dict) and data.get("token"), "login gave no token")
            self.token = str(cast("Row", data)["token"])
        headers = {"Authorization": self.token}
        return (await self.line.call("GET", f"/qlvb/api{path}", headers=headers)).object()

    async def link(self, method: str, path: str, body: JsonValue = None, password: str = "") -> Answer:
        """A call on the one-stop link."""
        account = f"{self.options['username']}:{password or self.options['password']}"
        basic = base64.b64encode(account.encode()).decode()
        self.line.hide(basic)
        headers = {"Authorization": f"Basic {basic}"} | (JSON_TYPE if body is not None else {})
        raw = json.dumps(body, ensure_ascii=False).encode() if body is not None else b""
        return await self.line.call(method, f"{self.options['link']}/{path}", body=raw, headers=headers)

    async def give(self, draft: Row) -> Row:
        """GuiHoSo."""
        return (await self.link("POST", "GuiHoSo", draft)).object()

    async def given(self) -> tuple[Row, str]:
        """A draft that was taken, and its MaVanBan."""
        made = self.draft()
        answer = await self.give(made)
        demand(isinstance(answer.get("data"), str) and answer["data"], f"no MaVanBan: {_short(answer)}")
        return made, str(answer["data"])

    def draft(self, **changes: JsonValue) -> Row:
        """A draft of a dossier that nobody has sent before."""
        unit = self.options["unit"]
        return {
            "IDHoSo": identifiers.new_id(), "MaHoSo": dossier_code(unit), "DonVi": {"Ten": "Sở", "MaDinhDanh": unit},
            "ThamSoAn": "{}", "VanBanDuThao": _document(), **changes,
        }  # fmt: skip


IOFFICE: Suite[IOfficeSubject] = Suite(
    "ioffice", "VNPT-iOffice (document management)", "VNPT-iOffice (quản lý văn bản và điều hành)",
    {"username": "sim", "password": "sim-secret", "link": "/qlvb/lienthong", "unit": "000.00.03.H34"}, IOfficeSubject,
)  # fmt: skip


def _document(**changes: JsonValue) -> Row:
    file: Row = {"Ten": "a.pdf", "Base64": "JVBERg=="}
    return {"TrichYeu": "Kiểm tra tuân thủ", "LoaiVanBan": "Quyết định", "DinhKem": [file], **changes}


def _code(answer: Row) -> object:
    status = answer.get("status")
    demand(isinstance(status, dict), f"status is no object: {_short(answer)}")
    return cast("Row", status).get("code")


def _refused(answer: Row) -> None:
    """Data is null, and error has a code and a text for the user."""
    error = answer.get("error")
    demand(answer.get("data") is None, f"accepted: {_short(answer)}")
    demand(
        isinstance(error, dict) and error.get("code") and error.get("userMessage"),
        f"no error with code and userMessage: {_short(answer)}",
    )


def _short(answer: Row) -> str:
    return json.dumps(answer, ensure_ascii=False)[:200]


@IOFFICE.asserts(
    "LGSP-IO-01",
    'Login gives data.token and status.code "0"',
    'Đăng nhập trả data.token và status.code "0"',
    source=CLIENTS,
)
async def _(office: IOfficeSubject) -> None:
    answer = await office.log_in()
    demand(str(_code(answer)) == "0", f"status.code is {_code(answer)!r}")
    data = answer.get("data")
    demand(isinstance(data, dict) and isinstance(data.get("token"), str) and data["token"], "no data.token")


@IOFFICE.asserts(
    "LGSP-IO-02",
    "A wrong password gives another status.code and no token",
    "Sai mật khẩu: status.code khác và không có token",
    source=CLIENTS,
)
async def _(office: IOfficeSubject) -> None:
    answer = await office.log_in("not-the-password")
    demand(str(_code(answer)) != "0", "status.code is 0")
    data = answer.get("data")
    demand(not (isinstance(data, dict) and data.get("token")), "a token is given all the same")


@IOFFICE.asserts("LGSP-IO-03", f"A token that was never given out is {AGAIN}, upon which clients log in again",
                 f"Token không tồn tại trả {AGAIN} để máy khách đăng nhập lại", source=CLIENTS)  # fmt: skip
async def _(office: IOfficeSubject) -> None:
    office.token = identifiers.new_id()
    found = _code(await office.ask("/document/getlistwaitingdocument/"))
    demand(found == AGAIN, f"status.code is {found!r}")


@IOFFICE.asserts(
    "LGSP-IO-04",
    "The lists of waiting and processed documents are lists",
    "Danh sách văn bản chờ và đã xử lý là mảng",
    source=CLIENTS,
)
async def _(office: IOfficeSubject) -> None:
    for which in ("waiting", "processed"):
        answer = await office.ask(f"/document/getlist{which}document/")
        demand(str(_code(answer)) == "0", f"{which}: status.code is {_code(answer)!r}")
        demand(isinstance(answer.get("data"), list), f"{which}: data is no list")


@IOFFICE.asserts(
    "LGSP-IO-05",
    "A document that does not exist is not made up",
    "Văn bản không tồn tại không được bịa ra",
    source=CLIENTS,
)
async def _(office: IOfficeSubject) -> None:
    answer = await office.ask(f"/document/getdetaildocument/{identifiers.new_id()}/")
    demand(str(_code(answer)) != "0" and not answer.get("data"), f"found: {_short(answer)}")


@IOFFICE.asserts("LGSP-IO-10", "The one-stop link wants its account", "Liên thông một cửa yêu cầu tài khoản",
                 source="assumed (HTTP Basic)")  # fmt: skip
async def _(office: IOfficeSubject) -> None:
    answer = await office.link("GET", "LayDanhSachGoiTinVanBan?top=1", password="not-the-password")  # noqa: S106
    demand(answer.status in {401, 403}, f"HTTP {answer.status}")


@IOFFICE.asserts(
    "LGSP-IO-11", "GuiHoSo answers with the MaVanBan as text", "GuiHoSo trả MaVanBan (chuỗi)", source=LINK
)
async def _(office: IOfficeSubject) -> None:
    await office.given()


@IOFFICE.asserts(
    "LGSP-IO-12",
    "The same draft again is the same MaVanBan",
    "Gửi lại dự thảo vẫn là một MaVanBan",
    source="assumed",
)
async def _(office: IOfficeSubject) -> None:
    made, key = await office.given()
    found = (await office.give(made)).get("data")
    demand(found == key, f"{found!r}, not {key!r}")


@IOFFICE.asserts(
    "LGSP-IO-13", "Two dossiers never share a MaVanBan", "Hai hồ sơ không chung một MaVanBan", source=LINK
)
async def _(office: IOfficeSubject) -> None:
    (_one, first), (_two, second) = await office.given(), await office.given()
    demand(first != second, f"both are {first}")


@IOFFICE.asserts("LGSP-IO-14", "The list of packages is a list of MaVanBan, no longer than `top`",
                 "Danh sách gói tin là mảng MaVanBan, không dài hơn `top`", source=LINK)  # fmt: skip
async def _(office: IOfficeSubject) -> None:
    answer = (await office.link("GET", "LayDanhSachGoiTinVanBan?top=1")).object()
    data = answer.get("data")
    demand(isinstance(data, list) and all(isinstance(one, str) for one in data), f"data: {_short(answer)}")
    demand(len(cast("list[str]", data)) <= 1, "more than one, where top=1")


@IOFFICE.asserts("LGSP-IO-15", "A package that does not exist is an error in the link's own form",
                 "Gói tin không tồn tại trả lỗi theo mẫu của liên thông", source=LINK)  # fmt: skip
async def _(office: IOfficeSubject) -> None:
    _refused((await office.link("GET", f"LayGoiTinVanBan?MaVanBan={identifiers.new_id()}")).object())


@IOFFICE.asserts(
    "LGSP-IO-16",
    "What does not exist can't be confirmed",
    "Không xác nhận được văn bản không tồn tại",
    source=LINK,
)
async def _(office: IOfficeSubject) -> None:
    body: Row = {"MaVanBan": identifiers.new_id(), "TrangThai": "1"}
    _refused((await office.link("POST", "CapNhatTrangThaiVanBan", body)).object())


@IOFFICE.asserts(
    "LGSP-IO-17",
    "A day that is not dd/MM/yyyy is refused",
    "Ngày không theo dd/MM/yyyy bị từ chối",
    source=LINK,
)
async def _(office: IOfficeSubject) -> None:
    await office.given()  # a right one is taken: a refusal means what it says
    _refused(await office.give(office.draft(HanXuLyVanBan="2026-11-31")))


@IOFFICE.asserts(
    "LGSP-IO-18", "A file that is no Base64 is refused", "Tệp không phải Base64 bị từ chối", source=LINK
)
async def _(office: IOfficeSubject) -> None:
    await office.given()  # a right one is taken: a refusal means what it says
    file: Row = {"Ten": "a.pdf", "Base64": "%%%"}
    _refused(await office.give(office.draft(VanBanDuThao=_document(DinhKem=[file]))))


@IOFFICE.asserts("LGSP-IO-19", "A draft for a unit that is not the province's is refused", "Dự thảo cho đơn vị ngoài tỉnh bị từ chối",
                 source="assumed", level=Level.SHOULD)  # fmt: skip
async def _(office: IOfficeSubject) -> None:
    await office.given()  # a right one is taken: a refusal means what it says
    _refused(await office.give(office.draft(DonVi={"MaDinhDanh": "000.00.00.G22"})))
