"""Connectors of iOffice's one-stop link: a small one conforms; each broken one fails exactly the assertions that it should."""

import base64
import unicodedata
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any

import httpx
import pytest

from igate_partner import LaterError, RefusedError, Row
from ioffice_partner import LINK, Partner
from lgsp.clock import SteerableClock
from lgsp.conformance import run
from lgsp.conformance.clients import CLIENT_SUITES
from lgsp.conformance.clients.connector import Work
from looks import beside, findings

pytestmark = pytest.mark.contract
SUITE = CLIENT_SUITES["ioffice-client"]


failed = partial(findings, "ioffice")


async def test_a_small_correct_connector_conforms(by_looks: SteerableClock) -> None:
    assert await failed(by_looks, Partner) == {}


class SignsInSecond(Partner):
    """The account only after a challenge."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.http.auth = None

    async def ask(self, method: str, path: str, **what: Any) -> httpx.Response:
        response = await super().ask(method, path, **what)
        if response.status_code != 401:
            return response
        return await super().ask(method, path, auth=("sim", "sim-secret"), **what)


class PutsThePasswordInTheUrl(Partner):
    async def ask(self, method: str, path: str, **what: Any) -> httpx.Response:
        what["params"] = {**what.get("params", {}), "password": "sim-secret"}
        return await super().ask(method, path, **what)


class AsksForTheWholeProvince(Partner):
    async def ask(self, method: str, path: str, **what: Any) -> httpx.Response:
        if "DanhSach" in path:
            what["params"] = {"top": "100"}
        return await super().ask(method, path, **what)


class BelievesInItsAccount(Partner):
    async def listed(self) -> list[str]:
        for _ in range(30):
            try:
                return await super().listed()
            except RefusedError:
                continue
        raise LaterError("refused")


class Hammers(Partner):
    async def ask(self, method: str, path: str, **what: Any) -> httpx.Response:
        for _ in range(30):
            try:
                return await super().ask(method, path, **what)
            except LaterError as exc:
                if "HTTP 503" not in str(exc):
                    raise
        raise LaterError("it is really away")


class ConfirmsFirst(Partner):
    async def take(self, reference: str) -> None:
        await self.confirm(reference, "1")
        await self.fetch(reference)


class FetchesWithoutAList(Partner):
    async def listed(self) -> list[str]:
        found = await super().listed()
        self.known |= set(found)
        return found or sorted(self.known)[-1:]


class NewestFirst(Partner):
    async def listed(self) -> list[str]:
        return (await super().listed())[::-1]


class ConfirmsTwice(Partner):
    async def confirm(self, reference: str, state: str) -> None:
        await super().confirm(reference, state)
        await super().confirm(reference, state)


class TakesOnlyTheFirst(Partner):
    async def listed(self) -> list[str]:
        return [one for one in await super().listed() if one not in self.known][:1]

    async def take(self, reference: str) -> None:
        self.known.add(reference)
        await super().take(reference)


class EncodesNothing(Partner):
    async def fetch(self, reference: str) -> Row:
        plain = reference.replace(" ", "+").replace("#", "%23")
        return await self.json("GET", f"LayGoiTinVanBan?MaVanBan={plain}")


class ShoutsIds(Partner):
    async def confirm(self, reference: str, state: str) -> None:
        await super().confirm(reference.upper(), state)


class ConfirmsOnce(Partner):
    async def confirm(self, reference: str, state: str) -> None:
        if reference not in self.known:
            self.known.add(reference)
            await super().confirm(reference, state)


class GivesUpForGood(Partner):
    async def listed(self) -> list[str]:
        if self.known:
            return []
        try:
            return await super().listed()
        except LaterError:
            self.known.add("over")
            raise


class WaitsForEver(Partner):
    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.http.timeout = httpx.Timeout(None)


class FollowsAnywhere(Partner):
    def __init__(self, *given: Any) -> None:
        super().__init__(*given, follow_redirects=True)


class StopsAtTheBadOne(Partner):
    async def take(self, reference: str) -> None:
        try:
            await super().take(reference)
        except (RefusedError, LaterError) as exc:
            raise RuntimeError from exc


class ConfirmsWhateverComes(Partner):
    """It has nothing, and says that it has."""

    async def take(self, reference: str) -> None:
        with suppress(RefusedError, LaterError):
            await self.fetch(reference)
        await self.confirm(reference, "1")


class LooksAtHttpOnly(Partner):
    def judged(self, answer: Row) -> Row:
        return answer

    async def take(self, reference: str) -> None:
        package = (await self.fetch(reference))["data"]
        await self.confirm(reference, "1" if package is None or self.fits(package) else "0")


class TakesAnyFile(Partner):
    def is_file(self, one: Row) -> bool:
        return True


class TakesAnyDay(Partner):
    def is_day(self, text: str) -> bool:
        return True


class TakesAnyOutcome(Partner):
    def is_outcome(self, code: str) -> bool:
        return True


class TakesAnyDossier(Partner):
    def is_dossier(self, package: Row) -> bool:
        return True


FETCHES_BADLY: dict[type[Partner], set[str]] = {
    SignsInSecond: {"01"},
    PutsThePasswordInTheUrl: {"02"},
    AsksForTheWholeProvince: {"03"},
    BelievesInItsAccount: {"04"},
    Hammers: {"26"},
    ConfirmsFirst: {"10", "30", "31", "32", "33", "34", "35", "36", "37", "38"},
    FetchesWithoutAList: {"11", "14"},
    NewestFirst: {"12"},
    ConfirmsTwice: {"12"},
    TakesOnlyTheFirst: {"16", "33", "34"},
    EncodesNothing: {"13"},
    ShoutsIds: {"13"},
    ConfirmsOnce: {"16"},
    FollowsAnywhere: {"25"},
    StopsAtTheBadOne: {"30", "31", "32"},
    ConfirmsWhateverComes: {"30", "31", "32", "33", "34", "35", "36", "37", "38"},
    LooksAtHttpOnly: {"30", "31"},
    TakesAnyFile: {"35"},
    TakesAnyDay: {"36"},
    TakesAnyOutcome: {"37"},
    TakesAnyDossier: {"38"},
}


@pytest.mark.parametrize("make", FETCHES_BADLY)
async def test_one_that_fetches_badly_fails_exactly(by_looks: SteerableClock, make: type[Partner]) -> None:
    assert (await failed(by_looks, make, *beside(FETCHES_BADLY[make]))).keys() == FETCHES_BADLY[make]


async def test_one_that_waits_for_ever_is_ended(
    by_looks: SteerableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "ASSERTION_S", 4.0)
    assert (await failed(by_looks, WaitsForEver, "*-24")).keys() == {"24"}


async def test_one_that_gives_up_for_good_takes_nothing_any_more(by_looks: SteerableClock) -> None:
    assert (await failed(by_looks, GivesUpForGood, "LGSP-IOC-1[05]", "LGSP-IOC-2[03]")).keys() == {"20", "23"}


class NamesAnotherUnit(Partner):
    def packet(self, data: Row) -> Row:
        return {**super().packet(data), "DonVi": {"Ten": "Sở"}}


class WritesUtc(Partner):
    def day(self, text: str) -> str:
        return f"{datetime.fromisoformat(text).astimezone(UTC):%d/%m/%Y}"


class CutsFiles(Partner):
    def file(self, one: Row) -> Row:
        content = base64.b64decode(one["base64"]).rstrip(b"\n")
        return {**super().file(one), "Base64": base64.b64encode(content).decode()}


class NamesFilesInAscii(Partner):
    def file(self, one: Row) -> Row:
        plain = unicodedata.normalize("NFD", one["name"].replace("Đ", "D")).encode("ascii", "ignore").decode()
        return {**super().file(one), "Ten": plain}


class Decomposes(Partner):
    def subject(self, data: Row) -> str:
        return unicodedata.normalize("NFD", data["abstract"])


class ReadsLatin(Partner):
    def subject(self, data: Row) -> str:
        return str(data["abstract"]).encode().decode("latin-1")


class SaysItOtherwise(Partner):
    tries = 0

    def packet(self, data: Row) -> Row:
        self.tries += 1
        return {**super().packet(data), "ThamSoAn": str(self.tries)}


class TakesTroubleForSuccess(Partner):
    async def say(self, packet: Row) -> None:
        try:
            await super().say(packet)
        except LaterError:
            return


class BelievesHttp200(Partner):
    def judged(self, answer: Row) -> Row:
        return answer


class TakesAPageForSuccess(Partner):
    async def say(self, packet: Row) -> None:
        try:
            await super().say(packet)
        except LaterError as exc:
            if str(exc) != "no JSON":
                raise


class RepeatsWhatWasRefused(Partner):
    async def say(self, packet: Row) -> None:
        for _ in range(2):
            try:
                await super().say(packet)
            except RefusedError:
                continue
            return
        await super().say(packet)


class RepeatsRefusalsOfHttp(Partner):
    async def ask(self, method: str, path: str, **what: Any) -> httpx.Response:
        response = await super().ask(method, path, **what)
        again = response.status_code == 400 and path == f"{LINK}/GuiHoSo"
        return await super().ask(method, path, **what) if again else response


class SendsADossierOnce(Partner):
    async def send(self, work: Work) -> None:
        data: Row = dict(work["data"])  # type: ignore[arg-type]
        await super().send({"kind": work["kind"], "data": {**data, "round": 1}})


SENDS_BADLY: dict[type[Partner], set[str]] = {
    NamesAnotherUnit: {"40"},
    WritesUtc: {"41"},
    CutsFiles: {"42"},
    NamesFilesInAscii: {"43"},
    Decomposes: {"44", "53"},
    ReadsLatin: {"44", "53"},
    SaysItOtherwise: {"45"},
    TakesTroubleForSuccess: {"45", "46", "47", "48", "51", "52"},
    BelievesHttp200: {"47"},
    TakesAPageForSuccess: {"48"},
    RepeatsWhatWasRefused: {"49", "50"},
    RepeatsRefusalsOfHttp: {"49"},
    Hammers: {"51", "52"},
    SendsADossierOnce: {"53"},
}


@pytest.mark.parametrize("make", SENDS_BADLY)
async def test_one_that_sends_badly_fails_exactly(by_looks: SteerableClock, make: type[Partner]) -> None:
    assert (await failed(by_looks, make, *beside(SENDS_BADLY[make]))).keys() == SENDS_BADLY[make]
