"""Citizens whose dossier is under way: they hand in what is asked for, pay, or withdraw; by themselves or by a person's hand."""

import base64
import hashlib
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from lgsp.standards import dvcqg
from lgsp.standards.dossier_life import check_transition
from lgsp.standards.faults import pydantic_faults
from lgsp_mocks.kit.standin import Context
from lgsp_mocks.portal.dossiers import BORN_HERE, requests_of
from lgsp_mocks.portal.outbox import PAYMENT_PATH, Outbox
from lgsp_mocks.portal.payments import payer, receipt_url
from lgsp_mocks.portal.people import Document
from lgsp_mocks.portal.reply import problem

__all__ = ["LEAVES_REQUESTS_ALONE", "Act", "Citizens", "RefusedActError", "act_route"]

Row = dict[str, JsonValue]
M = TypeVar("M", bound=BaseModel)
LEAVES_REQUESTS_ALONE = "[không trả lời]"
"""In the abstract: this citizen answers nothing until a person does it."""

PAPER = Document(
    name="giay-to-bo-sung.txt", content_base64=base64.b64encode("Giấy tờ bổ sung".encode()).decode()
)


class Act(BaseModel):
    """What the citizen does with a dossier; `documents` count for a supplement only."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    national_code: str
    content: Annotated[str, StringConstraints(max_length=1000)] = ""
    documents: Annotated[list[Document], Field(max_length=50)] = Field(default_factory=list)


class RefusedActError(Exception):
    """What the citizen can't do with this dossier; `status` as in HTTP."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Citizens:
    """Their answers stand in the dossier's `cong_dan`, numbered from 1; the dossier itself moves when the province says so."""

    def __init__(self, context: Context, outbox: Outbox) -> None:
        self._context = context
        self._outbox = outbox
        self._table = context.state.table("dossiers")
        self._asked = self._table.grouped(
            lambda dossier: "" if dossier.get("TrangThaiHoSo") in {"5", "6"} else None
        )

    def routes(self) -> Sequence[BaseRoute]:
        """Routes below /__mock__/act."""
        acts = {"supplement": self.supplement, "pay": self.pay, "withdraw": self.withdraw}
        return [act_route(name, Act, act) for name, act in acts.items()]

    def answer_requests(self) -> int:
        """The autopilot: every open request that was not answered yet; how many were."""
        waiting = [dossier for dossier in self._asked.of("") if self._should_answer(dossier)]
        for dossier in waiting:
            act = Act(national_code=str(dossier["MaHoSo"]))
            self.supplement(act) if dossier["TrangThaiHoSo"] == "5" else self.pay(act)
        return len(waiting)

    def _should_answer(self, dossier: Row) -> bool:
        if LEAVES_REQUESTS_ALONE in str(dossier.get("TrichYeuHoSo")) or dossier.get("nguon") != BORN_HERE:
            return False
        request = _open_request(dossier, str(dossier["TrangThaiHoSo"]))
        return request is not None and not _is_answered(dossier, request)

    def supplement(self, act: Act) -> Row:
        """Hand in papers to the open request; without any, a paper is made up.

        Raises:
            RefusedActError: no such dossier, or nothing is asked for.
        """
        dossier = self.own(act.national_code)
        request = _required_request(dossier, "5", "bổ sung giấy tờ", "papers")
        papers = act.documents or [PAPER]
        files: list[JsonValue] = [
            {"TenTepDinhKem": paper.name, "Base64": paper.content_base64} for paper in papers
        ]
        content = act.content or f"Nộp bổ sung: {', '.join(paper.name for paper in papers)}"[:1000]
        changes: Row = {
            "TrangThai": "5", "HoSoBoSungId": request["HoSoBoSungId"], "NoiDung": content, "ThoiDiem": self._now(), "TaiLieuNop": files,
        }  # fmt: skip
        told: list[JsonValue] = [_without_content(paper) for paper in papers]
        return self.tell(dossier, "supplement", str(request["HoSoBoSungId"]), _form(dossier, changes), told)

    def pay(self, act: Act) -> Row:
        """Pay what the open request asks for.

        Raises:
            RefusedActError: no such dossier, or nothing is asked for.
        """
        dossier = self.own(act.national_code)
        request = _required_request(dossier, "6", "nộp phí, lệ phí", "a fee")
        code, fees = str(dossier["MaHoSo"]), request.get("DanhSachLePhiBoSung")
        rows = [fee for fee in fees if isinstance(fee, dict)] if isinstance(fees, list) else []
        payment: Row = {
            "NoiDungThanhToan": act.content or f"Nộp phí, lệ phí hồ sơ {code}", "ThoiGianThanhToan": self._now(),
            "MaThongBaoThue": request["HoSoBoSungId"], "TrangThaiThanhToan": "1",
            "SoTien": str(sum(int(str(fee["Gia"])) for fee in rows)),
        }  # fmt: skip
        payload: Row = {
            "SecurityKey": "", "Service": "nhantbthuedvcqg", "Ngay": self._now(), "IsUpdating": "False",
            "Data": {
                "MaHoSo": code, **payer(self._context.population, dossier),
                "UrlFileChungTu": receipt_url(self._context, code, str(request["HoSoBoSungId"])), "ThongTinThanhToan": payment,
            },
        }  # fmt: skip
        return self.tell(dossier, "payment", str(request["HoSoBoSungId"]), payload, [payment])

    def withdraw(self, act: Act) -> Row:
        """Ask for the dossier back.

        Raises:
            RefusedActError: no such dossier, or it is too late.
        """
        dossier = self.own(act.national_code)
        if reason := check_transition(str(dossier["TrangThaiHoSo"]), "7"):
            raise RefusedActError(409, reason)
        content = act.content or "Công dân không còn nhu cầu giải quyết"
        changes: Row = {"TrangThai": "7", "NoiDung": content, "ThoiDiem": self._now()}
        return self.tell(dossier, "withdrawal", "", _form(dossier, changes), [content])

    def own(self, code: str) -> Row:
        """A dossier that was submitted here.

        Raises:
            RefusedActError: there is none of that number.
        """
        dossier = self._table.get(code)
        if dossier is None:
            raise RefusedActError(404, f"No dossier {code}")
        if dossier.get("nguon") != BORN_HERE:
            raise RefusedActError(409, f"{code} was handed in at a counter of the province")
        return dossier

    def tell(self, dossier: Row, kind: str, request: str, payload: Row, what: list[JsonValue]) -> Row:
        """Note what happened to the dossier on the portal's side, and post it to the province; `request` = the one that it answers."""
        code, before = str(dossier["MaHoSo"]), _answers(dossier)
        number = len(before) + 1
        answer: Row = {
            "so": number, "loai": kind, "HoSoBoSungId": request, "thoi_diem": self._now(), "noi_dung": what,
            "chuyen_ve_tinh": {"state": "waiting", "tries": 0, "message": ""},
        }  # fmt: skip
        self._table.put(code, dossier | {"cong_dan": [*before, answer]})
        path = {"path": PAYMENT_PATH} if kind in {"payment", "tax_notice"} else {}
        self._outbox.add(code, payload, answer=number, **path)
        return {"national_code": code, "answer": number}

    def _now(self) -> str:
        return dvcqg.write_stamp(self._context.clock.now())


def act_route(name: str, model: type[M], act: Callable[[M], Row]) -> Route:
    """POST /__mock__/act/NAME: what a person does, or why not."""

    async def answer(request: Request) -> JSONResponse:
        try:
            return JSONResponse(act(model.model_validate_json(await request.body())), status_code=201)
        except ValidationError as exc:
            return problem(422, "The act is not valid", pydantic_faults(exc))
        except RefusedActError as exc:
            return problem(exc.status, str(exc))

    return Route(f"/__mock__/act/{name}", answer, methods=["POST"], name=name)


def _form(dossier: Row, changes: Row) -> Row:
    given: Row = {"MaTTHC": dossier.get("MaTTHC", ""), "TrichYeuHoSo": dossier.get("TrichYeuHoSo", "")}
    data: Row = {"MaHoSoQG": dossier["MaHoSo"], "ThongTinDaNop": given, "ThongTinSuaDoi": changes}
    return {"service": "nhanhsdvcqg", "isUpdating": "True", "data": data}


def _required_request(dossier: Row, state: str, what_vi: str, what: str) -> Row:
    request = _open_request(dossier, state)
    if request is None:
        code = dossier["MaHoSo"]
        raise RefusedActError(
            409, f"{code}: không có yêu cầu {what_vi} nào đang chờ / no request for {what} is open"
        )
    return request


def _open_request(dossier: Row, state: str) -> Row | None:
    """The request that the dossier waits for in state 5 (papers) or 6 (a fee)."""
    if dossier["TrangThaiHoSo"] != state or state not in {"5", "6"}:
        return None
    waiting = [row for row in requests_of(dossier) if not row["TrangThaiBoSung"]]
    return next((row for row in waiting if bool(row.get("DanhSachLePhiBoSung")) == (state == "6")), None)


def _is_answered(dossier: Row, request: Row) -> bool:
    return any(
        isinstance(one, dict) and one.get("HoSoBoSungId") == request["HoSoBoSungId"]
        for one in _answers(dossier)
    )


def _answers(dossier: Row) -> list[JsonValue]:
    answers = dossier.get("cong_dan")
    return answers if isinstance(answers, list) else []


def _without_content(paper: Document) -> JsonValue:
    content = base64.b64decode(paper.content_base64)
    return {"TenTepDinhKem": paper.name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
