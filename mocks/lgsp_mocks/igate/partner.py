"""The six-step partner API ("DVC Bộ"): token, next value, upload, submit, progress, status."""

from collections.abc import Sequence
from typing import cast

from fastapi import APIRouter, Depends, Request
from pydantic import JsonValue

from lgsp.standards import identifiers
from lgsp_mocks.igate.dossiers import Dossiers, iso
from lgsp_mocks.igate.life import Answer, Life, require
from lgsp_mocks.igate.packets import Component, Credentials, NopHoSo, Paper, Progress, Status, read_moment
from lgsp_mocks.igate.procedures import NotOfferedError
from lgsp_mocks.igate.tokens import Tokens, WireError, WireRoute
from lgsp_mocks.kit import Agency, Context, Procedure, Record

__all__ = ["PREFIX", "Partner"]

PREFIX = "/pa/partner"
MAX_FILE_BYTES = 100 * 1024 * 1024


class Partner:
    """The API's state is iGate's own."""

    def __init__(self, context: Context, dossiers: Dossiers, tokens: Tokens, life: Life) -> None:
        self._context = context
        self._dossiers = dossiers
        self._tokens = tokens
        self._life = life

    def router(self) -> APIRouter:
        """All six steps."""
        router = APIRouter(prefix=PREFIX, route_class=WireRoute)
        guard = [Depends(self._tokens.check)]
        router.add_api_route("/token", self._token, methods=["POST"])
        router.add_api_route("/GetNextValue", self._next_value, methods=["GET"], dependencies=guard)
        router.add_api_route("/UploadFile", self._upload, methods=["POST"], dependencies=guard)
        router.add_api_route("/NopHoSo", self._submit, methods=["POST"], dependencies=guard)
        router.add_api_route("/CapNhatTienTrinh", self._progress, methods=["POST"], dependencies=guard)
        router.add_api_route("/CapNhatTrangThai", self._status, methods=["POST"], dependencies=guard)
        return router

    async def _token(self, body: Credentials) -> Record:
        return self._tokens.partner(body.client_id, body.client_secret)

    async def _next_value(self, code: str) -> Record:
        return {"value": self._context.state.next(f"pattern:{code}")}

    async def _progress(self, body: list[Progress]) -> Record:
        """All steps or none; a step that was told before is not taken twice."""
        passed: dict[str, list[str]] = {}
        fresh = []
        for one in body:
            dossier = self._known(one.MaHoSo)
            if _told_before(dossier, one):
                continue
            states = passed.setdefault(str(dossier["id"]), [])
            require(_after(dossier, states), one.TrangThai)
            states.append(one.TrangThai)
            fresh.append(one)
        for one in fresh:
            moved = self._life.move(self._known(one.MaHoSo), one.TrangThai, one.NoiDungXuLy)
            steps = cast("list[Record]", moved["steps"])
            told: Record = {**steps[-1], "told": _told(one), "officer": one.NguoiXuLy or steps[-1]["officer"]}
            self._dossiers.save({**moved, "steps": [*steps[:-1], told]})
        return _done(None)

    async def _status(self, body: list[Status]) -> Record:
        for one in body:
            self._check_status(self._known(one.MaHoSo), one)
        for one in body:
            dossier = self._known(one.MaHoSo)
            if one.TrangThai == "6":
                self._life.answer(dossier, _payment(one))
            else:
                self._answer_draft(dossier, one)
        return _done(None)

    async def _upload(self, request: Request) -> Record:
        data: list[JsonValue] = []
        async with request.form(max_files=50) as form:
            for _, value in form.multi_items():
                if isinstance(value, str) or (value.size or 0) > MAX_FILE_BYTES:
                    raise WireError(400, "400", "UploadFile: cần tệp không quá 100 MB")
                file = self._dossiers.keep(value.filename or "tep", await value.read(), "")
                stored = self._dossiers.files.get(str(file["id"])) or {}
                data.append({"IdTepTin": file["id"], "HashTepTin": stored.get("sha256", "")})
        if not data:
            raise WireError(400, "400", "UploadFile: không có tệp nào")
        return {"code": "200", "message": "Thành công", "data": data}

    async def _submit(self, body: NopHoSo) -> Record:
        before = self._dossiers.find(code=body.MaHoSo)
        if body.EformThongTinChiTiet.is_supplement:
            before = self._supplement(body)
        if before is not None:
            return _done({"idHoSo": before["id"], "maHoSo": body.MaHoSo})
        (procedure, version), unit = self._place(body)
        fields: Record = {
            "procedure_version": version,
            "national_code": body.MaHoSo, "channel": "2", "abstract": body.TrichYeu or procedure.name,
            "submitted_at": iso(read_moment(body.NgayNop)), "files": self._papers(body.ThanhPhanHoSo),
        }  # fmt: skip
        dossier = self._dossiers.add(procedure, unit, _applicant(body), fields)
        return _done({"idHoSo": dossier["id"], "maHoSo": body.MaHoSo})

    def _supplement(self, body: NopHoSo) -> Record:
        eform = body.EformThongTinChiTiet
        files = cast("list[Record]", self._papers(body.ThanhPhanHoSo))
        content = eform.NoiDungBoSung or "giấy tờ bổ sung"
        answer = Answer("5", content, body.NgayNop, eform.HoSoBoSungId, tuple(files))
        return self._life.answer(self._known(body.MaHoSo), answer)

    def _place(self, body: NopHoSo) -> tuple[tuple[Procedure, int], Agency]:
        try:
            procedure, version = self._dossiers.procedures.take(body.MaTTHC, read_moment(body.NgayNop))
        except NotOfferedError as exc:
            raise WireError(400, "MaTTHC", str(exc)) from exc
        unit = self._context.population.agency(body.MaDonViTiepNhan or procedure.unit_id)
        if unit is None or not unit.province:
            raise WireError(400, "MaDonViTiepNhan", f"Đơn vị {body.MaDonViTiepNhan} không tồn tại")
        try:
            identifiers.check_dossier_code(body.MaHoSo)
        except ValueError as exc:
            raise WireError(400, "MaHoSo", str(exc)) from exc
        return (procedure, version), unit

    def _papers(self, components: Sequence[Component]) -> list[JsonValue]:
        return [self._file(paper, one.MaThanhPhanHoSo) for one in components for paper in one.GiayToDinhKem]

    def _file(self, paper: Paper, code: str) -> Record:
        file = self._dossiers.files.get(paper.IdGiayTo)
        if file is None:
            raise WireError(400, "IdGiayTo", f"Tệp {paper.IdGiayTo} chưa được tải lên")
        return {
            "id": paper.IdGiayTo,
            "name": paper.TenGiayTo or file["name"],
            "size": file["size"],
            "code": code or paper.MaKetQua,
        }

    def _check_status(self, dossier: Record, body: Status) -> None:
        """Refuse before anything of the batch is applied."""
        if body.TrangThai != "6" and not _answered(dossier):
            require(dossier, "8" if body.TrangThai == "5" else "9")
        for paper in body.DanhSachGiayToKetQua:
            self._file(paper, "")

    def _answer_draft(self, dossier: Record, body: Status) -> None:
        """What became of the draft: a signed paper, or a refusal that stops the dossier; told again, it changes nothing."""
        if _answered(dossier):
            return
        draft = dossier["draft"]
        changed: Record = {
            **dossier,
            "draft": {**draft, "state": "answered"} if isinstance(draft, dict) else None,
        }
        if body.TrangThai == "9":
            results: list[JsonValue] = [self._file(paper, "") for paper in body.DanhSachGiayToKetQua]
            self._dossiers.save({**changed, "results": results})
        else:
            self._life.move(changed, "8", f"Dừng xử lý: {body.NoiDungYKien or 'lãnh đạo không duyệt'}")

    def _known(self, code: str) -> Record:
        dossier = self._dossiers.find(code=code)
        if dossier is None:
            raise WireError(404, "404", f"Không tìm thấy hồ sơ {code}")
        return dossier


def _after(dossier: Record, passed: Sequence[str]) -> Record:
    """The dossier as earlier items of the same batch will have left it."""
    if not passed:
        return dossier
    accepted = dossier["accepted_at"] or ("2" if "2" in passed else "")
    return {**dossier, "status": passed[-1], "accepted_at": accepted}


def _told(one: Progress) -> str:
    return f"{one.TrangThai}|{one.ThoiDiemXuLy}|{one.NoiDungXuLy}" if one.ThoiDiemXuLy else ""


def _told_before(dossier: Record, one: Progress) -> bool:
    told = _told(one)
    return bool(told) and any(step.get("told") == told for step in cast("list[Record]", dossier["steps"]))


def _answered(dossier: Record) -> bool:
    draft = dossier["draft"]
    return isinstance(draft, dict) and draft["state"] == "answered"


def _payment(body: Status) -> Answer:
    amount = sum(int(fee.Gia) for fee in body.DanhSachLePhi)
    content = body.NoiDungXuLy or body.NoiDungYKien or f"{amount} đồng"
    return Answer("6", content, content, body.HoSoBoSungId, amount=amount)


def _applicant(body: NopHoSo) -> Record:
    who = body.ThongTinNguoiNop.ThongTinChiTiet
    return {
        "fullname": body.ChuHoSo, "identityNumber": who.SoDinhDanh, "email": who.Email, "phoneNumber": who.SoDienThoai,
        "address": who.DiaChi, "kind": str(body.LoaiDoiTuong),
    }  # fmt: skip


def _done(data: JsonValue) -> Record:
    return {"code": "200", "message": "Thành công", "data": data}
