"""A connector of the national public-service portal: how it enters, and what every call of it has. It points at the kit's stand-in."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from lgsp.conformance.clients.connector import Connector, Request, Row
from lgsp.conformance.model import Level, Suite, demand
from lgsp.conformance.servers.fresh import dossier_code
from lgsp.conformance.servers.portal import CLIENTS, DESTINATION, QCVN
from lgsp.errors import InvalidMessageError
from lgsp.standards import dvcqg

__all__ = ["NEEDS", "PORTAL_CLIENT", "Call", "PortalConnector"]

NEEDS = "--send: a command that takes a message of the bus (kind, data) and reports it to the portal"
ASSUMED = "assumed (what breaks on a line)"
LOGIN = "login"
SESSION_ENDED = {"error_code": -1, "message": "session không hợp lệ hoặc đã hết hạn, vui lòng đăng nhập lại"}
MOST_LOGINS = 20
QUIET_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Call:
    """A request of the connector: `name` is its service, or login; `packet` and `answer` are empty where they can't be read."""

    name: str
    packet: Row
    answer: Row
    request: Request

    @property
    def accepted(self) -> bool:
        """The portal has done it."""
        return self.request.status == 200 and str(self.answer.get("error_code")) == "0"

    def about(self, code: str) -> bool:
        """Whether it names that dossier."""
        return code in json.dumps(self.packet, ensure_ascii=False)


@dataclass
class PortalConnector(Connector):
    """A connector under test, seen from the portal. `given`: the sessions that it has been given."""

    given: set[str] = field(default_factory=set)

    async def begin(self) -> None:
        """No fault, and a journal that says nothing. Sessions stay: only where it is asked whether they are renewed do they end."""
        for name in ("expectations", "faults", "requests"):
            await self.control("DELETE", name)
        self._knows(*await self.table("sessions"))

    def dossier(self, **changes: JsonValue) -> Row:
        """Data of `dossier.synchronized`: a dossier that nobody has seen yet, just accepted; its moments are told in UTC."""
        return {
            "code": dossier_code(self.options["intake"]), "procedure_code": self.options["procedure"],
            "procedure_name": "Cấp bản sao trích lục hộ tịch", "field_code": self.options["field"], "field_name": "Hộ tịch",
            "applicant": {"name": "Y Thử Nghiệm Đặng", "kind": "1", "citizen_id": "999000000001"}, "channel": "1", "state": "2",
            "abstract": "Kiểm tra tuân thủ", "unit_id": self.options["intake"], "unit_name": "Sở Tư pháp",
            "accepted_at": "2025-03-03T01:30:00Z", "due_at": "2025-03-10T10:00:00Z", **changes,
        }  # fmt: skip

    def step(self, dossier: Row, state: str, number: int = 2, **changes: JsonValue) -> Row:
        """Data of `dossier.progressed`."""
        return {
            "code": dossier["code"], "sequence": number, "state": state, "officer": "A Mẫu", "content": "Thụ lý hồ sơ",
            "at": f"2025-03-04T01:{number:02}:00Z", **changes,
        }  # fmt: skip

    async def tell(self, data: Row, kind: str = "dossier.synchronized") -> None:
        """Give it a message to report; repeats are its own affair."""
        await self.give({"kind": kind, "data": data})

    async def calls(self, *names: str) -> list[Call]:
        """What the connector has asked so far."""
        made = [_call(one) for one in await self.requests()]
        self._knows(
            *(str(one.answer.get("session") or "") for one in made if one.name == LOGIN and one.accepted)
        )
        return [one for one in made if not names or one.name in names]

    def _knows(self, *sessions: str) -> None:
        self.given |= {one for one in sessions if one}
        self.line.hide(*sessions)

    async def row(self, code: object) -> Row:
        """The dossier as the portal holds it; empty where it does not."""
        return (await self.table("dossiers")).get(str(code), {})

    async def must_show(self, code: object, state: str) -> Row:
        """The portal comes to show that state; the dossier."""

        async def shown() -> bool:
            return (await self.row(code)).get("TrangThaiHoSo") == state

        holds = await self.until(shown)
        row = await self.row(code)
        now = f"shows state {row.get('TrangThaiHoSo')}" if row else "has no such dossier"
        demand(holds, f"{code}: the portal {now}, not {state}, after {self.patience_s:g} s")
        return row

    async def must_call(self, *names: str) -> None:
        """It makes one of these calls."""

        async def made() -> bool:
            return bool(await self.calls(*names))

        demand(await self.until(made), f"never calls {' or '.join(names)}")

    async def quiet(self) -> None:
        """Time in which it could do what it should not."""
        await self.rounds(QUIET_ROUNDS)

    async def instead(self, name: str, times: int | None = 1, **answer: object) -> None:
        """The next calls of a service, or login, are answered so, and not handled; `times` None: until `resume`."""
        match = {"path_regex": ".*mapi/login"} if name == LOGIN else {"body_regex": rf"(?s).*\b{name}\b.*"}
        await self.arrange("expectations", {"request": match, "answers": [answer], "times": times})

    async def fault(self, kind: str, name: str, count: int = 1, **more: object) -> None:
        """The next calls of a service, or login, meet that fault."""
        await self.arrange(
            "faults", {"kind": kind, "operation": name, "count": count, "expires_s": 86_400, **more}
        )

    async def end_session(self) -> None:
        """The sessions that it has been given so far are over: half an hour has passed."""
        await self.control("POST", "clock", {"advance": "31m"})

    async def resume(self, code: object = "") -> None:
        """The portal answers by itself again; time for what is still waiting, so that it is not in the next assertion's way."""
        for name in ("expectations", "faults"):
            await self.control("DELETE", name)

        async def there() -> bool:
            return bool(await self.row(code))

        if code:
            await self.until(there)


def _call(request: Request) -> Call:
    in_xml = "xml" in request.headers.get("content-type", "")
    packet = _read(request.body, in_xml=in_xml)
    name = LOGIN if request.path.endswith("mapi/login") else str(packet.get("service", ""))
    return Call(name, packet, _read(request.answer, in_xml=in_xml), request)


def _read(text: str, *, in_xml: bool) -> Row:
    try:
        found = dvcqg.read_xml(text.encode()) if in_xml else json.loads(text)
    except (InvalidMessageError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


PORTAL_CLIENT: Suite[PortalConnector] = Suite(
    "portal-client", "Connector of the national public-service portal (DVCQG)", "Phần mềm kết nối Cổng dịch vụ công quốc gia (DVCQG)",
    {"username": "sim", "password": "sim-secret", "unit": "000.00.00.H34", "intake": "000.00.03.H34",
     "procedure": "1.000001.000.00.00.H34", "field": "G15-TP03", "patience_s": "10"}, PortalConnector,
)  # fmt: skip


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-01",
    "It logs in with its account, and every call carries a session that the portal gave it",
    "Đăng nhập bằng tài khoản; mọi lời gọi mang session do Cổng cấp",
    source=CLIENTS,
    needs=NEEDS,
)
async def _(portal: PortalConnector) -> None:
    await portal.begin()
    await portal.end_session()
    await _report_one(portal)
    calls = await portal.calls()
    demand(any(call.name == LOGIN for call in calls), "never logs in")
    for call in calls:
        if call.name == LOGIN:
            name = call.packet.get("username")
            demand(name == portal.options["username"], f"logs in as {name!r}")
        else:
            demand(
                call.packet.get("session") in portal.given,
                f"{call.name}: no session, or none that the portal gave",
            )


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-02",
    "A session is used for more than one report",
    "Một session dùng cho nhiều lần gửi",
    source=CLIENTS,
    level=Level.SHOULD,
    needs=NEEDS,
)
async def _(portal: PortalConnector) -> None:
    await portal.begin()
    for _ in range(3):
        await _report_one(portal)
    logins = len(await portal.calls(LOGIN))
    demand(logins <= 1, f"{logins} logins for 3 dossiers")


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-03",
    "Where its session has ended it logs in again, and makes the call again",
    "Session hết hạn: đăng nhập lại và gọi lại",
    source=CLIENTS,
    needs=NEEDS,
)
async def _(portal: PortalConnector) -> None:
    await portal.begin()
    await _report_one(portal)
    await portal.fault("session_expires", "DongBoHoSoMC")
    await _report_one(portal)


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-04",
    "Without a session nothing but login is called, and login not without end",
    "Chưa có session thì chỉ gọi login, và không gọi mãi",
    source=CLIENTS,
    needs=NEEDS,
)
async def _(portal: PortalConnector) -> None:
    await portal.begin()
    refusal = {"error_code": -1, "message": "Sai tên đăng nhập hoặc mật khẩu", "session": "not-a-session"}
    await portal.instead(LOGIN, None, json_body=refusal)
    await portal.end_session()
    dossier = portal.dossier()
    await portal.tell(dossier)
    await portal.must_call(LOGIN)
    await portal.quiet()
    others = {
        call.name
        for call in await portal.calls()
        if call.name != LOGIN and call.packet.get("session") not in portal.given
    }
    logins = len(await portal.calls(LOGIN))
    await portal.resume(dossier["code"])
    demand(not others, f"called though the login was refused: {', '.join(sorted(others))}")
    _not_without_end(logins)


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-05",
    "A login that is refused for a while loses no dossier",
    "Đăng nhập tạm thời bị từ chối không làm mất hồ sơ",
    source="assumed",
    needs=NEEDS,
)
async def _(portal: PortalConnector) -> None:
    await portal.begin()
    await portal.instead(LOGIN, 2, json_body={"error_code": -1, "message": "Tài khoản tạm khóa"})
    await portal.end_session()
    await _report_one(portal)


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-06",
    "A portal that refuses each session that it gives is not asked without end, and loses no dossier",
    "Cổng từ chối mọi session vừa cấp: không đăng nhập mãi, không mất hồ sơ",
    source="assumed",
    needs=NEEDS,
)
async def _(portal: PortalConnector) -> None:
    await portal.begin()
    for name in ("TraCuuHoSo", "DongBoHoSoMC"):
        await portal.instead(name, None, json_body=SESSION_ENDED)
    dossier = portal.dossier()
    await portal.tell(dossier)
    await portal.must_call("TraCuuHoSo", "DongBoHoSoMC")
    await portal.quiet()
    _not_without_end(len(await portal.calls(LOGIN)))
    await portal.resume()
    await portal.must_show(dossier["code"], "2")


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-07",
    "Password and session are in no address and no header",
    "Mật khẩu, session không nằm trong URL, header",
    source="RFC 9110, 17.9",
    needs=NEEDS,
)
async def _(portal: PortalConnector) -> None:
    await portal.begin()
    await _report_one(portal)
    calls = await portal.calls()
    secrets = {portal.options["password"], *portal.given}
    for call in calls:
        shown = f"{call.request.path}?{call.request.query} {list(call.request.headers.values())}"
        demand(not any(one in shown for one in secrets), f"{call.name}: a secret in the address or a header")


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-08",
    "No redirect to another host is followed",
    "Không theo chuyển hướng sang máy khác",
    source="assumed (password and session would go along)",
    needs=NEEDS,
)
async def _(portal: PortalConnector) -> None:
    await portal.begin()
    other = portal.line.base.replace("127.0.0.1", "localhost") + "/elsewhere"
    for name in (LOGIN, "TraCuuHoSo", "DongBoHoSoMC"):
        await portal.instead(name, status=307, headers={"Location": other})
    await portal.end_session()
    dossier = portal.dossier()
    await portal.tell(dossier)
    await portal.must_call(LOGIN)
    await portal.quiet()
    await portal.resume(dossier["code"])
    followed = [call for call in await portal.calls() if call.request.path == "/elsewhere"]
    demand(not followed, "followed, with what is secret in the packet")


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-10",
    "Packets are JSON or XML in UTF-8, by POST, and Content-Type says which",
    "Gói tin JSON hoặc XML, UTF-8, phương thức POST, Content-Type đúng",
    source=f"{QCVN}; {CLIENTS}",
    needs=NEEDS,
)
async def _(portal: PortalConnector) -> None:
    await portal.begin()
    await _report_one(portal)
    for call in await portal.calls():
        kind = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
        demand(call.request.method == "POST", f"{call.request.path}: {call.request.method}")
        demand(kind in {"application/json", "application/xml", "text/xml"}, f"{call.name}: Content-Type {kind!r}")  # fmt: skip
        demand("\ufffd" not in call.request.body, f"{call.name}: not UTF-8")


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-11",
    "Every call names its own unit",
    "Mọi lời gọi mang đúng mã đơn vị",
    source=QCVN,
    needs=NEEDS,
)
async def _(portal: PortalConnector) -> None:
    await portal.begin()
    await _report_one(portal)
    for call in await portal.calls():
        unit = call.packet.get("madonvi")
        demand(call.name == LOGIN or unit == portal.options["unit"], f"{call.name}: madonvi {unit!r}")


@PORTAL_CLIENT.asserts(
    "LGSP-PTC-12",
    "Behind an adapter's forward path dstcode names the portal",
    "Qua forward, dstcode chỉ đúng Cổng",
    source=CLIENTS,
    level=Level.SHOULD,
    needs=NEEDS,
)
async def _(portal: PortalConnector) -> None:
    await portal.begin()
    await _report_one(portal)
    for call in await portal.calls():
        named = call.request.headers.get("dstcode", "") or call.request.query
        bare = "/RestService/forward/" not in call.request.path
        demand(bare or DESTINATION in named.replace("%3A", ":"), f"{call.name}: dstcode {named!r}")


async def _report_one(portal: PortalConnector) -> Mapping[str, JsonValue]:
    dossier = portal.dossier()
    await portal.tell(dossier)
    return await portal.must_show(dossier["code"], "2")


def _not_without_end(logins: int) -> None:
    demand(logins <= MOST_LOGINS, f"{logins} logins within moments")
