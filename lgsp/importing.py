"""Importing what not every start needs."""

import gc
import sys
from importlib import import_module
from importlib.machinery import PathFinder
from types import ModuleType

__all__ = ["load"]


def load(name: str) -> ModuleType:
    """The module of that name, imported if it isn't yet, without what only costs time.

    What importing makes is no garbage: looking for cycles in it, again and again, takes a tenth of the time. And pytest's own finder
    would read every module of a distribution with a plugin as source, to rewrite assertions that are not there: twice the time.

    Raises:
        ImportError: as importing does.
    """
    if name in sys.modules:
        return import_module(name)
    was_enabled = gc.isenabled()
    gc.disable()
    sys.meta_path.insert(0, PathFinder)
    try:
        return import_module(name)
    finally:
        sys.meta_path.remove(PathFinder)
        gc.freeze()
        if was_enabled:
            gc.enable()
