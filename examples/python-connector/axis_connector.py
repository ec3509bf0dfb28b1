"""A little connector for the document axis: logs in, sends edXML packets, fetches what came. Yours may be in any language."""

import base64
import time

import httpx

TRIES = 4
PAUSE_S = 0.05


class RefusedError(Exception):
    """The axis does not want this packet; sending it again would not help."""


class AxisConnector:
    """Logs in again where its session has ended, and tries again where the line was bad: the axis knows a packet by its id."""

    def __init__(self, url: str, system_id: str, secret: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=5, trust_env=False)
        self._account = {"username": system_id, "password": secret}
        self._headers = {"X-SystemId": system_id, "X-SecretKey": secret}
        self._token = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._http.close()

    def send(self, packet: bytes) -> str:
        """Send a document; the axis' id of it."""
        files = {"edocFile": ("packet.edxml", packet, "application/xml")}
        return str(self._call("POST", "/v1/sendEdoc", files=files, data={"messageType": "edoc"})["docId"])

    def received(self) -> list[bytes]:
        """Every document that waits for us; each is reported as taken once it is here."""
        packets = []
        for row in self._call("GET", "/v1/syncReceivedEdocList", params={"messageType": "edoc"})["data"]:
            packet = self._call("GET", "/v1/getEdoc", params={"docId": row["docId"]})["data"]["edxml"]
            packets.append(base64.b64decode(packet))
            self._call("POST", "/v1/updateStatus", json={"docId": row["docId"], "status": "done"})
        return packets

    def _call(self, method: str, path: str, **more) -> dict:
        failed: Exception | None = None
        for attempt in range(TRIES):
            time.sleep(PAUSE_S * attempt)
            try:
                answer = self._http.request(method, path, headers=self._signed_in(), **more)
            except httpx.TransportError as exc:
                failed = exc
                continue
            if answer.status_code == 401:
                self._token = ""
            elif answer.is_success and answer.json()["success"]:
                return answer.json()
            elif answer.is_success:
                raise RefusedError(answer.json()["data"]["errorDesc"])
            failed = httpx.HTTPStatusError(
                f"HTTP {answer.status_code}", request=answer.request, response=answer
            )
        raise ConnectionError(f"{method} {path}: gave up after {TRIES} tries") from failed

    def _signed_in(self) -> dict[str, str]:
        if not self._token:
            answer = self._http.post("/v1/auth/login", json=self._account)
            answer.raise_for_status()
            self._token = answer.json()["data"]["token"]
        return {**self._headers, "Authorization": f"Bearer {self._token}"}
