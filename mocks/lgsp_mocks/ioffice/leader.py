"""The leader: signs a draft, refuses it, or returns it for changes, as the marks in its subject say."""

import asyncio
import base64
from collections.abc import Sequence
from pathlib import PurePath
from typing import cast

from pydantic import JsonValue

from lgsp.standards.content import Content
from lgsp_mocks.kit import Context, Record
from lgsp_mocks.kit.signing import decision, signed_draft

__all__ = ["APPROVE", "KEEP_BACK", "REFUSE", "RETURN", "decide"]

PROVINCE, LEADER, POSITION, AUTHOR = "000.00.00.H34", "Nguyễn Mô Phỏng", "Phó Chủ tịch", "Phạm Mô Phỏng"
"""Who signs and who wrote it, where the one-stop system names nobody; what others are is not on the wire."""
REFUSE, RETURN = "[không duyệt]", "[sửa]"
KEEP_BACK, APPROVE = "[ký không ban hành]", "[ký duyệt]"
"""Marks in TrichYeu; a draft with `[sửa]` twice is returned twice."""

_PROMULGATED, _KEPT_BACK, _NOT_APPROVED, _APPROVED = "01", "02", "03", "04"


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
    """Only what is promulgated gets its number and day from the office's book."""
    now, subject = context.clock.now(), str(draft["subject"])
    kind = _KEPT_BACK if KEEP_BACK in subject else _APPROVED if APPROVE in subject else _PROMULGATED
    number = str(draft.get("asked_number") or "")
    if kind == _PROMULGATED and not number:
        number = f"{context.state.next(f'decision:{now.year}')}/QĐ-UBND"
    signer, day = str(draft.get("signer") or LEADER), f"{now:%d/%m/%Y}"
    came = [
        (str(file["name"]), context.files.get(str(file["sha256"])))
        for file in cast("list[JsonValue]", draft["files"])
        if isinstance(file, dict) and file["sha256"]
    ]
    lines = [f"{draft['type']} {number}", subject, f"Người ký: {signer}"]
    files = await asyncio.to_thread(_signed, context, came, lines, signer)
    document: Record = {
        "NgayBanHanh": day if kind == _PROMULGATED else "", "NgayKy": day, "SoKyHieu": number, "DinhKem": files,
    }  # fmt: skip
    package = _package(draft, kind, "", document)
    return {**draft, "state": "signed", "number": number, "package": package}


def _signed(
    context: Context, came: Sequence[tuple[str, Content]], lines: Sequence[str], signer: str
) -> list[JsonValue]:
    """The drafts that can take a signature; where there is none, a page that says what was decided."""
    files = [
        (f"{PurePath(name).stem or 'du-thao'}-da-ky.pdf", signed)
        for name, content in came
        if (signed := signed_draft(context, content, PROVINCE, signer)) is not None
    ] or [("quyet-dinh-da-ky.pdf", decision(context, lines, PROVINCE, signer))]
    return [
        {"Ten": name, "Base64": base64.b64encode(content.read()).decode(), "Link": ""}
        for name, content in files
    ]


def _answered(draft: Record, state: str, reason: str) -> Record:
    """Nothing is signed. The wire has one LoaiKetQua for both; that another round is wanted is a field of ours."""
    nothing: Record = {"NgayBanHanh": "", "NgayKy": "", "SoKyHieu": "", "DinhKem": []}
    package = _package(draft, _NOT_APPROVED, reason, nothing)
    package["YeuCauChinhSua"] = "1" if state == "returned" else "0"
    return {**draft, "state": state, "package": package}


def _package(draft: Record, kind: str, reason: str, document: Record) -> Record:
    signer = draft.get("signer") or LEADER
    return {
        "IDHoSo": draft["IDHoSo"], "MaHoSo": draft["MaHoSo"], "DonVi": draft["unit_fields"], "ThamSoAn": draft["hidden"],
        "LoaiKetQua": kind, "LyDo": reason,
        "VanBanDi": {
            "TrichYeu": draft["subject"], "LoaiVanBan": draft["type"], "NguoiKy": signer,
            "ChucVu": POSITION if signer == LEADER else "", "NguoiSoan": draft.get("author") or AUTHOR, **document,
        },
    }  # fmt: skip
