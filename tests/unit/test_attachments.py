import hashlib

import pytest

from lgsp.attachments import FileBlobStore
from lgsp.errors import InvalidMessageError, NotFoundError
from lgsp.model.attachment import BlobRef

pytestmark = pytest.mark.unit

CONTENT = "Quyết định".encode() * 100_000


async def chunks(*parts):
    for part in parts:
        yield part


async def read(store, ref):
    return b"".join([chunk async for chunk in store.open(ref)])


def files(root):
    return [path for path in root.rglob("*") if path.is_file()]


async def test_what_is_put_in_comes_out(tmp_path):
    store = FileBlobStore(tmp_path)
    ref = await store.put(CONTENT)
    assert ref == BlobRef(sha256=hashlib.sha256(CONTENT).hexdigest(), size=len(CONTENT))
    assert await read(store, ref) == CONTENT


async def test_a_stream_and_its_bytes_are_one_blob(tmp_path):
    store = FileBlobStore(tmp_path)
    assert await store.put(chunks(b"ab", b"", b"c")) == await store.put(b"abc")
    assert len(files(tmp_path)) == 1


async def test_an_empty_blob_is_a_blob(tmp_path):
    store = FileBlobStore(tmp_path)
    assert await read(store, await store.put(b"")) == b""


async def test_an_unknown_blob_is_not_found(tmp_path):
    with pytest.raises(NotFoundError, match="no attachment"):
        await read(FileBlobStore(tmp_path), BlobRef(sha256="0" * 64, size=1))


async def test_a_damaged_blob_is_noticed(tmp_path):
    store = FileBlobStore(tmp_path)
    ref = await store.put(b"abc")
    files(tmp_path)[0].write_bytes(b"abd")
    with pytest.raises(NotFoundError, match="damaged"):
        await read(store, ref)


async def test_a_blob_over_the_bound_is_refused_and_leaves_nothing(tmp_path):
    store = FileBlobStore(tmp_path, max_bytes=10)
    with pytest.raises(InvalidMessageError, match="larger than 10 bytes"):
        await store.put(chunks(b"x" * 6, b"x" * 6))
    assert files(tmp_path) == []


async def test_a_stream_that_breaks_leaves_nothing(tmp_path):
    async def broken():
        yield b"x"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await FileBlobStore(tmp_path).put(broken())
    assert files(tmp_path) == []


async def test_small_content_that_is_there_is_not_written_again_and_damaged_content_is(tmp_path):
    store = FileBlobStore(tmp_path)
    ref = await store.put(b"small")
    (file,) = files(tmp_path)
    before = file.stat().st_ino
    await store.put(b"small")
    assert file.stat().st_ino == before
    file.write_bytes(b"smell")
    with pytest.raises(NotFoundError):
        await read(store, ref)
    await store.put(b"small")
    assert await read(store, ref) == b"small"


@pytest.mark.parametrize("size", [256 * 1024, 256 * 1024 + 1])
async def test_content_around_the_size_of_a_chunk_comes_out_as_it_went_in(tmp_path, size):
    store = FileBlobStore(tmp_path)
    ref = await store.put(chunks(b"x" * (size - 1), b"y"))
    assert await read(store, ref) == b"x" * (size - 1) + b"y"
