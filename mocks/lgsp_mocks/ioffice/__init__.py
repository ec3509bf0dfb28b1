"""Stand-in of VNPT-iOffice (quản lý văn bản và điều hành)."""

from lgsp_mocks.ioffice.office import Office
from lgsp_mocks.ioffice.one_stop import OneStop
from lgsp_mocks.ioffice.people import People
from lgsp_mocks.ioffice.user_api import UserApi
from lgsp_mocks.kit import Context, Difference, Parts, StandIn, Wording
from lgsp_mocks.kit.desk import desk_router

__all__ = ["STAND_IN"]


def _build(context: Context) -> Parts:
    office, one_stop = Office(context), OneStop(context)
    people = People(context, office, one_stop)
    desk = desk_router(office.issuing, "issue-document")
    routes = [*desk.routes, *UserApi(context, office).router().routes, *one_stop.router().routes]
    return Parts(routes, lambda: None, people.tick, one_stop.twice)


_CLIENT, _LINK = "public client code of the mobile app", "public client code of a one-stop system"
STAND_IN = StandIn(
    name="ioffice",
    title="VNPT-iOffice",
    title_vi="VNPT-iOffice (văn bản và điều hành)",
    default_port=8101,
    build=_build,
    wording=Wording(
        sessions=("sessions",),
        closed=(200, {"data": None, "error": {"code": "1", "userMessage": "Đơn vị đã ngừng tiếp nhận"}}),
        packets=True,
    ),
    differences=(
        Difference(
            "whole API",
            "some eighty calls",
            "login, logout, five lists, detail, activity log, files",
            _CLIENT,
            "public code",
        ),
        Difference(
            "lists",
            "paged, many fields; what is in which is not public",
            "all rows, our fields beside id; notify = type Thông báo",
            _CLIENT,
            "assumed",
        ),
        Difference(
            "interop",
            "VXP client of the national axis",
            "the same client, pointed at any URL",
            "recording",
            "recorded",
        ),
        Difference("one-stop prefix", "configured per province", "/qlvb/lienthong", _LINK, "assumed"),
        Difference("LyDo", "reason field of a refusal unseen", "LyDo beside LoaiKetQua", _LINK, "assumed"),
        Difference(
            "draft returned for changes",
            "LoaiKetQua 03 covers every draft that was not approved",
            "03 with YeuCauChinhSua 1 and LyDo asks for another round; 0 refuses for good. The next GuiHoSo gets a MaVanBan of its own",
            _LINK,
            "assumed",
        ),
        Difference(
            "a second GuiHoSo",
            "unseen",
            "the same content is the same draft; another is refused (409) while the last waits or once it was signed",
            _LINK,
            "assumed",
        ),
        Difference(
            "who signs, and what",
            "people of the office; the draft becomes the document",
            "NguoiKyVanBan or NguoiKy signs, under SoKyHieuVanBan or the next number, in each PDF of the draft; Link is not followed",
            _LINK,
            "assumed",
        ),
        Difference(
            "LoaiKetQua 02 and 04",
            "signed without being promulgated; when is not public",
            "[ký không ban hành] and [ký duyệt] in the subject; no day of promulgation, and no number but SoKyHieuVanBan",
            _LINK,
            "assumed",
        ),
        Difference(
            "what a later round changed",
            "no field for it",
            "in TenHoSo, behind the name of the dossier",
            _LINK,
            "assumed",
        ),
        Difference("files", "object storage", "files beside the state file, by SHA-256", "", "assumed"),
    ),
)
