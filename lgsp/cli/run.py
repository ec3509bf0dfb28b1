"""lgsp up."""

from pathlib import Path
from typing import Annotated

import typer

from lgsp.cli.common import ConfigOption, JsonOption, settings_of
from lgsp.settings import Settings
from lgsp.up import run_up

__all__ = ["DataDirOption", "HostOption", "PortOption", "overridden", "up"]

PortOption = Annotated[int | None, typer.Option("--port", min=0, max=65535, help="0 picks a free port.")]
HostOption = Annotated[str | None, typer.Option("--host", help="Address to listen on.")]
DataDirOption = Annotated[Path | None, typer.Option("--data-dir", help="Where state is kept.")]
OnlyOption = Annotated[
    str | None, typer.Option("--only", help="Parts, comma-separated: bus, gateway, worker, mock:ioffice …")
]


def up(
    only: OnlyOption = None, port: PortOption = None, host: HostOption = None, data_dir: DataDirOption = None,
    config: ConfigOption = None, json_output: JsonOption = False,
) -> None:  # fmt: skip
    """Everything in one process: embedded server, bus, gateway, stand-ins."""
    settings = overridden(settings_of(config), port=port, host=host, data_dir=data_dir)
    parts = frozenset(part.strip() for part in only.split(",") if part.strip()) if only else None
    raise typer.Exit(run_up(settings, only=parts, json_output=json_output))


def overridden(settings: Settings, *, port: int | None, host: str | None, data_dir: Path | None) -> Settings:
    """Flags win over the environment and the file."""
    flags = {"port": port, "host": host, "data_dir": data_dir}
    return settings.model_copy(update={name: value for name, value in flags.items() if value is not None})
