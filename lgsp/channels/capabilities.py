"""What a server can do, and what that means for the promises in docs/guarantees.md."""

from dataclasses import dataclass
from typing import Literal, Self

from lgsp.channels.server import Server
from lgsp.errors import ChannelUnavailableError
from lgsp.remark import Remark, remark

__all__ = ["Capability", "capabilities"]

_COMMANDS = ("XAUTOCLAIM", "XACKDEL", "XNACK", "WAITAOF")


@dataclass(frozen=True, slots=True)
class Capability:
    """One finding; `wrong` breaks a promise, `weak` narrows it. `detail` is what `remark` says in English."""

    what: str
    verdict: Literal["ok", "weak", "wrong"]
    detail: str
    remark: Remark

    @classmethod
    def of(cls, what: str, verdict: Literal["ok", "weak", "wrong"], said: Remark) -> Self:
        """With the remark's text as the detail."""
        return cls(what, verdict, said.text, said)


async def capabilities(server: Server) -> list[Capability]:
    """Ask the server.

    Raises:
        ChannelUnavailableError: it does not answer.
    """
    about = await server.information("server")
    product = "Valkey" if "valkey_version" in about else "Redis"
    version = about.get("valkey_version", about.get("redis_version", "?"))
    text = "{product} {version} at {place}, {kind}"
    place = server.place
    found = [
        Capability.of(
            "server",
            "ok",
            remark("server", text, product=product, version=version, place=place, kind=place.kind),
        )
    ]
    found.append(await _persistence(server))
    found.append(await _replication(server))
    found.append(await _memory(server))
    known = [name for name in _COMMANDS if await _knows(server, name)]
    said = remark(
        "commands",
        "{known} of {all}; none of them is needed",
        known=", ".join(known) or "–",
        all=", ".join(_COMMANDS),
    )
    return [*found, Capability.of("commands", "ok", said)]


async def _persistence(server: Server) -> Capability:
    if (await server.information("persistence")).get("aof_enabled") != "1":
        text = "no append-only file: a server that is killed forgets what was accepted; set appendonly yes"
        return Capability.of("persistence", "wrong", remark("persistence_none", text))
    fsync = await _setting(server, "appendfsync")
    if fsync == "always":
        text = "append-only file, always: what is accepted outlives a power cut"
        return Capability.of("persistence", "ok", remark("persistence_always", text))
    text = "append-only file, {fsync}: a killed server loses nothing, a power cut up to a second"
    return Capability.of("persistence", "weak", remark("persistence_second", text, fsync=fsync or "?"))


async def _replication(server: Server) -> Capability:
    about = await server.information("replication")
    replicas = int(about.get("connected_slaves", "0"))
    if server.place.kind == "single" and not replicas:
        text = "none, and no failover that would need one"
        return Capability.of("replicas", "ok", remark("replicas_none", text))
    if not server.replicas:
        text = "{count} connected, but no publish waits for one: a failover may lose the last messages; set replicas = 1"
        return Capability.of("replicas", "weak", remark("replicas_unwaited", text, count=replicas))
    text = "{count} connected; every publish waits until {wanted} have it"
    verdict: Literal["ok", "wrong"] = "ok" if replicas >= server.replicas else "wrong"
    return Capability.of(
        "replicas", verdict, remark("replicas_waited", text, count=replicas, wanted=server.replicas)
    )


async def _memory(server: Server) -> Capability:
    about = await server.information("memory")
    policy, bound = about.get("maxmemory_policy", "?"), int(about.get("maxmemory", "0"))
    if policy != "noeviction" and bound:
        text = "policy {policy}: a full server throws accepted messages away; set maxmemory-policy noeviction"
        return Capability.of("memory", "wrong", remark("memory_policy", text, policy=policy))
    if not bound:
        text = "no bound; set maxmemory, and publishers are told to wait in time"
        return Capability.of("memory", "weak", remark("memory_unbound", text))
    text = "bound at {bound} MB, noeviction: then publishers get 429"
    return Capability.of("memory", "ok", remark("memory_bound", text, bound=bound >> 20))


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
