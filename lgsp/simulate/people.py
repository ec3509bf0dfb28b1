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
_PROCEDURE = "1.000001.000.00.00.H34"


class People:
    """Acts on stand-ins at these URLs."""

    def __init__(self, http: HttpClient, urls: Mapping[str, str]) -> None:
        self._http = http
        self._urls = urls

    async def do(self, deed: Paper | Dossier) -> None:
        """Issue the document in iOffice; hand the dossier in on the portal or at the counter. Later steps are the officers' own.

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
            online = deed.channel == "2"
            place = ("portal", "submit-dossier") if online else ("igate", "receive-at-counter")
            await self._act(*place, {"procedure": _PROCEDURE})

    async def counts(self, system: str) -> dict[str, int]:
        """How many documents each of its tables holds."""
        return await self._ask("GET", f"{self._urls[system]}/__mock__/counts")

    async def counts_by(self, system: str, table: str, field: str) -> dict[str, int]:
        """How many documents of a table have each value of a field."""
        return await self._ask("GET", f"{self._urls[system]}/__mock__/counts/{table}/{field}")

    async def _act(self, system: str, action: str, body: Mapping[str, JsonValue]) -> None:
        await self._ask("POST", f"{self._urls[system]}/__mock__/act/{action}", body)

    async def _ask(
        self, method: str, url: str, body: Mapping[str, JsonValue] | None = None
    ) -> dict[str, int]:
        content = b"" if body is None else json.dumps(dict(body)).encode()
        answer = await self._http.call(method, url, {"Content-Type": "application/json"}, content)
        said = await whole(answer)
        if answer.status >= 400:
            raise LgspError(f"{method} {url}: HTTP {answer.status} {said.decode(errors='replace')[:300]}")
        return cast("dict[str, int]", json.loads(said))
