"""A working start for a system of one's own: an adapter, or a stand-in, each a package with its tests."""

import keyword
import re
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import Path
from string import Template
from typing import Literal

from lgsp import registry
from lgsp.errors import ConfigurationError

__all__ = ["Kind", "write"]

Kind = Literal["adapter", "mock"]
_GROUPS: dict[Kind, registry.Group] = {"adapter": "lgsp.adapters", "mock": "lgsp.standins"}
_NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")
_SUFFIX = ".tmpl"


def write(kind: Kind, name: str, folder: Path) -> list[Path]:
    """Write `<folder>/<name>-<kind>/`; the files.

    Raises:
        ConfigurationError: a name that can't be used, or a folder that is not empty; nothing was written.
    """
    _check(kind, name)
    target = folder / f"{name}-{kind}"
    words = {"name": name, "Name": "".join(part.capitalize() for part in name.split("_"))}
    try:
        if target.exists() and any(target.iterdir()):
            raise ConfigurationError(f"{target} is there already; choose another name or folder")
        written = []
        for path, template in _templates(files("lgsp.scaffold").joinpath(kind)):
            file = target / path.replace("__name__", name).removesuffix(_SUFFIX)
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("x", encoding="utf-8") as made:
                made.write(Template(template.read_text(encoding="utf-8")).substitute(words))
            written.append(file)
    except OSError as exc:
        raise ConfigurationError(f"{target}: can't be written ({exc.strerror or exc})") from exc
    return written


def _check(kind: Kind, name: str) -> None:
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise ConfigurationError(
            f"{name!r}: a name has 2 to 31 small letters, digits and _, begins with a letter, and is no word of Python"
        )
    if name in registry.names(_GROUPS[kind]):
        raise ConfigurationError(f"{name!r} is the name of an installed {kind}; choose another")
    if find_spec(f"{name}_{kind}") is not None:
        raise ConfigurationError(f"a module {name}_{kind} is importable already; choose another name")


def _templates(place: Traversable, above: str = "") -> Iterator[tuple[str, Traversable]]:
    for one in sorted(place.iterdir(), key=lambda each: each.name):
        if one.is_dir():
            yield from _templates(one, f"{above}{one.name}/")
        elif one.name.endswith(_SUFFIX):
            yield above + one.name, one
