"""Random lives, legal and illegal, over the API of iGate's stand-in: only what the table allows ever happens."""

import asyncio
import itertools
from datetime import datetime

import httpx
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from lgsp.clock import VIETNAM, VirtualClock
from lgsp.standards.dossier_life import check_transition, stops_clock
from lgsp_mocks.igate import STAND_IN
from lgsp_mocks.kit import create_app

pytestmark = pytest.mark.contract

START = datetime(2026, 11, 23, 8, 30, tzinfo=VIETNAM)
LOGIN = {"grant_type": "client_credentials", "client_id": "sim", "client_secret": "sim-secret"}
PLAIN, CODE = "1.000001.000.00.00.H34", "G22.99.99-261123-0001"
SUBMISSION = {"MaHoSo": CODE, "MaTTHC": PLAIN, "ChuHoSo": "Nguyễn A", "NgayNop": "2026-11-23 08:00:00"}
STATES = st.sampled_from([str(number) for number in range(1, 11)])


class Lives(RuleBasedStateMachine):
    """One dossier; `states` is what the model says it has been in."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.clock = VirtualClock(START)
        self.app = create_app(STAND_IN, clock=self.clock, autopilot=False)
        self.lifespan = self.app.router.lifespan_context(self.app)
        self.runner.run(self.lifespan.__aenter__())
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://igate")
        self.answers = 0

    def teardown(self) -> None:
        self.runner.run(self.client.aclose())
        self.runner.run(self.lifespan.__aexit__(None, None, None))
        self.runner.close()

    def post(self, path: str, body: object) -> httpx.Response:
        return self.runner.run(self.client.post(path, json=body))

    def dossier(self) -> dict:
        [found] = self.app.state.context.state.table("dossiers").values()
        return found

    @initialize(abstract=st.sampled_from(["Hồ sơ", "[bổ sung]", "[lệ phí]", "[bổ sung] [lệ phí]"]))
    def submit(self, abstract: str) -> None:
        answer = self.runner.run(
            self.client.post("/auth/realms/digo/protocol/openid-connect/token", data=LOGIN)
        )
        # The token is for five minutes of a clock that jumps by days.
        self.app.state.context.state.table("tokens").put("forever", {"end": "2100-01-01T00:00:00+07:00"})
        assert answer.status_code == 200
        self.client.headers["Authorization"] = "Bearer forever"
        assert (
            self.post(
                "/pa/partner/NopHoSo", SUBMISSION | {"EformThongTinChiTiet": {"TrichYeu": abstract}}
            ).status_code
            == 200
        )

    @rule(after=STATES)
    def partner_tells_a_step(self, after: str) -> None:
        before = self.dossier()
        body = [{"MaHoSo": CODE, "NoiDungXuLy": "bước", "TrangThai": after}]
        answer = self.post("/pa/partner/CapNhatTienTrinh", body)
        never_accepted = after == "4" and not before["accepted_at"]
        allowed = not check_transition(before["status"], after) and not never_accepted
        assert answer.status_code == (200 if allowed else 400)
        assert self.dossier()["status"] == (after if allowed else before["status"])
        if not allowed:
            assert " / " in answer.json()["message"]

    @rule()
    def officers_work(self) -> None:
        self.post("/__mock__/tick", {})

    @rule()
    def citizen_supplements(self) -> None:
        self.answers += 1
        before = self.dossier()["status"]
        eform = {"NoiDungBoSung": f"lần {self.answers}"}
        body = SUBMISSION | {
            "NgayNop": f"{self.clock.now():%Y-%m-%d %H:%M:%S}",
            "EformThongTinChiTiet": eform,
        }
        answer = self.post("/pa/partner/NopHoSo", body)
        if before == "5":
            assert answer.status_code == 200
            assert self.dossier()["status"] in {"2", "4"}

    @rule()
    def citizen_pays(self) -> None:
        self.answers += 1
        before = self.dossier()["status"]
        fee = {"TenPhiLePhi": "Lệ phí", "Gia": "1000000"}
        body = [
            {"MaHoSo": CODE, "TrangThai": "6", "NoiDungXuLy": f"lần {self.answers}", "DanhSachLePhi": [fee]}
        ]
        answer = self.post("/pa/partner/CapNhatTrangThai", body)
        assert answer.status_code == (200 if before == "6" else 400)

    @rule()
    def submission_is_repeated(self) -> None:
        before = self.dossier()
        assert self.post("/pa/partner/NopHoSo", SUBMISSION).status_code == 200
        assert self.dossier() == before

    @rule(act=st.sampled_from(["supplement", "pay", "withdraw"]))
    def citizen_comes_to_the_counter(self, act: str) -> None:
        before = self.dossier()["status"]
        answer = self.post(f"/__mock__/act/{act}", {"code": CODE})
        able = {
            "supplement": before == "5",
            "pay": before == "6",
            "withdraw": not check_transition(before, "7"),
        }
        assert answer.status_code == (200 if able[act] else 409)

    @rule(hours=st.integers(1, 100))
    def time_passes(self, hours: int) -> None:
        self.runner.run(self.clock.advance(hours * 3600))

    @invariant()
    def only_allowed_transitions_happened(self) -> None:
        dossiers = self.app.state.context.state.table("dossiers").values()
        for dossier in dossiers:
            states = ["1", *(step["status"] for step in dossier["steps"])]
            reasons = [check_transition(*pair) for pair in itertools.pairwise(states)]
            assert not any(reasons)
            assert states[-1] == dossier["status"]

    @invariant()
    def clock_stands_in_5_and_6_only_and_the_due_date_never_comes_nearer(self) -> None:
        for dossier in self.app.state.context.state.table("dossiers").values():
            open_now = [pause for pause in dossier["pauses"] if not pause["endedAt"]]
            assert len(open_now) == int(stops_clock(dossier["status"]))
            due = [step["dueAt"] for step in dossier["steps"] if step["dueAt"]]
            assert due == sorted(due)


TestLives = Lives.TestCase
TestLives.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
