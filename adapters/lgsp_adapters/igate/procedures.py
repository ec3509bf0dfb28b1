"""`procedure.published` -> iGate's catalogue (`/ba/procedure`, assumed), and what iGate's catalogue says instead."""

from collections.abc import Mapping, Sequence

from pydantic import JsonValue, ValidationError
from pydantic_core import to_json

from lgsp.adapter import Delivered, Receipt
from lgsp.errors import Fault, InvalidMessageError
from lgsp.message import Message, faults_of
from lgsp.model.procedure import Procedure, ProcedureState
from lgsp.standards.procedures import compare_procedure
from lgsp_adapters.igate.client import IGateClient, Record
from lgsp_adapters.igate.snapshot import name_of

__all__ = ["canonical", "catalogue", "missing", "publish"]

KIND = "procedure.published"
VIETNAMESE = 228
PAGE, MAX_PAGES = 200, 100


async def publish(message: Message, client: IGateClient) -> Receipt:
    """One version, whole; told again, iGate keeps the one that it has."""
    procedure = _read(message)
    answer = await client.put_procedure(procedure.code, _body(procedure))
    data = answer.get("data")
    number = data.get("version", "") if isinstance(data, dict) else ""
    return Receipt(f"{procedure.code}#{number}")


async def missing(delivered: Sequence[Delivered], client: IGateClient) -> dict[str, str]:
    """Of each procedure the newest delivery: iGate must hold it, unless it holds a newer version that followed it."""
    newest = {each.message.subject: each.message for each in delivered if each.message.kind == KIND}
    found: dict[str, str] = {}
    for code, message in newest.items():
        row = await client.procedure(code)
        if reason := _lacking(_read(message), row):
            found[message.id] = reason
    return found


async def catalogue(client: IGateClient) -> dict[str, Mapping[str, object]]:
    """Everything that iGate holds, by code, as canonical rows for `compare`."""
    found: dict[str, Mapping[str, object]] = {}
    for page in range(MAX_PAGES):
        rows, last = await client.procedures(page, PAGE)
        found |= {str(row["code"]): canonical(row).model_dump(mode="json") for row in rows}
        if last:
            break
    return found


def canonical(row: Record) -> Procedure:
    """A row of iGate's catalogue.

    Raises:
        InvalidMessageError: it does not fit the canonical model.
    """
    what = f"iGate procedure {row.get('code')}"
    try:
        return Procedure.model_validate_json(to_json(_fields(row)))
    except ValidationError as exc:
        raise InvalidMessageError(what, faults_of(exc)) from exc
    except (KeyError, TypeError, IndexError, AttributeError) as exc:
        detail = f"{type(exc).__name__}: {exc}"[:200]
        raise InvalidMessageError(
            what,
            [Fault("igate.procedure", "", f"lacks or misuses a field: {detail}", f"sai cấu trúc: {detail}")],
        ) from exc


def _read(message: Message) -> Procedure:
    try:
        return Procedure.model_validate_json(to_json(message.data))
    except ValidationError as exc:
        raise InvalidMessageError(message.kind, faults_of(exc, "/data")) from exc


def _lacking(procedure: Procedure, row: Record | None) -> str:
    if row is None:
        repealed = procedure.state == ProcedureState.REPEALED
        return "" if repealed else f"iGate has no procedure {procedure.code}"
    versions = row.get("versions")
    earlier = versions[:-1] if isinstance(versions, list) else []
    if any(isinstance(one, dict) and one.get("decisionId") == procedure.version for one in earlier):
        return ""
    held = canonical(row).model_dump(mode="json")
    difference = compare_procedure(procedure.code, procedure.model_dump(mode="json"), held)
    return str(difference) if difference else ""


def _body(procedure: Procedure) -> Record:
    repealed = procedure.state == ProcedureState.REPEALED
    return {
        "code": procedure.code, "translate": _names(procedure.name),
        "sector": {"code": procedure.field_code, "name": _names(procedure.field_name)},
        "agencyLevel": [*(procedure.levels or [procedure.level])],
        "publisher": {"code": procedure.publisher_id, "name": []}, "processingTime": procedure.working_days, "fee": procedure.fee,
        "ways": [{"channel": way.channel, "processingTime": way.working_days, "fee": way.fee} for way in procedure.ways],
        "dossierForm": [
            {"code": one.code, "name": one.name, "original": one.originals, "copies": one.copies} for one in procedure.papers
        ],
        "agency": [{"code": one.id, "name": _names(one.name)} for one in procedure.agencies],
        "status": 0 if repealed or not procedure.public else 1, "decision": procedure.decision, "decisionId": procedure.version,
    }  # fmt: skip


def _fields(row: Record) -> Record:
    sector, levels = row["sector"], row["agencyLevel"]
    offered = row["status"] == 1
    return {
        "code": row["code"], "name": name_of(row["translate"]), "publisher_id": row["publisher"]["code"],  # type: ignore[index,call-overload]
        "field_code": sector["code"], "field_name": name_of(sector["name"]), "level": levels[0], "levels": levels,  # type: ignore[index,call-overload]
        "working_days": row["processingTime"], "fee": row["fee"], "decision": row["decision"], "version": row["decisionId"],
        "public": offered, "state": "in_force" if offered else "repealed",
        "ways": [
            {"channel": one["channel"], "working_days": one["processingTime"], "fee": one["fee"]} for one in _rows(row, "ways")
        ],
        "papers": [
            {"code": one["code"], "name": one["name"], "originals": one["original"], "copies": one["copies"]}
            for one in _rows(row, "dossierForm")
        ],
        "agencies": [{"id": one["code"], "name": name_of(one["name"])} for one in _rows(row, "agency")],
    }  # fmt: skip


def _rows(row: Record, name: str) -> list[Record]:
    rows = row[name]
    return [one for one in rows if isinstance(one, dict)] if isinstance(rows, list) else []


def _names(name: str) -> list[JsonValue]:
    return [{"languageId": VIETNAMESE, "name": name}] if name else []
