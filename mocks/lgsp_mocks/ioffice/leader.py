"""The leader: signs a draft, refuses it, or returns it for changes, as the marks in its subject say."""

import asyncio
import base64

from pydantic import JsonValue

from lgsp_mocks.kit import Context, Record
from lgsp_mocks.kit.signing import decision

__all__ = ["REFUSE", "RETURN", "decide"]

PROVINCE, LEADER = "000.00.00.H34", "Nguyễn Mô Phỏng"
REFUSE, RETURN = "[không duyệt]", "[sửa]"
"""Marks in TrichYeu; a draft with `[sửa]` twice is returned twice."""

_SIGNED, _NOT_APPROVED = "01", "03"


async def decide(context: Context, draft: Record, returned_before: int) -> Record:
    """The draft with its package; `state` signed, refused or returned."""
    subject = str(draft["subject"])
    if REFUSE in subject:
        return _answered(draft, "refused", "Không duyệt: hồ sơ chưa đủ căn cứ")
    if subject.count(RETURN) > returned_before:
        number = returned_before + 1
        what = f"Yêu cầu chỉnh sửa (lần {number}): rà soát căn cứ pháp lý và thể thức của dự thảo"
        return _answered(draft, "returned", what)
    return await _sign(context, draft)


async def _sign(context: Context, draft: Record) -> Record:
    now = context.clock.now()
    number = f"{context.state.next(f'decision:{now.year}')}/QĐ-UBND"
    lines = [f"Quyết định {number}", str(draft["subject"]), f"Người ký: {LEADER}"]
    signed = await asyncio.to_thread(decision, context, lines, PROVINCE, LEADER)
    content = base64.b64encode(signed.read()).decode()
    files: list[JsonValue] = [{"Ten": "quyet-dinh-da-ky.pdf", "Base64": content, "Link": ""}]
    day = f"{now:%d/%m/%Y}"
    document: Record = {"NgayBanHanh": day, "NgayKy": day, "SoKyHieu": number, "DinhKem": files}
    package = _package(draft, _SIGNED, "", document)
    return {**draft, "state": "signed", "number": number, "package": package}


def _answered(draft: Record, state: str, reason: str) -> Record:
    """Nothing is signed. The wire has one LoaiKetQua for both; that another round is wanted is a field of ours."""
    nothing: Record = {"NgayBanHanh": "", "NgayKy": "", "SoKyHieu": "", "DinhKem": []}
    package = _package(draft, _NOT_APPROVED, reason, nothing)
    package["YeuCauChinhSua"] = "1" if state == "returned" else "0"
    return {**draft, "state": state, "package": package}


def _package(draft: Record, kind: str, reason: str, document: Record) -> Record:
    return {
        "IDHoSo": draft["IDHoSo"], "MaHoSo": draft["MaHoSo"], "DonVi": draft["unit_fields"], "ThamSoAn": draft["hidden"],
        "LoaiKetQua": kind, "LyDo": reason,
        "VanBanDi": {
            "TrichYeu": draft["subject"], "LoaiVanBan": draft["type"], "NguoiKy": LEADER, "ChucVu": "Phó Chủ tịch",
            "NguoiSoan": "Phạm Mô Phỏng", **document,
        },
    }  # fmt: skip
