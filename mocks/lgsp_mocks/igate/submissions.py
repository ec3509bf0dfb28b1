"""NopHoSo: a partner submits a dossier, repeats it, or answers a request for papers."""

from collections.abc import Sequence
from typing import cast

from pydantic import JsonValue

from lgsp_mocks.igate.dossiers import Dossiers, iso
from lgsp_mocks.igate.life import Answer, Life
from lgsp_mocks.igate.numbers import NumberError, parts_of
from lgsp_mocks.igate.packets import Component, NopHoSo, Paper, read_moment
from lgsp_mocks.igate.procedures import NotOfferedError
from lgsp_mocks.igate.tokens import WireError
from lgsp_mocks.kit import Agency, Context, Procedure, Record

__all__ = ["Submissions", "stored_paper"]


class Submissions:
    """A dossier is known by MaHoSo; told again with other content it is refused."""

    def __init__(self, context: Context, dossiers: Dossiers, life: Life) -> None:
        self._context = context
        self._dossiers = dossiers
        self._life = life

    def submit(self, body: NopHoSo) -> Record:
        """The dossier that it is about, stored where it is new."""
        before = self._dossiers.find(code=body.MaHoSo)
        if body.EformThongTinChiTiet.is_supplement:
            return self._supplement(body, before)
        papers = self._papers(body.ThanhPhanHoSo)
        told = self._told(body, papers)
        if before is not None:
            return _same(before, told, body)
        (procedure, version), unit = self._place(body)
        own = self._own_number(body, unit)
        fields: Record = {
            "procedure_version": version, "national_code": body.MaHoSo, "channel": "2",
            "abstract": body.EformThongTinChiTiet.TrichYeu or procedure.name,
            "submitted_at": iso(read_moment(body.NgayNop)), "files": papers, "told": told, "code": own,
            "eform": body.EformThongTinChiTiet.filled,
        }  # fmt: skip
        return self._dossiers.add(procedure, unit, _applicant(body), fields)

    def _supplement(self, body: NopHoSo, dossier: Record | None) -> Record:
        if dossier is None:
            raise WireError(404, "404", f"Không tìm thấy hồ sơ {body.MaHoSo}")
        eform = body.EformThongTinChiTiet
        files = cast("list[Record]", self._papers(body.ThanhPhanHoSo))
        content = eform.NoiDungBoSung or "giấy tờ bổ sung"
        answer = Answer("5", content, body.NgayNop, eform.HoSoBoSungId, tuple(files))
        return self._life.answer(dossier, answer)

    def _place(self, body: NopHoSo) -> tuple[tuple[Procedure, int], Agency]:
        try:
            procedure, version = self._dossiers.procedures.take(body.MaTTHC, read_moment(body.NgayNop))
        except NotOfferedError as exc:
            raise WireError(400, "MaTTHC", str(exc)) from exc
        unit = self._context.population.agency(body.MaDonViTiepNhan or procedure.unit_id)
        if unit is None or not unit.province:
            raise WireError(400, "MaDonViTiepNhan", f"Đơn vị {body.MaDonViTiepNhan} không tồn tại")
        return (procedure, version), unit

    def _own_number(self, body: NopHoSo, unit: Agency) -> str:
        """A partner numbers by itself (G22…, G09.20…); a number of this province has to be the unit's own, and takes its place there."""
        try:
            owner = self._context.population.agency(parts_of(body.MaHoSo)[0])
            if owner is None or not owner.province:
                return ""
            self._dossiers.numbers.check(body.MaHoSo, unit)
        except (NumberError, ValueError) as exc:
            raise WireError(400, "MaHoSo", str(exc)) from exc
        self._dossiers.numbers.take(body.MaHoSo, unit)
        return body.MaHoSo

    def _told(self, body: NopHoSo, papers: Sequence[JsonValue]) -> Record:
        """What makes two submissions the same; a file by its content, since every upload gives it a new id."""
        who = body.ThongTinNguoiNop.ThongTinChiTiet
        digests = sorted(
            f"{one['code']}:{(self._dossiers.files.get(str(one['id'])) or {}).get('sha256', '')}"
            for one in cast("Sequence[Record]", papers)
        )
        return {
            "MaTTHC": body.MaTTHC, "ChuHoSo": body.ChuHoSo, "LoaiDoiTuong": str(body.LoaiDoiTuong), "NgayNop": body.NgayNop,
            "MaDonViTiepNhan": body.MaDonViTiepNhan, "TrichYeu": body.EformThongTinChiTiet.TrichYeu, "SoDinhDanh": who.SoDinhDanh,
            "ThanhPhanHoSo": ", ".join(digests),
        }  # fmt: skip

    def _papers(self, components: Sequence[Component]) -> list[JsonValue]:
        return [
            stored_paper(self._dossiers, paper, one.MaThanhPhanHoSo)
            for one in components
            for paper in one.GiayToDinhKem
        ]


def stored_paper(dossiers: Dossiers, paper: Paper, code: str) -> Record:
    """What refers to an uploaded file.

    Raises:
        WireError: it was never uploaded, or HashTepTin is another file's.
    """
    file = dossiers.files.get(paper.IdGiayTo)
    if file is None:
        raise WireError(400, "IdGiayTo", f"Tệp {paper.IdGiayTo} chưa được tải lên")
    if paper.HashTepTin and paper.HashTepTin.lower() != file["sha256"]:
        raise WireError(
            400, "HashTepTin", f"HashTepTin không phải của tệp {paper.IdGiayTo} / the hash of another file"
        )
    return {
        "id": paper.IdGiayTo,
        "name": paper.TenGiayTo or file["name"],
        "size": file["size"],
        "code": code or paper.MaKetQua,
    }


def _same(before: Record, told: Record, body: NopHoSo) -> Record:
    """A field that the repeat leaves out contradicts nothing; neither do dossiers of before there was a comparison."""
    code, held = body.MaHoSo, before.get("told")
    if held is not None and not isinstance(held, dict):
        raise WireError(400, "MaHoSo", f"Mã {code} đã thuộc về hồ sơ khác / another dossier has that number")
    other = [
        name
        for name, value in told.items()
        if value and held is not None and held.get(name) not in {value, ""}
    ]
    form = cast("Record", before.get("eform") or {})
    other += [
        f"EformThongTinChiTiet/{name}"
        for name, value in body.EformThongTinChiTiet.filled.items()
        if value and form.get(name, value) != value
    ]
    if other:
        names = ", ".join(other)
        raise WireError(
            400, "MaHoSo", f"Hồ sơ {code} đã có với nội dung khác: {names} / it is there with other content"
        )
    return before


def _applicant(body: NopHoSo) -> Record:
    who = body.ThongTinNguoiNop.ThongTinChiTiet
    return {
        "fullname": body.ChuHoSo, "identityNumber": who.SoDinhDanh, "email": who.Email, "phoneNumber": who.SoDienThoai,
        "address": who.DiaChi, "kind": str(body.LoaiDoiTuong),
    }  # fmt: skip
