"""lgsp doctor: what is configured, reachable, and wrong."""

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import httpx
import typer

from lgsp import __version__, registry
from lgsp.channels import Capability, Server, capabilities
from lgsp.cli.common import ConfigOption, JsonOption, print_json, print_table, settings_of
from lgsp.errors import LgspError
from lgsp.settings import Settings, ensure_data_dir
from lgsp.store import MessageStore

__all__ = ["Finding", "doctor", "examine"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One check; `verdict` is ok, off (not running, which may be meant), weak (a promise is narrower) or wrong."""

    what: str
    verdict: str
    detail: str


def doctor(config: ConfigOption = None, json_output: JsonOption = False) -> None:
    """Check settings, data directory, message store, adapters, gateway and systems. 0 nothing wrong, 1 something is."""
    settings = settings_of(config)
    findings = list(examine(settings))
    if json_output:
        print_json([asdict(finding) for finding in findings])
    else:
        print_table(
            ("what", "verdict", "detail"), ((each.what, each.verdict, each.detail) for each in findings)
        )
    raise typer.Exit(1 if any(finding.verdict == "wrong" for finding in findings) else 0)


def examine(settings: Settings) -> Iterator[Finding]:
    """Every check, one after the other."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("lgsp", "ok", f"{__version__} on Python {version}")
    yield Finding(
        "configuration",
        "ok",
        f"{settings.config}: {len(settings.systems)} systems, {len(settings.routes)} routes",
    )
    yield _tried("data directory", lambda: str(ensure_data_dir(settings)))
    yield _tried("message store", lambda: asyncio.run(_open_store(settings)))
    yield from _redis(settings)
    for name, system in settings.systems.items():
        adapter = system.adapter or name
        yield _tried(f"adapter of {name}", lambda adapter=adapter: str(registry.find_adapter(adapter)))  # type: ignore[misc]
    yield _reached("gateway", f"{settings.gateway_url}/health/ready")
    for name, system in settings.systems.items():
        if system.url:
            yield _reached(f"system {name}", system.url)


def _tried(what: str, work: Callable[[], str]) -> Finding:
    try:
        return Finding(what, "ok", work())
    except LgspError as exc:
        return Finding(what, "wrong", str(exc))


def _redis(settings: Settings) -> Iterator[Finding]:
    if settings.redis_url:
        try:
            found = asyncio.run(_capabilities(settings.redis_url, settings.replicas))
        except (LgspError, OSError) as exc:
            yield Finding("Redis", "wrong", str(exc))
            return
        yield from (Finding(f"Redis: {one.what}", one.verdict, one.detail) for one in found)
    elif os.name == "nt":
        yield Finding("Redis", "wrong", "no embedded server on Windows; set LGSP_REDIS_URL, or use WSL")
    else:
        yield Finding("Redis", "ok", "embedded server, in the data directory")


async def _capabilities(url: str, replicas: int) -> list[Capability]:
    server = Server(url, replicas=replicas)
    try:
        await server.open()
        return await capabilities(server)
    finally:
        await server.aclose()


def _reached(what: str, url: str) -> Finding:
    try:
        answer = httpx.get(url, timeout=3.0, trust_env=False)
    except (httpx.HTTPError, httpx.InvalidURL) as exc:
        return Finding(what, "off", f"{url} does not answer ({exc})")
    if what == "gateway" and not answer.is_success:
        return Finding(what, "wrong", f"{url}: not ready: {answer.text[:300]}")
    return Finding(what, "ok", f"{url} answers (HTTP {answer.status_code})")


async def _open_store(settings: Settings) -> str:
    store = await MessageStore.open(settings.database_url)
    await store.aclose()
    return settings.database_url.split("@")[-1]
