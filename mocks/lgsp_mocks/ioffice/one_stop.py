"""One-stop link (liên thông một cửa - QLVB): a draft comes in, the leader signs or refuses, the package is fetched."""

import asyncio
import base64
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query
from fastapi.security import HTTPBasic, HTTPBasicCredentials
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from lgsp_mocks.ioffice.credentials import same
from lgsp_mocks.kit import Context, Record
from lgsp_mocks.kit.signing import decision

__all__ = ["OneStop"]

PREFIX = "/qlvb/lienthong"
_basic = HTTPBasic(realm="qlvb")
PROVINCE, LEADER = "000.00.00.H34", "Nguyễn Mô Phỏng"


class Unit(BaseModel):
    """DonVi."""

    model_config = ConfigDict(extra="allow")

    Ten: str = ""
    MaDinhDanh: str = ""


class Draft(BaseModel):
    """VanBanDuThao."""

    model_config = ConfigDict(extra="allow")

    TrichYeu: Annotated[str, Field(min_length=1)]
    LoaiVanBan: str = "Quyết định"
    NgayTao: str = ""
    DinhKem: list[dict[str, JsonValue]] = []


class GuiHoSo(BaseModel):
    """What a one-stop system sends; further fields of the wire are kept."""

    model_config = ConfigDict(extra="allow")

    IDHoSo: str
    MaHoSo: Annotated[str, Field(min_length=1)]
    DonVi: Unit = Unit()
    VanBanDuThao: Draft
    ThamSoAn: str = ""


class CapNhatTrangThaiVanBan(BaseModel):
    """The one-stop system has, or has not, taken the package."""

    model_config = ConfigDict(extra="allow")

    MaVanBan: str
    TrangThai: JsonValue = ""


def _authorized(credentials: Annotated[HTTPBasicCredentials, Depends(_basic)]) -> None:
    if not same(credentials.username, credentials.password):
        raise HTTPException(401, "sai tài khoản", headers={"WWW-Authenticate": 'Basic realm="qlvb"'})


class OneStop:
    """Table `drafts` by MaVanBan."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._drafts = context.state.table("drafts")

    def router(self) -> APIRouter:
        """The wire."""
        router = APIRouter(prefix=PREFIX, dependencies=[Depends(_authorized)])

        @router.post("/GuiHoSo")
        async def gui_ho_so(body: GuiHoSo) -> Record:
            return self._answer(self._receive(body))

        @router.get("/LayDanhSachGoiTinVanBan")
        async def danh_sach(
            ma_don_vi_cha: Annotated[str, Query(alias="maDonViCha")] = "", top: int = 100
        ) -> Record:
            ready: list[JsonValue] = [
                draft["MaVanBan"] for draft in self._drafts.values()
                if draft["state"] in {"signed", "refused"} and _below(str(draft["unit"]), ma_don_vi_cha)
            ]  # fmt: skip
            return self._answer(ready[: max(0, min(top, 1000))])

        @router.get("/LayGoiTinVanBan")
        async def goi_tin(ma_van_ban: Annotated[str, Query(alias="MaVanBan")]) -> Record:
            draft = self._drafts.get(ma_van_ban)
            if draft is None or draft["package"] is None:
                return self._error("404", f"không có gói tin {ma_van_ban}")
            return self._answer(draft["package"])

        @router.post("/CapNhatTrangThaiVanBan")
        async def cap_nhat(body: CapNhatTrangThaiVanBan) -> Record:
            draft = self._drafts.get(body.MaVanBan)
            if draft is None:
                return self._error("404", f"không có văn bản {body.MaVanBan}")
            self._drafts.put(body.MaVanBan, {**draft, "state": "fetched", "fetched_as": str(body.TrangThai)})
            return self._answer(body.MaVanBan)

        return router

    def _receive(self, body: GuiHoSo) -> str:
        """Book the draft; the same dossier sent again is the same draft."""
        for key, draft in self._drafts.items():
            if draft["MaHoSo"] == body.MaHoSo and draft["state"] != "refused":
                return key
        key = f"VB{self._context.state.next('draft'):06d}"
        self._drafts.put(key, {
            "MaVanBan": key, "MaHoSo": body.MaHoSo, "IDHoSo": body.IDHoSo, "unit": body.DonVi.MaDinhDanh,
            "subject": body.VanBanDuThao.TrichYeu,
            "type": body.VanBanDuThao.LoaiVanBan, "files": [str(file.get("Ten", "")) for file in body.VanBanDuThao.DinhKem],
            "hidden": body.ThamSoAn, "unit_fields": body.DonVi.model_dump(), "state": "waiting", "rounds": 0, "number": "", "package": None,
        })  # fmt: skip
        return key

    async def leader(self) -> int:
        """The leader looks at a draft in the first round and decides in the second."""
        decisions = 0
        for key, draft in self._drafts.items():
            if draft["state"] != "waiting":
                continue
            rounds = int(str(draft["rounds"])) + 1
            if rounds < 2:
                self._drafts.put(key, {**draft, "rounds": rounds})
                continue
            self._drafts.put(key, await self._decide(draft))
            decisions += 1
        return decisions

    async def _decide(self, draft: Record) -> Record:
        now = self._context.clock.now()
        refuses = "[không duyệt]" in str(draft["subject"])
        number = "" if refuses else f"{self._context.state.next(f'decision:{now.year}')}/QĐ-UBND"
        day = "" if refuses else f"{now:%d/%m/%Y}"
        files: list[JsonValue] = []
        if not refuses:
            lines = [f"Quyết định {number}", str(draft["subject"]), f"Người ký: {LEADER}"]
            signed = await asyncio.to_thread(decision, self._context, lines, PROVINCE, LEADER)
            content = base64.b64encode(signed.read()).decode()
            files = [{"Ten": "quyet-dinh-da-ky.pdf", "Base64": content, "Link": ""}]
        package: Record = {
            "IDHoSo": draft["IDHoSo"], "MaHoSo": draft["MaHoSo"], "DonVi": draft["unit_fields"], "ThamSoAn": draft["hidden"],
            "LoaiKetQua": "03" if refuses else "01", "LyDo": "Không duyệt: hồ sơ chưa đủ căn cứ" if refuses else "",
            "VanBanDi": {
                "TrichYeu": draft["subject"], "LoaiVanBan": draft["type"], "NgayBanHanh": day, "NgayKy": day,
                "NguoiKy": LEADER, "ChucVu": "Phó Chủ tịch", "NguoiSoan": "Phạm Mô Phỏng", "SoKyHieu": number, "DinhKem": files,
            },
        }  # fmt: skip
        return {**draft, "state": "refused" if refuses else "signed", "number": number, "package": package}

    def _answer(self, data: JsonValue) -> Record:
        return {"data": data, "error": {"code": "0", "internalMessage": "", "userMessage": ""}}

    def _error(self, code: str, message: str) -> Record:
        return {"data": None, "error": {"code": code, "internalMessage": message, "userMessage": message}}


def _below(unit: str, parent: str) -> bool:
    """Whether a unit is the parent, or of the same province, in either form of ids."""
    return (
        not parent
        or unit == parent
        or unit.endswith(f".{parent.rsplit('.', maxsplit=1)[-1]}")
        or unit.startswith(f"{parent}.")
    )
