"""The console: pages for people, in Vietnamese and English, over the same views as `/api`."""

from lgsp.console.app import create_console
from lgsp.console.console import Console

__all__ = ["Console", "create_console"]
