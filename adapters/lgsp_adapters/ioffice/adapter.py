"""IOfficeAdapter: documents through the mailbox that iOffice polls over VXP, dossiers through its one-stop link."""

from collections.abc import Mapping, Sequence

import httpx
from pydantic import JsonValue
from starlette.routing import BaseRoute

from lgsp import wirelog
from lgsp.adapter import (
    INLINE_BYTES,
    AdapterSettings,
    Delivered,
    Delivery,
    Intake,
    MailboxItem,
    Ports,
    Receipt,
)
from lgsp.errors import InvalidMessageError, NotFoundError, RejectedError, TransientError
from lgsp.standards import identifiers
from lgsp_adapters import edoc, wire
from lgsp_adapters.ioffice import one_stop
from lgsp_adapters.ioffice.agencies import Agencies
from lgsp_adapters.ioffice.vxp_server import VxpServer

__all__ = ["IOfficeAdapter"]

RESULTS_PER_ROUND = 100
MAX_RESULT_BYTES = 150 * 1024 * 1024

LATE_MS = 3_600_000

_LINK = "/qlvb/lienthong"
_TAKEN = "1"
_UNREADABLE = "0"
_FINE = frozenset({"", "0", "00", "200"})
_AWAY = frozenset({"502", "503", "504"})


class IOfficeAdapter:
    """Settings: `url`, `username`, `password`, `secret`, `system_id`, `unit` (mã đơn vị cha), `timeout_s`, `agencies`."""

    def __init__(self, settings: AdapterSettings, ports: Ports) -> None:
        name = ports.system
        self._ports = ports
        self._source = f"/systems/{name}"
        self._system_id = wire.setting(settings, name, "system_id", "sim.ioffice.h34")
        self._secret = wire.setting(settings, name, "secret")
        self._agencies = Agencies(settings, ports)
        self._unit = wire.setting(settings, name, "unit", "H34")
        self._auth = httpx.BasicAuth(
            wire.setting(settings, name, "username"), wire.setting(settings, name, "password")
        )
        self._client = wire.build_client(
            wire.url_setting(settings, name), timeout_s=wire.number_setting(settings, name, "timeout_s", 10.0)
        )

    async def send(self, delivery: Delivery) -> Receipt:
        """Documents and statuses into the mailbox; `result.requested` as GuiHoSo."""
        kind = delivery.message.kind
        if kind == "result.requested":
            return await self._request_result(delivery)
        if kind.startswith("document."):
            return await self._put(delivery)
        raise RejectedError(f"iOffice takes no {kind}", wire_code="kind")

    def routes(self, intake: Intake) -> Sequence[BaseRoute]:
        """The VXP wire that iOffice is pointed at."""
        account = (self._system_id, self._secret)
        return VxpServer(account, self._ports, intake, self._agencies).routes()

    async def poll(self, intake: Intake) -> int:
        """Signed results: LayDanhSachGoiTinVanBan, each LayGoiTinVanBan, confirmed once the bus has it.

        One that can't be fetched now does not hold back the others; BackpressureError passes through.

        Raises:
            TransientError, RejectedError: iOffice is away, or no result at all went through.
        """
        query = {"maDonViCha": self._unit, "top": str(RESULTS_PER_ROUND)}
        answer = await self._ask("GET", "LayDanhSachGoiTinVanBan", params=query)
        listed = answer.get("data")
        references = [str(entry) for entry in listed if entry] if isinstance(listed, list) else []
        taken = 0
        failures: list[TransientError | RejectedError] = []
        for reference in references[:RESULTS_PER_ROUND]:
            try:
                with wirelog.item():
                    await self._take_result(reference, intake)
            except (TransientError, RejectedError) as exc:
                if isinstance(exc, TransientError) and exc.system_down:
                    raise
                failures.append(exc)
            else:
                taken += 1
        if failures and not taken:
            raise failures[0]
        return taken

    async def missing(self, delivered: Sequence[Delivered]) -> Mapping[str, str]:
        """By the mailbox: what iOffice could not read, or has not fetched for an hour."""
        found: dict[str, str] = {}
        now_ms = int(self._ports.clock.now().timestamp() * 1000)
        for each in delivered:
            if not each.message.kind.startswith("document."):
                continue
            try:
                item = await self._ports.mailbox.find(each.reference)
            except NotFoundError:
                continue  # settled long ago
            if item.state == "fail":
                found[each.message.id] = f"iOffice could not read it{': ' if item.note else ''}{item.note}"
            elif item.state != "done" and now_ms - item.created_ms > LATE_MS:
                found[each.message.id] = "iOffice has not fetched it for more than an hour"
        return found

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _put(self, delivery: Delivery) -> Receipt:
        packet = await edoc.from_canonical(delivery.message, delivery.organizations, self._ports.blobs)
        now_ms = int(self._ports.clock.now().timestamp() * 1000)
        item_id = identifiers.deterministic_id("mailbox", self._ports.system, delivery.idempotency_key)
        owners = delivery.organizations or delivery.message.recipient_ids
        item = MailboxItem(
            id=item_id,
            owner=owners[0] if owners else "",
            sender=packet.sender.id,
            kind=edoc.message_type(packet),
            state="initial",
            created_ms=now_ms,
            updated_ms=now_ms,
            title=edoc.title(packet),
        )
        raw = await edoc.encode(packet)
        content = raw.read() if raw.size <= INLINE_BYTES else await edoc.stored(raw, self._ports.blobs)
        await self._ports.mailbox.put(item, content)
        if wirelog.current() is not None:
            laid = wirelog.Body(bytearray(b"".join(raw.chunks(0, wirelog.KEPT_BYTES))), raw.size)
            wirelog.note(
                wirelog.Exchange("bus", "MAILBOX", f"mailbox:{self._ports.system}/{item_id}", body=laid)
            )
        return Receipt(item_id)

    async def _request_result(self, delivery: Delivery) -> Receipt:
        packet = await one_stop.requested_packet(delivery.message, self._ports.blobs)
        answer = await self._ask("POST", "GuiHoSo", json=packet)
        data = answer.get("data")
        reference = data.get("MaVanBan") or data.get("IDHoSo") if isinstance(data, dict) else data
        return Receipt(str(reference) if isinstance(reference, str | int) else str(packet["IDHoSo"]))

    async def _take_result(self, reference: str, intake: Intake) -> None:
        response = await self._fetch(reference)
        answer = _judge(response, "LayGoiTinVanBan")
        inner = answer.get("data")
        packet = inner if isinstance(inner, dict) else answer
        now = self._ports.clock.now()
        state = _TAKEN
        try:
            message = await one_stop.issued_message(packet, reference, self._source, now, self._ports.blobs)
        except InvalidMessageError as exc:
            await intake.refuse(response.content, exc, reference=reference)
            state = _UNREADABLE
        else:
            try:
                await intake.accept(message)
            except InvalidMessageError:
                state = _UNREADABLE
        await self._ask("POST", "CapNhatTrangThaiVanBan", json={"MaVanBan": reference, "TrangThai": state})

    async def _fetch(self, reference: str) -> httpx.Response:
        return await wire.call(
            self._client,
            "GET",
            f"{_LINK}/LayGoiTinVanBan",
            max_bytes=MAX_RESULT_BYTES,
            auth=self._auth,
            params={"MaVanBan": reference},
        )

    async def _ask(
        self,
        method: str,
        operation: str,
        *,
        params: dict[str, str] | None = None,
        json: dict[str, JsonValue] | None = None,
    ) -> dict[str, JsonValue]:
        options: wire.CallOptions = {"params": params or {}}
        if json is not None:
            options["json"] = json
        path = f"{_LINK}/{operation}"
        return _judge(await wire.call(self._client, method, path, auth=self._auth, **options), operation)


def _judge(response: httpx.Response, operation: str) -> dict[str, JsonValue]:
    """`{data, error{code, internalMessage, userMessage}}`; an error there, or a 4xx, is a refusal, unless it says 5xx or 429."""
    status = response.status_code
    if status in {401, 403}:
        raise RejectedError(f"{operation}: HTTP {status}, check username and password", wire_code=str(status))
    answer = wire.json_object(response, operation)
    error = answer.get("error")
    code = str(error.get("code") or "") if isinstance(error, dict) else ""
    if status < 400 and code in _FINE:
        return answer
    said = error.get("userMessage") or error.get("internalMessage") if isinstance(error, dict) else ""
    what = f"{operation}: HTTP {status} {code} {said or ''}".rstrip()
    if code == "429" or (len(code) == 3 and code.isdigit() and code.startswith("5")):
        raise TransientError(what, system_down=code in _AWAY)
    raise RejectedError(what, wire_code=code or str(status))
