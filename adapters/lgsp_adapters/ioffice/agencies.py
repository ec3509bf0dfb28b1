"""The agencies that iOffice is told of: those of lgsp.toml, and those that it registered by itself."""

import re
from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError, model_validator

from lgsp.adapter import AdapterSettings, MailboxItem, Ports
from lgsp.errors import ConfigurationError, InvalidMessageError
from lgsp.message import faults_of
from lgsp.model.base import OrganizationId

__all__ = ["LEVELS", "PREFIX", "Agencies"]

LEVELS = frozenset({"1", "2", "3", "4"})
PREFIX = "agency-"
"""Before the code, as the id of the mailbox's item."""

_KIND = "agency"
_MANY = 10_000
_QCVN_102 = re.compile(r"(\d{3})\.(\d{2})\.(\d{2})\.[A-Z]\d{2}")
_QD_20 = re.compile(r"[A-Z]\d{2}(\.\d{1,3}){0,3}")

_Line = Annotated[str, Field(max_length=500)]


class Agency(BaseModel):
    """A row of the wire, `id` and `pid` apart; Java leaves out what is null."""

    model_config = ConfigDict(extra="ignore")

    code: OrganizationId
    code102: _Line = ""
    name: Annotated[str, Field(min_length=1, max_length=500)]
    pcode: _Line = ""
    mail: _Line = ""
    mobile: _Line = ""
    fax: _Line = ""

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: object) -> object:
        return {k: v for k, v in value.items() if v is not None} if isinstance(value, Mapping) else value

    @model_validator(mode="after")
    def _known_by_one_form(self) -> Self:
        self.code102 = self.code102 or self.code
        return self

    def changed_by(self, other: "Agency") -> "Agency":
        """What is said of it anew, under the code that it has."""
        said = other.model_dump(exclude={"code", "code102"})
        return self.model_copy(update={name: value for name, value in said.items() if value})

    @property
    def level(self) -> str:
        """1 to 4: the groups of the QĐ 20/2020 id, else those of the QCVN 102 id from the first that is not zero."""
        if _QD_20.fullmatch(self.code):
            return str(self.code.count(".") + 1)
        found = _QCVN_102.fullmatch(self.code102)
        depths = [4 - place for place, group in enumerate(found.groups()) if int(group)] if found else []
        return str(depths[0]) if depths else "1" if found else ""


class Agencies:
    """Setting: `agencies`, a list of tables with the wire's names (`code`, `code102`, `name`, `pcode`, `mail` …).

    What iOffice registers lasts in its mailbox; the axis is not told of it, and who gets a document is for the routes to say.
    """

    def __init__(self, settings: AdapterSettings, ports: Ports) -> None:
        self._ports = ports
        try:
            self._told = TypeAdapter(list[Agency]).validate_python(settings.get("agencies", []))
        except ValidationError as exc:
            fault = faults_of(exc)[0]
            place = f"[systems.{ports.system}].agencies"
            raise ConfigurationError(f"lgsp.toml: `{place}` at {fault.place}: {fault.message}") from exc

    async def listing(self, level: str = "") -> list[JsonValue]:
        """The rows of getAgenciesList; an agency's number is its code, which lasts, and `pid` 0 is that of none that is listed."""
        found: dict[str, Agency] = {}
        numbers: dict[str, str] = {}
        registered = await self._ports.mailbox.waiting(_KIND, limit=_MANY)
        for one in (*self._told, *(Agency.model_validate_json(item.note) for item in registered)):
            code = numbers.get(one.code) or numbers.get(one.code102) or one.code
            found[code] = found[code].changed_by(one) if code in found else one
            numbers |= dict.fromkeys((one.code102, one.code), code)
        return [
            {"id": one.code, "pid": numbers.get(one.pcode, "0"), **one.model_dump()}
            for one in found.values()
            if level in {"", one.level}
        ]

    async def register(self, body: bytes) -> JsonValue:
        """Keep it, or what is new of it; what registerAgency answers.

        Raises:
            InvalidMessageError: not readable, no name, or a code of no known form.
        """
        try:
            one = Agency.model_validate_json(body)
        except ValidationError as exc:
            raise InvalidMessageError("registerAgency", faults_of(exc)) from exc
        now_ms = int(self._ports.clock.now().timestamp() * 1000)
        item_id, note = PREFIX + one.code, one.model_dump_json()
        item = MailboxItem(item_id, one.code, "", _KIND, "initial", now_ms, now_ms, one.name, note)
        if not await self._ports.mailbox.put(item, b""):
            await self._ports.mailbox.mark(item_id, "initial", note)
        return {"id": one.code, "code": one.code}
