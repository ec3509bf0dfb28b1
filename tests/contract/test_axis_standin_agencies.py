"""The axis' register of agencies."""

import json
from typing import Any

import pytest

from axis_standin import AWAY, DEPARTMENT, MINISTRY, PROVINCE, Axis, axis, document

pytestmark = pytest.mark.contract

NEW = {"id": "", "pcode": "000.00.00.H34", "code": "000.00.99.H34", "name": "Sở A", "mail": "a@example.vn"}


async def agencies(one: Axis, **level: str) -> dict[str, dict[str, Any]]:
    found = (await one.vxp("getAgenciesList", **level))["data"]
    return {agency["code102"]: agency for agency in found}


async def change(one: Axis, call: str, /, **fields: object) -> dict[str, Any]:
    return await one.vxp(call, json.dumps(fields).encode())


async def test_registered_agency_is_listed_below_its_parent_and_can_send() -> None:
    async with axis() as one:
        answer = await change(one, "registerAgency", **NEW)
        listed = await agencies(one)
        added = listed[NEW["code"]]
        assert answer["data"] == [{"id": added["id"], "code": NEW["code"]}]
        assert (added["pid"], added["pcode"]) == (listed[PROVINCE]["id"], PROVINCE)
        assert (added["name"], added["mail"], added["mobile"]) == ("Sở A", "a@example.vn", "")
        assert (await one.send(document(sender=NEW["code"])))["ErrorCode"] == "0"


async def test_either_form_of_an_id_finds_the_agency() -> None:
    async with axis() as one:
        assert (await one.send(document("H34.2", sender=MINISTRY), AWAY))["ErrorCode"] == "0"
        assert (await one.send(document("G22", sender="H34")))["ErrorCode"] == "0"
        assert [item["to"] for item in await one.inbox()] == [DEPARTMENT]
        assert [item["from"] for item in await one.inbox(AWAY)] == [PROVINCE]


async def test_registering_an_agency_by_its_other_form_changes_the_one_that_is_there() -> None:
    async with axis() as one:
        before = await agencies(one)
        await change(one, "registerAgency", code="H34.2", name="Sở Nội vụ mới")
        after = await agencies(one)
        assert len(after) == len(before)
        assert (after[DEPARTMENT]["id"], after[DEPARTMENT]["name"]) == (
            before[DEPARTMENT]["id"],
            "Sở Nội vụ mới",
        )
        assert after[DEPARTMENT]["mail"] == before[DEPARTMENT]["mail"]


async def test_agency_with_both_forms_is_found_by_both() -> None:
    async with axis() as one:
        await change(one, "registerAgency", code="H34.99", code102=NEW["code"], name="Sở A")
        await one.send(document("H34.99", sender=MINISTRY), AWAY)
        await one.send(document(NEW["code"], sender=MINISTRY, number="2"), AWAY)
        assert [item["to"] for item in await one.inbox()] == [NEW["code"]] * 2


async def test_update_finds_the_agency_by_its_number_and_keeps_what_is_not_named() -> None:
    async with axis() as one:
        number = (await agencies(one))[DEPARTMENT]["id"]
        assert (await change(one, "updateAgency", id=number, fax="123", mobile=None))["ErrorCode"] == "0"
        after = (await agencies(one))[DEPARTMENT]
        assert (after["fax"], after["name"]) == ("123", "Sở Nội vụ tỉnh Kon Tum")
        assert (await change(one, "updateAgency", code="H34.98"))["ErrorCode"] == "19"


async def test_agency_of_another_system_is_not_to_be_touched() -> None:
    async with axis() as one:
        before = await agencies(one)
        codes = [
            (await change(one, name, code="G22", name="Khác"))["ErrorCode"]
            for name in ("registerAgency", "updateAgency", "deleteAgency")
        ]
        assert codes == ["15", "15", "19"]
        assert await agencies(one) == before


async def test_deleted_agency_can_neither_send_nor_receive() -> None:
    async with axis() as one:
        assert (await change(one, "deleteAgency", code=DEPARTMENT))["ErrorCode"] == "0"
        assert DEPARTMENT not in await agencies(one)
        assert (await one.send(document(sender=DEPARTMENT)))["ErrorCode"] == "19"
        assert (await one.send(document(DEPARTMENT, sender=MINISTRY), AWAY))["ErrorCode"] == "18"


@pytest.mark.parametrize(
    "fields",
    [
        {"code": "", "name": "A"},
        {"code": "không", "name": "A"},
        {"code": "H34.98"},
        {"code": 5},
        {"code": "x" * 900},
    ],
)
async def test_agency_without_a_proper_id_or_name_is_refused(fields: dict[str, object]) -> None:
    async with axis() as one:
        answer = await change(one, "registerAgency", **fields)
        assert answer["ErrorCode"] == "10"
        assert answer["ErrorDesc"].startswith("File không hợp lệ: ")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff", b'{"code":"\\ud800"}', b"[" * 5000])
async def test_what_is_no_agency_is_refused(body: bytes) -> None:
    async with axis() as one:
        for name in ("registerAgency", "updateAgency", "deleteAgency"):
            assert (await one.vxp(name, body))["ErrorCode"] in {"10", "19"}


async def test_level_of_the_qd20_list_is_that_of_the_id() -> None:
    async with axis() as one:
        await change(one, "registerAgency", code="H34.2.1", name="Chi cục", pcode="H34.2")
        await change(one, "registerAgency", code="001.00.02.H34", name="Phòng", pcode="H34.2")
        await change(one, "registerAgency", code="vxp.saas.03", name="Thử")
        first, second, third, fourth = [set(await agencies(one, level=str(level))) for level in (1, 2, 3, 4)]
        assert {PROVINCE, MINISTRY} <= first
        assert DEPARTMENT in second
        assert (third, fourth) == ({"H34.2.1"}, {"001.00.02.H34"})
        assert set(await agencies(one)) - first - second - third - fourth == {"vxp.saas.03"}
        assert (await agencies(one))["H34.2.1"]["pid"] == (await agencies(one))[DEPARTMENT]["id"]
        assert (await one.vxp("getAgenciesList", level="5"))["ErrorCode"] == "10"
