"""Files of a stand-in, by their SHA-256: small ones in its state database, since making a file takes ten times as long as a row."""

import hashlib
import re
import shutil
import tempfile
import uuid
import weakref
from collections.abc import Iterable
from pathlib import Path

from lgsp.standards.content import Content
from lgsp_mocks.kit.state import State

__all__ = ["SMALL_BYTES", "Files"]

SMALL_BYTES = 64 * 1024

_SHA256 = re.compile(r"[0-9a-f]{64}")
_PARTIAL = "partial-"


class Files:
    """`<folder>/aa/<sha256>`; without a folder they lie in a temporary one. Calls block: large ones belong in a thread.

    A file is there whole or not at all; like the database beside it, it outlives the process, not a power cut. Up to `SMALL_BYTES` it
    lies in `state`, where there is one, and is written with what names it.
    """

    def __init__(self, folder: Path | None = None, state: State | None = None) -> None:
        self._folder = folder
        self._state = state
        self._made: set[Path] = set()

    def put(self, source: Content | bytes | Iterable[bytes]) -> str:
        """Keep; the SHA-256 to ask for it by."""
        if self._state is not None and isinstance(source, Content | bytes) and len(source) <= SMALL_BYTES:
            content = Content.of(source) if isinstance(source, bytes) else source
            self._state.keep_file(content.sha256, content.read())
            return content.sha256
        if isinstance(source, Content):
            if not self._path(source.sha256).is_file():
                self._write(source.chunks())
            return source.sha256
        return self._write([source] if isinstance(source, bytes) else source)

    def get(self, sha256: str) -> Content:
        """What was put.

        Raises:
            KeyError: nothing of that hash is kept.
        """
        if not _SHA256.fullmatch(sha256):
            raise KeyError(sha256)
        if self._state is not None and (small := self._state.file(sha256)) is not None:
            return Content.of(small)
        try:
            return Content.of_file(self._path(sha256), sha256)
        except FileNotFoundError as exc:
            raise KeyError(sha256) from exc

    def clear(self) -> None:
        """Forget everything; who reads one now can read on."""
        self._made.clear()
        if self._state is not None:
            self._state.drop_files()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _write(self, chunks: Iterable[bytes]) -> str:
        written = self._root() / f"{_PARTIAL}{uuid.uuid4().hex}"
        digest = hashlib.sha256()
        try:
            with written.open("xb") as partial:
                for chunk in chunks:
                    digest.update(chunk)
                    partial.write(chunk)
            path = self._path(digest.hexdigest())
            self._make(path.parent)
            written.replace(path)
        except BaseException:
            written.unlink(missing_ok=True)
            raise
        return digest.hexdigest()

    def _path(self, sha256: str) -> Path:
        return self._root() / sha256[:2] / sha256

    def _root(self) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="lgsp-files-"))
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._make(self._folder)
        return self._folder

    def _make(self, folder: Path) -> None:
        if folder not in self._made:
            folder.mkdir(parents=True, exist_ok=True)
            self._made.add(folder)
