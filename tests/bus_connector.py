"""The whole bus as a connector under test: it polls by itself, and its work is a message that is published."""

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio.to_thread

from lgsp.attachments import FileBlobStore
from lgsp.conformance.clients.connector import Work
from lgsp.testing import Options, World

SOURCES = {
    "dossier.": "/systems/portal",
    "result.issued": "/systems/ioffice",
    "result.requested": "/systems/igate",
}


class BusConnector:
    """A bus whose system of that name is the kit's stand-in; `routes` of the built-in demo."""

    def __init__(self, system: str, data_dir: Path, settings: Mapping[str, Any]) -> None:
        self._system = system
        self._blobs = FileBlobStore(data_dir / "blobs")
        self._data_dir = data_dir
        self._settings = settings
        self.world: World | None = None

    def ready(self, url: str) -> None:
        systems = {self._system: {"url": url, **self._settings}}
        others = [name for name in ("axis", "portal", "igate", "ioffice") if name != self._system]
        self.world = World({"bus"}, self._data_dir, Options(systems=systems, without=others)).__enter__()

    def close(self) -> None:
        if self.world is not None:
            self.world.__exit__(None, None, None)

    async def send(self, work: Work) -> None:
        """The same work is the same message, which the bus knows."""
        assert self.world is not None
        kind, data = str(work["kind"]), await self._stored(work["data"])
        subject = str(data.get("national_code") or data["code"])
        said = hashlib.sha256(f"{kind} {sorted(data.items())}".encode()).hexdigest()
        source = next(source for begin, source in SOURCES.items() if kind.startswith(begin))
        event: dict[str, Any] = {
            "specversion": "1.0",
            "id": said[:32],
            "source": source,
            "type": f"vn.lgsp.{kind}",
            "subject": subject,
            "time": "2026-11-23T08:00:00+07:00",
            "dataschema": f"https://lgsp.vn/schemas/{kind}/1",
            "datacontenttype": "application/json",
            "data": data,
        }
        await anyio.to_thread.run_sync(self.world.bus.publish, event)

    async def _stored(self, value: Any) -> Any:
        """Files go to the blob store, and a reference into the message."""
        if isinstance(value, list):
            return [await self._stored(one) for one in value]
        if not isinstance(value, Mapping):
            return value
        if "base64" in value:
            ref = await self._blobs.put(base64.b64decode(str(value["base64"])))
            return {
                **{name: one for name, one in value.items() if name != "base64"},
                "blob": ref.model_dump(),
            }
        return {name: await self._stored(one) for name, one in value.items()}
