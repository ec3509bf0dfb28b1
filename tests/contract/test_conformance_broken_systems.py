"""The test of the kit for portal, iGate and iOffice: each broken server fails exactly the assertions that it should."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from lgsp.conformance import SUITES, Outcome, check
from tampering import Call, Forward, Hand, Reply, reply, tampered

pytestmark = pytest.mark.contract
OK = {"error_code": 0, "message": "", "result": []}


async def failed(role: str, hand: Hand, **more: Any) -> set[str]:
    async with tampered(role, hand) as url:
        verdicts = await check(SUITES[role], url, SUITES[role].options, **more)
    assert verdicts
    return {one.id[-2:] for one in verdicts if one.outcome is Outcome.FAILED}


def answers(change: Callable[[Call, Reply], Reply]) -> Hand:
    async def hand(call: Call, forward: Forward) -> Reply:
        return change(call, await forward(call))

    return hand


def hears(change: Callable[[Call], Call]) -> Hand:
    async def hand(call: Call, forward: Forward) -> Reply:
        return await forward(change(call))

    return hand


def never_asks(fits: Callable[[Call], bool], made: Reply) -> Hand:
    async def hand(call: Call, forward: Forward) -> Reply:
        return made if fits(call) else await forward(call)

    return hand


def service(call: Call) -> str:
    return str(call.fields.get("service", ""))


def code(answer: Reply) -> Any:
    return answer.body.get("error_code")


def each_row(name: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Hand:
    return answers(
        lambda call, answer: (
            answer.saying(result=[change(row) for row in answer.body["result"]])
            if service(call) == name and "result" in answer.body
            else answer
        )
    )


def recode(name: str, old: int, new: int) -> Hand:
    return answers(
        lambda call, answer: (
            answer.saying(error_code=new) if service(call) == name and code(answer) == old else answer
        )
    )


def each_dossier(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Hand:
    return hears(
        lambda call: (
            call.saying(data=[change(one) for one in call.fields["data"]])
            if service(call) == "DongBoHoSoMC"
            else call
        )
    )


def one_session_for_all() -> Hand:
    known: list[str] = []

    async def hand(call: Call, forward: Forward) -> Reply:
        answer = await forward(call)
        if "login" in call.path:
            known.extend([answer.body["session"]] if "session" in answer.body else [])
        elif service(call) and code(answer) != 0 and known:
            return await forward(call.saying(session=known[0]))
        return answer

    return hand


def upserts() -> Hand:
    async def hand(call: Call, forward: Forward) -> Reply:
        answer = await forward(call)
        return await forward(call.saying(isUpdating="True")) if code(answer) == 3 else answer

    return hand


def updates_make_new_ones() -> Hand:
    async def hand(call: Call, forward: Forward) -> Reply:
        answer = await forward(call)
        if service(call) == "DongBoHoSoMC" and code(answer) == -3:
            return await forward(call.saying(isUpdating="False"))
        return answer

    return hand


def steps_only_once() -> Hand:
    seen: set[bytes] = set()

    async def hand(call: Call, forward: Forward) -> Reply:
        if service(call) == "CapNhatTienDoHoSoMC":
            if call.raw in seen:
                return reply({"error_code": -1, "message": "trùng"})
            seen.add(call.raw)
        return await forward(call)

    return hand


def last_step_wins() -> Hand:
    told: dict[str, str] = {}

    async def hand(call: Call, forward: Forward) -> Reply:
        answer = await forward(call)
        if service(call) == "CapNhatTienDoHoSoMC":
            told.update({one["MaHoSo"]: one["TrangThai"] for one in call.fields["data"]})
        if service(call) == "TraCuuHoSo" and answer.body.get("result"):
            [row] = answer.body["result"]
            return answer.saying(
                result=[row | {"TrangThaiHoSo": told.get(row["MaHoSo"], row["TrangThaiHoSo"])}]
            )
        return answer

    return hand


def without(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda row: {key: value for key, value in row.items() if key != name}


PORTALS: dict[str, tuple[Hand, set[str]]] = {
    "error_code of the login as text": (
        answers(lambda call, answer: answer.saying(error_code="0") if "login" in call.path and code(answer) == 0 else answer),
        {"01"},
    ),
    "a session for a wrong password": (
        answers(lambda call, answer: answer.saying(session="x") if "login" in call.path and code(answer) else answer),
        {"02"},
    ),
    "login refused with HTTP 401": (
        answers(lambda call, answer: replace(answer, status=401) if "login" in call.path and code(answer) else answer),
        {"02"},
    ),
    "any session will do": (one_session_for_all(), {"03", "04"}),
    "says phiên, not session": (
        answers(lambda _, answer: answer.saying(message="phiên sai") if "session" in answer.body.get("message", "") else answer),
        {"04"},
    ),
    "not behind an adapter": (never_asks(lambda call: "Adapter" in call.path, reply({}, 404)), {"05"}),
    "knows no query": (never_asks(lambda call: "?" in call.path, reply({}, 404)), {"06"}),
    "never looks at dstcode": (
        hears(lambda call: replace(call, headers=without("dstcode")(call.headers))),
        {"07"},
    ),
    "unreadable is HTTP 400": (
        never_asks(lambda call: not call.fields, reply({"error_code": -1, "message": "?"}, 400)),
        {"08"},
    ),
    "names no service": (
        answers(lambda call, answer: answer.saying(message="sai") if service(call) == "LayDanhMucKhongCo" else answer),
        {"09"},
    ),
    "any unit will do": (
        hears(lambda call: call.saying(madonvi="000.00.00.H34") if "madonvi" in call.fields else call),
        {"10"},
    ),
    "lists a procedure twice": (
        answers(lambda call, answer: answer.saying(result=answer.body["result"][:2] + answer.body["result"])
                if service(call) == "LayDanhSachTTHC" and "result" in answer.body else answer),
        {"20"},
    ),
    "agencies without a level": (each_row("LayDanhMucCoQuan", without("CAPDONVI")), {"21"}),
    "fields without a name": (each_row("LayDanhMucLinhVuc", without("TENLINHVUC")), {"22"}),
    "always the same procedure": (
        hears(lambda call: call.saying(maTTHC="1.000001.000.00.00.H34") if "maTTHC" in call.fields else call),
        {"23", "24"},
    ),
    "nothing found is an error": (
        answers(lambda call, answer: answer.saying(error_code=-3)
                if service(call) == "TraCuuHoSo" and not answer.body["result"] else answer),
        {"30", "36", "37", "40"},
    ),
    "finds with another state": (
        each_row("TraCuuHoSo", lambda row: row | {"TrangThaiHoSo": "1"}),
        {"31", "34", "35", "50", "53"},
    ),
    "a duplicate is said to be taken": (recode("DongBoHoSoMC", 3, 0), {"32", "33"}),
    "a duplicate is code -1": (recode("DongBoHoSoMC", 3, -1), {"33"}),
    "a duplicate overwrites": (upserts(), {"32", "33", "34"}),
    "an update is said to be done": (
        never_asks(lambda call: call.fields.get("isUpdating") == "True", reply(OK)),
        {"35", "36"},
    ),
    "an update makes a new one": (updates_make_new_ones(), {"36"}),
    "fills in what is missing": (each_dossier(lambda one: {"MaTTHC": "1.000001.000.00.00.H34"} | one), {"37"}),
    "mends days": (
        each_dossier(lambda one: one | ({"NgayTiepNhan": "20250228000000"} if "20250230" in one["NgayTiepNhan"] else {})),
        {"38"},
    ),
    "mends states": (
        each_dossier(lambda one: one | ({"TrangThaiHoSo": "1"} if one["TrangThaiHoSo"] == "99" else {})),
        {"39"},
    ),
    "takes the good half of a batch": (
        hears(lambda call: call.saying(data=call.fields["data"][:1]) if service(call) == "DongBoHoSoMC" else call),
        {"40"},
    ),
    "never reads steps": (never_asks(lambda call: service(call) == "CapNhatTienDoHoSoMC", reply(OK)), {"50", "52"}),
    "a step twice is an error": (steps_only_once(), {"51"}),
    "refuses every dossier": (
        never_asks(lambda call: service(call) == "DongBoHoSoMC", reply({"error_code": -1, "message": "đã tồn tại"})),
        {"31", "32", "33", "34", "35", "37", "38", "39", "40", "50", "51", "53"},
    ),
    "steps of nobody": (recode("CapNhatTienDoHoSoMC", -3, 0), {"52"}),
    "the last step wins": (last_step_wins(), {"53"}),
}  # fmt: skip


def at(name: str) -> Callable[[Call], bool]:
    return lambda call: name in call.path


def patched(name: str, change: Callable[[Reply], Reply]) -> Hand:
    return answers(lambda call, answer: change(answer) if name in call.path else answer)


def status_is(name: str, old: int, new: int) -> Hand:
    return patched(name, lambda answer: replace(answer, status=new) if answer.status == old else answer)


def open_door() -> Hand:
    good: list[str] = []

    async def hand(call: Call, forward: Forward) -> Reply:
        answer = await forward(call)
        if "token" in call.path:
            good.extend([answer.body["access_token"]] if "access_token" in answer.body else [])
        elif answer.status == 401 and good:
            return await forward(replace(call, headers=call.headers | {"authorization": f"Bearer {good[0]}"}))
        return answer

    return hand


def new_ids() -> Hand:
    count = iter(range(10**6))

    async def hand(call: Call, forward: Forward) -> Reply:
        answer = await forward(call)
        if "NopHoSo" not in call.path or answer.status != 200:
            return answer
        real = answer.body["data"]
        aliases[str(made := next(count))] = real["idHoSo"]
        return answer.saying(data=real | {"idHoSo": str(made)})

    aliases: dict[str, str] = {}

    async def resolving(call: Call, forward: Forward) -> Reply:
        if "--online" in call.path:
            key = call.path.split("/")[3]
            return await hand(replace(call, path=call.path.replace(key, aliases.get(key, key))), forward)
        return await hand(call, forward)

    return resolving


IGATES: dict[str, tuple[Hand, set[str]]] = {
    "expires_in as text": (
        patched("openid", lambda answer: answer.saying(expires_in="300") if answer.status == 200 else answer),
        {"01"},
    ),
    "a wrong secret is HTTP 500": (status_is("openid", 401, 500), {"02"}),
    "grant_type refused with another error": (
        patched("openid", lambda answer: answer.saying(error="x") if answer.status == 400 else answer),
        {"03"},
    ),
    "the partner token is no token": (
        patched("partner/token", lambda answer: answer.saying(data={"access_token": "no-token"})),
        {"04"},
    ),
    "no token is HTTP 403": (status_is("/pa/dossier", 401, 403), {"05"}),
    "takes any token": (open_door(), {"05"}),
    "ignores size": (hears(lambda call: replace(call, path=call.path.replace("&size=1", ""))), {"10"}),
    "no such dossier is an empty one": (status_is("--online", 404, 200), {"11"}),
    "counts nothing": (patched("GetNextValue", lambda answer: answer.saying(value=1)), {"12"}),
    "another hash": (
        patched("UploadFile", lambda answer: answer.saying(data=[{"IdTepTin": "1", "HashTepTin": "0"}])),
        {"13"},
    ),
    "answers with another number": (
        patched("NopHoSo", lambda answer: answer.saying(data=answer.body["data"] | {"maHoSo": "1"}) if answer.status == 200 else answer),
        {"20"},
    ),
    "a new id for each NopHoSo": (new_ids(), {"21"}),
    "finds nothing": (patched("search", lambda answer: answer.saying(content=[]) if answer.status == 200 else answer), {"10", "21", "22"}),
    "takes any procedure": (
        hears(lambda call: call.saying(MaTTHC="1.000001.000.00.00.H34") if "MaTTHC" in call.fields else call),
        {"23"},
    ),
    "takes any day": (
        hears(lambda call: call.saying(NgayNop="2026-11-23 08:00:00") if "NgayNop" in call.fields else call),
        {"24"},
    ),
    "drops papers": (hears(lambda call: call.saying(ThanhPhanHoSo=[]) if "MaTTHC" in call.fields else call), {"25"}),
    "no JSON is HTTP 500": (never_asks(lambda call: call.raw == b"{", reply({"message": "?"}, 500)), {"26"}),
    "refusals are HTTP 200": (status_is("NopHoSo", 400, 200), {"23", "24", "25", "26"}),
    "refuses every dossier": (
        never_asks(lambda call: "NopHoSo" in call.path, reply({"code": "400", "message": "?"}, 400)),
        {"10", "20", "21", "22", "23", "24", "25", "26", "31"},
    ),
    "steps of nobody": (status_is("CapNhatTienTrinh", 404, 200), {"30"}),
    "takes any state": (status_is("CapNhatTrangThai", 400, 200), {"31"}),
}  # fmt: skip


def new_key_for_each() -> Hand:
    count = iter(range(10**6))

    async def hand(call: Call, forward: Forward) -> Reply:
        answer = await forward(call)
        taken = at("GuiHoSo")(call) and answer.body["data"]
        return answer.saying(data=f"X{next(count)}") if taken else answer

    return hand


def last_is_all(name: str) -> Hand:
    """A list that ignores `top`, with two in it."""
    return patched(name, lambda answer: answer.saying(data=["VB1", "VB2"]))


IOFFICES: dict[str, tuple[Hand, set[str]]] = {
    "the token is named otherwise": (
        patched("login", lambda answer: answer.saying(data={"Token": "x"})), {"01", "04", "05"},
    ),
    "a token for a wrong password": (
        patched("login", lambda answer: answer if answer.body["data"] else answer.saying(data={"token": "abc"})), {"02"},
    ),
    "says expired in its own words": (
        patched("document", lambda answer: answer.saying(status={"code": "401"}) if answer.body["data"] is None else answer), {"03"},
    ),
    "a list is null": (patched("processeddocument", lambda answer: answer.saying(data=None)), {"04"}),
    "any document is found": (
        patched("detail", lambda answer: answer.saying(status={"code": "0"}, data={"id": "1"})), {"05"},
    ),
    "wants no account": (
        hears(lambda call: replace(call, headers=call.headers | {"authorization": "Basic c2ltOnNpbS1zZWNyZXQ="})
              if at("lienthong")(call) else call),
        {"10"},
    ),
    "MaVanBan as a number": (
        patched("GuiHoSo", lambda answer: answer.saying(data=int(answer.body["data"][2:])) if answer.body["data"] else answer),
        {"11", "12", "13", "17", "18", "19"},
    ),
    "a new MaVanBan for each": (new_key_for_each(), {"12"}),
    "one MaVanBan for all": (
        patched("GuiHoSo", lambda answer: answer.saying(data="VB1") if answer.body["data"] else answer), {"13"},
    ),
    "ignores top": (last_is_all("LayDanhSach"), {"14"}),
    "an empty package": (patched("LayGoiTin", lambda answer: answer.saying(data={})), {"15"}),
    "no text for the user": (patched("LayGoiTin", lambda answer: answer.saying(error={"code": "404"})), {"15"}),
    "confirms anything": (never_asks(at("CapNhat"), reply({"data": "1", "error": None})), {"16"}),
    "never looks at days": (hears(lambda call: call.saying(HanXuLyVanBan="") if "HanXuLyVanBan" in call.fields else call), {"17"}),
    "never looks at files": (
        hears(lambda call: call.saying(VanBanDuThao=call.fields["VanBanDuThao"] | {"DinhKem": []})
              if "VanBanDuThao" in call.fields else call),
        {"18"},
    ),
    "refuses every draft": (
        never_asks(at("GuiHoSo"), reply({"data": None, "error": {"code": "400", "userMessage": "?"}})),
        {"11", "12", "13", "17", "18", "19"},
    ),
    "takes any unit": (hears(lambda call: call.saying(DonVi={}) if "DonVi" in call.fields else call), {"19"}),
}  # fmt: skip

CASES = [
    pytest.param(role, hand, expected, id=f"{role}: {name}")
    for role, table in (("portal", PORTALS), ("igate", IGATES), ("ioffice", IOFFICES))
    for name, (hand, expected) in table.items()
]


@pytest.mark.parametrize(("role", "hand", "expected"), CASES)
async def test_broken_server_fails_exactly(role: str, hand: Hand, expected: set[str]) -> None:
    assert await failed(role, hand) == expected


@pytest.mark.parametrize(("role", "table"), [("portal", PORTALS), ("igate", IGATES), ("ioffice", IOFFICES)])
def test_every_assertion_was_seen_to_fail(role: str, table: dict[str, tuple[Hand, set[str]]]) -> None:
    assert {one.id[-2:] for one in SUITES[role].assertions} == set().union(
        *(ids for _, ids in table.values())
    )
