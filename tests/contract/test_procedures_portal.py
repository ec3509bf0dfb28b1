"""The portal's catalogue of procedures, and the adapter that watches it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest
import respx
from pydantic import JsonValue

from fakes import FakeIntake, make_ports
from lgsp.adapter import Ports
from lgsp.clock import VirtualClock
from lgsp.errors import BackpressureError, ConfigurationError, TransientError
from lgsp.schemas import SchemaRegistry
from lgsp.standards import dvcqg
from lgsp_adapters.portal import PortalAdapter
from lgsp_adapters.portal.procedure_records import canonical, working_days
from lgsp_mocks.kit import create_app, population
from lgsp_mocks.kit.procedures_content import first_edition
from lgsp_mocks.portal import STAND_IN
from lgsp_mocks.portal.procedure_records import procedure_row

pytestmark = pytest.mark.contract

ALL = {"url": "http://portal", "username": "sim", "password": "sim-secret", "procedures_calls": 1000}
SETTINGS = {**ALL, "procedures_codes": "1.000*.H34"}
"""Forty are enough for most tests."""
CODE, NEW = "1.000001.000.00.00.H34", "1.000901.000.00.00.H34"
HOUR_S = 3600


@dataclass
class Stage:
    adapter: PortalAdapter
    intake: FakeIntake
    clock: VirtualClock
    user: httpx.AsyncClient
    ports: Ports
    routes: respx.MockRouter
    others: list[PortalAdapter] = field(default_factory=list)

    async def act(self, what: str, /, **body: JsonValue) -> httpx.Response:
        return await self.user.post(f"/__mock__/act/{what}-procedure", json=body)

    async def round(self) -> list[tuple[str, str, JsonValue]]:
        """An hour later: code, state and fee of what is published."""
        before = len(self.intake.messages)
        await self.clock.advance(HOUR_S)
        await self.adapter.poll(self.intake)
        return [
            (one.subject, str(one.data["state"]), one.data["fee"]) for one in self.intake.messages[before:]
        ]

    def restarted(self, **settings: JsonValue) -> PortalAdapter:
        self.others.append(PortalAdapter({**SETTINGS, **settings}, self.ports))
        return self.others[-1]


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    ports = make_ports("portal")
    assert isinstance(ports.clock, VirtualClock)
    app = create_app(STAND_IN, clock=ports.clock, autopilot=False)
    async with app.router.lifespan_context(app), respx.mock(assert_all_called=False) as routes:
        routes.route(host="portal").mock(side_effect=respx.ASGIHandler(app))
        adapter = PortalAdapter(SETTINGS, ports)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://portal") as user:
            stage = Stage(adapter, FakeIntake(), ports.clock, user, ports, routes)
            yield stage
        for one in (adapter, *stage.others):
            await one.aclose()


@pytest.fixture
async def learned(stage: Stage) -> Stage:
    """The first round is over."""
    await stage.adapter.poll(stage.intake)
    return stage


def test_every_record_has_every_key_and_tells_one_fee_and_one_time() -> None:
    people = population(34)
    for procedure in people.procedures:
        row = procedure_row(people, first_edition(procedure))
        assert set(row) == set(dvcqg.ProcedureRecord.model_fields)
        [record] = dvcqg.read_items("LayThuTuc", [row])
        assert isinstance(record, dvcqg.ProcedureRecord)
        found = canonical(record)
        assert (found.code, found.fee, found.working_days) == (
            procedure.code, procedure.fee, procedure.working_days,
        )  # fmt: skip
        told = record.TRINHTUTHUCHIEN[0].TRINHTU
        assert str(len(found.papers)) in told[0].TENTRINHTU
        assert f"{procedure.working_days} ngày" in told[2].TENTRINHTU
        assert record.CANCUPHAPLY[-1].SOVANBAN == record.QUYETDINH


async def test_first_round_learns_the_provinces_591_and_publishes_nothing(stage: Stage) -> None:
    await stage.restarted(procedures_codes="*.H34").poll(stage.intake)
    assert stage.intake.messages == []
    asked = (await stage.user.get("/__mock__/requests")).json()["total"]
    assert asked == 1 + 1 + 591  # login, list, records


async def test_first_round_that_fills_an_empty_igate_publishes_all_once_also_over_a_crash(
    stage: Stage,
) -> None:
    half = stage.restarted(procedures_codes="*.H34", procedures_first="publish", procedures_calls=300)
    assert await half.poll(stage.intake) == 300
    filling = stage.restarted(procedures_codes="*.H34", procedures_first="publish")
    assert await filling.poll(stage.intake) == 291
    assert len({message.subject for message in stage.intake.messages}) == len(stage.intake.messages) == 591
    await stage.clock.advance(HOUR_S)
    assert await filling.poll(stage.intake) == 0


async def test_first_round_that_is_no_such_thing_is_told(stage: Stage) -> None:
    with pytest.raises(ConfigurationError, match="procedures_first"):
        stage.restarted(procedures_first="everything")


async def test_nothing_is_asked_before_the_next_round_is_due(learned: Stage) -> None:
    before = (await learned.user.get("/__mock__/requests")).json()["total"]
    await learned.clock.advance(HOUR_S - 1)
    assert await learned.adapter.poll(learned.intake) == 0
    assert (await learned.user.get("/__mock__/requests")).json()["total"] == before


async def test_a_round_is_spread_over_polls(stage: Stage) -> None:
    slow = stage.restarted(procedures_calls=7)
    for polls in range(1, 7):
        await slow.poll(stage.intake)
        asked = (await stage.user.get("/__mock__/requests")).json()["total"]
        assert asked == 2 + min(7 * polls, 40)


async def test_change_publication_and_repeal_are_published_once_each(learned: Stage) -> None:
    answer = (await learned.act("change", code=CODE, fee=70_000, working_days=9)).json()
    assert (answer["version"], answer["in_force"]) == (2, True)
    assert (await learned.act("publish", code=NEW, name="Cấp bản sao mô phỏng")).status_code == 201
    await learned.act("repeal", code="1.000002.000.00.00.H34", decision="99/QĐ-UBND")
    published = {code: (state, fee) for code, state, fee in await learned.round()}
    assert (published[CODE], published[NEW]) == (("in_force", 70_000), ("in_force", 0))
    assert published["1.000002.000.00.00.H34"][0] == "repealed"
    assert len(learned.intake.messages) == 3
    assert await learned.round() == []


async def test_message_has_the_new_version_and_fits_its_schema(learned: Stage) -> None:
    answer = (await learned.act("change", code=CODE, fee=70_000, papers=["Tờ khai", "Giấy phép cũ"])).json()
    await learned.round()
    [message] = learned.intake.messages
    SchemaRegistry().check(message)
    assert (message.kind, message.subject) == ("procedure.published", CODE)
    assert (message.data["version"], message.data["decision"]) == (answer["decision_id"], answer["decision"])
    assert [one["name"] for one in message.data["papers"]] == ["Tờ khai", "Giấy phép cũ"]  # type: ignore[union-attr,index,call-overload]


async def test_change_while_nobody_looked_is_found_after_a_restart(learned: Stage) -> None:
    await learned.act("change", code=CODE, fee=70_000)
    await learned.restarted().poll(learned.intake)
    assert [one.subject for one in learned.intake.messages] == [CODE]


async def test_crash_before_the_end_of_a_round_publishes_nothing_twice(learned: Stage) -> None:
    await learned.act("change", code=CODE, fee=70_000)
    crashed = learned.restarted(procedures_calls=1)
    await crashed.poll(learned.intake)
    await learned.restarted().poll(learned.intake)
    assert [one.subject for one in learned.intake.messages] == [CODE]


async def test_going_back_to_what_it_was_is_a_message_of_its_own(learned: Stage) -> None:
    for fee in (70_000, 100_000, 70_000):
        await learned.act("change", code=CODE, fee=fee)
        assert await learned.round() == [(CODE, "in_force", fee)]


async def test_procedure_that_comes_back_after_its_repeal_is_in_force_again(learned: Stage) -> None:
    await learned.act("repeal", code=CODE)
    assert [one[1] for one in await learned.round()] == ["repealed"]
    assert (await learned.act("publish", code=CODE, name="Trở lại")).status_code == 201
    assert [one[1] for one in await learned.round()] == ["in_force"]


async def test_full_bus_loses_nothing(learned: Stage) -> None:
    await learned.act("change", code=CODE, fee=70_000)
    learned.intake.full_for = 1
    await learned.clock.advance(HOUR_S)
    with pytest.raises(BackpressureError):
        await learned.adapter.poll(learned.intake)
    await learned.adapter.poll(learned.intake)
    assert [one.subject for one in learned.intake.messages] == [CODE]


async def test_portal_that_is_away_in_the_middle_is_asked_again_where_it_stopped(learned: Stage) -> None:
    await learned.act("change", code=CODE, fee=70_000)
    await learned.clock.advance(HOUR_S)
    await learned.user.post("/__mock__/faults", json={"kind": "down", "path": "/VXPAdapter/*", "count": 2})
    for _ in range(2):
        with pytest.raises(TransientError):
            await learned.adapter.poll(learned.intake)
    await learned.adapter.poll(learned.intake)
    assert [one.subject for one in learned.intake.messages] == [CODE]


def list_of(rows: list[JsonValue]) -> httpx.Response:
    return httpx.Response(200, json={"error_code": 0, "message": "", "result": rows})


async def test_empty_list_repeals_nothing(learned: Stage) -> None:
    empty = respx.Route(method="POST", path__regex="/mapi/g$", json__service="LayDanhSachTTHC")
    learned.routes.routes._routes.insert(0, empty.mock(return_value=list_of([])))
    await learned.clock.advance(HOUR_S)
    with pytest.raises(TransientError, match="40"):
        await learned.adapter.poll(learned.intake)
    assert learned.intake.messages == []


async def test_record_that_cannot_be_read_is_kept_once_and_holds_back_nothing(learned: Stage) -> None:
    people = population(34)
    procedure = people.procedure(CODE)
    assert procedure is not None
    row = procedure_row(people, first_edition(procedure)) | {"LINHVUCTHUCHIEN": []}
    broken = respx.Route(method="POST", path__regex="/mapi/g$", json__maTTHC=CODE)
    learned.routes.routes._routes.insert(0, broken.mock(return_value=list_of([row])))
    await learned.act("change", code="1.000003.000.00.00.H34", fee=1000)
    for _ in range(2):
        await learned.round()
    assert [one.subject for one in learned.intake.messages] == ["1.000003.000.00.00.H34"]
    [(raw, error, reference)] = learned.intake.refused
    assert (raw.decode(), reference) == (CODE, CODE)
    assert any(fault.place == "/field_code" for fault in error.faults)


async def test_list_names_only_what_is_in_force(stage: Stage) -> None:
    async def listed() -> list[str]:
        answer = await stage.adapter._require("LayDanhSachTTHC", {})
        return [str(row["MATTHC"]) for row in answer["result"]]  # type: ignore[union-attr,index,call-overload]

    assert len(await listed()) == 1624
    await stage.act("repeal", code=CODE)
    await stage.act("publish", code=NEW, name="Mới")
    after = await listed()
    assert (len(after), CODE in after, NEW in after) == (1624, False, True)


async def test_repealed_procedure_is_still_readable_but_nobody_can_ask_for_it(stage: Stage) -> None:
    await stage.act("repeal", code=CODE)
    answer = await stage.adapter._require("LayThuTuc", {"maTTHC": CODE})
    assert answer["result"][0]["TRANGTHAI"] == "0"  # type: ignore[index,call-overload]
    refused = await stage.user.post("/__mock__/act/submit-dossier", json={"procedure": CODE})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/procedure")


@pytest.mark.parametrize(
    ("act", "body", "status", "pointer"),
    [
        ("change", {"code": CODE}, 409, ""),
        ("change", {"code": NEW, "fee": 1}, 409, "/code"),
        ("change", {"code": CODE, "fee": -1}, 422, "/fee"),
        ("change", {"code": CODE, "tên": "x"}, 422, "/tên"),
        ("publish", {"code": CODE, "name": "x"}, 409, "/code"),
        ("publish", {"code": "abc", "name": "x"}, 422, "/code"),
        ("repeal", {"code": NEW}, 409, "/code"),
    ],
)
async def test_act_that_makes_no_sense_is_refused_by_place(
    stage: Stage, act: str, body: dict[str, JsonValue], status: int, pointer: str
) -> None:
    answer = await stage.act(act, **body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (status, pointer)


async def test_reset_brings_the_first_catalogue_back(stage: Stage) -> None:
    await stage.act("repeal", code=CODE)
    await stage.user.post("/__mock__/reset")
    assert (await stage.act("repeal", code=CODE)).json()["version"] == 2


@pytest.mark.parametrize(
    ("value", "unit", "days"),
    [
        ("3", "Ngày làm việc", 3),
        ("7", "Ngày", 5),
        ("4", "Giờ", 0),
        ("16", "Giờ làm việc", 2),
        ("", "", 0),
        ("5", "", 5),
    ],
)
def test_time_is_told_in_working_days(value: str, unit: str, days: int) -> None:
    assert working_days(value, unit) == days


def test_time_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="sớm"):
        working_days("sớm", "Ngày")
