"""The six-step partner API ("DVC Bộ"): token, next value, upload, submit, progress, status."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Request
from pydantic import Field, JsonValue

from lgsp.clock import VIETNAM
from lgsp_mocks.igate.dossiers import Dossiers, IllegalStepError
from lgsp_mocks.igate.drafts import RETURNED, SIGNED, Drafts, Verdict
from lgsp_mocks.igate.life import Answer, Life, require
from lgsp_mocks.igate.packets import MAX_ITEMS, Credentials, NopHoSo, Progress, Status, iso, read_iso
from lgsp_mocks.igate.procedures import NotOfferedError
from lgsp_mocks.igate.submissions import Submissions, stored_paper
from lgsp_mocks.igate.tokens import DirectRoute, Tokens, WireError, WireRoute
from lgsp_mocks.kit import Context, Record

__all__ = ["PREFIX", "Partner"]

PREFIX = "/pa/partner"
MAX_FILE_BYTES = 100 * 1024 * 1024
_STAMPS = {"9": "finished_at", "10": "returned_at"}


class Partner:
    """The API's state is iGate's own."""

    def __init__(
        self, context: Context, dossiers: Dossiers, tokens: Tokens, life: Life, drafts: Drafts
    ) -> None:
        self._context = context
        self._dossiers = dossiers
        self._tokens = tokens
        self._life = life
        self._drafts = drafts
        self._submissions = Submissions(context, dossiers, life)

    def router(self) -> APIRouter:
        """All six steps."""
        router = APIRouter(prefix=PREFIX, route_class=WireRoute)
        guard = [Depends(self._tokens.check)]
        router.add_api_route("/token", self._token, methods=["POST"])
        router.add_api_route("/GetNextValue", self._next_value, methods=["GET"], dependencies=guard)
        router.add_api_route("/UploadFile", self._upload, methods=["POST"], dependencies=guard)
        router.add_api_route(
            "/NopHoSo", self._submit, methods=["POST"], dependencies=guard, route_class_override=DirectRoute
        )
        router.add_api_route("/CapNhatTienTrinh", self._progress, methods=["POST"], dependencies=guard)
        router.add_api_route("/CapNhatTrangThai", self._status, methods=["POST"], dependencies=guard)
        return router

    async def _token(self, body: Credentials) -> Record:
        return self._tokens.partner(body.client_id, body.client_secret)

    async def _next_value(self, code: str) -> Record:
        """`code` is the procedure's (assumed); the value is a number of its unit, to be MaHoSo, and held for `HOLD_S`."""
        try:
            procedure, _ = self._dossiers.procedures.take(code)
        except NotOfferedError as exc:
            raise WireError(400, "code", str(exc)) from exc
        unit = self._context.population.agency(procedure.unit_id)
        if unit is None or not unit.province:
            raise WireError(400, "code", f"{procedure.unit_id}: không cấp số được / no unit of the province")
        return {"value": self._dossiers.numbers.hold(unit)}

    async def _progress(self, body: Annotated[list[Progress], Field(max_length=MAX_ITEMS)]) -> Record:
        """All steps or none; a step that was told before is not taken twice."""
        passed: dict[str, list[str]] = {}
        fresh = []
        for one in body:
            dossier = self._known(one.MaHoSo, one.IDHoSo, "IDHoSo")
            if _told_before(dossier, one):
                continue
            states = passed.setdefault(str(dossier["id"]), [])
            require(_after(dossier, states), one.TrangThai)
            states.append(one.TrangThai)
            fresh.append(one)
        for one in fresh:
            self._take_step(self._known(one.MaHoSo), one)
        return _done(None)

    def _take_step(self, dossier: Record, one: Progress) -> None:
        at = _moment(dossier, one, self._context.clock.now())
        if one.TrangThai == "2" and not dossier["accepted_at"]:
            dossier = {**dossier, "told_accepted_at": at}
        moved = self._life.move(dossier, one.TrangThai, one.NoiDungXuLy)
        steps = cast("list[Record]", moved["steps"])
        stamp: Record = {_STAMPS[one.TrangThai]: at} if one.TrangThai in _STAMPS else {}
        self._dossiers.save({**moved, **stamp, "steps": [*steps[:-1], _as_told(steps[-1], one, at)]})

    async def _status(self, body: Annotated[list[Status], Field(max_length=MAX_ITEMS)]) -> Record:
        """All items or none: the first that is refused undoes those before it."""
        with self._dossiers.all_or_nothing():
            for index, one in enumerate(body):
                try:
                    self._apply(one)
                except IllegalStepError as exc:
                    raise IllegalStepError(f"mục {index + 1}: {exc}" if len(body) > 1 else str(exc)) from exc
        return _done(None)

    def _apply(self, body: Status) -> None:
        dossier = self._known(body.MaHoSo, body.IdHoSo, "IdHoSo")
        if body.TrangThai == "6":
            self._life.answer(dossier, _payment(body))
            return
        verdict = self._verdict(body)
        if self._drafts.check(dossier, verdict):
            self._drafts.apply(dossier, verdict)

    def _verdict(self, body: Status) -> Verdict:
        """A paper is known by its content: each upload of the same gives another id."""
        papers = tuple(stored_paper(self._dossiers, paper, "") for paper in body.DanhSachGiayToKetQua)
        files = [self._dossiers.files.get(str(paper["id"])) or {} for paper in papers]
        digests = tuple(str(file.get("sha256", "")) for file in files)
        state = RETURNED if body.TrangThai == "5" else SIGNED
        return Verdict(state, body.NoiDungYKien.strip(), body.LanTrinh, papers, digests)

    async def _upload(self, request: Request) -> Record:
        data: list[JsonValue] = []
        async with request.form(max_files=50) as form:
            for _, value in form.multi_items():
                if isinstance(value, str) or (value.size or 0) > MAX_FILE_BYTES:
                    raise WireError(400, "400", "UploadFile: cần tệp không quá 100 MB")
                # A charset like UTF-7 can carry half a surrogate pair, which no file of the state takes.
                name = (value.filename or "tep").encode(errors="replace").decode()
                file = self._dossiers.keep(name, await value.read(), "")
                stored = self._dossiers.files.get(str(file["id"])) or {}
                data.append({"IdTepTin": file["id"], "HashTepTin": stored.get("sha256", "")})
        if not data:
            raise WireError(400, "400", "UploadFile: không có tệp nào")
        return {"code": "200", "message": "Thành công", "data": data}

    async def _submit(self, body: NopHoSo) -> Record:
        return _done({"idHoSo": self._submissions.submit(body)["id"], "maHoSo": body.MaHoSo})

    def _known(self, code: str, internal_id: str = "", field: str = "") -> Record:
        dossier = self._dossiers.find(code=code)
        if dossier is None:
            raise WireError(404, "404", f"Không tìm thấy hồ sơ {code}")
        if internal_id not in {"", dossier["id"]}:
            raise WireError(
                400, field, f"{field} {internal_id} không phải của hồ sơ {code} / the id of another dossier"
            )
        return dossier


def _after(dossier: Record, passed: Sequence[str]) -> Record:
    """The dossier as earlier items of the same batch will have left it."""
    if not passed:
        return dossier
    accepted = dossier["accepted_at"] or ("2" if "2" in passed else "")
    return {**dossier, "status": passed[-1], "accepted_at": accepted}


def _moment(dossier: Record, one: Progress, now: datetime) -> str:
    """ThoiDiemXuLy; what is told late of before the last step, or ahead of the clock, counts from now: steps stay in their order."""
    steps = cast("list[Record]", dossier["steps"])
    last = datetime.fromisoformat(str(steps[-1]["at"] if steps else dossier["submitted_at"]))
    at = read_iso(one.ThoiDiemXuLy) if one.ThoiDiemXuLy else now
    return iso((at if last <= at <= now else now).astimezone(VIETNAM))


def _as_told(step: Record, one: Progress, at: str) -> Record:
    """The step as the partner tells it; NgayKetThucTheoQuyDinh is its own, not the dossier's."""
    taken: Record = {**step, "told": _told(one), "at": at}
    if one.NguoiXuLy:
        taken |= {"officer": one.NguoiXuLy, "position": "", "department": one.PhongBanXuLy}
    elif one.PhongBanXuLy:
        taken["department"] = one.PhongBanXuLy
    if one.NgayBatDau:
        taken["startedAt"] = iso(read_iso(one.NgayBatDau).astimezone(VIETNAM))
    if one.NgayKetThucTheoQuyDinh:
        taken["ownDueAt"] = iso(read_iso(one.NgayKetThucTheoQuyDinh).astimezone(VIETNAM))
    return taken


def _told(one: Progress) -> str:
    return f"{one.TrangThai}|{one.ThoiDiemXuLy}|{one.NoiDungXuLy}" if one.ThoiDiemXuLy else ""


def _told_before(dossier: Record, one: Progress) -> bool:
    told = _told(one)
    return bool(told) and any(step.get("told") == told for step in cast("list[Record]", dossier["steps"]))


def _payment(body: Status) -> Answer:
    amount = sum(int(fee.Gia) for fee in body.DanhSachLePhi)
    content = body.NoiDungXuLy or body.NoiDungYKien or f"{amount} đồng"
    return Answer("6", content, content, body.HoSoBoSungId, amount=amount)


def _done(data: JsonValue) -> Record:
    return {"code": "200", "message": "Thành công", "data": data}
