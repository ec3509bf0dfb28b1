"""CSDL quốc gia TTHC: what changed in the portal's catalogue of procedures becomes `procedure.published`.

The wire has no list of changes. So each round asks for the list, then reads procedure after procedure, a few at each poll, and compares
with what it knew; that knowledge lies in the mailbox, so that nothing is missed over a restart. The first round only learns; where an
iGate that is still empty has to be filled, it publishes everything.
"""

import json
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

import structlog
from pydantic import JsonValue

from lgsp import wirelog
from lgsp.adapter import AdapterSettings, Intake, MailboxItem, Ports, chunks_of
from lgsp.errors import ConfigurationError, InvalidMessageError, NotFoundError, RejectedError, TransientError
from lgsp.message import Message, type_name
from lgsp.model.procedure import Procedure, ProcedureState
from lgsp.standards import dvcqg, identifiers
from lgsp.standards.procedures import compare, digest
from lgsp_adapters import wire
from lgsp_adapters.portal.procedure_records import canonical

__all__ = ["Ask", "Procedures"]

log = structlog.get_logger()
Ask = Callable[[str, dict[str, JsonValue]], Awaitable[dict[str, JsonValue]]]
Known = dict[str, dict[str, JsonValue]]
NATIONAL = "000.00.00.G22"
KEPT = "procedures"
"""Kind of the mailbox's items that hold what is known."""
INTERVAL_S, CALLS = 3600.0, 20.0
LEARN, PUBLISH = "learn", "publish"


class Procedures:
    """Settings: `procedures_interval_s` (3600), `procedures_calls` at each poll (20), `procedures_codes` (`*.H34`), `procedures_first`
    (what the first round does: learn, or publish).
    """

    def __init__(self, settings: AdapterSettings, ports: Ports, unit_id: str, ask: Ask) -> None:
        name = ports.system
        self._ports = ports
        self._ask = ask
        self._unit = unit_id
        self._interval = timedelta(
            seconds=wire.number_setting(settings, name, "procedures_interval_s", INTERVAL_S)
        )
        self._calls = int(wire.number_setting(settings, name, "procedures_calls", CALLS)) or 1
        # The province's own: codes with the suffix of its publishing agency (QCVN 102:2016).
        self._pattern = wire.setting(settings, name, "procedures_codes", f"*.{unit_id.rsplit('.', 1)[-1]}")
        first = wire.setting(settings, name, "procedures_first", LEARN)
        if first not in {LEARN, PUBLISH}:
            raise ConfigurationError(
                f"lgsp.toml: `[systems.{name}].procedures_first` must be {LEARN} or {PUBLISH}, not {first!r:.60}"
            )
        self._learns_first = first == LEARN
        self._known: Known | None = None
        self._kept: MailboxItem | None = None
        self._before: Known = {}
        self._waiting: deque[str] = deque()
        self._refused: dict[str, str] = {}
        self._under_way = False
        self._learning = False
        self._due: datetime | None = None

    async def poll(self, intake: Intake) -> int:
        """A few procedures further, or nothing before the next round is due. How many were published.

        Raises:
            TransientError, RejectedError: the portal is away or refuses the list; what was not read is read at the next poll.
        """
        if not self._under_way:
            if self._due is not None and self._ports.clock.now() < self._due:
                return 0
            await self._begin()
        published = 0
        for _ in range(min(self._calls, len(self._waiting))):
            with wirelog.item():
                published += await self._read(self._waiting[0], intake)
            self._waiting.popleft()
        if not self._waiting:
            await self._end()
        return published

    async def _begin(self) -> None:
        known = self._known
        if known is None:
            known = self._known = await self._load()
            self._learning = self._learns_first and not known
        answer = await self._ask("LayDanhSachTTHC", {})
        rows = dvcqg.read_items("LayDanhSachTTHC", answer.get("result"))
        names = {
            row.MATTHC: row.TENTTHC
            for row in rows
            if isinstance(row, dvcqg.ProcedureName) and fnmatchcase(row.MATTHC, self._pattern)
        }
        gone = [code for code, one in known.items() if one["state"] == "in_force" and code not in names]
        if not names and gone:
            # An empty list is a portal in trouble, not a province without procedures.
            raise TransientError(f"LayDanhSachTTHC names none of {len(gone)} procedures ({self._pattern})")
        fresh = [code for code, name in names.items() if known.get(code, {}).get("name") != name]
        self._waiting = deque(dict.fromkeys([*gone, *fresh, *names]))
        self._before = dict(known)
        self._under_way = True

    async def _end(self) -> None:
        known = self._known or {}
        differences = [] if self._learning else compare(_rows(known), _rows(self._before))
        if known != self._before:
            await self._keep(known)
        log.info(
            "procedures.compared", system=self._ports.system, procedures=len(known), learned=self._learning,
            differences=[str(one) for one in differences[:20]], different=len(differences),
        )  # fmt: skip
        self._learning = self._under_way = False
        self._due = self._ports.clock.now() + self._interval

    async def _read(self, code: str, intake: Intake) -> int:
        """One procedure; one that can't be read holds back itself only."""
        known = self._known if self._known is not None else {}
        try:
            procedure = await self._current(code, known)
        except InvalidMessageError as exc:
            await self._refuse(code, exc, intake)
            return 0
        except TransientError as exc:
            if exc.system_down or exc.unanswered:
                raise
            log.warning("procedures.unread", system=self._ports.system, procedure=code, reason=str(exc))
            return 0
        except RejectedError as exc:
            log.warning("procedures.unread", system=self._ports.system, procedure=code, reason=str(exc))
            return 0
        if procedure is None:
            return 0
        self._refused.pop(code, None)
        return await self._compare(procedure, known, intake)

    async def _current(self, code: str, known: Known) -> Procedure | None:
        """As the portal has it now. One that it no longer lists and no longer knows is repealed."""
        try:
            answer = await self._ask("LayThuTuc", {"maTTHC": code})
        except RejectedError as exc:
            last = known.get(code)
            if exc.wire_code != "-3" or last is None:
                raise
            fields = {name: value for name, value in last.items() if name != "changes"}
            return Procedure.model_validate_json(
                json.dumps({**fields, "state": ProcedureState.REPEALED, "public": False})
            )
        records = dvcqg.read_items("LayThuTuc", answer.get("result"))
        return next((canonical(one) for one in records if isinstance(one, dvcqg.ProcedureRecord)), None)

    async def _compare(self, procedure: Procedure, known: Known, intake: Intake) -> int:
        data = procedure.model_dump(mode="json")
        last = known.get(procedure.code)
        changes = int(str(last["changes"])) if last else 0
        if last == {**data, "changes": changes}:
            return 0
        unheard = last is None and procedure.state == ProcedureState.REPEALED
        published = 0
        if not (self._learning or unheard):
            changes += 1
            published = await self._publish(procedure, data, changes, intake)
        known[procedure.code] = {**data, "changes": changes}
        return published

    async def _publish(
        self, procedure: Procedure, data: dict[str, JsonValue], changes: int, intake: Intake
    ) -> int:
        """The id is made of code, version and content; of the number of changes too, since a procedure may become again what it was."""
        source = f"/systems/{self._ports.system}"
        identity = (source, procedure.code, procedure.version, str(changes), digest(data))
        message = Message.model_validate({
            "id": identifiers.deterministic_id(*identity), "source": source, "type": type_name("procedure.published"),
            "subject": procedure.code, "time": self._ports.clock.now().isoformat(),
            "dataschema": "https://lgsp.vn/schemas/procedure.published/1", "data": data, "correlationid": procedure.code,
            "sender": NATIONAL, "recipients": self._unit,
        })  # fmt: skip
        try:
            return int(await intake.accept(message))
        except InvalidMessageError:
            return 0  # the bus has recorded it already

    async def _refuse(self, code: str, error: InvalidMessageError, intake: Intake) -> None:
        """Into the invalid message channel, once for the same faults."""
        reason = str(error) + "".join(f"{fault.place} {fault.code}" for fault in error.faults)
        if self._refused.get(code) != reason:
            await intake.refuse(code.encode(), error, reference=code)
            self._refused[code] = reason

    async def _load(self) -> Known:
        """What was known at the end of the last round; nothing at the very first, or where the content is gone."""
        items = await self._ports.mailbox.waiting(KEPT)
        if not items:
            return {}
        for older in items[:-1]:  # left behind by a crash between putting the newer one and marking this
            await self._ports.mailbox.mark(older.id, "done")
        try:
            self._kept, content = await self._ports.mailbox.get(items[-1].id)
            raw = b"".join([chunk async for chunk in chunks_of(content, self._ports.blobs)])
            known: Known = json.loads(raw)
        except (NotFoundError, ValueError):
            log.warning("procedures.forgotten", system=self._ports.system)
            return {}
        return known

    async def _keep(self, known: Mapping[str, JsonValue] | Known) -> None:
        raw = json.dumps(known, ensure_ascii=False, sort_keys=True).encode()
        now_ms = int(self._ports.clock.now().timestamp() * 1000)
        ref = await self._ports.blobs.put(raw)
        item_id = identifiers.deterministic_id(KEPT, self._ports.system, ref.sha256, str(now_ms))
        item = MailboxItem(item_id, self._unit, NATIONAL, KEPT, "initial", now_ms, now_ms)
        if await self._ports.mailbox.put(item, ref) and self._kept is not None:
            await self._ports.mailbox.mark(self._kept.id, "done")
        self._kept = item


def _rows(known: Known) -> dict[str, Mapping[str, object]]:
    return {
        code: {name: value for name, value in row.items() if name != "changes"} for code, row in known.items()
    }
