"""Connectors of iGate: a small one conforms; each broken one fails exactly the assertions that it should."""

import unicodedata
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any

import httpx
import pytest

from igate_partner import LaterError, Partner, RefusedError, Row
from lgsp.clock import SteerableClock
from lgsp.conformance import run
from lgsp.conformance.clients import CLIENT_SUITES
from lgsp.conformance.clients.connector import Work
from lgsp.conformance.servers.fresh import dossier_code
from looks import beside, findings

pytestmark = pytest.mark.contract
SUITE = CLIENT_SUITES["igate-client"]


failed = partial(findings, "igate")


async def test_a_small_correct_connector_conforms(by_looks: SteerableClock) -> None:
    assert await failed(by_looks, Partner) == {}


class LogsInForEachCall(Partner):
    async def ask(self, method: str, path: str, **what: Any) -> httpx.Response:
        self.token = ""
        return await super().ask(method, path, **what)


class PutsTheTokenInTheUrl(Partner):
    async def ask(self, method: str, path: str, **what: Any) -> httpx.Response:
        what["params"] = {**what.get("params", {}), "access_token": self.token}
        return await super().ask(method, path, **what)


class LogsInInTheUrl(Partner):
    async def ask(self, method: str, path: str, **what: Any) -> httpx.Response:
        if "token" in path:
            what["params"] = what["data"]
        return await super().ask(method, path, **what)


class NeverRenewsItsToken(Partner):
    async def log_in(self) -> str:
        if self.done:
            raise LaterError("it has one, or had")
        self.done.add("logged in")
        return await super().log_in()


class BelievesInTheNextToken(Partner):
    async def call(self, method: str, path: str, **what: Any) -> httpx.Response:
        for _ in range(30):
            try:
                return await super().call(method, path, **what)
            except RefusedError as exc:
                if "401" not in str(exc):
                    raise
        raise LaterError("refused")


class BelievesInItsAccount(Partner):
    async def log_in(self) -> str:
        for _ in range(30):
            try:
                return await super().log_in()
            except LaterError:
                continue
        raise LaterError("no token")


class TakesAShortPageForTheLast(Partner):
    def is_last(self, answer: Row) -> bool:
        return len(answer["content"]) < self.page_size


class ReadsEveryRow(Partner):
    async def changed(self) -> list[Row]:
        found = await super().changed()
        return found + found[:1]


class ForgetsWhatItRead(Partner):
    async def poll(self) -> None:
        self.known.clear()
        await super().poll()


class ReadsNothingTwice(Partner):
    def revision(self, row: Row) -> str:
        return ""


class AsksForTheNumber(Partner):
    async def read(self, row: Row) -> None:
        with suppress(RefusedError):
            await self.call("GET", f"/pa/dossier/{row['code']}/--online")
        await super().read(row)


class StopsAtTheBadOne(Partner):
    async def read(self, row: Row) -> None:
        try:
            await super().read(row)
        except (RefusedError, LaterError) as exc:
            raise RuntimeError from exc


class ChokesOnARowWithoutAnId(Partner):
    async def json(self, method: str, path: str, **what: Any) -> Row:
        answer = await super().json(method, path, **what)
        if not all(row and row.get("id") for row in answer.get("content", [])):
            raise KeyError("id")
        return answer


class TakesHalfAnAnswer(Partner):
    async def ask(self, method: str, path: str, **what: Any) -> httpx.Response:
        try:
            return await super().ask(method, path, **what)
        except LaterError as exc:
            if "incomplete" not in str(exc) and "peer closed" not in str(exc):
                raise
        return httpx.Response(200, json={"results": []})


class FetchesNoFiles(Partner):
    async def call(self, method: str, path: str, **what: Any) -> httpx.Response:
        return httpx.Response(200) if path.startswith("/fi/") else await super().call(method, path, **what)


class WaitsForEver(Partner):
    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.http.timeout = httpx.Timeout(None)


class FollowsAnywhere(Partner):
    def __init__(self, *given: Any) -> None:
        super().__init__(*given, follow_redirects=True)


class Hammers(Partner):
    async def ask(self, method: str, path: str, **what: Any) -> httpx.Response:
        for _ in range(30):
            try:
                return await super().ask(method, path, **what)
            except LaterError as exc:
                if "HTTP 503" not in str(exc):
                    raise
        raise LaterError("it is really away")


READS_BADLY: dict[type[Partner], set[str]] = {
    LogsInForEachCall: {"03"},
    PutsTheTokenInTheUrl: {"02"},
    LogsInInTheUrl: {"02"},
    BelievesInTheNextToken: {"07"},
    BelievesInItsAccount: {"06"},
    TakesAShortPageForTheLast: {"11", "12"},
    ReadsEveryRow: {"12", "13"},
    ForgetsWhatItRead: {"13"},
    ReadsNothingTwice: {"14"},
    AsksForTheNumber: {"15"},
    StopsAtTheBadOne: {"20", "21", "22"},
    ChokesOnARowWithoutAnId: {"23"},
    TakesHalfAnAnswer: {"24", "25"},
    FetchesNoFiles: {"16", "25"},
    FollowsAnywhere: {"30"},
    Hammers: {"31"},
}


@pytest.mark.parametrize("make", READS_BADLY)
async def test_one_that_reads_badly_fails_exactly(by_looks: SteerableClock, make: type[Partner]) -> None:
    assert (await failed(by_looks, make, *beside(READS_BADLY[make]))).keys() == READS_BADLY[make]


async def test_one_that_waits_for_ever_is_ended(
    by_looks: SteerableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "ASSERTION_S", 4.0)
    assert (await failed(by_looks, WaitsForEver, "*-29")).keys() == {"29"}


async def test_one_that_never_renews_its_token_reads_nothing_any_more(by_looks: SteerableClock) -> None:
    assert (await failed(by_looks, NeverRenewsItsToken, "LGSP-IGC-0[345]", "LGSP-IGC-1[04]")).keys() == {
        "05",
        "10",
        "14",
    }


class LeavesOutTheUnit(Partner):
    async def partner(self, name: str, body: Any) -> Row:
        if name == "NopHoSo":
            body = {key: value for key, value in body.items() if key != "MaDonViTiepNhan"}
        return await super().partner(name, body)


class WritesUtc(Partner):
    def moment(self, text: str) -> str:
        return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%M:%S}"


class WritesThePortalsKinds(Partner):
    def applicant_kind(self, who: Row) -> str:
        return str(who["kind"])


class LeavesThePapersOut(Partner):
    async def component(self, document: Row) -> Row:
        return {**await super().component(document), "GiayToDinhKem": []}


class CutsFiles(Partner):
    async def upload(self, name: str, content: bytes) -> Row:
        return await super().upload(name, content.rstrip(b"\n"))


class NamesFilesInAscii(Partner):
    async def upload(self, name: str, content: bytes) -> Row:
        plain = unicodedata.normalize("NFD", name.replace("Đ", "D")).encode("ascii", "ignore").decode()
        return await super().upload(plain, content)


class NamesAnotherHash(Partner):
    async def upload(self, name: str, content: bytes) -> Row:
        return {**await super().upload(name, content), "HashTepTin": "d41d8cd98f00b204e9800998ecf8427e"}


class DecomposesNames(Partner):
    def name(self, who: Row) -> str:
        return unicodedata.normalize("NFD", who["name"])


class ReadsNamesAsLatin(Partner):
    def name(self, who: Row) -> str:
        return str(who["name"]).encode().decode("latin-1")


class SubmitsAnew(Partner):
    """A retry under another number."""

    async def submit(self, data: Row) -> None:
        again = str(data["national_code"]) in self.known
        self.known[str(data["national_code"])] = ""
        await super().submit({**data, "national_code": dossier_code("G22.99.99")} if again else data)


class TakesTroubleForSuccess(Partner):
    async def send(self, work: Work) -> None:
        try:
            await super().send(work)
        except LaterError:
            self.done.add(f"{work['kind']} {work['data'].get('code')} {work['data'].get('national_code')}")  # type: ignore[union-attr,call-arg]


class BelievesHttp200(Partner):
    def accepted(self, answer: Row) -> Row:
        return answer


class RepeatsWhatWasRefused(Partner):
    async def partner(self, name: str, body: Any) -> Row:
        for _ in range(2):
            try:
                return await super().partner(name, body)
            except RefusedError:
                continue
        return await super().partner(name, body)


class TellsStepsAsOfNow(Partner):
    def step_moment(self, data: Row) -> str:
        return self.clock.now().isoformat()


class TellsStepsWithoutAZone(Partner):
    def step_moment(self, data: Row) -> str:
        return str(data["at"])[:19]


class TellsStepsTooEarly(Partner):
    async def withdraw(self, data: Row) -> None:
        step = {
            "MaHoSo": self.number(data),
            "TrangThai": "7",
            "NoiDungXuLy": data["content"],
            "ThoiDiemXuLy": data["at"],
        }
        await self.partner("CapNhatTienTrinh", [step])


class PaysAPart(Partner):
    async def pay(self, data: Row) -> None:
        await super().pay({**data, "fees": [{**one, "amount": 1} for one in data["fees"]]})


class NamesNoRequest(Partner):
    async def partner(self, name: str, body: Any) -> Row:
        if name == "CapNhatTrangThai":
            body = [{key: value for key, value in one.items() if key != "HoSoBoSungId"} for one in body]
        return await super().partner(name, body)


class SupplementsAsIfItWereNew(Partner):
    async def partner(self, name: str, body: Any) -> Row:
        if name == "NopHoSo":
            body = {key: value for key, value in body.items() if key != "EformThongTinChiTiet"}
        return await super().partner(name, body)


class SignsWithoutAFile(Partner):
    async def result(self, data: Row) -> None:
        await super().result({**data, "attachments": []})


SENDS_BADLY: dict[type[Partner], set[str]] = {
    LeavesOutTheUnit: {"40"},
    WritesUtc: {"41"},
    WritesThePortalsKinds: {"42"},
    LeavesThePapersOut: {"43", "44", "45", "46", "49", "65"},
    CutsFiles: {"44"},
    NamesFilesInAscii: {"45"},
    NamesAnotherHash: {f"4{last}" for last in range(10)},  # iGate takes no such dossier
    DecomposesNames: {"47"},
    ReadsNamesAsLatin: {"47"},
    SubmitsAnew: {"48", "49", "50", "51", "54", "55", "62"},
    TakesTroubleForSuccess: {"48", "49", "50", "51", "54", "55", "61", "62", "67"},
    BelievesHttp200: {"51"},
    RepeatsWhatWasRefused: {"52", "53", "63"},
    Hammers: {"54", "55"},
    TellsStepsAsOfNow: {"61"},
    TellsStepsWithoutAZone: {"60"},
    TellsStepsTooEarly: {"62"},
    PaysAPart: {"64"},
    NamesNoRequest: {"64"},
    SupplementsAsIfItWereNew: {"65"},
    SignsWithoutAFile: {"66", "67"},
}


@pytest.mark.parametrize("make", SENDS_BADLY)
async def test_one_that_sends_badly_fails_exactly(by_looks: SteerableClock, make: type[Partner]) -> None:
    assert (await failed(by_looks, make, *beside(SENDS_BADLY[make]))).keys() == SENDS_BADLY[make]


async def test_a_submission_that_igate_refused_fails_with_its_words(by_looks: SteerableClock) -> None:
    assert "the hash of another file" in (await failed(by_looks, NamesAnotherHash, "*-46"))["46"]
