"""The agencies outside the province: they issue documents, take others in, and say what becomes of them."""

import structlog
from fastapi import APIRouter, HTTPException

from lgsp.errors import InvalidMessageError
from lgsp.standards import edxml
from lgsp.standards.content import Content
from lgsp_mocks.axis.exchange import EXTERNAL_SYSTEM, Exchange, Refusal
from lgsp_mocks.kit import Context, Record
from lgsp_mocks.kit.desk import Book, Issuing, Packet, Receiving, desk_router

__all__ = ["People"]

log = structlog.get_logger()


class People:
    """Plays every agency that the population has outside the province."""

    def __init__(self, context: Context, exchange: Exchange) -> None:
        self._exchange = exchange
        book = Book(context, "external_documents", self._post, lambda agency: not agency.province)
        self._issuing = Issuing(book)
        self._receiving = Receiving(book)

    def router(self) -> APIRouter:
        """What a user does."""
        return desk_router(self._issuing, "send-document")

    async def tick(self) -> int:
        """One round: take in what has come, then each agency takes one more step with each document."""
        return self._take_in() + self._receiving.work()

    def _post(self, content: Content, packet: Packet, sender: str, about: str) -> None:
        try:
            self._exchange.hand_in(content, packet, EXTERNAL_SYSTEM, sender)
        except Refusal as refusal:
            # A person at the form is told; a clerk's answer that nobody can take is only noted.
            if isinstance(packet, edxml.EdxmlDocument):
                raise HTTPException(422, refusal.text) from refusal
            log.warning("axis.status_refused", about=about, reason=refusal.text)

    def _take_in(self) -> int:
        items = [item for kind in ("edoc", "status") for item in self._exchange.inbox(EXTERNAL_SYSTEM, kind)]
        for item in items:
            self._read(item)
        return len(items)

    def _read(self, item: Record) -> None:
        doc_id = str(item["docId"])
        try:
            packet = self._exchange.opened(EXTERNAL_SYSTEM, doc_id)
        except (InvalidMessageError, Refusal) as exc:
            self._exchange.mark(EXTERNAL_SYSTEM, doc_id, "fail", str(exc)[:500])
            return
        if isinstance(packet, edxml.EdxmlStatus):
            self._receiving.note(packet)
        else:
            receivers = item["to"] if isinstance(item["to"], list) else []
            for organ_id in receivers:
                self._receiving.take_in(packet, str(organ_id))
        self._exchange.mark(EXTERNAL_SYSTEM, doc_id, "done")
