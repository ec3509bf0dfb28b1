"""Random lives of dossiers over the whole bus: what officers, citizens, partners, leaders, time and faults may do to them."""

import itertools
import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from lgsp.clock import wire_stamp
from lgsp.scenario.world import World
from lgsp.standards.dossier_life import STATES, check_transition, followers

__all__ = ["PERIOD", "PLAIN", "SIGNED", "Lives"]

PLAIN, SIGNED = "1.000001.000.00.00.H34", "1.000002.000.00.00.H34"
UNITS = ("000.00.03.H34", "000.07.00.H34")
MARKS = ("", "", "[bổ sung]", "[lệ phí]", "[bổ sung] [lệ phí] [không trả lời]", "[chờ]", "[từ chối]")
LOGIN = {"grant_type": "client_credentials", "client_id": "sim", "client_secret": "sim-secret"}
TOKEN = "/auth/realms/digo/protocol/openid-connect/token"
PERIOD = {"from": "2026-01-01", "to": "2099-12-31"}
FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "down", "count": 3},
    {"kind": "reset", "when": "after", "count": 2},
    {"kind": "session_expires", "after": 2, "count": 1},
    {"kind": "half", "count": 1},
)
Row = dict[str, Any]


@dataclass
class Lives:
    """Acts drawn from `seed`. `tried` counts changes of state that a partner asked iGate for, by whether the table allows them."""

    world: World
    seed: int
    chance: random.Random = field(init=False)
    token: str = "none"
    tried: Counter[bool] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    # --- what may happen

    async def begin(self, number: int) -> None:
        """A dossier: on the portal, at a counter (of any unit), or by iGate's partner API."""
        for _ in range(number):
            procedure, mark = self.chance.choice((PLAIN, PLAIN, SIGNED)), self.chance.choice(MARKS)
            body = {"procedure": procedure, "unit": self.chance.choice(UNITS), "abstract": f"Đơn {mark}"}
            if self.chance.random() < 0.6:
                await self._post("portal", "/__mock__/act/submit-dossier", body, {201})
            else:
                await self._post("igate", "/__mock__/act/receive-at-counter", body, {201})

    async def act(self) -> None:
        """One random thing."""
        acts = {
            self._officers_work: 4,
            self._citizens_work: 3,
            self._leader_works: 1,
            self._partner_tells_a_step: 10,
            self._citizen_acts_on_the_portal: 3,
            self._citizen_comes_to_the_counter: 3,
            self._portal_hears_a_step_again: 2,
            self._time_passes: 1,
            self._something_breaks: 1,
        }
        [act] = self.chance.choices(list(acts), list(acts.values()))
        # Nobody does two things to a dossier within a second, which is as fine as the portal's wire can tell steps apart.
        await self.world.steer({"advance": "1s"})
        await act()

    async def _officers_work(self) -> None:
        await self._post("igate", "/__mock__/tick", {}, {200})

    async def _citizens_work(self) -> None:
        await self._post("portal", "/__mock__/tick", {}, {200})

    async def _leader_works(self) -> None:
        await self._post("ioffice", "/__mock__/tick", {}, {200})

    async def _partner_tells_a_step(self) -> None:
        """Legal or not: what the table does not allow is refused with the reason, and changes nothing."""
        dossiers = [one for one in (await self.igate()).values() if not _is_over(one)]
        if not dossiers:
            return
        one, after = await self._step(dossiers)
        code = one["code"] or one["national_code"]
        # The portal's wire knows a step by state, content and second: 4 -> 9 -> 4 within a second would be a repeat to it.
        body = [
            {"MaHoSo": code, "NoiDungXuLy": f"bước {after}, sau lần {one['revision']}", "TrangThai": after}
        ]
        answer = await self._partner("CapNhatTienTrinh", body)
        allowed = not check_transition(one["status"], after) and not (after == "4" and not one["accepted_at"])
        self.tried[allowed] += 1
        now = (await self.igate())[one["id"]]
        if now["revision"] == one["revision"]:
            assert answer.status_code == 400, (one["status"], after)
            assert " / " in answer.json()["message"]
        if now["revision"] == one["revision"] + 2 and answer.status_code == 200:
            assert allowed, (one["status"], after)

    async def _step(self, dossiers: Sequence[Row]) -> tuple[Row, str]:
        """Half of the time a change that the table allows and nobody has made yet, else any."""
        happened = await self.transitions()
        unseen = [
            (one, after)
            for one in dossiers
            for after in followers(one["status"])
            if (one["status"], after) not in happened and (one["accepted_at"] or after != "4")
        ]
        if unseen and self.chance.random() < 0.5:
            return self.chance.choice(unseen)
        return self.chance.choice(dossiers), self.chance.choice(list(STATES))

    async def _citizen_acts_on_the_portal(self) -> None:
        born = [one for one in (await self.portal()).values() if one["nguon"] == "portal"]
        if born:
            body = {"national_code": self.chance.choice(born)["MaHoSo"]}
            act = self.chance.choice(("supplement", "pay", "withdraw"))
            await self._post("portal", f"/__mock__/act/{act}", body, {201, 409})

    async def _citizen_comes_to_the_counter(self) -> None:
        accepted = [one for one in (await self.igate()).values() if one["code"]]
        if accepted:
            act = self.chance.choice(("supplement", "supplement", "pay", "pay", "withdraw", "resubmit"))
            body = {"code": self.chance.choice(accepted)["code"]}
            await self._post("igate", f"/__mock__/act/{act}", body, {200, 409})

    async def _portal_hears_a_step_again(self) -> None:
        """A status that arrives twice, from the wire."""
        told = [one for one in (await self.portal()).values() if one["tien_do"]]
        if not told:
            return
        one = self.chance.choice(told)
        step = self.chance.choice(one["tien_do"])
        told_again = {"madonvi": "000.00.00.H34", "service": "CapNhatTienDoHoSoMC", "data": [step]}
        for _ in range(5):
            account = {"username": "sim", "password": "sim-secret"}
            login = await self._post("portal", "/mapi/login", account, {200})
            answer = await self._post("portal", "/mapi/g", {"session": login["session"], **told_again}, {200})
            if "session" not in answer["message"]:
                break
        assert answer["error_code"] == 0, answer

    async def _time_passes(self) -> None:
        await self.world.steer({"advance": self.chance.choice(("1h", "7h", "1d", "3wd", "8wd"))})

    async def _something_breaks(self) -> None:
        system, fault = self.chance.choice(("igate", "portal")), self.chance.choice(FAULTS)
        path = "/pa/*" if system == "igate" else "/VXPAdapter/*"
        await self._post(system, "/__mock__/faults", {**fault, "path": path}, {201})

    # --- what is there

    async def igate(self) -> dict[str, Row]:
        """By iGate's own id."""
        return await self.world.table("igate", "dossiers")

    async def portal(self) -> dict[str, Row]:
        """By number."""
        return await self.world.table("portal", "dossiers")

    async def differences(self) -> list[str]:
        """Where iGate and portal do not say the same of a dossier."""
        mine, theirs = await self.igate(), await self.portal()
        found = []
        known = {one["national_code"] or one["code"]: one for one in mine.values()}
        for code in known.keys() | theirs.keys():
            if code not in known or code not in theirs:
                found.append(f"{code}: only {'portal' if code in theirs else 'iGate'} has it")
            elif (left := _seen_by_igate(known[code])) != (right := _seen_by_portal(theirs[code])):
                found.append(f"{code}: iGate {left}, portal {right}")
        return found

    async def settle(self) -> list[str]:
        """Let everything arrive that is under way; the differences that are left."""
        for system in ("igate", "portal"):
            await self.world.control(system, "DELETE", "faults")

        async def agreed() -> bool | None:
            await self._citizens_deliver()
            return True if not await self.differences() else None

        try:
            await self.world.until("iGate and portal agree", agreed)
        except Exception:  # noqa: BLE001 - the differences say more than the wait
            return await self.differences()
        return []

    async def _citizens_deliver(self) -> None:
        await self._post("portal", "/__mock__/tick", {}, {200})

    async def transitions(self) -> Counter[tuple[str, str]]:
        """Every change of state that happened in iGate; its table allows each of them."""
        found: Counter[tuple[str, str]] = Counter()
        for one in (await self.igate()).values():
            states = ["1", *(step["status"] for step in one["steps"])]
            found.update(itertools.pairwise(states))
            assert not [pair for pair in itertools.pairwise(states) if check_transition(*pair)], one
            assert states[-1] == one["status"]
        return found

    async def gaps(self) -> list[str]:
        """Numbers that are missing or double: they count from 1 in each unit on each day."""
        counted: defaultdict[str, list[int]] = defaultdict(list)
        for one in (await self.igate()).values():
            if one["code"]:
                begin, _, number = one["code"].rpartition("-")
                counted[begin].append(int(number))
        return [
            begin for begin, numbers in counted.items() if sorted(numbers) != [*range(1, len(numbers) + 1)]
        ]

    async def statistics(self) -> tuple[Row, Row, Row]:
        """Form 06a as iGate, portal and bus count it."""
        urls, http = self.world.urls, self.world.http
        headers = {"Authorization": f"Bearer {await self._log_in()}"}
        path = f"{urls['igate']}/pa/dossier-statistic/--statistic-agency-kgg"
        igate = (await http.get(path, params=PERIOD, headers=headers)).json()
        portal = (await http.get(f"{urls['portal']}/__mock__/statistics", params=PERIOD)).json()
        bus = (await http.get(f"{urls['gateway']}/api/statistics/dossiers", params=PERIOD)).json()
        return (
            {"rows": igate["content"], "total": igate["total"]},
            portal,
            {"rows": bus["rows"], "total": bus["total"]},
        )

    async def counts_agree(self) -> bool | None:
        """Whether the three count the same."""
        igate, portal, bus = await self.statistics()
        return True if igate == portal == bus else None

    # --- calls

    async def _post(self, system: str, path: str, body: Row, fine: set[int]) -> Row:
        answer = await self.world.http.post(self.world.urls[system] + path, json=body)
        assert answer.status_code in fine, (system, path, answer.status_code, answer.text)
        found: Row = answer.json()
        return found

    async def _log_in(self) -> str:
        answer = await self.world.http.post(self.world.urls["igate"] + TOKEN, data=LOGIN)
        return str(answer.json()["access_token"])

    async def _partner(self, name: str, body: Any) -> Any:
        """As a partner's client does it: again after a lost answer, logged in again after a 401; the step's moment makes it one."""
        moment = (await self.world.now()).isoformat()
        sent = [{**one, "ThoiDiemXuLy": moment} for one in body]
        for _ in range(20):
            headers = {"Authorization": f"Bearer {self.token}"}
            try:
                url = f"{self.world.urls['igate']}/pa/partner/{name}"
                answer = await self.world.http.post(url, json=sent, headers=headers)
            except httpx.HTTPError:
                continue
            if answer.status_code == 401:
                self.token = await self._log_in()
            elif answer.status_code < 500:
                return answer
        raise AssertionError(f"{name}: no answer in twenty tries")


def _is_over(one: Row) -> bool:
    return one["status"] in {"3", "7", "8", "10"}


def _seen_by_igate(one: Row) -> tuple[Any, ...]:
    """As the portal's wire can say it: moments to the second, and a request that the dossier's end left unanswered stays open."""
    steps = one["steps"]
    told = dict.fromkeys(
        (step["status"], step["content"], *(_stamp(step[name]) for name in ("at", "startedAt", "dueAt")))
        for step in steps
    )
    pauses = [
        (pause["kind"], bool(pause["endedAt"]) and steps[pause["endedStep"] - 1]["status"] in {"2", "4"})
        for pause in one["pauses"]
    ]
    return one["status"], _stamp(one["due_at"]), [status for status, *_ in told], pauses


def _stamp(moment: str) -> str:
    return wire_stamp(datetime.fromisoformat(moment)) if moment else ""


def _seen_by_portal(one: Row) -> tuple[Any, ...]:
    steps = [step["TrangThai"] for step in one["tien_do"]]
    requests = one.get("DanhSachHoSoBoSung", [])
    pauses = [("6" if row["DanhSachLePhiBoSung"] else "5", row["TrangThaiBoSung"]) for row in requests]
    return one["TrangThaiHoSo"], one.get("NgayHenTra", ""), steps, pauses
