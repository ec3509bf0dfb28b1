"""iGate's catalogue of procedures: its versions, what they mean to dossiers, and what differs from the portal's."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
import respx
from pydantic import JsonValue

from fakes import make_ports
from lgsp.adapter import Delivered, Delivery
from lgsp.clock import VirtualClock
from lgsp.errors import InvalidMessageError, RejectedError
from lgsp.message import Message
from lgsp.standards import dvcqg
from lgsp.standards.procedures import compare
from lgsp_adapters.igate import IGateAdapter
from lgsp_adapters.igate.procedures import catalogue
from lgsp_adapters.portal.procedure_records import canonical
from lgsp_mocks.igate import STAND_IN
from lgsp_mocks.kit import create_app, population
from lgsp_mocks.kit.procedures_content import first_edition
from lgsp_mocks.portal.procedure_records import procedure_row

pytestmark = pytest.mark.contract

SETTINGS = {"url": "http://igate", "client_id": "sim", "client_secret": "sim-secret"}
CODE, NEW = "1.000001.000.00.00.H34", "1.900001.000.00.00.H34"
NATIONAL = "G22.99.99-261123-0001"
DAY_S = 86_400


@dataclass
class Stage:
    adapter: IGateAdapter
    clock: VirtualClock
    user: httpx.AsyncClient

    async def publish(self, **changes: JsonValue) -> Delivery:
        sent = published(**changes)
        await self.adapter.send(sent)
        return sent

    async def receive(self, procedure: str = CODE) -> httpx.Response:
        return await self.user.post("/__mock__/act/receive-at-counter", json={"procedure": procedure})

    async def dossier(self) -> dict[str, JsonValue]:
        tables = (await self.user.get("/__mock__/state")).json()["tables"]
        return dict(list(tables["dossiers"].values())[-1])

    async def versions(self, code: str = CODE) -> list[dict[str, JsonValue]]:
        row = await self.adapter._client.procedure(code)
        assert row is not None
        return row["versions"]  # type: ignore[return-value]


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    ports = make_ports("igate")
    assert isinstance(ports.clock, VirtualClock)
    app = create_app(STAND_IN, clock=ports.clock, autopilot=False)
    async with app.router.lifespan_context(app), respx.mock(assert_all_called=False) as routes:
        routes.route(host="igate").mock(side_effect=respx.ASGIHandler(app))
        adapter = IGateAdapter(SETTINGS, ports)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://igate") as user:
            yield Stage(adapter, ports.clock, user)
        await adapter.aclose()


def on_the_portal(code: str = CODE) -> dict[str, JsonValue]:
    """The canonical procedure as the portal's stand-in begins with it."""
    people = population(34)
    procedure = people.procedure(code)
    assert procedure is not None
    record = dvcqg.ProcedureRecord.model_validate(procedure_row(people, first_edition(procedure)))
    return canonical(record).model_dump(mode="json")


def published(**changes: JsonValue) -> Delivery:
    data = {**on_the_portal(), **changes}
    message = Message.model_validate({
        "id": f"m-{data['version']}", "source": "/systems/portal", "type": "vn.lgsp.procedure.published", "subject": data["code"],
        "time": "2026-11-23T08:00:00+07:00", "dataschema": "https://lgsp.vn/schemas/procedure.published/1", "data": data,
    })  # fmt: skip
    return Delivery(message, (), 1, "key-1")


def delivered(*deliveries: Delivery) -> list[Delivered]:
    return [Delivered(one.message, (), "", 0) for one in deliveries]


async def test_at_first_both_catalogues_are_the_same(stage: Stage) -> None:
    people = population(34)
    portal = {one.code: on_the_portal(one.code) for one in people.procedures if one.synchronized}
    held = await catalogue(stage.adapter._client)
    assert len(held) == len(portal) == 591
    assert compare(portal, held) == []


async def test_what_differs_is_told_by_procedure_and_field(stage: Stage) -> None:
    await stage.publish(version="2", fee=70_000)
    await stage.publish(code=NEW, version="1", name="Mới")
    found = compare({CODE: on_the_portal()}, await catalogue(stage.adapter._client))
    mine = next(one for one in found if one.code == CODE)
    assert {(one.name, one.published, one.held) for one in mine.fields} >= {("fee", 100_000, 70_000)}
    assert (NEW, "repealed") in {(one.code, one.kind.value) for one in found}


async def test_new_version_is_kept_beside_the_old_one_and_its_repeat_changes_nothing(stage: Stage) -> None:
    for _ in range(2):
        await stage.publish(version="2", fee=70_000, working_days=9)
    assert [one["decisionId"] for one in await stage.versions()] == [on_the_portal()["version"], "2"]


async def test_old_version_that_is_told_again_does_not_come_back(stage: Stage) -> None:
    first = await stage.publish(version="2", fee=70_000)
    await stage.publish(version="3", fee=80_000)
    await stage.adapter.send(first)
    assert [one["decisionId"] for one in await stage.versions()][1:] == ["2", "3"]


async def test_new_dossier_goes_by_the_new_version_and_an_old_one_by_its_own(stage: Stage) -> None:
    await stage.receive()
    before = await stage.dossier()
    await stage.publish(version="2", fee=70_000, working_days=1)
    await stage.receive()
    after = await stage.dossier()
    assert (before["procedure_version"], after["procedure_version"]) == (1, 2)
    assert (before["fees"][0]["amount"], after["fees"][0]["amount"]) == (100_000, 70_000)  # type: ignore[index,call-overload]
    assert str(after["due_at"]) < str(before["due_at"])


async def test_repealed_procedure_is_refused_at_the_counter_with_the_decision(stage: Stage) -> None:
    await stage.publish(version="2", state="repealed", public=False, decision="99/QĐ-UBND")
    answer = await stage.receive()
    assert answer.status_code == 422
    assert "bãi bỏ (99/QĐ-UBND)" in answer.json()["detail"]


async def test_dossier_that_was_taken_in_before_the_repeal_is_worked_to_its_end(stage: Stage) -> None:
    await stage.receive()
    await stage.publish(version="2", state="repealed", public=False)
    for _ in range(3):
        await stage.user.post("/__mock__/tick")
    found = await stage.dossier()
    assert (found["status"], found["procedure_version"]) == ("10", 1)


def submission(at: str) -> Delivery:
    message = Message.model_validate({
        "id": "m-1", "source": "/systems/portal", "type": "vn.lgsp.dossier.submitted", "subject": NATIONAL, "time": at,
        "dataschema": "https://lgsp.vn/schemas/dossier.submitted/1", "data": {
            "national_code": NATIONAL, "procedure_code": CODE, "unit_id": "000.00.03.H34", "submitted_at": at,
            "applicant": {"name": "Nguyễn A", "citizen_id": "999000000001"},
        },
    })  # fmt: skip
    return Delivery(message, (), 1, "key-1")


async def test_online_dossier_counts_by_the_moment_of_its_submission(stage: Stage) -> None:
    await stage.clock.advance(DAY_S)
    await stage.publish(version="2", state="repealed", public=False)
    with pytest.raises(RejectedError, match="bãi bỏ"):
        await stage.adapter.send(submission("2026-11-25T08:00:00+07:00"))
    await stage.adapter.send(submission("2026-11-23T08:00:00+07:00"))
    assert (await stage.dossier())["procedure_version"] == 1


async def test_new_procedure_can_be_asked_for_at_once(stage: Stage) -> None:
    assert (await stage.receive(NEW)).status_code == 422
    await stage.publish(code=NEW, version="1", name="Thủ tục mới", fee=5_000)
    assert (await stage.receive(NEW)).status_code == 201
    found = await stage.dossier()
    assert (found["procedure_name"], found["fees"][0]["amount"]) == ("Thủ tục mới", 5_000)  # type: ignore[index,call-overload]


async def test_what_igate_lost_is_missing_with_the_difference(stage: Stage) -> None:
    sent = await stage.publish(version="2", fee=70_000)
    new = await stage.publish(code=NEW, version="7", name="Mới")
    assert await stage.adapter.missing(delivered(sent, new)) == {}
    for step in ("reset", "seed"):
        await stage.user.post(f"/__mock__/{step}")
    found = await stage.adapter.missing(delivered(sent, new))
    assert "fee 70000 (held 100000)" in found["m-2"]
    assert NEW in found["m-7"]


async def test_version_that_a_newer_one_followed_is_not_missing(stage: Stage) -> None:
    old = await stage.publish(version="2", fee=70_000)
    await stage.publish(version="3", fee=80_000)
    assert await stage.adapter.missing(delivered(old)) == {}


async def test_procedure_that_fits_no_schema_never_leaves(stage: Stage) -> None:
    with pytest.raises(InvalidMessageError) as caught:
        await stage.publish(fee=-1)
    assert [fault.place for fault in caught.value.faults] == ["/data/fee"]


async def test_catalogue_wants_a_token_and_a_code_that_fits_the_path(stage: Stage) -> None:
    assert (await stage.user.get(f"/ba/procedure/{CODE}")).status_code == 401
    body = dict(await stage.adapter._client.procedure(CODE) or {})
    body = {
        name: value
        for name, value in body.items()
        if name not in {"id", "version", "versions", "updatedDate"}
    }
    with pytest.raises(RejectedError, match="đường dẫn"):
        await stage.adapter._client.put_procedure(NEW, body)
