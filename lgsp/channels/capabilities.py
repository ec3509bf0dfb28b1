"""What a server can do, and what that means for the promises in docs/guarantees.md."""

from dataclasses import dataclass
from typing import Literal

from lgsp.channels.server import Server
from lgsp.errors import ChannelUnavailableError

__all__ = ["Capability", "capabilities"]

_COMMANDS = ("XAUTOCLAIM", "XACKDEL", "XNACK", "WAITAOF")


@dataclass(frozen=True, slots=True)
class Capability:
    """One finding; `wrong` breaks a promise, `weak` narrows it."""

    what: str
    verdict: Literal["ok", "weak", "wrong"]
    detail: str


async def capabilities(server: Server) -> list[Capability]:
    """Ask the server.

    Raises:
        ChannelUnavailableError: it does not answer.
    """
    about = await server.information("server")
    product = "Valkey" if "valkey_version" in about else "Redis"
    version = about.get("valkey_version", about.get("redis_version", "?"))
    found = [Capability("server", "ok", f"{product} {version} at {server.place}, {server.place.kind}")]
    found.append(await _persistence(server))
    found.append(await _replication(server))
    found.append(await _memory(server))
    known = [name for name in _COMMANDS if await _knows(server, name)]
    text = f"{', '.join(known) or 'none'} of {', '.join(_COMMANDS)}; none of them is needed"
    return [*found, Capability("commands", "ok", text)]


async def _persistence(server: Server) -> Capability:
    if (await server.information("persistence")).get("aof_enabled") != "1":
        return Capability(
            "persistence",
            "wrong",
            "no append-only file: a server that is killed forgets what was accepted; set appendonly yes",
        )
    fsync = await _setting(server, "appendfsync")
    if fsync == "always":
        return Capability(
            "persistence", "ok", "append-only file, always: what is accepted outlives a power cut"
        )
    return Capability(
        "persistence",
        "weak",
        f"append-only file, {fsync or 'unknown'}: a killed server loses nothing, a power cut up to a second",
    )


async def _replication(server: Server) -> Capability:
    about = await server.information("replication")
    replicas = int(about.get("connected_slaves", "0"))
    if server.place.kind == "single" and not replicas:
        return Capability("replicas", "ok", "none, and no failover that would need one")
    if not server.replicas:
        return Capability(
            "replicas",
            "weak",
            f"{replicas} connected, but no publish waits for one: a failover may lose the last messages; set replicas = 1",
        )
    verdict: Literal["ok", "wrong"] = "ok" if replicas >= server.replicas else "wrong"
    return Capability(
        "replicas", verdict, f"{replicas} connected; every publish waits until {server.replicas} have it"
    )


async def _memory(server: Server) -> Capability:
    about = await server.information("memory")
    policy, bound = about.get("maxmemory_policy", "?"), int(about.get("maxmemory", "0"))
    if policy != "noeviction" and bound:
        return Capability(
            "memory",
            "wrong",
            f"policy {policy}: a full server throws accepted messages away; set maxmemory-policy noeviction",
        )
    if not bound:
        return Capability(
            "memory", "weak", "no bound; set maxmemory, and publishers are told to wait in time"
        )
    return Capability("memory", "ok", f"bound at {bound >> 20} MB, noeviction: then publishers get 429")


async def _setting(server: Server, name: str) -> str:
    try:
        reply = await server.ask("CONFIG GET", name)
    except ChannelUnavailableError:
        raise
    except Exception:  # noqa: BLE001 - managed servers forbid CONFIG; then it is not known
        return ""
    if isinstance(reply, dict):
        return str(next(iter(reply.values()), ""))
    return reply[1].decode() if isinstance(reply, list) and len(reply) > 1 else ""


async def _knows(server: Server, command: str) -> bool:
    reply = await server.ask("COMMAND INFO", command)
    if isinstance(reply, dict):
        return any(value is not None for value in reply.values())
    return isinstance(reply, list) and any(one is not None for one in reply)
