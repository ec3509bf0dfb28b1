"""The six-step partner API ("DVC Bộ"): token, next value, upload, submit, progress, status."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from lgsp.standards import identifiers
from lgsp_mocks.igate.dossiers import Dossiers
from lgsp_mocks.igate.tokens import Tokens, WireError, WireRoute
from lgsp_mocks.kit import Context, Record

__all__ = ["PREFIX", "Partner"]

PREFIX = "/pa/partner"
MAX_FILE_BYTES = 100 * 1024 * 1024
Required = Annotated[str, Field(min_length=1, max_length=2000)]


class Body(BaseModel):
    """Fields that are not listed are ignored, as the real one does with its many."""

    model_config = ConfigDict(extra="ignore")


class Credentials(Body):
    """Step 1."""

    client_id: str
    client_secret: str


class Paper(Body):
    """GiayToDinhKem."""

    IdGiayTo: Required
    TenGiayTo: str = ""
    MaKetQua: str = ""


class Component(Body):
    """ThanhPhanHoSo."""

    MaThanhPhanHoSo: str = ""
    TenThanhPhanHoSo: str = ""
    GiayToDinhKem: list[Paper] = []


class SubmitterDetail(Body):
    """ThongTinChiTiet."""

    TenNguoiNop: str = ""
    SoDinhDanh: str = ""
    SoDienThoai: str = ""
    Email: str = ""
    DiaChi: str = ""


class Submitter(Body):
    """ThongTinNguoiNop."""

    ThongTinChiTiet: SubmitterDetail = SubmitterDetail()


class NopHoSo(Body):
    """Step 4. LoaiDoiTuong: 0 citizen, 1 enterprise, 2 household business."""

    MaHoSo: Required
    MaTTHC: Required
    ChuHoSo: Required
    LoaiDoiTuong: Literal["0", "1", "2", 0, 1, 2] = "0"
    MaDonViTiepNhan: str = ""
    NgayNop: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$")]
    TrichYeu: str = ""
    ThanhPhanHoSo: list[Component] = []
    ThongTinNguoiNop: Submitter = Submitter()


class Progress(Body):
    """Step 5."""

    MaHoSo: Required
    NoiDungXuLy: Required
    TrangThai: Annotated[str, Field(pattern=r"^([1-9]|10)$", coerce_numbers_to_str=True)]


class Status(Body):
    """Step 6."""

    MaHoSo: Required
    TrangThai: Annotated[Literal["5", "6", "9"], Field(coerce_numbers_to_str=True)]
    NoiDungYKien: str = ""
    DanhSachGiayToKetQua: list[Paper] = []


class Partner:
    """The API's state is iGate's own."""

    def __init__(self, context: Context, dossiers: Dossiers, tokens: Tokens) -> None:
        self._context = context
        self._dossiers = dossiers
        self._tokens = tokens

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
        found = [self._known(one.MaHoSo) for one in body]
        for dossier, one in zip(found, body, strict=True):
            self._dossiers.step(dossier, one.TrangThai, one.NoiDungXuLy)
        return _done(None)

    async def _status(self, body: list[Status]) -> Record:
        found = [self._known(one.MaHoSo) for one in body]
        for dossier, one in zip(found, body, strict=True):
            self._answer(dossier, one)
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
        if (before := self._dossiers.find(code=body.MaHoSo)) is not None:
            return _done({"idHoSo": before["id"], "maHoSo": body.MaHoSo})
        procedure = self._context.population.procedure(body.MaTTHC)
        if procedure is None:
            raise WireError(400, "MaTTHC", f"Mã thủ tục {body.MaTTHC} không tồn tại")
        unit = self._context.population.agency(body.MaDonViTiepNhan or procedure.unit_id)
        if unit is None or not unit.province:
            raise WireError(400, "MaDonViTiepNhan", f"Đơn vị {body.MaDonViTiepNhan} không tồn tại")
        try:
            identifiers.check_dossier_code(body.MaHoSo)
        except ValueError as exc:
            raise WireError(400, "MaHoSo", str(exc)) from exc
        who = body.ThongTinNguoiNop.ThongTinChiTiet
        applicant: Record = {
            "fullname": body.ChuHoSo, "identityNumber": who.SoDinhDanh, "email": who.Email, "phoneNumber": who.SoDienThoai,
            "address": who.DiaChi, "kind": str(body.LoaiDoiTuong),
        }  # fmt: skip
        files: list[JsonValue] = [
            self._file(paper, one.MaThanhPhanHoSo)
            for one in body.ThanhPhanHoSo
            for paper in one.GiayToDinhKem
        ]
        submitted = f"{body.NgayNop.replace(' ', 'T')}.000+0700"
        fields: Record = {
            "national_code": body.MaHoSo, "channel": "2", "abstract": body.TrichYeu or procedure.name,
            "submitted_at": submitted, "files": files,
        }  # fmt: skip
        dossier = self._dossiers.add(procedure, unit, applicant, fields)
        return _done({"idHoSo": dossier["id"], "maHoSo": body.MaHoSo})

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

    def _answer(self, dossier: Record, body: Status) -> None:
        """What became of the draft: a signed paper, or a refusal that stops the dossier."""
        draft = dossier["draft"]
        answered: Record = {**draft, "state": "answered"} if isinstance(draft, dict) else {}
        changed: Record = {**dossier, "draft": answered or None}
        if body.TrangThai == "9":
            results: list[JsonValue] = [self._file(paper, "") for paper in body.DanhSachGiayToKetQua]
            self._dossiers.save({**changed, "results": results})
        else:
            self._dossiers.step(changed, "8", f"Dừng xử lý: {body.NoiDungYKien or 'lãnh đạo không duyệt'}")

    def _known(self, code: str) -> Record:
        dossier = self._dossiers.find(code=code)
        if dossier is None:
            raise WireError(404, "404", f"Không tìm thấy hồ sơ {code}")
        return dossier


def _done(data: JsonValue) -> Record:
    return {"code": "200", "message": "Thành công", "data": data}
