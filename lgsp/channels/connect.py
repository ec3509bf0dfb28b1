"""From a URL to a client: one server, a cluster, or a primary that sentinels watch over.

| URL | what |
| --- | --- |
| `redis://h:p/0`, `rediss://…`, `unix://…` | one server |
| `redis+cluster://h:p,h:p` | a cluster, found through any of its nodes |
| `redis+sentinel://h:p,h:p/name` | the primary of that name, as the sentinels know it |
"""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote, urlsplit

from redis.asyncio import ConnectionPool, Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff

from lgsp.channels.cluster import Nodes
from lgsp.channels.line import ANSWER_TIMEOUT_S
from lgsp.channels.lines import Lines
from lgsp.errors import ConfigurationError

__all__ = ["Place", "connect"]

_DEFAULT_PORTS = {"cluster": 6379, "sentinel": 26379, "single": 6379}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the server is, without credentials: for messages that people read."""

    kind: Literal["single", "cluster", "sentinel"]
    hosts: tuple[tuple[str, int], ...]
    name: str = ""

    @classmethod
    def of(cls, url: str) -> "Place":
        """Read the URL.

        Raises:
            ConfigurationError: a scheme or a host list that we do not know.
        """
        parts = urlsplit(url)
        match parts.scheme:
            case "redis" | "rediss":
                return cls("single", ((parts.hostname or "localhost", parts.port or 6379),))
            case "unix":
                return cls("single", ((unquote(parts.path), 0),))
            case "redis+cluster":
                return cls("cluster", _hosts(parts.netloc, "cluster"))
            case "redis+sentinel":
                name = parts.path.strip("/").split("/")[0]
                if not name:
                    raise ConfigurationError(
                        "LGSP_REDIS_URL: redis+sentinel:// needs the primary's name, as in redis+sentinel://host:26379/mymaster"
                    )
                return cls("sentinel", _hosts(parts.netloc, "sentinel"), name)
            case scheme:
                raise ConfigurationError(
                    f"LGSP_REDIS_URL: scheme {scheme!r} is not supported; use redis://, rediss://, unix://, "
                    "redis+cluster:// or redis+sentinel://"
                )

    def __str__(self) -> str:
        hosts = ",".join(f"{host}:{port}" if port else host for host, port in self.hosts)
        return f"{hosts}/{self.name}" if self.name else hosts


def connect(url: str, max_connections: int) -> Lines | Nodes:
    """A client that has not yet spoken to anybody.

    Nothing is repeated behind our back: a script whose answer was lost may have run, and the bus knows what to read again.
    """
    place = Place.of(url)
    once = Retry(NoBackoff(), 0)
    match place.kind:
        case "single":
            pool = ConnectionPool.from_url(
                url,
                protocol=2,
                retry=once,
                socket_timeout=ANSWER_TIMEOUT_S,
                socket_connect_timeout=ANSWER_TIMEOUT_S,
                decode_responses=False,
            )
            return Lines(Redis(connection_pool=pool), max_connections)
        case "cluster":
            username, password = _credentials(url)
            cluster = RedisCluster(
                startup_nodes=[ClusterNode(host, port) for host, port in place.hosts],
                max_connections=max_connections,
                protocol=2,
                username=username,
                password=password,
                socket_timeout=ANSWER_TIMEOUT_S,
                socket_connect_timeout=2.0,
                decode_responses=False,
            )
            return Nodes(cluster)
        case "sentinel":
            username, password = _credentials(url)
            # Asked once each: one that hangs must not keep us from the next.
            asking = {"socket_timeout": 2.0, "retry": once}
            watch = Sentinel(list(place.hosts), sentinel_kwargs=asking)  # type: ignore[no-untyped-call] # redis-py leaves it untyped
            client: Redis = watch.master_for(
                place.name,
                protocol=2,
                retry=once,
                username=username,
                password=password,
                socket_timeout=ANSWER_TIMEOUT_S,
                socket_connect_timeout=2.0,
                decode_responses=False,
            )
            return Lines(client, max_connections)


def _hosts(netloc: str, kind: str) -> tuple[tuple[str, int], ...]:
    hosts = []
    for one in netloc.rpartition("@")[2].split(","):
        host, _, port = one.strip().rpartition(":") if ":" in one else (one.strip(), "", "")
        if not host or (port and not port.isdecimal()):
            raise ConfigurationError(f"LGSP_REDIS_URL: {one!r} is not host:port")
        hosts.append((host, int(port) if port else _DEFAULT_PORTS[kind]))
    return tuple(hosts)


def _credentials(url: str) -> tuple[str | None, str | None]:
    username, _, password = urlsplit(url).netloc.rpartition("@")[0].partition(":")
    return (unquote(username) or None), (unquote(password) or None)
