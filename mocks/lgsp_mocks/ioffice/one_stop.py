"""One-stop link (liên thông một cửa - QLVB): a draft comes in, the leader decides, the package is fetched."""

import base64
import hashlib
import json
from collections.abc import Callable, Coroutine, Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPBasic, HTTPBasicCredentials
from pydantic import JsonValue

from lgsp_mocks.ioffice.credentials import same
from lgsp_mocks.ioffice.leader import decide
from lgsp_mocks.ioffice.one_stop_packets import CapNhatTrangThaiVanBan, File, GuiHoSo
from lgsp_mocks.kit import Context, Record

__all__ = ["OneStop"]

PREFIX = "/qlvb/lienthong"
_basic = HTTPBasic(realm="qlvb")
_READY = frozenset({"signed", "refused", "returned"})
_ENDED = {"waiting": "đang chờ ký", "signed": "đã được ký"}


class _LinkRoute(APIRoute):
    """What can't be read is answered in the link's own form."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[object, object, Response]]:
        """FastAPI's hook."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as exc:
                return JSONResponse(_error("400", "; ".join(map(_fault, exc.errors()))), 400)

        return answer


async def _authorized(credentials: Annotated[HTTPBasicCredentials, Depends(_basic)]) -> None:
    if not same(credentials.username, credentials.password):
        raise HTTPException(401, "sai tài khoản", headers={"WWW-Authenticate": 'Basic realm="qlvb"'})


class OneStop:
    """Table `drafts` by MaVanBan; each round of a draft is one of its own."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._drafts = context.state.table("drafts")
        self._by_dossier = self._drafts.grouped(lambda draft: str(draft["MaHoSo"]))
        self._by_state = self._drafts.grouped(lambda draft: str(draft["state"]))
        self._same = self._drafts.grouped(
            lambda draft: f"{draft['MaHoSo']} {draft['digest']}" if draft.get("digest") else None
        )

    def router(self) -> APIRouter:
        """The wire."""
        router = APIRouter(prefix=PREFIX, dependencies=[Depends(_authorized)], route_class=_LinkRoute)

        @router.post("/GuiHoSo")
        async def gui_ho_so(body: GuiHoSo) -> Record:
            return self._receive(body)

        @router.get("/LayDanhSachGoiTinVanBan")
        async def danh_sach(
            ma_don_vi_cha: Annotated[str, Query(alias="maDonViCha")] = "", top: int = 100
        ) -> Record:
            ready: list[JsonValue] = [
                draft["MaVanBan"] for draft in self._drafts.values()
                if draft["state"] in _READY and not draft.get("fetched_as") and _below(str(draft["unit"]), ma_don_vi_cha)
            ]  # fmt: skip
            return _answer(ready[: max(0, min(top, 1000))])

        @router.get("/LayGoiTinVanBan")
        async def goi_tin(ma_van_ban: Annotated[str, Query(alias="MaVanBan")]) -> Record:
            draft = self._drafts.get(ma_van_ban)
            if draft is None or draft["package"] is None:
                return _error("404", f"không có gói tin {ma_van_ban}")
            return _answer(draft["package"])

        @router.post("/CapNhatTrangThaiVanBan")
        async def cap_nhat(body: CapNhatTrangThaiVanBan) -> Record:
            return self._fetched(body)

        return router

    def _fetched(self, body: CapNhatTrangThaiVanBan) -> Record:
        draft = self._drafts.get(body.MaVanBan)
        if draft is None:
            return _error("404", f"không có văn bản {body.MaVanBan}")
        if draft["package"] is None:
            return _error("409", f"văn bản {body.MaVanBan} đang chờ ký, chưa có gói tin để xác nhận")
        self._drafts.put(body.MaVanBan, {**draft, "fetched_as": str(body.TrangThai) or "1"})
        return _answer(body.MaVanBan)

    def _receive(self, body: GuiHoSo) -> Record:
        """Book the draft. The same again is the same draft; another one is only taken after the last was not approved."""
        unit = self._context.population.agency(body.DonVi.MaDinhDanh)
        if body.DonVi.MaDinhDanh and (unit is None or not unit.province):
            return _error("404", f"đơn vị {body.DonVi.MaDinhDanh} không tồn tại trong tỉnh")
        digest = _digest(body)
        earlier = self._of(body.MaHoSo)
        # A draft of before there were digests counts as the same.
        if repeated := next((one for one in earlier if one.get("digest", digest) == digest), None):
            return _answer(repeated["MaVanBan"])
        if earlier and (state := str(earlier[-1]["state"])) in _ENDED:
            return _error(
                "409",
                f"dự thảo {earlier[-1]['MaVanBan']} của hồ sơ {body.MaHoSo} {_ENDED[state]}, với nội dung khác",
            )
        return _answer(self._book(body, digest))

    def _book(self, body: GuiHoSo, digest: str) -> str:
        key = f"VB{self._context.state.next('draft'):06d}"
        draft = body.VanBanDuThao
        self._drafts.put(key, {
            "MaVanBan": key, "MaHoSo": body.MaHoSo, "IDHoSo": body.IDHoSo, "unit": body.DonVi.MaDinhDanh,
            "subject": draft.TrichYeu, "type": draft.LoaiVanBan, "files": [self._kept(file) for file in draft.DinhKem], "digest": digest,
            "hidden": body.ThamSoAn, "unit_fields": body.DonVi.model_dump(), "state": "waiting", "rounds": 0, "number": "", "package": None,
            "round": len(self._of(body.MaHoSo)) + 1, "signer": (body.NguoiKyVanBan or body.NguoiKy.Ten).strip(),
            "author": body.NguoiTrinhKy.Ten.strip(), "asked_number": body.SoKyHieuVanBan.strip(), "due": body.HanXuLyVanBan,
            "name": body.TenHoSo, "procedure": body.ThuTuc, "applicant": body.ChuHoSo.Ten or body.NguoiNop.Ten,
            "papers": [_name(one) for one in body.ThanhPhanHoSo], "link_kind": body.LoaiHSLienthong,
        })  # fmt: skip
        return key

    def _kept(self, file: File) -> Record:
        """A draft's file; of one that comes as a Link alone only the name, nobody here follows it."""
        content = base64.b64decode(file.Base64)
        return {
            "name": file.Ten,
            "size": len(content),
            "sha256": self._context.files.put(content) if content else "",
        }

    def twice(self) -> list[str]:
        """Drafts that came once and are held more than once: dossier and digest."""
        return self._same.repeated()

    def _of(self, code: str) -> list[Record]:
        return self._by_dossier.of(code)

    async def leader(self) -> int:
        """The leader looks at a draft in the first round and decides in the second."""
        decisions = 0
        for draft in self._by_state.of("waiting"):
            key = str(draft["MaVanBan"])
            rounds = int(str(draft["rounds"])) + 1
            if rounds < 2:
                self._drafts.put(key, {**draft, "rounds": rounds})
                continue
            returned = sum(one["state"] == "returned" for one in self._of(str(draft["MaHoSo"])))
            self._drafts.put(key, await decide(self._context, draft, returned))
            decisions += 1
        return decisions


def _digest(body: GuiHoSo) -> str:
    said = json.dumps(body.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(said.encode()).hexdigest()


def _name(paper: JsonValue) -> str:
    return str(paper.get("Ten", "")) if isinstance(paper, dict) else str(paper)


def _answer(data: JsonValue) -> Record:
    return {"data": data, "error": {"code": "0", "internalMessage": "", "userMessage": ""}}


def _error(code: str, message: str) -> Record:
    return {"data": None, "error": {"code": code, "internalMessage": message, "userMessage": message}}


def _fault(error: Mapping[str, object]) -> str:
    loc, ctx = error["loc"], error.get("ctx")
    place = "/".join(map(str, loc)) if isinstance(loc, tuple) else str(loc)
    vietnamese = ctx.get("vi") if isinstance(ctx, dict) else None
    return f"{place}: {vietnamese} / {error['msg']}" if vietnamese else f"{place}: {error['msg']}"


def _below(unit: str, parent: str) -> bool:
    """Whether a unit is the parent, or of the same province, in either form of ids."""
    return (
        not parent
        or unit == parent
        or unit.endswith(f".{parent.rsplit('.', maxsplit=1)[-1]}")
        or unit.startswith(f"{parent}.")
    )
