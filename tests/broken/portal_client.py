"""Connectors of the portal that are wrong in one way each, and the assertions that they fail: LGSP-PTC-…"""

from typing import Any

import httpx

from portal_connector import LaterError, PortalConnector, RefusedError, Row


class LogsInEachTime(PortalConnector):
    async def report(self, work: Any) -> None:
        self.session = ""
        await super().report(work)


class DropsWhatMetAnEndedSession(PortalConnector):
    tries = 1

    async def ask(self, service: str, **fields: Any) -> Row:
        had = self.session
        try:
            return await super().ask(service, **fields)
        except LaterError as exc:
            if had and not self.session:
                raise RefusedError from exc
            raise


class LogsInWithoutEnd(PortalConnector):
    tries = 50


class AsksBeforeItLogsIn(PortalConnector):
    async def ask(self, service: str, **fields: Any) -> Row:
        self.session = self.session or "none"
        return await super().ask(service, **fields)


class GivesUpAtTheDoor(PortalConnector):
    async def log_in(self) -> None:
        try:
            await super().log_in()
        except LaterError as exc:
            raise RefusedError from exc


class SessionInTheAddress(PortalConnector):
    async def post(self, path: str, packet: Row) -> Row:
        return await super().post(f"{path}?s={packet.get('session', '')}", packet)


class FollowsAnywhere(PortalConnector):
    def client(self) -> httpx.AsyncClient:
        client = super().client()
        client.follow_redirects = True
        return client


class SaysText(PortalConnector):
    headers = PortalConnector.headers | {"Content-Type": "text/plain"}


class NamesAnotherUnit(PortalConnector):
    async def post(self, path: str, packet: Row) -> Row:
        return await super().post(
            path, packet | {"madonvi": "000.00.03.H34"} if "madonvi" in packet else packet
        )


class NamesNoPortal(PortalConnector):
    headers: Row = {}  # noqa: RUF012 - nobody changes it


class LosesAccents(PortalConnector):
    def item(self, data: Row) -> Row:
        return super().item(data) | {"ChuHoSo": "Y Thu Nghiem Dang"}


class MakesUpACode(PortalConnector):
    def item(self, data: Row) -> Row:
        made = super().item(data)
        for fee in made["DanhSachLePhi"]:
            fee["HinhThucThu"] = "9"
        return made


class NeverUpdates(PortalConnector):
    async def synchronize(self, item: Row, *, found: bool) -> None:
        await self.ask("DongBoHoSoMC", isUpdating="False", data=[item])


class TrustsTheLookUp(PortalConnector):
    async def synchronize(self, item: Row, *, found: bool) -> None:
        await self.ask("DongBoHoSoMC", isUpdating=str(found), data=[item])


class WritesUtc(PortalConnector):
    def stamp(self, moment: str | None) -> str:
        return "".join(each for each in moment or "" if each.isdigit())[:14]


class LeavesOutAState(PortalConnector):
    async def report(self, work: Any) -> None:
        if work["kind"] != "dossier.progressed" or work["data"]["state"] != "9":
            await super().report(work)


class HidesThePapers(PortalConnector):
    def item(self, data: Row) -> Row:
        return super().item(data) | {"TaiLieuNop": []}


class CutsNothing(PortalConnector):
    def item(self, data: Row) -> Row:
        return super().item(data) | {"TrichYeuHoSo": data["abstract"]}


class SendsTwice(PortalConnector):
    async def synchronize(self, item: Row, *, found: bool) -> None:
        for _ in range(2):
            await super().synchronize(item, found=found)
            found = True


class InsistsAWhile(PortalConnector):
    async def synchronize(self, item: Row, *, found: bool) -> None:
        for left in (2, 1, 0):
            try:
                return await super().synchronize(item, found=found)
            except RefusedError:
                if not left:
                    raise
        return None


class ForgetsTheNationalNumber(PortalConnector):
    def number(self, data: Row) -> str:
        return str(data["code"])


class RenumbersWhatWasLost(PortalConnector):
    def lost(self, exc: httpx.HTTPError) -> None:
        data = self.waiting[0]["data"] if self.waiting else {}
        if "applicant" in data and isinstance(exc, httpx.RemoteProtocolError | httpx.ReadError):
            data["code"] = data["code"][:-4] + f"{(int(data['code'][-4:]) + 1) % 9999:04}"


class StampsEachTry(PortalConnector):
    def step(self, data: Row) -> Row:
        made = super().step(data)
        return made | {"ThoiDiemXuLy": str(int(made["ThoiDiemXuLy"]) + self.failures)}


class TriesOnce(PortalConnector):
    def later(self, exc: LaterError) -> None:
        self.waiting.popleft()


class Hammers(PortalConnector):
    def wait_s(self, later: LaterError) -> float:
        return 0.0


class KeepsItsPace(PortalConnector):
    def wait_s(self, later: LaterError) -> float:
        return later.wait_s or 1.0


class KnowsNoRetryAfter(PortalConnector):
    def wait_s(self, later: LaterError) -> float:
        return super().wait_s(LaterError())


class TakesAnythingForDone(PortalConnector):
    def read(self, response: httpx.Response) -> Row:
        try:
            return super().read(response)
        except LaterError:
            if response.status_code != 200:
                raise
            return {"error_code": 0}


class NeedsNoCode(PortalConnector):
    def judge(self, answer: Row) -> None:
        super().judge({"error_code": 0} | answer)


class LooksAtNoStatus(PortalConnector):
    def read(self, response: httpx.Response) -> Row:
        return super().read(httpx.Response(200, content=response.content))


class LetsOthersPass(PortalConnector):
    def later(self, exc: LaterError) -> None:
        super().later(exc)
        self.waiting.rotate(-1)


class KnowsItsFieldsOnly(PortalConnector):
    def read(self, response: httpx.Response) -> Row:
        found = super().read(response)
        if found.keys() - {"error_code", "message", "result", "session"}:
            raise LaterError
        return found


class AsksForWhatItKnows(PortalConnector):
    async def read_procedure(self, code: str, name: str) -> None:
        await super().read_procedure(code, name)
        await super().read_procedure("9.999999.000.00.00.H34", name)


class TrustsTheList(PortalConnector):
    names: Row = {}  # noqa: RUF012 - one of it is made for a test

    async def read_procedure(self, code: str, name: str) -> None:
        if self.names.get(code) != name:
            await super().read_procedure(code, name)
        self.names[code] = name


BROKEN: dict[type[PortalConnector], set[str]] = {
    LogsInEachTime: {"02"},
    DropsWhatMetAnEndedSession: {"03", "05", "06"},
    LogsInWithoutEnd: {"06"},
    AsksBeforeItLogsIn: {"01", "04"},
    GivesUpAtTheDoor: {"05"},
    SessionInTheAddress: {"07"},
    FollowsAnywhere: {"08"},
    SaysText: {"10"},
    NamesAnotherUnit: {"11"},
    NamesNoPortal: {"12"},
    LosesAccents: {"20"},
    MakesUpACode: {"21"},
    NeverUpdates: {"22", "26", "31", "40", "42"},
    TrustsTheLookUp: {"42"},
    WritesUtc: {"23", "24"},
    LeavesOutAState: {"25", "41"},
    HidesThePapers: {"26"},
    CutsNothing: {"27"},
    SendsTwice: {"22", "28"},
    InsistsAWhile: {"29"},
    ForgetsTheNationalNumber: {"31"},
    RenumbersWhatWasLost: {"40", "48", "52"},
    StampsEachTry: {"41"},
    TriesOnce: {"05", "06", "43", "46", "47", "48", "49", "50", "51", "52", "53"},
    Hammers: {"44", "45", "46"},
    KeepsItsPace: {"45"},
    KnowsNoRetryAfter: {"46"},
    TakesAnythingForDone: {"48", "49"},
    NeedsNoCode: {"50"},
    LooksAtNoStatus: {"46", "51"},
    LetsOthersPass: {"53"},
    KnowsItsFieldsOnly: {"54"},
    AsksForWhatItKnows: {"60"},
    TrustsTheList: {"61"},
}
