"""Reading lines: packed or not, whole or damaged, short or endless, in bounded memory."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import threading
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from streams.errors import UsageError
from streams.files import Line, read_lines, total_bytes

TEXT = b'{"a": 1}\n{"b": "\xe7\x81\xab"}\r\n\n  \n{"c": 3}'
LINES = [(1, b'{"a": 1}'), (2, b'{"b": "\xe7\x81\xab"}'), (5, b'{"c": 3}')]

PACKED = {
    "plain": TEXT,
    "gzip": gzip.compress(TEXT),
    "gzip members": gzip.compress(TEXT[:12]) + gzip.compress(TEXT[12:]),
    "padded gzip": gzip.compress(TEXT) + b"\0" * 512,
    "zstd": zstandard.compress(TEXT),
    "zstd frames": zstandard.compress(TEXT[:12]) + zstandard.compress(TEXT[12:]),
    "plain with a byte order mark": b"\xef\xbb\xbf" + TEXT,
    "gzip with a byte order mark": gzip.compress(b"\xef\xbb\xbf" + TEXT),
}


def numbered(lines: list[Line]) -> list[tuple[int, bytes]]:
    return [(line.number, line.data) for line in lines]


def written(folder: Path, content: bytes, name: str = "events.jsonl") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("kind", PACKED)
def test_lines_are_the_same_however_they_are_packed(kind: str, tmp_path: Path) -> None:
    assert numbered(list(read_lines([written(tmp_path, PACKED[kind])]))) == LINES


@pytest.mark.parametrize("kind", PACKED)
def test_standard_input_is_read_like_a_file(kind: str) -> None:
    lines = list(read_lines(["-"], stdin=io.BytesIO(PACKED[kind])))
    assert numbered(lines) == LINES
    assert lines[0].path == "<stdin>"


def test_files_follow_each_other_and_each_has_its_own_numbers(tmp_path: Path) -> None:
    first, second = written(tmp_path, b"1\n2\n", "a"), written(tmp_path, b"3", "b")
    lines = list(read_lines([first, second]))
    assert [(Path(line.path).name, line.number, line.data) for line in lines] == [("a", 1, b"1"), ("a", 2, b"2"), ("b", 1, b"3")]


def test_an_empty_file_has_no_lines(tmp_path: Path) -> None:
    assert list(read_lines([written(tmp_path, b"")])) == []


def test_progress_adds_up_to_the_bytes_on_disk(tmp_path: Path) -> None:
    content = gzip.compress(os.urandom(300_000), compresslevel=1)
    paths = [written(tmp_path, content, "a.gz"), written(tmp_path, TEXT, "b")]
    seen: list[int] = []
    list(read_lines(paths, seen.append))
    assert sum(seen) == total_bytes(paths) == len(content) + len(TEXT)
    assert len(seen) > 3


def test_the_total_is_unknown_for_standard_input_and_missing_files(tmp_path: Path) -> None:
    assert total_bytes(["-"]) is None
    assert total_bytes([tmp_path / "missing"]) is None


def test_a_missing_file_is_told_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="missing does not exist"):
        read_lines([written(tmp_path, TEXT), tmp_path / "missing"])


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder"):
        read_lines([tmp_path])


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress], ids=["gzip", "zstd"])
def test_a_file_that_is_cut_off_gives_what_can_be_read_and_then_an_error(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    rows = [f"{number} {hashlib.sha256(b'%d' % number).hexdigest()}".encode() for number in range(20_000)]
    whole = pack(b"\n".join(rows))
    lines: list[Line] = []
    with pytest.raises(UsageError, match=r"is cut off after line \d+") as raised:
        lines.extend(read_lines([written(tmp_path, whole[: len(whole) * 2 // 3])]))
    assert raised.value.exit_code == 2
    assert len(lines) > 5000
    assert [line.data for line in lines] == rows[: len(lines)]


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress], ids=["gzip", "zstd"])
def test_a_damaged_file_is_a_clear_error(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    whole = bytearray(pack(os.urandom(200_000).hex().encode()))
    whole[len(whole) // 2 :] = os.urandom(len(whole) - len(whole) // 2)
    with pytest.raises(UsageError, match=r"is (damaged|cut off) after line 0"):
        list(read_lines([written(tmp_path, bytes(whole))]))


def test_garbage_behind_a_gzip_member_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is damaged"):
        list(read_lines([written(tmp_path, gzip.compress(TEXT) + b"garbage")]))


@pytest.mark.parametrize("end", [b"\nnext\n", b""])
@pytest.mark.parametrize("size", [101, 150_000, 500_000])
def test_a_line_that_is_too_long_keeps_its_head_size_and_hash(size: int, end: bytes, tmp_path: Path) -> None:
    long = os.urandom(size // 2 + 1).hex().encode()[:size]
    lines = list(read_lines([written(tmp_path, b"first\n" + long + end)], limit=100))
    assert [line.number for line in lines] == ([1, 2, 3] if end else [1, 2])
    assert lines[1].data == long[:101]
    assert lines[1].size == size
    assert lines[1].sha256 == hashlib.sha256(long).hexdigest()


def test_a_line_at_the_limit_is_whole(tmp_path: Path) -> None:
    assert numbered(list(read_lines([written(tmp_path, b"x" * 100)], limit=100))) == [(1, b"x" * 100)]


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress], ids=["gzip", "zstd"])
def test_an_endless_line_is_not_held_in_memory(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    path = written(tmp_path, pack(b"x" * (256 << 20)))
    tracemalloc.start()
    try:
        lines = list(read_lines([path]))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert lines[0].size == 256 << 20
    assert peak < 32 << 20


def test_a_line_is_given_before_the_pipe_is_closed() -> None:
    reading, writing = os.pipe()
    got = threading.Event()
    lines: list[bytes] = []

    def read() -> None:
        with os.fdopen(reading, "rb") as pipe:
            for line in read_lines(["-"], stdin=pipe):
                lines.append(line.data)
                got.set()

    thread = threading.Thread(target=read)
    thread.start()
    try:
        os.write(writing, b'{"a": 1}\n')
        assert got.wait(10)
    finally:
        os.close(writing)
        thread.join(10)
    assert lines == [b'{"a": 1}']
