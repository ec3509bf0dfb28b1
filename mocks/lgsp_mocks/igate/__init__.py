"""Stand-in of VNPT-iGate 2.0 (một cửa điện tử)."""

from fastapi import APIRouter

from lgsp_mocks.igate.dossiers import Dossiers
from lgsp_mocks.igate.partner import Partner
from lgsp_mocks.igate.people import People
from lgsp_mocks.igate.tokens import Tokens, WireRoute
from lgsp_mocks.igate.wire import routes
from lgsp_mocks.kit import Context, Difference, Parts, StandIn

__all__ = ["STAND_IN"]

TOKEN_PATH = "/auth/realms/digo/protocol/openid-connect/token"  # noqa: S105 - a path


def _build(context: Context) -> Parts:
    tokens, dossiers = Tokens(context), Dossiers(context)
    people = People(context, dossiers)
    login = APIRouter(route_class=WireRoute)
    login.add_api_route(TOKEN_PATH, tokens.keycloak, methods=["POST"])
    routers = (login, routes(dossiers, tokens), Partner(context, dossiers, tokens).router(), people.router())
    return Parts([route for router in routers for route in router.routes], lambda: None, people.tick)


_CLIENT = "public client code"
STAND_IN = StandIn(
    name="igate",
    title="VNPT-iGate 2.0",
    title_vi="VNPT-iGate (một cửa điện tử)",
    default_port=8102,
    build=_build,
    differences=(
        Difference(
            "detail",
            "many nested objects",
            "submittedDate, tasks, results, signatureDraft … of ours",
            _CLIENT,
            "assumed",
        ),
        Difference(
            "search",
            "dozens of filters",
            "code, dossier-status, accepted-from/to, sort, paging",
            _CLIENT,
            "public code",
        ),
        Difference(
            "sort by updatedDate", "unseen", "supported, with a running revision", "needed to poll", "assumed"
        ),
        Difference("partner API path", "configured per ministry", "/pa/partner/", _CLIENT, "assumed"),
        Difference(
            "processes",
            "Activiti workflows per procedure",
            "one process: 2, 4, [signature], 9, 10",
            "",
            "assumed",
        ),
        Difference(
            "ids", "MongoDB ObjectId", "24 hexadecimal digits from a counter", "shape only", "assumed"
        ),
    ),
)
