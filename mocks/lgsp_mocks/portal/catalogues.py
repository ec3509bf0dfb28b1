"""What the portal hands out of the population: procedures, agencies, fields, services, accounts."""

from collections.abc import Callable

from pydantic import JsonValue

from lgsp.standards.identifiers import deterministic_id
from lgsp_mocks.kit.population import Agency
from lgsp_mocks.kit.standin import Context
from lgsp_mocks.portal.enterprises import ACCOUNTS
from lgsp_mocks.portal.procedure_records import procedure_row
from lgsp_mocks.portal.publishing import Catalogue
from lgsp_mocks.portal.reply import NOT_FOUND, WireError

__all__ = ["CATALOGUES", "procedure_record", "technical_id"]


def technical_id(context: Context, number: str) -> JsonValue:
    """TraCuuTechID: one row where the citizen, or the business of that tax code, has an account, else none."""
    known = context.population.citizen(number) is not None or number in context.state.table(ACCOUNTS)
    return [{"TECHNICALID": deterministic_id("techid", number)}] if known else []


def procedure_record(context: Context, code: str) -> JsonValue:
    """LayThuTuc: the newest version, which TRANGTHAI says to be in force or not.

    Raises:
        WireError: no such procedure.
    """
    edition = Catalogue(context).edition(code)
    if edition is None:
        raise WireError(NOT_FOUND, f"Không tồn tại thủ tục hành chính có mã {code}")
    return [procedure_row(context.population, edition)]


def _procedures(context: Context) -> JsonValue:
    return [
        {"MATTHC": procedure.code, "TENTTHC": procedure.name} for procedure in Catalogue(context).listed()
    ]


def _agencies(context: Context) -> JsonValue:
    return [
        {"MADONVI": agency.id, "TENDONVI": agency.name, "CAPDONVI": _level(agency)}
        for agency in context.population.agencies
    ]


def _level(agency: Agency) -> str:
    # Written like CAPTHUCHIEN (0 ministry, 1 province, 3 commune): the list of CAPDONVI itself is not public.
    if agency.level == 3:
        return "3"
    return "0" if agency.level == 1 and ".G" in agency.id else "1"


def _fields(context: Context) -> JsonValue:
    names = {procedure.field_code: procedure.field_name for procedure in Catalogue(context).listed()}
    # MANGANH is the field's code without its number: G15-TP03 -> G15-TP.
    return [
        {"MALINHVUC": code, "TENLINHVUC": name, "MANGANH": code.rstrip("0123456789")}
        for code, name in names.items()
    ]


def _services(context: Context) -> JsonValue:
    services: list[JsonValue] = []
    publishers = {agency.id: agency for agency in context.population.agencies}
    for procedure in Catalogue(context).listed():
        publisher = publishers.get(procedure.publisher_id)
        services.append(
            {
                "MADVC": f"{procedure.code}.01",
                "TENDVC": procedure.name,
                "MATTHC": procedure.code,
                "TENTTHC": procedure.name,
                "TENCOQUANBANHANH": publisher.name if publisher else "",
                "TENLINHVUC": procedure.field_name,
                "APDUNGDVC": [],
            }
        )
    return {"data": services}


CATALOGUES: dict[str, Callable[[Context], JsonValue]] = {
    "LayDanhSachTTHC": _procedures,
    "LayDanhMucCoQuan": _agencies,
    "LayDanhMucLinhVuc": _fields,
    "LayDVC": _services,
}
"""Services without parameters."""
