"""Content encodings (RFC 9110, 8.4.1) unpacked by piece, so that a small answer can't become a large one in memory at once."""

import zlib
from collections.abc import Iterable, Iterator

__all__ = ["ACCEPTED", "EncodingError", "Unpacker"]

ACCEPTED = "gzip, deflate"
"""For Accept-Encoding: what `Unpacker` knows."""
_PIECE_BYTES = 64 * 1024
_BY_HEADER = 32 + zlib.MAX_WBITS


class EncodingError(ValueError):
    """The content is not encoded as its header says, or in a way that was not asked for."""


class Unpacker:
    """One body's decoder, by its Content-Encoding; pieces of at most 64 KB come out.

    Raises:
        EncodingError: an encoding other than gzip, deflate and identity.
    """

    def __init__(self, encoding: str) -> None:
        name = encoding.strip().lower()
        if name not in {"", "identity", "gzip", "x-gzip", "deflate"}:
            raise EncodingError(f"Content-Encoding {encoding[:60]!r}, where {ACCEPTED} was asked for")
        self._inflater = None if name in {"", "identity"} else zlib.decompressobj(_BY_HEADER)

    def unpack(self, chunk: bytes) -> Iterable[bytes]:
        """What the next chunk holds.

        Raises:
            EncodingError: it is not what the header said.
        """
        return (chunk,) if self._inflater is None else _inflated(self._inflater, chunk)


def _inflated(inflater: "zlib._Decompress", chunk: bytes) -> Iterator[bytes]:
    try:
        while chunk and (piece := inflater.decompress(chunk, _PIECE_BYTES)):
            yield piece
            chunk = inflater.unconsumed_tail
    except zlib.error as exc:
        raise EncodingError(f"the content is not encoded as its header says: {exc}") from exc
