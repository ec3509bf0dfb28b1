"""The books of agencies: what went out, what came in, and how each stands."""

from collections.abc import Callable
from datetime import date
from typing import cast

from pydantic import JsonValue

from lgsp.clock import WorkCalendar
from lgsp.standards import edxml
from lgsp.standards.content import Content
from lgsp.standards.document_life import Life, next_steps, report_due
from lgsp_mocks.kit.population import Agency
from lgsp_mocks.kit.problems import RefusedError
from lgsp_mocks.kit.standin import Context
from lgsp_mocks.kit.state import Record

__all__ = ["Book", "Packet", "Post", "day_of", "life_of", "organs", "requests"]

_STAFF = edxml.EdxmlStaff("Văn phòng", "Phạm Mô Phỏng")
Packet = edxml.EdxmlDocument | edxml.EdxmlStatus
Post = Callable[[Content, Packet, str, str], None]
"""Puts a packet of an agency on its way; the last argument is the key of the row that it is about."""


class Book:
    """Table `name`: key DocumentId for what went out, `DocumentId|agency` for what came in; `<name>_open` has what is being worked on.

    An outgoing row has `receivers`: per agency its status and the state of the last request for a change.
    """

    def __init__(self, context: Context, name: str, post: Post, is_ours: Callable[[Agency], bool]) -> None:
        self.context = context
        self.post = post
        self.rows = context.state.table(name)
        self.open = context.state.table(f"{name}_open")
        self._is_ours = is_ours
        self._calendar = WorkCalendar()
        self._organs: dict[str, edxml.EdxmlOrgan] = {}

    def row(self, document: edxml.EdxmlDocument, agency: str, direction: str) -> Record:
        """A new row."""
        files: list[JsonValue] = [
            {"name": file.name, "size": file.content.size, "sha256": self.context.files.put(file.content)}
            for file in document.attachments
        ]
        now, priority = self.context.clock.now(), document.priority or 0
        due = report_due("03", now, priority, self._calendar) if direction == "in" else None
        return {
            "document_id": document.document_id, "direction": direction, "agency": agency, "from": document.sender.id,
            "from_name": document.sender.name, "to": [one.id for one in document.recipients], "code": document.code,
            "type": document.type_name, "subject": document.subject, "signer": document.signer.name, "priority": priority,
            "promulgated_on": f"{document.promulgation_date:%Y/%m/%d}", "due_on": f"{document.due_date or ''}",
            "attachments": files, "signed": bool(document.signature), "status": "", "statuses": [], "receivers": {}, "requests": [],
            "responds_to": [each.document_id for each in document.responses], "answered_by": [], "withdrawn": False, "replaced_by": "",
            "faults": [], "sending": "", "at": now.isoformat(), "register_by": due.isoformat() if due else "", "late": False,
        }  # fmt: skip

    def link(self, document_id: str, answer: str) -> None:
        """An answer to a document of ours has come."""
        row = self.rows.get(document_id)
        if row is not None:
            self.put(
                document_id, {**row, "answered_by": [*cast("list[JsonValue]", row["answered_by"]), answer]}
            )

    def put(self, key: str, row: Record) -> None:
        """Store a row, and whether somebody still works on it."""
        self.rows.put(key, row)
        asked = any(each["state"] == "asked" for each in requests(row))
        if row["direction"] == "in" and (asked or (next_steps(str(row["status"])) and not row["withdrawn"])):
            if key not in self.open:
                self.open.put(key, {})
        else:
            self.open.delete(key)

    def outgoing(self, document_id: str) -> Record:
        """A document that went out; 404 where there is none."""
        row = self.rows.get(document_id)
        if row is None or row["direction"] != "out":
            raise RefusedError(
                404,
                f"document_id: no outgoing document {document_id!r}",
                f"document_id: không có văn bản đi {document_id!r}",
            )
        return row

    def agency(self, organ_id: str) -> Agency:
        """One of ours; 422 where it is none."""
        agency = self.context.population.agency(organ_id)
        if agency is None or not self._is_ours(agency):
            raise RefusedError(
                422, f"from: {organ_id} has no desk here", f"from: {organ_id} không có văn thư ở đây"
            )
        return agency

    def organ(self, organ_id: str) -> edxml.EdxmlOrgan:
        """As a packet names it."""
        found = self._organs.get(organ_id)
        if found is not None:
            return found
        agency = self.context.population.agency(organ_id)
        if agency is None:
            return edxml.EdxmlOrgan(organ_id, organ_id)
        found = self._organs[organ_id] = edxml.EdxmlOrgan(
            agency.id, agency.name, agency.name, agency.address, agency.email, agency.telephone
        )
        return found

    def report(self, reporter: str, issuer: str, row: Record, said: tuple[str, str], key: str) -> None:
        """Post a status about a document."""
        about = edxml.EdxmlResponseFor(issuer, str(row["code"]), day_of(row), str(row["document_id"]))
        now = self.context.clock.now().replace(microsecond=0)
        status = edxml.EdxmlStatus(self.organ(reporter), about, *said, now, _STAFF)
        self.post(edxml.write_content(status), status, reporter, f"{key}|{said[0]}")


def organs(row: Record) -> list[str]:
    """Every receiver of an outgoing document."""
    return list(cast("dict[str, JsonValue]", row["receivers"]))


def requests(row: Record) -> list[Record]:
    """What the sender wants changed of an incoming one."""
    return cast("list[Record]", row["requests"])


def life_of(value: JsonValue) -> Life:
    """As the rule of statuses wants it."""
    return (
        Life(str(value.get("status", "")), str(value.get("request", "")))
        if isinstance(value, dict)
        else Life()
    )


def day_of(row: Record) -> date:
    """Its day of promulgation."""
    return date.fromisoformat(str(row["promulgated_on"]).replace("/", "-"))
