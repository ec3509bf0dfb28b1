"""How a dossier stands, from all that the bus was told of it: what somebody who asks on the portal gets to see."""

from collections.abc import Sequence

from pydantic import JsonValue

from lgsp.message import Message
from lgsp.model.dossier import DossierRequest, DossierSubmitted, DossierSynchronized
from lgsp_adapters.portal import accounts, translate

__all__ = ["standing"]

_SUBMITTED = "1"
_SHOWN = (
    "MaTTHC", "TenTTHC", "ChuHoSo", "TrichYeuHoSo", "DonViXuLy", "NgayTiepNhan", "NgayHenTra", "NgayKetThucXuLy", "NgayTra",
)  # fmt: skip
"""Nothing by which its owner could be reached."""


def standing(code: str, messages: Sequence[Message]) -> dict[str, JsonValue]:
    """The dossier of that number, its own or the national one, as the last message left it; empty where none is about it."""
    row: dict[str, JsonValue] = {}
    for message in messages:
        if not message.kind.startswith("dossier.") or code not in _numbers(message):
            continue
        state = _SUBMITTED if message.kind == "dossier.submitted" else accounts.state_told(message)
        row |= _told(message) | {"MaHoSo": code} | ({"TrangThaiHoSo": state} if state else {})
    return row


def _numbers(message: Message) -> set[object]:
    return {message.subject, message.data.get("code"), message.data.get("national_code")}


def _told(message: Message) -> dict[str, JsonValue]:
    """What a message that has the whole dossier says of it."""
    match message.kind:
        case "dossier.submitted":
            sent = translate.read(message, DossierSubmitted)
            return {
                "MaTTHC": sent.procedure_code, "TenTTHC": sent.procedure_name, "ChuHoSo": sent.applicant.name,
                "TrichYeuHoSo": sent.abstract,
            }  # fmt: skip
        case "dossier.synchronized" | "dossier.resolved":
            whole: DossierSynchronized | None = translate.read(message, DossierSynchronized)
        case "dossier.supplement_requested" | "dossier.fee_requested":
            whole = translate.read(message, DossierRequest).dossier
        case _:
            whole = None
    item = translate.dossier_item(whole) if whole else {}
    return {name: item[name] for name in _SHOWN if name in item}
