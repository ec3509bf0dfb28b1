"""Content of any size: the same whether it came whole or in pieces, in memory or on disk."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lgsp.standards.content import CHUNK_BYTES, IN_MEMORY_BYTES, Content, ContentWriter

pytestmark = pytest.mark.unit

PIECES = st.lists(st.binary(max_size=50) | st.integers(0, IN_MEMORY_BYTES + 10).map(bytes), max_size=4)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(PIECES)
def test_it_is_what_was_written_and_its_digest_is_that(pieces: list[bytes]) -> None:
    content, whole = Content.of(pieces), b"".join(pieces)
    assert (content.read(), content.size, len(content)) == (whole, len(whole), len(whole))
    assert content.sha256 == hashlib.sha256(whole).hexdigest()
    assert b"".join(content.chunks(3, 20)) == whole[3:20]
    assert content.begins_with(whole[:5])
    assert not content.begins_with(whole + b"x")
    assert content == Content.of(whole)


def test_what_was_written_may_change_afterwards() -> None:
    writer, piece = ContentWriter(), bytearray(b"one")
    writer.write(piece)  # type: ignore[arg-type]  # a buffer that is used again
    piece[:] = b"two"
    assert writer.finish().read() == b"one"


def test_more_than_its_bound_is_thrown_away() -> None:
    with pytest.raises(ValueError, match="larger than 3 bytes"):
        Content.of([b"ab", b"cd"], max_bytes=3)


def test_a_chunk_is_no_longer_than_it_says() -> None:
    assert [len(each) for each in Content.of(bytes(2 * CHUNK_BYTES + 1)).chunks()] == [CHUNK_BYTES] * 2 + [1]
