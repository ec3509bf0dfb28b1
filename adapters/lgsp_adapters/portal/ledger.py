"""What the province got from the portal, kept for the portal's own look-ups: dossiers, their papers, tax notices that nobody has paid."""

import re
from collections.abc import AsyncIterator, Sequence

from pydantic import JsonValue
from pydantic_core import from_json, to_json

from lgsp.adapter import MailboxItem, Ports, chunks_of
from lgsp.errors import NotFoundError
from lgsp.message import Message
from lgsp.model.attachment import BlobRef
from lgsp.model.dossier import DossierSubmitted
from lgsp.standards import dvcqg
from lgsp_adapters.portal.standing import standing

__all__ = ["DOWNLOAD_PATH", "Ledger"]

DOWNLOAD_PATH = "/web/guest/downloadfile/"
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Ledger:
    """In the system's mailbox. Dossiers and papers stay there for as long as settled items do; what is written twice is there once."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def note_dossier(self, message: Message) -> None:
        """A dossier that was taken in, with its papers."""
        dossier = DossierSubmitted.model_validate_json(to_json(message.data))
        papers: list[JsonValue] = []
        for paper in dossier.documents:
            if paper.attachment is not None:
                blob = paper.attachment.blob
                await self._put(f"file:{blob.sha256}", "file", blob, settled=True)
                papers.append(
                    {"TenTepDinhKem": paper.name, "DuongDanTaiTepTin": f"{DOWNLOAD_PATH}{blob.sha256}"}
                )
        row: JsonValue = {
            "MaHoSo": message.subject, "MaTTHC": dossier.procedure_code, "TenTTHC": dossier.procedure_name,
            "ChuHoSo": dossier.applicant.name, "TrichYeuHoSo": dossier.abstract, "MaDonViTiepNhan": dossier.unit_id,
            "NgayNopHoSo": dvcqg.write_stamp(dossier.submitted_at), "TaiLieuNop": papers,
        }  # fmt: skip
        blob = await self._ports.blobs.put(to_json(row))
        await self._put(f"dossier:{message.subject}", "dossier", blob, settled=True)

    async def note_tax(self, rows: Sequence[dvcqg.TaxRow]) -> None:
        """Decisions of the tax office; each waits for its payment."""
        for row in rows:
            for decision in row.LIST:
                blob = await self._ports.blobs.put(to_json(decision.model_dump(mode="json")))
                await self._put(
                    f"tax:{row.MA_HSO}:{decision.SO_QUYET_DINH}", f"tax:{row.MA_HSO}", blob, settled=False
                )

    async def note_payment(self, proof: dvcqg.PaymentProof) -> None:
        """The decision that MaThongBaoThue names, if it names one, is paid."""
        number = proof.ThongTinThanhToan.MaThongBaoThue
        try:
            await self._ports.mailbox.mark(f"tax:{proof.MaHoSo}:{number}", "done")
        except NotFoundError:
            return

    async def look_up(self, code: str) -> JsonValue:
        """The dossier as it last stood, with what is still to be paid, or nothing; any that the bus was told of."""
        dossier = await self._noted(code) | standing(code, await self._ports.about(code))
        if not dossier:
            return None
        notices: list[JsonValue] = []
        for item in await self._ports.mailbox.waiting(f"tax:{code}"):
            _, content = await self._ports.mailbox.get(item.id)
            notices.append(await self._read(content))
        return dossier | {"DanhSachThongBaoThue": notices}

    async def _noted(self, code: str) -> dict[str, JsonValue]:
        try:
            _, content = await self._ports.mailbox.get(f"dossier:{code}")
        except NotFoundError:
            return {}
        dossier = await self._read(content)
        return dossier if isinstance(dossier, dict) else {}

    async def open(self, name: str) -> tuple[BlobRef, AsyncIterator[bytes]]:
        """A paper by its hash.

        Raises:
            NotFoundError: the province has got no such paper over this adapter.
        """
        if not _SHA256.fullmatch(name):
            raise NotFoundError(name)
        _, blob = await self._ports.mailbox.get(f"file:{name}")
        if isinstance(blob, bytes):
            raise TypeError("papers are claim checks")
        return blob, self._ports.blobs.open(blob)

    async def _put(self, item_id: str, kind: str, content: BlobRef, *, settled: bool) -> None:
        now_ms = int(self._ports.clock.now().timestamp() * 1000)
        item = MailboxItem(item_id, "", "", kind, "initial", now_ms, now_ms)
        if await self._ports.mailbox.put(item, content) and settled:
            await self._ports.mailbox.mark(item_id, "done")

    async def _read(self, content: BlobRef | bytes) -> JsonValue:
        raw = b"".join([chunk async for chunk in chunks_of(content, self._ports.blobs)])
        value: JsonValue = from_json(raw)
        return value
