"""Portals that are wrong in one way each."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from broken.hands import Breakers, answers, code, hears, never_asks, service, without
from tampering import Call, Forward, Hand, Reply, reply

OK = {"error_code": 0, "message": "", "result": []}


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


PORTAL: Breakers = {
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
