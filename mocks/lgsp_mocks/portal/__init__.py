"""Stand-in of the national public service portal (Cổng DVCQG)."""

from functools import partial

from lgsp_mocks.kit.standin import Context, Parts, StandIn, Wording
from lgsp_mocks.portal.citizens import Citizens
from lgsp_mocks.portal.differences import DIFFERENCES
from lgsp_mocks.portal.dossiers import steps_held_twice
from lgsp_mocks.portal.enterprises import enterprise_routes, seed_enterprise
from lgsp_mocks.portal.inquirers import inquirer_routes
from lgsp_mocks.portal.lookups import lookup_routes
from lgsp_mocks.portal.outbox import Outbox
from lgsp_mocks.portal.payments import receipt_routes
from lgsp_mocks.portal.people import people_routes
from lgsp_mocks.portal.publishing import Catalogue, publishing_routes
from lgsp_mocks.portal.sessions import seed_account
from lgsp_mocks.portal.statistics import statistics_routes
from lgsp_mocks.portal.wire import wire_routes

__all__ = ["STAND_IN"]


def _build(context: Context) -> Parts:
    outbox = Outbox(context)
    citizens = Citizens(context, outbox)

    def seed() -> None:
        seed_account(context)
        seed_enterprise(context)

    async def tick() -> int:
        return citizens.answer_requests() + await outbox.deliver()

    acts = (
        *people_routes(context, outbox),
        *citizens.routes(),
        *publishing_routes(Catalogue(context)),
        *inquirer_routes(context),
        *enterprise_routes(context, outbox, citizens),
        *lookup_routes(context),
        *statistics_routes(context),
    )
    return Parts(
        routes=[*wire_routes(context), *receipt_routes(context), *acts],
        seed=seed,
        tick=tick,
        twice=partial(steps_held_twice, context),
    )


STAND_IN = StandIn(
    name="portal",
    title="National public service portal",
    title_vi="Cổng Dịch vụ công quốc gia",
    default_port=8104,
    build=_build,
    wording=Wording(
        sessions=("sessions",),
        closed=(200, {"error_code": -1, "message": "Đơn vị đã ngừng kết nối"}),
        accepted={"error_code": 0, "message": "Thành công"},
        code_lists=("LayDanhMuc*",),
        code_fields=("MA*",),
        ids=("MaHoSo",),
    ),
    differences=DIFFERENCES,
)
