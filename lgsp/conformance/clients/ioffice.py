"""A connector of VNPT-iOffice's one-stop link: it sends drafts to be signed, and fetches what became of them."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from pydantic import JsonValue

from lgsp.conformance.clients.connector import Request, Row
from lgsp.conformance.clients.lasting import MOST_TRIES, LastingConnector, said, values_of
from lgsp.conformance.model import Suite, demand
from lgsp.conformance.servers.fresh import dossier_code

__all__ = ["CONFIRM", "FETCH", "IOFFICE_CLIENT", "LINK", "LIST", "NOT_APPROVED", "SEND", "IOfficeConnector"]

LINK = "public client code (one-stop link)"
_LINK = "/qlvb/lienthong"
LIST, FETCH = f"{_LINK}/LayDanhSachGoiTinVanBan", f"{_LINK}/LayGoiTinVanBan"
CONFIRM, SEND = f"{_LINK}/CapNhatTrangThaiVanBan", f"{_LINK}/GuiHoSo"
NOT_APPROVED = "[không duyệt]"
"""Mark of the stand-in's leader: nothing has to be signed then."""


@dataclass
class IOfficeConnector(LastingConnector):
    """A connector under test, seen from iOffice."""

    async def decided(self, count: int = 1, subject: str = NOT_APPROVED) -> list[str]:
        """Packages that wait to be fetched, each of a dossier of its own; their MaVanBan."""
        made = [await self._draft(subject) for _ in range(count)]
        await self.decide()
        return made

    async def decide(self) -> None:
        """The leader looks, and decides."""
        for _ in range(2):
            await self.control("POST", "tick")

    async def unlisted(self, count: int = 1, subject: str = NOT_APPROVED) -> list[str]:
        """Packages that no list shows before `clear`."""
        await self.lists([])
        return await self.decided(count, subject)

    async def lists(self, *lists: list[str]) -> None:
        """These lists, one after the other, the last for good."""
        shown = [{"json_body": _answer(cast("JsonValue", one))} for one in lists]
        body = {"id": "lists", "request": {"path": LIST}, "answers": shown}
        await self.arrange("expectations", body)

    async def spoil(self, reference: str, **answer: object) -> None:
        """Fetching that package is answered so."""
        match = {"path": FETCH, "query": {"MaVanBan": reference}}
        await self.arrange("expectations", {"request": match, "answers": [answer]})

    async def package(self, reference: str, **changes: JsonValue) -> Row:
        """The answer that holds it, with changes in its VanBanDi (named so) or beside it."""
        package = cast("Row", (await self.table("drafts"))[reference]["package"])
        document = {**cast("Row", package["VanBanDi"]), **cast("Row", changes.pop("VanBanDi", {}))}
        return _answer({**package, **changes, "VanBanDi": document})

    async def fetches(self, reference: str, status: int | None = None) -> list[Request]:
        """Its calls of LayGoiTinVanBan for that package."""
        return [one for one in await self.calls(FETCH, status) if reference in values_of(one)]

    async def confirmed(self, reference: str) -> list[str]:
        """Every TrangThai that it told of that package."""
        told = [said(one) for one in await self.calls(CONFIRM) if one.status != 401]
        return [str(one.get("TrangThai")) for one in told if one.get("MaVanBan") == reference]

    async def must_take(self, *references: str) -> None:
        """All of them are confirmed as taken."""

        async def is_taken() -> bool:
            rows = await self.table("drafts")
            return all(rows[one].get("fetched_as") == self.options["taken"] for one in references)

        if not await self.until(is_taken):
            told = [
                f"{one}: TrangThai {', '.join(await self.confirmed(one)) or 'not told'}" for one in references
            ]
            demand(False, f"expected {self.options['taken']}; {'; '.join(told)}")

    async def must_not_take(self, reference: str) -> None:
        """It was asked for, and never confirmed as taken."""

        async def is_asked() -> bool:
            return bool(await self.fetches(reference))

        demand(await self.until(is_asked), f"{reference} was not asked for")
        await self.one_go()
        demand(
            self.options["taken"] not in await self.confirmed(reference),
            f"{reference} was confirmed as taken",
        )

    async def _draft(self, subject: str) -> str:
        unit = self.options["unit"]
        document = {"TrichYeu": f"Kiểm tra tuân thủ {subject}", "LoaiVanBan": "Quyết định", "DinhKem": []}
        draft = {
            "IDHoSo": "1", "MaHoSo": dossier_code(unit), "DonVi": {"Ten": "Sở", "MaDinhDanh": unit}, "ThamSoAn": "{}",
            "VanBanDuThao": document,
        }  # fmt: skip
        answer = (await self.ask("POST", SEND, self._account(), json.dumps(draft).encode())).object()
        return str(answer["data"])

    def _account(self) -> Mapping[str, str]:
        basic = base64.b64encode(f"{self.options['username']}:{self.options['password']}".encode()).decode()
        self.line.hide(basic)
        return {"Authorization": f"Basic {basic}", "Content-Type": "application/json"}


IOFFICE_CLIENT: Suite[IOfficeConnector] = Suite(
    "ioffice-client", "Connector of VNPT-iOffice (one-stop link)", "Phần mềm kết nối VNPT-iOffice (liên thông một cửa)",
    {"username": "sim", "password": "sim-secret", "unit": "000.00.03.H34", "taken": "1", "patience_s": "10", "kinds": "result.requested"},
    IOfficeConnector,
)  # fmt: skip


def _answer(data: JsonValue) -> Row:
    return {"data": data, "error": {"code": "0", "internalMessage": "", "userMessage": ""}}


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-01",
    "Every call bears the account (Basic)",
    "Mọi lời gọi đều mang tài khoản (Basic)",
    source=LINK,
)
async def _(connector: IOfficeConnector) -> None:
    await connector.begin()
    await connector.must_take(*await connector.decided())
    refused = [one.path for one in await connector.requests() if one.status == 401]
    demand(not refused, f"HTTP 401: {', '.join(refused)}")


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-02",
    "The password is never in a URL",
    "Không để mật khẩu trong URL",
    source="RFC 7617 §4; RFC 3986 §7.5",
)
async def _(connector: IOfficeConnector) -> None:
    await connector.begin()
    await connector.must_take(*await connector.decided())
    leaking = {
        one.path for one in await connector.requests() if connector.options["password"] in values_of(one)
    }
    demand(not leaking, f"in the query of {', '.join(sorted(leaking))}")


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-03",
    "The list is asked for with maDonViCha and a top that is a number above 0",
    "Hỏi danh sách kèm maDonViCha và top là số dương",
    source=LINK,
)
async def _(connector: IOfficeConnector) -> None:
    await connector.begin()
    await connector.must_take(*await connector.decided())
    for one in await connector.calls(LIST):
        names = dict(pair.partition("=")[::2] for pair in one.query.split("&"))
        demand(names.get("maDonViCha"), "no maDonViCha")
        top = names.get("top", "")
        demand(top.isdigit() and int(top) > 0, f"top {top!r}")


@IOFFICE_CLIENT.asserts(
    "LGSP-IOC-04",
    "A refused account is not tried without end",
    "Tài khoản bị từ chối: không thử mãi",
    source="assumed (accounts are locked)",
)
async def _(connector: IOfficeConnector) -> None:
    await connector.begin()
    await connector.expect(LIST, status=401, json_body={"detail": "sai tài khoản"})
    await connector.one_go()
    tried = len(await connector.calls(LIST))
    demand(0 < tried <= MOST_TRIES, f"{tried} calls in one go")
    await connector.clear()
    await connector.must_take(*await connector.decided())
