"""What the portal's own page counts, from the packets that it was sent; at `/__mock__/statistics`, since its wire for it is not public."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import cast

from pydantic import JsonValue
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from lgsp.standards import dvcqg
from lgsp.standards.statistics import RESOLVED, RETURNED, Case, form_06a
from lgsp_mocks.kit.standin import Context
from lgsp_mocks.kit.state import Record
from lgsp_mocks.portal.reply import problem

__all__ = ["statistics_routes"]

_ENDS = RETURNED | {"9"}


def statistics_routes(context: Context) -> Sequence[BaseRoute]:
    """`?from=yyyy-mm-dd&to=yyyy-mm-dd`."""

    async def count(request: Request) -> JSONResponse:
        try:
            start, end = (date.fromisoformat(request.query_params.get(name, "")) for name in ("from", "to"))
            rows = context.state.table("dossiers").values()
            *listed, total = form_06a([_case(row) for row in rows if row.get("NgayTiepNhan")], start, end)
        except ValueError as exc:
            return problem(422, f"from, to: {exc}")
        content: list[JsonValue] = [asdict(row) for row in listed]
        return JSONResponse({"rows": content, "total": asdict(total)})

    return [Route("/__mock__/statistics", count, methods=["GET"])]


def _case(row: Record) -> Case:
    steps = cast("list[Record]", row.get("tien_do") or [])
    state = str(row["TrangThaiHoSo"])
    ended = max((str(step["ThoiDiemXuLy"]) for step in steps if str(step["TrangThai"]) in _ENDS), default="")
    return Case(
        code=str(row["MaHoSo"]),
        unit=str(row.get("DonViXuLy", "")),
        field=str(row.get("TenLinhVuc", "")),
        channel=str(row.get("KenhThucHien", "1")),
        received_at=dvcqg.read_stamp(str(row["NgayTiepNhan"])),
        due_at=dvcqg.read_stamp(str(row["NgayHenTra"])) if row.get("NgayHenTra") else None,
        ended_at=dvcqg.read_stamp(ended) if ended and state in RESOLVED | RETURNED else None,
        state=state,
    )
