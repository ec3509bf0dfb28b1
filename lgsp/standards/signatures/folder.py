"""Trusted roots that somebody may change while we run."""

import os
from collections.abc import Iterator
from pathlib import Path

from lgsp.standards.signatures.trust import TrustStore

__all__ = ["TrustFolder"]


class TrustFolder:
    """The roots in a folder, read again when a file in it was added, changed or taken away."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: tuple[tuple[str, int], ...] | None = None
        self._store = TrustStore()

    def __call__(self) -> TrustStore:
        """The roots as they are now; nobody, while the folder is not there.

        Raises:
            ValueError: a file in it holds no certificate; it is named.
        """
        seen = tuple(sorted(_files(self._folder)))
        if seen != self._seen:
            self._store, self._seen = TrustStore.from_folder(self._folder), seen
        return self._store


def _files(folder: Path) -> Iterator[tuple[str, int]]:
    # Asked for each signature: pathlib's `glob` takes three times as long.
    try:
        with os.scandir(folder) as found:
            yield from ((file.name, file.stat().st_mtime_ns) for file in found if file.name.endswith(".pem"))
    except FileNotFoundError:
        return
