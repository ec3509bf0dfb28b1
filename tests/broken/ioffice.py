"""iOffices that are wrong in one way each."""

from dataclasses import replace

from broken.hands import Breakers, at, hears, never_asks, patched
from tampering import Call, Forward, Hand, Reply, reply


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


IOFFICE: Breakers = {
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
