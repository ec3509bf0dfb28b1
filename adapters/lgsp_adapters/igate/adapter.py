"""IGateAdapter: submitted dossiers and signed results in, the life of every dossier out."""

from lgsp.adapter import AdapterSettings, Delivery, Intake, Ports, Receipt
from lgsp.errors import InvalidMessageError, RejectedError
from lgsp_adapters.igate import write
from lgsp_adapters.igate.client import IGateClient, Record
from lgsp_adapters.igate.read import Reading

__all__ = ["IGateAdapter"]

PAGE = 50
MAX_PAGES = 200


class IGateAdapter:
    """Settings: `url`, `client_id`, `client_secret`, `timeout_s`."""

    def __init__(self, settings: AdapterSettings, ports: Ports) -> None:
        self._ports = ports
        self._client = IGateClient(settings, ports.system)
        self._reading = Reading(ports.system, self._client, ports.blobs)
        self._seen: dict[str, str] = {}

    async def send(self, delivery: Delivery) -> Receipt:
        """`dossier.submitted` as NopHoSo, `result.issued` as CapNhatTrangThai."""
        message = delivery.message
        match message.kind:
            case "dossier.submitted":
                return await write.submit(message, self._client, self._ports.blobs)
            case "result.issued":
                return await write.answer_draft(message, self._client, self._ports.blobs)
            case kind:
                raise RejectedError(f"iGate's wire has no call for {kind}", wire_code="kind")

    async def poll(self, intake: Intake) -> int:
        """What changed since this process last looked, the oldest change first; a repeat after a restart is harmless."""
        taken = 0
        for row in reversed(await self._changed()):
            taken += await self._take(row, intake)
        return taken

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _changed(self) -> list[Record]:
        changed: list[Record] = []
        for page in range(MAX_PAGES):
            rows, last = await self._client.search(page, PAGE)
            fresh = [row for row in rows if self._seen.get(str(row["id"])) != _revision(row)]
            changed += fresh
            if last or not fresh:
                break
        return changed

    async def _take(self, row: Record, intake: Intake) -> int:
        detail = await self._client.detail(str(row["id"]))
        taken = 0
        try:
            async for message in self._reading.messages(detail):
                taken += await intake.accept(message)
        except InvalidMessageError as exc:
            # Kept in the invalid message channel; asking again would bring the same until the dossier changes.
            await intake.refuse(str(row).encode(), exc, reference=str(row.get("code") or row["id"]))
        self._seen[str(row["id"])] = _revision(detail)
        return taken


def _revision(row: Record) -> str:
    return f"{row.get('updatedDate')}#{row.get('revision', '')}"
