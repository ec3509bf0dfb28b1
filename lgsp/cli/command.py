"""One command, ready to be called. Imported only when one is called."""

import typer

from lgsp.importing import load

__all__ = ["command_app"]


def command_app(name: str, path: str) -> typer.Typer:
    """The command behind `module:attribute`."""
    module, _, attribute = path.partition(":")
    found = getattr(load(f"lgsp.cli.{module}"), attribute)
    if isinstance(found, typer.Typer):
        return found
    single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    single.command(name)(found)
    return single
