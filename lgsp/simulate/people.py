"""What people do in the year, through the systems that they sit at; and how the systems stand."""

import base64
import json
from collections.abc import Mapping
from typing import cast

from pydantic import JsonValue

from lgsp.errors import LgspError
from lgsp.http_client import HttpClient, whole
from lgsp.simulate.plan import Dossier, Paper

__all__ = ["People"]

_MINISTRIES = tuple(
    f"000.00.00.{code}" for code in ("G22", "G09", "G15", "G12", "G03", "G18", "G17", "H41", "H14")
)
_OFFICES = tuple(f"000.00.{number:02}.H34" for number in range(1, 6))
_PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
_FILE: dict[str, JsonValue] = {"name": "van-ban.pdf", "content_base64": base64.b64encode(_PDF).decode()}
_PROCEDURES = {
    3: "1.000001.000.00.00.H34", 5: "1.000005.000.00.00.H34", 10: "1.000025.000.00.00.H34", 15: "1.000017.000.00.00.H34",
    20: "1.000009.000.00.00.H34",
}  # fmt: skip
"""Of the stand-ins' catalogue, by the working days that each gives; no leader signs their results."""
_WAITS = "[chờ]"
"""The officers' mark for a dossier that stays with the department until somebody decides it."""


class People:
    """Acts on stand-ins at these URLs."""

    def __init__(self, http: HttpClient, urls: Mapping[str, str]) -> None:
        self._http = http
        self._urls = urls
        self._codes: dict[int, str] = {}

    async def do(self, deed: Paper | Dossier) -> None:
        """Issue the document in iOffice; hand the dossier in on the portal or at the counter, decide it when its day has come, or
        withdraw it. The steps between are the officers' own.

        Raises:
            LgspError: the system refused it.
        """
        if isinstance(deed, Paper):
            await self._act("ioffice", "issue-document", {
                "from": _OFFICES[deed.number % len(_OFFICES)], "to": [_MINISTRIES[deed.number % len(_MINISTRIES)]],
                "subject": f"V/v thực hiện nhiệm vụ số {deed.number + 1}", "signed": deed.signed,
                "attachments": [_FILE],
            })  # fmt: skip
        elif deed.step == 0:
            await self._hand_in(deed)
        elif deed.ends:
            action, decided = ("withdraw", {}) if deed.ends_as == "7" else ("move", {"to": deed.ends_as})
            await self._act("igate", action, {"code": self._codes.pop(deed.number), **decided})

    async def _hand_in(self, dossier: Dossier) -> None:
        """Remembers its number, until it ends."""
        form: dict[str, JsonValue] = {
            "procedure": _PROCEDURES[dossier.days], "abstract": f"Hồ sơ {dossier.number + 1} {_WAITS}",
        }  # fmt: skip
        if dossier.channel == "2":
            self._codes[dossier.number] = (await self._act("portal", "submit-dossier", form))["national_code"]
        else:
            form["by_post"] = dossier.channel == "3"
            self._codes[dossier.number] = (await self._act("igate", "receive-at-counter", form))["code"]

    async def counts(self, system: str) -> dict[str, int]:
        """How many documents each of its tables holds."""
        return cast("dict[str, int]", await self._ask("GET", f"{self._urls[system]}/__mock__/counts"))

    async def counts_by(self, system: str, table: str, field: str) -> dict[str, int]:
        """How many documents of a table have each value of a field."""
        counts = await self._ask("GET", f"{self._urls[system]}/__mock__/counts/{table}/{field}")
        return cast("dict[str, int]", counts)

    async def _act(self, system: str, action: str, body: Mapping[str, JsonValue]) -> dict[str, str]:
        return cast(
            "dict[str, str]", await self._ask("POST", f"{self._urls[system]}/__mock__/act/{action}", body)
        )

    async def _ask(
        self, method: str, url: str, body: Mapping[str, JsonValue] | None = None
    ) -> dict[str, JsonValue]:
        content = b"" if body is None else json.dumps(dict(body)).encode()
        answer = await self._http.call(method, url, {"Content-Type": "application/json"}, content)
        said = await whole(answer)
        if answer.status >= 400:
            raise LgspError(f"{method} {url}: HTTP {answer.status} {said.decode(errors='replace')[:300]}")
        return cast("dict[str, JsonValue]", json.loads(said))
