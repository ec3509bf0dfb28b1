"""Files of a stand-in beside its database."""

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axis_standin import AWAY, MINISTRY, PROVINCE, axis, document
from lgsp.standards import edxml, vxp
from lgsp.standards.content import Content
from lgsp_mocks.kit import Files
from lgsp_mocks.kit.files import SMALL_BYTES

pytestmark = pytest.mark.contract


def kept(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("source", [b"abc", Content.of(b"abc"), [b"a", b"bc"]])
def test_file_lies_under_its_hash_once(tmp_path: Path, source: bytes | Content | list[bytes]) -> None:
    files, sha256 = Files(tmp_path), hashlib.sha256(b"abc").hexdigest()
    assert [files.put(source), files.put(b"abc")] == [sha256, sha256]
    assert kept(tmp_path) == [f"{sha256[:2]}/{sha256}"]
    assert files.get(sha256) == Content.of(b"abc")


def test_large_file_comes_back_by_chunk(tmp_path: Path) -> None:
    files = Files(tmp_path)
    found = files.get(files.put(Content.of(bytes(range(256)) for _ in range(20_000))))
    assert found.size == 5_120_000
    assert b"".join(found.chunks(255, 258)) == b"\xff\x00\x01"
    assert hashlib.sha256(b"".join(found.chunks())).hexdigest() == found.sha256


def test_source_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"abc"
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - the very one that was raised
        Files(tmp_path).put(broken())
    assert kept(tmp_path) == []


@pytest.mark.parametrize("sha256", ["", "../../etc/passwd", "0" * 64, "0" * 63 + "G"])
def test_what_is_not_kept_is_said_so(tmp_path: Path, sha256: str) -> None:
    with pytest.raises(KeyError):
        Files(tmp_path).get(sha256)


def test_cleared_files_are_gone_and_new_ones_can_be_kept(tmp_path: Path) -> None:
    for files in (Files(tmp_path / "x"), Files()):
        sha256 = files.put(b"abc")
        open_one = files.get(sha256)
        files.clear()
        with pytest.raises(KeyError):
            files.get(sha256)
        assert open_one.read() == b"abc"
        assert files.get(files.put(b"abc")).read() == b"abc"


@given(
    st.lists(st.sampled_from([b"", b"a", b"\r", b"\n", b"\r\n", b"abcd"]), max_size=8),
    st.sampled_from([b"", b"\r\n", b"\n"]),
)
def test_digest_over_a_stream_finds_the_file_whatever_its_chunks_are(chunks: list[bytes], end: bytes) -> None:
    file = b"".join(chunks)
    digest = vxp.FileDigest()
    for chunk in [*chunks, end]:
        digest.update(chunk)
    assert digest.size == len(file + end)
    assert digest.file_size(vxp.file_hash(Content.of(file + end))) == len(file + end)
    assert digest.file_size(vxp.file_hash(file)) == (None if end == b"\n" else len(file))
    assert digest.file_size(hashlib.sha256(file + b"x").hexdigest()) is None


def in_database(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "axis.sqlite3")) as file:
        return [row[0] for row in file.execute("SELECT sha256 FROM files ORDER BY sha256")]


@pytest.mark.parametrize("size", [100, SMALL_BYTES])
async def test_packets_and_files_survive_a_restart_together(tmp_path: Path, size: int) -> None:
    file = edxml.EdxmlAttachment("cid:1", "a.bin", Content.of(os.urandom(size)))
    packet = document(PROVINCE, sender=MINISTRY, attachments=(file,))
    raw = edxml.write(packet)
    async with axis(tmp_path) as one:
        await one.send(packet, AWAY)
    is_small = len(raw) <= SMALL_BYTES
    assert (len(in_database(tmp_path)), len(kept(tmp_path / "axis.files"))) == (is_small, not is_small)
    async with axis(tmp_path) as one:
        [item] = await one.inbox()
        headers = one.headers(docId=item["docId"])
        assert (await one.http.get("/downloadEdoc", headers=headers)).content == raw


async def test_small_file_that_an_earlier_version_kept_beside_the_database_is_found(tmp_path: Path) -> None:
    sha256 = Files(tmp_path / "axis.files").put(b"abc")
    async with axis(tmp_path) as one:
        assert one.app.state.context.files.get(sha256).read() == b"abc"


async def test_small_files_are_forgotten_with_the_others(tmp_path: Path) -> None:
    async with axis(tmp_path) as one:
        files, state = one.app.state.context.files, one.app.state.context.state
        written = files.put(b"abc")
        await state.commit()
        waiting = files.put(b"abcd")
        files.clear()
        for sha256 in (written, waiting):
            with pytest.raises(KeyError):
                files.get(sha256)
        assert files.get(files.put(b"abc")).read() == b"abc"


async def test_refused_packet_leaves_no_file(tmp_path: Path) -> None:
    async with axis(tmp_path) as one:
        await one.send(document("000.00.00.G98"))
        await one.send(document(), messagetype="status")
    assert in_database(tmp_path) == []
    assert not (tmp_path / "axis.files").exists() or kept(tmp_path / "axis.files") == []
