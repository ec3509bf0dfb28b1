"""lgsp demo."""

from typing import Annotated, Literal

import typer

from lgsp.cli.common import ConfigOption, JsonOption, settings_of
from lgsp.cli.run import DataDirOption, PortOption, overridden
from lgsp.demo import run_demo

__all__ = ["demo"]


def demo(
    once: Annotated[bool, typer.Option("--once", help="End when every flow has arrived: 0, else 1.")] = False,
    lang: Annotated[Literal["vi", "en"], typer.Option("--lang", help="Language of what is printed.")] = "vi",
    port: PortOption = None, data_dir: DataDirOption = None,
    config: ConfigOption = None, json_output: JsonOption = False,
) -> None:  # fmt: skip
    """Start everything and play the flows of the province."""
    settings = overridden(settings_of(config), port=port, host=None, data_dir=data_dir)
    raise typer.Exit(run_demo(settings, once=once, lang=lang, json_output=json_output))
