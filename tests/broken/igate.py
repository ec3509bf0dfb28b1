"""iGates that are wrong in one way each."""

from dataclasses import replace

from broken.hands import Breakers, hears, never_asks, patched, status_is
from tampering import Call, Forward, Hand, Reply, reply


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


IGATE: Breakers = {
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
