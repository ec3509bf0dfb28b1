"""iOffice's document desks, and the packets that wait to be sent."""

from lgsp.standards import edxml
from lgsp.standards.content import Content
from lgsp_mocks.kit import Context, Record
from lgsp_mocks.kit.desk import Book, Issuing, Packet, Receiving
from lgsp_mocks.kit.packet_faults import troubled

__all__ = ["Office"]


class Office:
    """Table `outbox` keeps the order in which packets were posted; their bytes are files."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.outbox = context.state.table("outbox")
        self.book = Book(context, "documents", troubled(context, self._post), lambda agency: agency.province)
        self.issuing = Issuing(self.book)
        self.receiving = Receiving(self.book)

    def _post(self, content: Content, packet: Packet, sender: str, about: str) -> None:
        kind = "status" if isinstance(packet, edxml.EdxmlStatus) else "edoc"
        sha256 = self._context.files.put(content)
        key = f"{self._context.state.next('outbox'):09d}"
        self.outbox.put(key, {"kind": kind, "from": sender, "about": about, "sha256": sha256})

    def content(self, posted: Record) -> Content:
        """The packet of a row of the outbox."""
        return self._context.files.get(str(posted["sha256"]))

    def sent(self, key: str, posted: Record, state: str) -> None:
        """Note on the document how its sending ended, and take the packet out of the outbox."""
        row = self.book.rows.get(str(posted["about"]))
        if row is not None and posted["kind"] == "edoc":
            self.book.rows.put(str(posted["about"]), {**row, "sending": state})
        self.outbox.delete(key)
