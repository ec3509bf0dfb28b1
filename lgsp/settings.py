"""The only reader of the environment and of lgsp.toml."""

import os
import secrets
import tempfile
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from lgsp.errors import ConfigurationError
from lgsp.routing import Route, place_of, read_routes
from lgsp.schemas import SchemaRegistry

__all__ = [
    "PREFIX",
    "Settings",
    "SystemSettings",
    "current_environment",
    "demo_config",
    "ensure_data_dir",
    "kept_secret",
    "load",
]

PREFIX = "LGSP_"
_FROM_ENVIRONMENT = (
    "redis_url",
    "store_url",
    "data_dir",
    "trust_dir",
    "host",
    "port",
    "worker_port",
    "log_level",
    "replicas",
    "wire_log",
)
Port = Annotated[int, Field(ge=0, le=65535)]


class SystemSettings(BaseModel):
    """One `[systems.<name>]` table. What is not listed here is the adapter's own business and reaches it as typed.

    `adapter` and `standin` default to the system's name.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    adapter: str = ""
    standin: str = ""
    url: Annotated[str, Field(pattern=r"^(https?://\S+)?$")] = ""
    poll_interval_s: Annotated[float, Field(gt=0, le=86_400)] = 1.0
    concurrency: Annotated[int, Field(ge=1, le=1024)] = 16
    drain_per_s: Annotated[float, Field(gt=0, le=100_000)] = 200.0
    send_timeout_s: Annotated[float, Field(gt=0, le=3600)] = 30.0
    max_attempts: Annotated[int, Field(ge=1, le=1000)] = 8

    def table(self) -> dict[str, JsonValue]:
        """The whole table, for the adapter."""
        return self.model_dump(mode="json") if self.url else self.model_dump(mode="json", exclude={"url"})


class Settings(BaseSettings):
    """What a running LGSP needs to know. Durations in seconds; port 0 picks a free one."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid")

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Port = 8080
    worker_port: Port = 0
    redis_url: str | None = None
    store_url: str = ""
    data_dir: Path = Path(".lgsp")
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    trust_dir: Path | None = None
    partitions: Annotated[int, Field(ge=1, le=1024)] = 4
    max_waiting: Annotated[int, Field(ge=1)] = 100_000
    max_memory_mb: Annotated[int, Field(ge=64)] = 1024
    replicas: Annotated[int, Field(ge=0, le=10)] = 0
    wire_log: bool = True
    systems: dict[str, SystemSettings] = Field(default_factory=dict)
    mocks: dict[str, Port] = Field(
        default_factory=lambda: {"ioffice": 8101, "igate": 8102, "axis": 8103, "portal": 8104}
    )
    routes: tuple[Route, ...] = ()
    config: str = ""

    @field_validator("redis_url")
    @classmethod
    def _redis_scheme(cls, value: str | None) -> str | None:
        schemes = ("redis://", "rediss://", "unix://", "redis+cluster://", "redis+sentinel://")
        if value and not value.startswith(schemes):
            raise ValueError(f"a Redis URL begins with {', '.join(schemes)}")
        return value or None

    @field_validator("systems")
    @classmethod
    def _system_names(cls, value: dict[str, SystemSettings]) -> dict[str, SystemSettings]:
        for name in value:
            if not name.isascii() or not name.replace("-", "").replace("_", "").isalnum():
                raise ValueError(f"{name!r}: a system's name has letters, digits, - and _ only")
        return value

    @property
    def database_url(self) -> str:
        """Where the message store is: `store_url`, or a SQLite file in the data directory."""
        return self.store_url or f"sqlite:///{(self.data_dir / 'messages.db').absolute()}"

    @property
    def trust_folder(self) -> Path:
        """Where the roots lie that may vouch for signers: `trust_dir`, or the demo authority's folder in the data directory."""
        return self.trust_dir or self.data_dir / "authority"

    @property
    def gateway_url(self) -> str:
        """Where clients on this machine reach the gateway."""
        return f"http://{'127.0.0.1' if self.host in {'0.0.0.0', '::'} else self.host}:{self.port}"  # noqa: S104

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load` hands over, so that a test's environment is the one that it gives."""
        return (init_settings,)


def current_environment() -> Mapping[str, str]:
    """This process's environment."""
    return os.environ


def demo_config() -> str:
    """The text of the built-in Kon Tum demo."""
    return files("lgsp").joinpath("kontum.toml").read_text(encoding="utf-8")


def load(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Settings from the file (`path`, or `LGSP_CONFIG`, or ./lgsp.toml, or the built-in demo), overridden by the environment.

    Raises:
        ConfigurationError: every mistake with its file, place and remedy.
    """
    name, text = _text(path, environ)
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise ConfigurationError(f"{name}: not valid TOML: {exc}") from exc
    overrides = _overrides(environ)
    routes = table.pop("routes", [])
    table.pop("config", None)
    try:
        settings = Settings(**(table | overrides))
    except ValidationError as exc:
        mistakes = [
            _worded(name, overrides, error["loc"], error["type"], error["msg"]) for error in exc.errors()
        ]
        raise ConfigurationError("\n".join(mistakes)) from exc
    if not isinstance(routes, list):
        raise ConfigurationError(f"{name}: routes: write each route as a [[routes]] table")
    read = read_routes(routes, systems=settings.systems.keys(), kinds=SchemaRegistry().kinds, file=name)
    return settings.model_copy(update={"routes": read, "config": name})


def ensure_data_dir(settings: Settings) -> Path:
    """Create the data directory and prove that it can be written.

    Raises:
        ConfigurationError: it can't; says where and what to do.
    """
    place = settings.data_dir.absolute()
    try:
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as exc:
        reason = exc.strerror or str(exc)
        raise ConfigurationError(
            f"the data directory {place} can't be written ({reason}); set LGSP_DATA_DIR to one that can"
        ) from exc
    return place


def kept_secret(data_dir: Path, system: str, name: str) -> str:
    """A random text, made at the first call and kept in `secrets/<system>.<name>`, which its owner alone can read.

    Raises:
        ConfigurationError: the file can't be read or written.
    """
    file = data_dir / "secrets" / f"{system}.{name}"
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):
            file.touch(mode=0o600, exist_ok=False)
            file.write_text(secrets.token_hex(32), encoding="ascii")
        found = file.read_text(encoding="ascii").strip()
    except OSError as exc:
        raise ConfigurationError(f"{file}: {exc.strerror or exc}; or set the secret in lgsp.toml") from exc
    if len(found) < 16:
        raise ConfigurationError(
            f"{file}: has no secret of 16 characters or more; delete it, and start again"
        )
    return found


def _text(path: Path | None, environ: Mapping[str, str]) -> tuple[str, str]:
    given = path or (Path(environ["LGSP_CONFIG"]) if environ.get("LGSP_CONFIG") else None)
    if given is None and not Path("lgsp.toml").is_file():
        return "kontum.toml (built in)", demo_config()
    file = given or Path("lgsp.toml")
    try:
        return str(file), file.read_text(encoding="utf-8")
    except OSError as exc:
        reason = exc.strerror or str(exc)
        raise ConfigurationError(
            f"{file}: can't be read ({reason}); give another file by --config or LGSP_CONFIG"
        ) from exc
    except UnicodeDecodeError as exc:
        raise ConfigurationError(f"{file}: is not UTF-8 text (byte {exc.start}); save it as UTF-8") from exc


def _overrides(environ: Mapping[str, str]) -> dict[str, str]:
    return {
        name: environ[PREFIX + name.upper()]
        for name in _FROM_ENVIRONMENT
        if environ.get(PREFIX + name.upper())
    }


def _worded(
    file: str, overrides: Mapping[str, str], loc: tuple[str | int, ...], kind: str, message: str
) -> str:
    if loc and loc[0] in overrides:
        variable = f"{PREFIX}{str(loc[0]).upper()}"
        return f"environment: {variable}={overrides[str(loc[0])]!r}: {message}"
    where = f"{file}: {place_of(loc)}"
    if kind == "extra_forbidden":
        known = [*(name for name in Settings.model_fields if name != "config")]
        close = get_close_matches(str(loc[-1]), known, n=1)
        remedy = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"
        return f"{where}: unknown key; {remedy}"
    return f"{where}: {message}"
