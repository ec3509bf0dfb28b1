"""Stand-in of VNPT-iGate 2.0 (một cửa điện tử)."""

from fastapi import APIRouter

from lgsp_mocks.igate import statistics
from lgsp_mocks.igate.create import Create
from lgsp_mocks.igate.dossiers import Dossiers
from lgsp_mocks.igate.drafts import Drafts
from lgsp_mocks.igate.integration import Integration
from lgsp_mocks.igate.life import Life
from lgsp_mocks.igate.partner import Partner
from lgsp_mocks.igate.people import People
from lgsp_mocks.igate.procedure_routes import procedure_routes
from lgsp_mocks.igate.tokens import Tokens, WireRoute
from lgsp_mocks.igate.wire import routes
from lgsp_mocks.kit import Context, Difference, Parts, StandIn, Wording

__all__ = ["STAND_IN"]

TOKEN_PATH = "/auth/realms/digo/protocol/openid-connect/token"  # noqa: S105 - a path


def _build(context: Context) -> Parts:
    tokens, dossiers = Tokens(context), Dossiers(context)
    life = Life(context, dossiers)
    drafts = Drafts(context, dossiers, life)
    people = People(context, dossiers, life, drafts)
    partner = Partner(context, dossiers, tokens, life, drafts)
    create = Create(context, dossiers, tokens).router()
    login = APIRouter(route_class=WireRoute)
    login.add_api_route(TOKEN_PATH, tokens.keycloak, methods=["POST"])
    catalogue = procedure_routes(dossiers.procedures, tokens)
    counted = statistics.routes(dossiers, tokens)
    tools = Integration(dossiers, tokens, life).router()
    routers = (login, create, partner.router(), people.router(), catalogue, counted, tools)
    # First, since each route before it would look at the call.
    every = [*routes(dossiers, tokens), *(route for router in routers for route in router.routes)]
    return Parts(every, lambda: None, people.tick, dossiers.twice)


_CLIENT = "public client code"
STAND_IN = StandIn(
    name="igate",
    title="VNPT-iGate 2.0",
    title_vi="VNPT-iGate (một cửa điện tử)",
    default_port=8102,
    build=_build,
    wording=Wording(
        sessions=("tokens",),
        closed=(400, {"code": "400", "message": "Đơn vị đã ngừng tiếp nhận hồ sơ"}),
        code_lists=("/ba/procedure/*",),
        code_fields=("code",),
        states={"dossierStatus": ("0", "2", "4", "9", "10"), "TrangThai": ("1", "2", "4", "9", "10")},
    ),
    differences=(
        Difference(
            "statistics",
            "fields unseen",
            "form 06a's columns in English, for ?from=&to= (yyyy-mm-dd, or a moment of that day)",
            _CLIENT,
            "assumed",
        ),
        Difference(
            "detail",
            "many nested objects",
            "submittedDate, tasks, results, signatureDraft(s) … of ours",
            _CLIENT,
            "assumed",
        ),
        Difference(
            "search",
            "dozens of filters",
            "code, dossier-status, remove-status, accepted-from/to (no zone: Vietnamese time; a day: all of it), sort, paging",
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
            "one process: 2, [5], 4, [6], [signature], 9, 10; which state may follow which is lgsp.standards.dossier_life",
            "",
            "assumed",
        ),
        Difference(
            "supplement",
            "unseen",
            "NopHoSo with the same MaHoSo and EformThongTinChiTiet {HoSoBoSungId, NoiDungBoSung}; without them it is a repeat",
            _CLIENT,
            "assumed",
        ),
        Difference(
            "payment",
            "unseen",
            "CapNhatTrangThai 6 with DanhSachLePhi and HoSoBoSungId says that the fee was paid; less than was asked for is refused",
            _CLIENT,
            "assumed",
        ),
        Difference(
            "withdrawal", "unseen", "CapNhatTienTrinh with TrangThai 7", "state 7 of QCVN 120:2019", "assumed"
        ),
        Difference(
            "pauses",
            "a supplement moves the due date; how is not public",
            "supplementRequests: start, end, reason, NgayHenTraTruoc, NgayHenTraMoi; the due date moves by the working time of the pause",
            "DanhSachHoSoBoSung of QCVN 120:2019",
            "assumed",
        ),
        Difference(
            "illegal transitions",
            "unseen",
            "HTTP 400 with the reason in Vietnamese and English; one of them refuses the whole batch",
            "states of QCVN 120:2019",
            "assumed",
        ),
        Difference(
            "create-dossier path and answer",
            "the body is known, its path and answer are not",
            "POST /pa/dossier answers {id, code, affectedRows}; the same body again is the same dossier, another one is refused",
            "recorded request, scrubbed",
            "assumed",
        ),
        Difference(
            "create-dossier values",
            "ids of MongoDB decide",
            "codes decide, without one the id; an id of ours can't be another's; dossierStatus 0 only; both dates as in the search",
            "recorded request, scrubbed",
            "assumed",
        ),
        Difference(
            "numbers",
            "get-pattern and get-next-value; what becomes of unused numbers is not public",
            "a number is held for five minutes, then the next who asks gets it; a number that was never given out is refused",
            _CLIENT,
            "assumed",
        ),
        Difference(
            "abstract",
            "NopHoSo has no field for it; the form of each procedure has its own",
            "TrichYeu in EformThongTinChiTiet; without it the procedure's name",
            _CLIENT,
            "assumed",
        ),
        Difference(
            "GetNextValue",
            "its answer is {value}; what `code` names and whose number it is are not public",
            "code is a procedure's; the value is a number of the unit that decides it, fit to be MaHoSo",
            _CLIENT,
            "assumed",
        ),
        Difference(
            "steps that are told",
            "whether CapNhatTienTrinh's moments and IDHoSo are compared is unseen",
            "the step keeps them, officer and room too; before the last step or ahead of the clock is now; another's id is refused",
            _CLIENT,
            "assumed",
        ),
        Difference(
            "HashTepTin",
            "which digest it is, and whether it is compared, is unseen",
            "SHA-256 in hex; where it is given it has to be the uploaded file's",
            _CLIENT,
            "assumed",
        ),
        Difference(
            "MaKetQua",
            "unseen where a partner leaves it empty",
            "then the code that the procedure names in KETQUATHUCHIEN",
            _CLIENT,
            "assumed",
        ),
        Difference(
            "draft returned for changes",
            "unseen",
            "CapNhatTrangThai 5 with NoiDungYKien, LanTrinh names the round; a refusal for good is CapNhatTienTrinh 8",
            _CLIENT,
            "assumed",
        ),
        Difference(
            "size of a batch",
            "unseen",
            "100 items; one bad item refuses the whole, naming its place",
            "",
            "assumed",
        ),
        Difference(
            "catalogue of procedures",
            "the gateway's prefix ba (basedata) is known, what is below it is not",
            "/ba/procedure/search, GET and PUT /ba/procedure/{code}; every version is kept, a dossier goes on under the one it began with",
            _CLIENT,
            "assumed",
        ),
        Difference(
            "repealed procedures",
            "unseen",
            "refused at the counter; online the date of submission counts: what was submitted before the repeal is taken in",
            "",
            "assumed",
        ),
        Difference(
            "api-integration/--data",
            "clients read code, nationCode, commonEForm.eformId, detailEForm {id, data}; the rest is unseen",
            "commonEForm is create-dossier's applicant, detailEForm its eForm; any field of the detail may be asked for, another is 400",
            _CLIENT,
            "public code",
        ),
        Difference(
            "--force-end-process",
            "[{id, code}] ends a dossier; from which states, and the answer, are unseen",
            "9 from 2 or 4, {affectedRows}; one with a result is left as it is; all or none; a draft waits no more",
            _CLIENT,
            "assumed",
        ),
        Difference(
            "calls that are not here",
            "kgg-digitize/digitization-by-agency; judicial-civil-status/--new-dossier, --dossiers; lienthongDVCLT/getLog",
            "404: the columns are unseen; the others pass on what the Ministry of Justice's register says, which has no stand-in",
            _CLIENT,
            "public code",
        ),
        Difference(
            "ids",
            "MongoDB ObjectId",
            "24 hexadecimal digits: from a counter, or of a code (procedure, sector, agency, pattern), where id and code name the same",
            "shape only",
            "assumed",
        ),
        Difference(
            "dossierStatus",
            "numbers 0, 2-5, 8-11, 16, 17 were seen; only 0 with its name (Mới đăng ký)",
            "0 is state 1 of QCVN 120:2019, 2 to 10 the state of that number (but a client has 4 for a result); none is in 1, 11, 16, 17",
            _CLIENT,
            "assumed",
        ),
        Difference(
            "eForm",
            "{id, data}, free by procedure",
            "what create-dossier or EformThongTinChiTiet said, unchecked",
            _CLIENT,
            "public code",
        ),
    ),
)
