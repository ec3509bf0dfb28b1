"""The recorded client's very headers and bodies against the VXP server that the bus offers iOffice (secret sim-secret)."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from fakes import START, FakeIntake, make_ports
from lgsp.channels import Keys, RedisMailbox, Server
from lgsp.errors import ConfigurationError
from lgsp.standards import vxp
from lgsp_adapters.ioffice import IOfficeAdapter
from lgsp_adapters.ioffice.agencies import Agencies

pytestmark = pytest.mark.contract

TOLD = [
    {"code": "H34", "code102": "000.00.00.H34", "name": "UBND tỉnh Kon Tum", "mail": "ubnd@h34.vn"},
    {"code": "H34.2", "code102": "000.00.02.H34", "name": "Sở Nội vụ", "pcode": "000.00.00.H34"},
]
SETTINGS = {
    "url": "http://ioffice.test", "system_id": "sim.lgsp.01", "secret": "sim-secret", "username": "sim", "password": "sim",
    "agencies": TOLD,
}  # fmt: skip
RECORDED = {
    "getAgenciesList": (
        "23112026T214554+0252", "87bfc800176b01bcbbd5128e2b363718a2992c2bb080cd9e8ca5106c5df720cb", b"",
    ),
    "registerAgency": (
        "23112026T214554+0598", "74d09d595548344bd27c829388236a913a5d435e5778b6d6d0c111801a25be9c",
        b'{"id":"","pcode":"000.00.00.H37","code":"000.01.00.H37","name":"So A","mail":"a@b.vn"}',
    ),
}  # fmt: skip


class Client:
    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def recorded(self, name: str, body: bytes | None = None) -> dict[str, object]:
        """As recorded, byte for byte; another `body`, which is not signed, can take the place of its own."""
        stamp, hmac, recorded = RECORDED[name]
        signed = (
            f'{{"XroadVnpt-systemid":"sim.lgsp.01","XroadVnpt-timestamp":"{stamp}",'
            '"XroadVnpt-Content-Type":"application/json"}'
        )
        headers = {
            "XroadVnpt-systemid": "sim.lgsp.01", "XroadVnpt-timestamp": stamp, "Content-Type": "application/json",
            "XroadVnpt-Content-Type": "application/json", "XroadVnpt-sign-header-key": "systemid;timestamp;Content-Type",
            "XroadVnpt-sign-header": signed, "XroadVnpt-hash-header": hmac,
            "User-Agent": "JAVASDKAgent/1.0.0 XRoad/VPCP", "XroadVnpt-version": "3.0.201608",
        }  # fmt: skip
        return await self._post(name, headers, recorded if body is None else body)

    async def of_level(self, level: str) -> dict[str, object]:
        """getAgenciesListQD20, which was not recorded: one parameter more."""
        parameters = {"systemid": "sim.lgsp.01", "level": level, "timestamp": vxp.timestamp(START)}
        return await self._post("getAgenciesList", vxp.sign(parameters, "sim-secret"), b"")

    async def _post(self, name: str, headers: dict[str, str], body: bytes) -> dict[str, object]:
        found: dict[str, object] = (await self._http.post(f"/{name}", headers=headers, content=body)).json()
        return found

    async def agencies(self) -> dict[str, dict[str, str]]:
        return by_code(await self.recorded("getAgenciesList"))


def by_code(answer: Any) -> dict[str, dict[str, str]]:
    assert (answer["status"], answer["ErrorCode"]) == ("OK", "0")
    return {row["code"]: row for row in answer["data"]}


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    adapter = IOfficeAdapter(SETTINGS, make_ports("ioffice"))
    transport = httpx.ASGITransport(app=Starlette(routes=adapter.routes(FakeIntake())))
    async with httpx.AsyncClient(transport=transport, base_url="http://bus.test") as http:
        yield Client(http)
    await adapter.aclose()


async def test_the_agencies_of_the_configuration_are_listed_with_the_fields_of_the_wire(
    client: Client,
) -> None:
    province, department = (await client.agencies()).values()
    assert province == {
        "id": "H34", "pid": "0", "code": "H34", "code102": "000.00.00.H34", "name": "UBND tỉnh Kon Tum", "pcode": "",
        "mail": "ubnd@h34.vn", "mobile": "", "fax": "",
    }  # fmt: skip
    assert (department["pid"], department["code102"]) == (province["id"], "000.00.02.H34")


async def test_an_agency_that_is_registered_is_listed_from_then_on_and_once(client: Client) -> None:
    for _ in range(2):
        answer = await client.recorded("registerAgency")
        assert (answer["ErrorCode"], answer["data"]) == (
            "0",
            [{"id": "000.01.00.H37", "code": "000.01.00.H37"}],
        )
    rows = await client.agencies()
    assert list(rows) == ["H34", "H34.2", "000.01.00.H37"]
    assert (rows["000.01.00.H37"]["name"], rows["000.01.00.H37"]["pid"]) == ("So A", "0")


async def test_a_registration_by_either_form_of_the_code_takes_the_place_of_what_was_there(
    client: Client,
) -> None:
    await client.recorded("registerAgency", b'{"code":"000.00.02.H34","name":"So Noi vu moi","fax":null}')
    await client.recorded("registerAgency", b'{"code":"000.00.02.H34","name":"So Noi vu"}')
    assert [row["name"] for row in (await client.agencies()).values()] == ["UBND tỉnh Kon Tum", "So Noi vu"]


async def test_a_registration_that_leaves_something_out_takes_nothing_away(client: Client) -> None:
    await client.recorded("registerAgency", b'{"code":"H34.2.1","pcode":"H34.2","name":"Phong A"}')
    before = await client.agencies()
    await client.recorded("registerAgency", b'{"code":"000.00.00.H34","name":"UBND tinh","mail":""}')
    await client.recorded("registerAgency", b'{"code":"000.00.02.H34","name":"So Noi vu"}')
    after = await client.agencies()
    assert list(after) == list(before)
    assert (after["H34"]["name"], after["H34"]["mail"]) == ("UBND tinh", "ubnd@h34.vn")
    assert after["H34.2.1"]["pid"] == before["H34.2.1"]["pid"] == "H34.2"


@pytest.mark.parametrize("level", ["1", "2", "3", "4"])
async def test_the_header_level_leaves_those_of_that_level(client: Client, level: str) -> None:
    for code in ("H34.2.1", "001.00.02.H34"):
        await client.recorded("registerAgency", f'{{"code":"{code}","name":"A"}}'.encode())
    expected = {"1": ["H34"], "2": ["H34.2"], "3": ["H34.2.1"], "4": ["001.00.02.H34"]}
    assert list(by_code(await client.of_level(level))) == expected[level]


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"code":"000.01.00.H37"}', b'{"code":"x","name":"A"}', b" " * 70_000]
)
async def test_an_agency_that_cannot_be_kept_is_refused_with_10(client: Client, body: bytes) -> None:
    assert (await client.recorded("registerAgency", body))["ErrorCode"] == "10"
    assert len(await client.agencies()) == 2


async def test_a_level_that_there_is_none_of_is_refused_with_10(client: Client) -> None:
    assert (await client.of_level("5"))["ErrorCode"] == "10"


def test_agencies_of_no_known_form_are_named_at_the_start() -> None:
    settings = {**SETTINGS, "agencies": [{"code": "H34"}]}
    with pytest.raises(ConfigurationError, match=r"\[systems\.ioffice\]\.agencies.*name"):
        IOfficeAdapter(settings, make_ports("ioffice"))


async def test_what_was_registered_outlasts_a_restart_and_a_change_of_it_too(server: Server) -> None:
    ports = make_ports("ioffice")
    ports = replace(ports, mailbox=RedisMailbox(server, Keys(), "ioffice", ports.clock))
    for name in ("Sở A", 'Sở "A" \\ Nội vụ/1'):
        row = {"code": "000.01.00.H37", "name": name}
        await Agencies({}, ports).register(json.dumps(row, ensure_ascii=False).encode())
    [found] = await Agencies({}, ports).listing()
    assert isinstance(found, dict)
    assert (found["name"], found["code102"]) == (name, "000.01.00.H37")
