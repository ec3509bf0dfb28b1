"""A system's name -> its adapter or stand-in: by entry point, or as `module:attribute`."""

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Literal

from lgsp.adapter import AdapterSettings, Ports
from lgsp.errors import ConfigurationError
from lgsp.importing import load

__all__ = ["AdapterFactory", "Group", "find", "find_adapter", "find_standin", "names"]

Group = Literal["lgsp.adapters", "lgsp.standins"]
AdapterFactory = Callable[[AdapterSettings, Ports], object]
"""An adapter's class: `Class(settings, ports)`."""


def names(group: Group, points: Iterable[EntryPoint] | None = None) -> tuple[str, ...]:
    """What is installed in that group, sorted."""
    found = _installed(group) if points is None else points
    return tuple(sorted({point.name for point in found}))


def find(group: Group, name: str, points: Iterable[EntryPoint] | None = None) -> object:
    """The object behind a name (`axis`) or a path (`my_package.axis:MyAdapter`).

    Raises:
        ConfigurationError: unknown, with the nearest names; or its module can't be imported.
    """
    found = tuple(_installed(group) if points is None else points)
    if ":" in name:
        return _load(name, name)
    for point in found:
        if point.name == name:
            return _load(name, point.value)
    known = names(group, found)
    close = get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    what = "adapter" if group == "lgsp.adapters" else "stand-in"
    raise ConfigurationError(
        f"unknown {what} {name!r}; {hint}known: {', '.join(known) or 'none'}; or give one of your own as module:Name"
    )


def find_adapter(name: str) -> AdapterFactory:
    """The adapter class of that name.

    Raises:
        ConfigurationError: unknown, not importable, or not a class.
    """
    found = find("lgsp.adapters", name)
    if not callable(found):
        raise ConfigurationError(f"adapter {name!r}: {found!r} is not a class")
    factory: AdapterFactory = found
    return factory


def find_standin(name: str) -> object:
    """The stand-in of that name; its type belongs to the kit, which the bus does not know.

    Raises:
        ConfigurationError: unknown or not importable.
    """
    return find("lgsp.standins", name)


@cache
def _installed(group: Group) -> tuple[EntryPoint, ...]:
    """Looked up once: it reads a file of each package that is installed."""
    return tuple(entry_points(group=group))


def _load(name: str, path: str) -> object:
    module, _, attribute = path.partition(":")
    try:
        found: object = load(module)
        for step in attribute.split("."):
            found = getattr(found, step)
    except ImportError as exc:
        raise ConfigurationError(f"{name!r} ({path}) can't be imported: {exc}") from exc
    except AttributeError as exc:
        raise ConfigurationError(f"{name!r}: there is no {attribute!r} in module {module}") from exc
    return found
