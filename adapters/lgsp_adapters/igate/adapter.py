"""IGateAdapter: submitted dossiers and signed results in, the life of every dossier out."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from lgsp.adapter import AdapterSettings, Delivered, Delivery, Intake, Ports, Receipt
from lgsp.errors import Fault, InvalidMessageError, RejectedError
from lgsp.message import Message
from lgsp_adapters.igate import procedures, write
from lgsp_adapters.igate.client import IGateClient, Record
from lgsp_adapters.igate.read import Reading
from lgsp_adapters.rounds import side_by_side

__all__ = ["IGateAdapter"]

PAGE = 50
MAX_PAGES = 200
_REMEMBERED = 4096
FIRST_HOLD_S, LONGEST_HOLD_S = 60.0, 3600.0


@dataclass(frozen=True, slots=True)
class _Held:
    """A dossier that iGate would not hand out at that revision: not asked for again before `until`."""

    revision: str
    until: datetime
    pause_s: float


class IGateAdapter:
    """Settings: `url`, `client_id`, `client_secret`, `timeout_s`."""

    def __init__(self, settings: AdapterSettings, ports: Ports) -> None:
        self._ports = ports
        self._client = IGateClient(settings, ports.system)
        self._seen: dict[str, str] = {}
        self._told: dict[str, set[bytes]] = {}
        self._held: dict[str, _Held] = {}

    async def send(self, delivery: Delivery) -> Receipt:
        """Dossiers, supplements: NopHoSo; payments, signed results: CapNhatTrangThai; a withdrawal: step 7; procedures: the catalogue."""
        message = delivery.message
        match message.kind:
            case "dossier.submitted":
                return await write.submit(message, self._client, self._ports.blobs)
            case "dossier.supplemented":
                return await write.supplement(message, self._client, self._ports.blobs)
            case "dossier.fee_paid":
                return await write.pay(message, self._client)
            case "dossier.withdrawn":
                return await write.withdraw(message, self._client)
            case "result.issued":
                return await write.answer_draft(message, self._client, self._ports.blobs)
            case "procedure.published":
                return await procedures.publish(message, self._client)
            case kind:
                raise RejectedError(f"iGate's wire has no call for {kind}", wire_code="kind")

    async def poll(self, intake: Intake) -> int:
        """What changed since this process last looked, the oldest change first, several dossiers at a time; a repeat is harmless.

        A dossier that can't be read holds back itself only. Where it was iGate that stumbled over it, the round says so at its end.
        """
        rows = [[row] for row in reversed(await self._changed(intake))]
        taken, stumbled = await side_by_side(rows, partial(self._take, intake))
        if stumbled:
            raise stumbled[0]
        return taken

    async def missing(self, delivered: Sequence[Delivered]) -> Mapping[str, str]:
        """By iGate's catalogue: procedures that it does not hold as they were published. Dossiers are not looked for."""
        return await procedures.missing(delivered, self._client)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _changed(self, intake: Intake) -> list[Record]:
        changed: dict[str, Record] = {}
        for page in range(MAX_PAGES):
            rows, last = await self._client.search(page, PAGE)
            nameless = [row for row in rows if not row.get("id")]
            await self._refuse_nameless(nameless, intake)
            known = [row for row in rows if row.get("id")]
            # The list moves while it is read: a row may come again on the next page.
            changed |= {str(row["id"]): row for row in known if self._is_due(row)}
            if last or (known and all(self._seen.get(str(row["id"])) == _revision(row) for row in known)):
                break
        return list(changed.values())

    def _is_due(self, row: Record) -> bool:
        internal_id, revision = str(row["id"]), _revision(row)
        if self._seen.get(internal_id) == revision:
            return False
        held = self._held.get(internal_id)
        return held is None or held.revision != revision or held.until <= self._ports.clock.now()

    async def _refuse_nameless(self, rows: Sequence[Record], intake: Intake) -> None:
        for row in rows:
            raw = json.dumps(row, ensure_ascii=False, sort_keys=True)
            if self._seen.get(raw) is None:
                fault = Fault(
                    "igate.id", "/id", "a row of the search has no id", "một dòng tra cứu không có id"
                )
                await intake.refuse(
                    raw.encode(), InvalidMessageError("iGate search", [fault]), reference="search"
                )
                self._seen[raw] = ""

    async def _take(self, intake: Intake, row: Record) -> int:
        """Publish what is new of one dossier; what can't be read is kept in the invalid message channel, once."""
        internal_id = str(row["id"])
        taken = 0
        try:
            detail = await self._client.detail(internal_id)
            reading = Reading(self._ports.system, self._client, self._ports.blobs, self._told_of(internal_id))
            async for message in reading.messages(detail):
                taken += await self._accept(message, intake)
        except InvalidMessageError as exc:
            # Asking again would bring the same until the dossier changes.
            await intake.refuse(json.dumps(row).encode(), exc, reference=_code(row))
        except RejectedError as exc:
            await self._hold(row, exc, intake)
            return taken
        self._held.pop(internal_id, None)
        self._seen[internal_id] = _revision(row)
        return taken

    def _told_of(self, internal_id: str) -> set[bytes]:
        """What this process told of it; only of those that moved last, since a repeat is harmless."""
        told = self._told[internal_id] = self._told.pop(internal_id, set())
        if len(self._told) > _REMEMBERED:
            del self._told[next(iter(self._told))]
        return told

    async def _accept(self, message: Message, intake: Intake) -> int:
        try:
            return int(await intake.accept(message))
        except InvalidMessageError:
            # The bus has recorded it already; what follows in the dossier's life still counts.
            return 0

    async def _hold(self, row: Record, error: RejectedError, intake: Intake) -> None:
        """Ask for this dossier again later, each time a little later, or as soon as it has changed."""
        internal_id, revision = str(row["id"]), _revision(row)
        before = self._held.get(internal_id)
        again = before is not None and before.revision == revision
        pause_s = min(before.pause_s * 2, LONGEST_HOLD_S) if before and again else FIRST_HOLD_S
        self._held[internal_id] = _Held(
            revision, self._ports.clock.now() + timedelta(seconds=pause_s), pause_s
        )
        if not again:
            fault = Fault("igate.refused", "", str(error), f"iGate từ chối: {error}")
            invalid = InvalidMessageError(f"iGate dossier {_code(row)}", [fault])
            await intake.refuse(json.dumps(row).encode(), invalid, reference=_code(row))


def _revision(row: Record) -> str:
    return f"{row.get('updatedDate')}#{row.get('revision', '')}"


def _code(row: Record) -> str:
    return str(row.get("nationCode") or row.get("code") or row.get("id"))
