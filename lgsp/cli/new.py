"""lgsp new adapter|mock NAME."""

from pathlib import Path
from typing import Annotated

import typer

from lgsp.scaffold import Kind, write

__all__ = ["app"]

app = typer.Typer(
    help="A working start, with its tests, for a system of your own.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
Name = Annotated[str, typer.Argument(help="Of the system: small letters, digits and _.")]
Folder = Annotated[Path, typer.Option("--in", help="Where its folder is made.", metavar="DIR")]


@app.command()
def adapter(name: Name, folder: Folder = Path()) -> None:
    """An adapter: NAME-adapter/, with samples and contract tests."""
    _write("adapter", name, folder)


@app.command()
def mock(name: Name, folder: Folder = Path()) -> None:
    """A stand-in: NAME-mock/, with routes, state, differences and tests."""
    _write("mock", name, folder)


def _write(kind: Kind, name: str, folder: Path) -> None:
    for file in write(kind, name, folder):
        typer.echo(str(file))
    typer.echo(f"next: cd {folder / f'{name}-{kind}'} && pytest   (README.md goes on · xem README.md)")
