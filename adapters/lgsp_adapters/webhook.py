"""A system that is called with CloudEvents, signed as Standard Webhooks (standardwebhooks.com, 1.0) says."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

import httpx

from lgsp.adapter import AdapterSettings, Delivery, Ports, Receipt
from lgsp.errors import ConfigurationError, RejectedError, TransientError
from lgsp_adapters.wire import build_client, call, number_setting, url_setting

__all__ = ["WebhookAdapter"]

_MAX_ANSWER_BYTES = 2_048
"""More of an answer than anybody reads in a dead letter."""
_MAX_REDIRECTS = 3
_AGAIN = frozenset({408, 425})
_SAME_METHOD = frozenset({307, 308})


class WebhookAdapter:
    """POSTs each message to one URL; 2xx is delivered, what can pass is tried again, any other 4xx is a dead letter.

    `secret` (`whsec_` and base64) signs; `secrets` has several by key id, so that a new one can be brought in while the old one is still
    accepted. Without either, one is made, and kept in the data directory as `secrets/<system>.webhook`. A redirect is followed within the
    same origin, and to the origins in `redirects`.
    """

    def __init__(
        self, settings: AdapterSettings, ports: Ports, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._url = url_setting(settings, ports.system)
        self._clock = ports.clock
        self._keys = _keys(settings, ports)
        allowed = settings.get("redirects", ())
        if not isinstance(allowed, (list, tuple)):
            raise ConfigurationError(f"lgsp.toml: `[systems.{ports.system}].redirects` is a list of origins")
        self._origins = {_origin(httpx.URL(self._url)), *(_origin(httpx.URL(str(one))) for one in allowed)}
        timeout_s = number_setting(settings, ports.system, "timeout_s", 10.0)
        self._client = build_client("", timeout_s=timeout_s, transport=transport)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def send(self, delivery: Delivery) -> Receipt:
        """Call, following what redirects are allowed."""
        body = delivery.message.to_json()
        headers = self._headers(delivery, body)
        url = self._url
        for _ in range(_MAX_REDIRECTS + 1):
            answer = await call(
                self._client, "POST", url, content=body, headers=headers, max_bytes=_MAX_ANSWER_BYTES, cut=True
            )  # fmt: skip
            if not answer.is_redirect:
                return _judged(answer)
            url = self._followed(answer)
        raise TransientError(f"{self._url}: redirected more than {_MAX_REDIRECTS} times")

    def _followed(self, answer: httpx.Response) -> str:
        try:
            target = answer.request.url.join(answer.headers["location"])
            allowed = answer.status_code in _SAME_METHOD and _origin(target) in self._origins
        except (httpx.InvalidURL, KeyError):
            allowed = False
        if not allowed:
            place = answer.headers.get("location", "nowhere")
            raise TransientError(
                f"{answer.request.url}: HTTP {answer.status_code} redirects to {place[:200]!r}, which is not followed; "
                "name its origin in `redirects`, and answer 307 or 308"
            )
        return str(target)

    def _headers(self, delivery: Delivery, body: bytes) -> dict[str, str]:
        at = str(int(self._clock.now().timestamp()))
        signed = b".".join((delivery.idempotency_key.encode(), at.encode(), body))
        signatures = (
            base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode() for key in self._keys.values()
        )
        return {
            "Content-Type": "application/cloudevents+json; charset=utf-8",
            "Idempotency-Key": delivery.idempotency_key,
            "Webhook-Id": delivery.idempotency_key,
            "Webhook-Timestamp": at,
            "Webhook-Signature": " ".join(f"v1,{signature}" for signature in signatures),
            "Webhook-Key-Id": " ".join(self._keys),
            "Lgsp-Attempt": str(delivery.attempt),
            "Lgsp-Organizations": ",".join(delivery.organizations),
        }


def _judged(answer: httpx.Response) -> Receipt:
    status = answer.status_code
    if answer.is_success:
        return Receipt(f"HTTP {status}")
    said = f"{answer.request.url}: HTTP {status}: {answer.content.decode(errors='replace').strip()[:500]}"
    if status in _AGAIN or status < 400:
        raise TransientError(said)
    raise RejectedError(said, wire_code=str(status))


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme)


def _keys(settings: AdapterSettings, ports: Ports) -> dict[str, bytes]:
    """By key id, the first signs first."""
    given = settings.get("secrets")
    if given is None:
        given = {"1": settings["secret"] if "secret" in settings else ports.secret("webhook")}
    if not isinstance(given, Mapping) or not given:
        raise ConfigurationError(f"lgsp.toml: `[systems.{ports.system}].secrets` is a table: key id = secret")
    return {str(name): _key(ports.system, str(name), secret) for name, secret in given.items()}


def _key(system: str, name: str, secret: object) -> bytes:
    place = f"lgsp.toml: `[systems.{system}]`: the secret {name!r}"
    if not name.isascii() or not name.isprintable() or " " in name:
        raise ConfigurationError(f"{place}: a key id has printable ASCII characters and no space")
    try:
        key = base64.b64decode(str(secret).removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError) as exc:
        raise ConfigurationError(f"{place} is not base64 (with or without `whsec_` before it)") from exc
    if not 24 <= len(key) <= 64:
        raise ConfigurationError(f"{place} has {len(key)} bytes; Standard Webhooks wants 24 to 64")
    return key
