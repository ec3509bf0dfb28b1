"""PortalAdapter: dossiers to the national portal, and those that citizens submit there."""

from collections.abc import Mapping, Sequence

from pydantic import JsonValue
from starlette.routing import BaseRoute

from lgsp.adapter import AdapterSettings, Delivered, Delivery, Intake, Ports, Receipt
from lgsp.errors import EarlyError, InvalidMessageError, RejectedError, TransientError
from lgsp.message import Message
from lgsp.model.dossier import DossierProgressed, DossierRequest, DossierSynchronized
from lgsp.standards import dvcqg
from lgsp_adapters import wire
from lgsp_adapters.portal import accounts, translate
from lgsp_adapters.portal.callbacks import callback_routes
from lgsp_adapters.portal.procedures import Procedures
from lgsp_adapters.session import Session

__all__ = ["PortalAdapter"]

PREFIX = "/VXPAdapter/RestService/forward"
DSTCODE = "VN:GOV:000.00.00.G22:vpcpdvcprovider"
_FINE = frozenset({"0", "00"})
_REMEMBERED = 4096


class _RefusedError(RejectedError):
    """The portal itself refused, and not this adapter."""


class PortalAdapter:
    """Settings: `url`, `username`, `password`, `unit_id`, `dstcode`, `prefix`, `timeout_s`; those of `Procedures`."""

    def __init__(self, settings: AdapterSettings, ports: Ports) -> None:
        name = ports.system
        self._ports = ports
        self._username = wire.setting(settings, name, "username", "sim")
        self._password = wire.setting(settings, name, "password")
        self._unit = wire.setting(settings, name, "unit_id", "000.00.00.H34")
        self._prefix = wire.setting(settings, name, "prefix", PREFIX).rstrip("/")
        dstcode = wire.setting(settings, name, "dstcode", DSTCODE)
        self._headers = {
            "dstcode": dstcode, "Accept": "application/json", "Charset": "utf-8", "Content-Type": "application/json",
        }  # fmt: skip
        # What the portal's own clients wait. A delivery is cut off by the bus's `send_timeout_s` if that is less.
        timeout_s = wire.number_setting(settings, name, "timeout_s", 60.0)
        self._client = wire.build_client(wire.url_setting(settings, name), timeout_s=timeout_s)
        self._session = Session(self._log_in, _session_ended)
        self._held: dict[str, None] = {}
        """Numbers of dossiers that it took, the newest last."""
        self._procedures = Procedures(settings, ports, self._unit, self._require)

    async def send(self, delivery: Delivery) -> Receipt:
        """Whole dossiers and requests as DongBoHoSoMC, `.progressed` as CapNhatTienDoHoSoMC.

        What is refused because something before it has not arrived yet is early.
        """
        message = delivery.message
        try:
            return await self._send(message)
        except _RefusedError as exc:
            state = accounts.state_told(message)
            if not state:
                raise
            shown = await self._state_shown(message.subject)
            if not accounts.is_early(message, shown):
                raise
            holds = f"shows state {shown}" if shown else "has no such dossier"
            raise EarlyError(f"{message.subject}: the portal {holds}, before {state}: {exc}") from exc

    async def _send(self, message: Message) -> Receipt:
        match message.kind:
            case "dossier.synchronized" | "dossier.resolved":
                dossier = translate.read(message, DossierSynchronized)
                await self._synchronize(dossier)
                if message.kind == "dossier.synchronized":
                    await self._report(translate.status_item(dossier, message.time))
                return Receipt(translate.national_code(dossier))
            case "dossier.progressed":
                step = translate.read(message, DossierProgressed)
                await self._require("CapNhatTienDoHoSoMC", {"data": [translate.step_item(step)]})
                return Receipt(f"{translate.national_code(step)}#{step.sequence}")
            case "dossier.supplement_requested" | "dossier.fee_requested":
                return await self._ask(translate.read(message, DossierRequest), message.kind)
            case kind:
                raise RejectedError(f"the portal has no service for {kind}", wire_code="kind")

    async def poll(self, intake: Intake) -> int:
        """The catalogue of procedures, seldom and a few calls at a time; dossiers come by call-back."""
        return await self._procedures.poll(intake)

    def routes(self, intake: Intake) -> Sequence[BaseRoute]:
        """The province's side of the call-backs."""
        return callback_routes(self._ports, intake)

    async def missing(self, delivered: Sequence[Delivered]) -> Mapping[str, str]:
        """By TraCuuHoSo, once for each dossier: what was told after the state that the portal shows."""
        found: dict[str, str] = {}
        for code, told in accounts.by_dossier(delivered).items():
            shown = await self._state_shown(code)
            reason = f"the portal shows state {shown}" if shown else "the portal has no such dossier"
            found |= {each.message.id: reason for each in accounts.lacking(told, shown)}
        return found

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _state_shown(self, code: str) -> str:
        """TrangThaiHoSo as the portal has it; empty where it has no such dossier."""
        answer = await self._require("TraCuuHoSo", {"mahoso": code}, fine={"-3", "3"})
        rows = answer.get("result")
        row = rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], dict) else {}
        return str(row.get("TrangThaiHoSo", ""))

    async def _ask(self, request: DossierRequest, kind: str) -> Receipt:
        """The request as a row of DanhSachHoSoBoSung; and where the dossier was born on the portal, a supplement as state 5 too."""
        if request.dossier is not None:
            await self._synchronize(request.dossier)
        status = translate.request_status_item(request) if kind == "dossier.supplement_requested" else None
        if status is not None:
            await self._report(status)
        elif request.dossier is None:
            raise RejectedError(
                f"{kind}: the wire has no call without the whole dossier", wire_code="dossier"
            )
        return Receipt(f"{translate.national_code(request)}#{request.request_id}")

    async def _report(self, status: dict[str, JsonValue] | None) -> None:
        """For what was born on the portal. One that lost what the citizen sent takes the whole dossier, and knows no such birth."""
        if status is not None:
            await self._require("DongBoTrangThaiHoSo", {"type": "2", "data": status}, fine={"-3"})

    async def _synchronize(self, dossier: DossierSynchronized) -> None:
        """Insert or update. What it took once it is not asked for again; where that was overtaken, or the look-up, its answer says so."""
        item, code = translate.dossier_item(dossier), translate.national_code(dossier)
        exists = code in self._held or await self._holds(code)
        fields: dict[str, JsonValue] = {"isUpdating": str(exists), "data": [item]}
        answer = await self._require("DongBoHoSoMC", fields, fine={"3", "-3"})
        if str(answer.get("error_code")) not in _FINE:
            if not _says_other_way(answer):
                raise _rejected("DongBoHoSoMC", answer)
            await self._require("DongBoHoSoMC", {"isUpdating": str(not exists), "data": [item]})
        if code not in self._held and len(self._held) >= _REMEMBERED:
            del self._held[next(iter(self._held))]
        self._held[code] = None

    async def _holds(self, code: str) -> bool:
        answer = await self._require("TraCuuHoSo", {"mahoso": code}, fine={"-3", "3"})
        return bool(answer.get("result"))

    async def _require(
        self, service: str, fields: dict[str, JsonValue], *, fine: frozenset[str] | set[str] = frozenset()
    ) -> dict[str, JsonValue]:
        """Check, call, and let pass only success and the codes in `fine`.

        Raises:
            InvalidMessageError: the packet breaks the regulation, before anything is sent.
            RejectedError: the portal refused.
        """
        body: dict[str, JsonValue] = {"session": "-", "madonvi": self._unit, "service": service, **fields}
        faults = [fault for fault in dvcqg.check(body) if not fault.warning]
        if faults:
            raise InvalidMessageError(service, faults)

        async def attempt(session: str) -> wire.Reply:
            return await self._post("mapi/g", {**body, "session": session})

        answer = _answer(await self._session.run(attempt), service)
        if str(answer.get("error_code")) not in _FINE | fine:
            raise _rejected(service, answer)
        return answer

    async def _log_in(self) -> str:
        """A session. Where it is refused, no message is to blame: they wait, and are not lost."""
        response = await self._post("mapi/login", {"username": self._username, "password": self._password})
        answer = _answer(response, "mapi/login")
        session = answer.get("session")
        if str(answer["error_code"]) not in _FINE or not isinstance(session, str):
            reason = (
                f"mapi/login as {self._username}: error_code {answer['error_code']} {answer.get('message')}"
            )
            raise TransientError(reason, system_down=True)
        return session

    async def _post(self, path: str, body: dict[str, JsonValue]) -> wire.Reply:
        url = f"{self._prefix}/{path}"
        return await wire.ask(self._client, url, self._headers, wire.json_body(body))


def _answer(response: wire.Reply, what: str) -> dict[str, JsonValue]:
    """What the portal says. It says all of it with HTTP 200 and an error_code; anything else comes from what stands before it.

    Raises:
        TransientError: so whether it was done is not known.
    """
    if response.status_code != 200:
        raise TransientError(f"{what}: HTTP {response.status_code}, which is not the portal's own answer")
    answer = wire.json_object(response, what)
    if not isinstance(answer.get("error_code"), int | str):
        raise TransientError(f"{what}: the answer has no error_code")
    return answer


def _session_ended(response: wire.Reply) -> bool:
    return response.status_code == 401 or "session không hợp lệ".encode() in response.content


def _says_other_way(answer: dict[str, JsonValue]) -> bool:
    return "đã tồn tại" in str(answer.get("message")) or str(answer.get("error_code")) == "-3"


def _rejected(service: str, answer: dict[str, JsonValue]) -> _RefusedError:
    code = str(answer.get("error_code"))
    return _RefusedError(f"{service}: error_code {code} {answer.get('message')}", wire_code=code)
