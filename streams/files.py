"""Lines of files, in bounded memory: plain, gzip or zstandard, which their first bytes tell."""

from __future__ import annotations

import hashlib
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import zstandard

from streams.errors import UsageError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from hashlib import _Hash

__all__ = ["Line", "read_lines", "total_bytes"]

MAX_LINE = 1 << 20

_GZIP, _ZSTD, _BOM = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xef\xbb\xbf"
_CHUNK = 1 << 16
_UNPACKED = 1 << 18
# A zstandard block of four bytes may stand for 128 kB: what goes in bounds what comes out.
_ZSTD_SLICE = 1 << 8


class Line:
    """One line: its bytes without the line end, its number in its file (from 1), the file's name.

    Of a line longer than the limit `data` is the first limit + 1 bytes, so that it is seen to be too long; `size` and `sha256` are always
    those of the whole line.
    """

    __slots__ = ("_sha256", "data", "number", "path", "size")

    def __init__(self, data: bytes, number: int, path: str, size: int | None = None, sha256: str | None = None) -> None:
        self.data = data
        self.number = number
        self.path = path
        self.size = len(data) if size is None else size
        self._sha256 = sha256

    @property
    def sha256(self) -> str:
        """The hash of the whole line, hexadecimal."""
        return self._sha256 or hashlib.sha256(self.data).hexdigest()


def total_bytes(paths: Iterable[Path | str]) -> int | None:
    """How many bytes `read_lines` will report as read; None where standard input or a pipe is among the files, or one is missing."""
    total = 0
    for path in map(Path, paths):
        if not path.is_file():
            return None
        total += path.stat().st_size
    return total


def read_lines(
    paths: Iterable[Path | str],
    progress: Callable[[int], object] | None = None,
    *,
    limit: int = MAX_LINE,
    stdin: BinaryIO | None = None,
) -> Iterator[Line]:
    """The lines of the files, one file after the other; `-` is standard input. Blank lines are counted in the numbers and left out.

    `progress` is called with the number of bytes read from disk since its last call. A line is given as soon as it is complete, whatever
    has not arrived yet. No more than `limit` bytes of a line and a few chunks are held.

    Raises UsageError at once when a file is missing or a folder, and where a file turns out to be damaged or cut off: the lines before that
    place have been given then, the incomplete last one has not.
    """
    found = [Path(path) for path in paths]
    for path in found:
        _check(path)
    return _all_lines(found, progress or (lambda _count: None), limit, stdin)


def _check(path: Path) -> None:
    if str(path) == "-":
        return
    if not path.exists():
        raise UsageError(f"{path} does not exist: name a file of events, or - for standard input")
    if path.is_dir():
        raise UsageError(f"{path} is a folder: name the files in it")


def _all_lines(paths: Sequence[Path], progress: Callable[[int], object], limit: int, stdin: BinaryIO | None) -> Iterator[Line]:
    for path in paths:
        name = "<stdin>" if str(path) == "-" else str(path)
        splitter = _Splitter(name, limit)
        try:
            with _opened(path, stdin) as file:
                for chunk in _unpacked(_chunks(file, progress)):
                    yield from splitter.feed(chunk)
        except OSError as error:
            raise UsageError(f"{name} cannot be read: {error.strerror or error}; check the file and your rights") from error
        except _Damaged as error:
            raise UsageError(f"{name} is {error} after line {splitter.number}: the lines before were read; fetch the file again") from error
        yield from splitter.finish()


def _opened(path: Path, stdin: BinaryIO | None) -> AbstractContextManager[BinaryIO]:
    return nullcontext(stdin or sys.stdin.buffer) if str(path) == "-" else path.open("rb")


def _chunks(file: BinaryIO, progress: Callable[[int], object]) -> Iterator[bytes]:
    """What there is, as it comes: of a pipe that waits for more what it has given so far."""
    read: Callable[[int], bytes] = getattr(file, "read1", file.read)
    while chunk := read(_CHUNK):
        progress(len(chunk))
        yield chunk


class _Damaged(Exception):
    """The compressed data cannot be read on: how so, in words that follow `is`. Becomes a UsageError where the file's name is known."""


def _unpacked(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The contents, by what the first bytes say they are packed with."""
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= len(_ZSTD):
            break
    if head.startswith(_GZIP):
        yield from _gunzip(_again(head, chunks))
    elif head.startswith(_ZSTD):
        yield from _unzstd(_again(head, chunks))
    else:
        yield from _again(head, chunks)


def _again(head: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from chunks


def _gunzip(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """One or more gzip members; zeros between and behind them are padding."""
    member = None
    for chunk in chunks:
        data = chunk
        while data:
            if member is None:
                data = data.lstrip(b"\0")
                member = zlib.decompressobj(wbits=31) if data else None
                continue
            try:
                yield member.decompress(data, _UNPACKED)
            except zlib.error as error:
                raise _Damaged("damaged") from error
            data = member.unused_data if member.eof else member.unconsumed_tail
            member = None if member.eof else member
    if member is not None:
        raise _Damaged("cut off")


def _unzstd(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """One or more zstandard frames."""
    make = zstandard.ZstdDecompressor().decompressobj
    frame = None
    for chunk in chunks:
        for start in range(0, len(chunk), _ZSTD_SLICE):
            data = chunk[start : start + _ZSTD_SLICE]
            while data:
                frame = frame or make()
                try:
                    yield frame.decompress(data)
                except zstandard.ZstdError as error:
                    raise _Damaged("damaged") from error
                data = frame.unused_data if frame.eof else b""
                frame = None if frame.eof else frame
    if frame is not None:
        raise _Damaged("cut off")


class _Splitter:
    """Cuts chunks into lines. `number` is that of the last complete line."""

    def __init__(self, name: str, limit: int) -> None:
        self.number = 0
        self._name = name
        self._limit = limit
        self._rest = b""
        self._long: tuple[bytes, _Hash] | None = None
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[Line]:
        """The lines that end in this chunk."""
        pieces = chunk.split(b"\n")
        if len(pieces) > 1:
            yield from self._end(pieces[0])
            for piece in pieces[1:-1]:
                yield from self._line(piece)
        self._hold(pieces[-1])

    def finish(self) -> Iterator[Line]:
        """The last line, where no line end follows it."""
        if self._rest or self._long is not None:
            yield from self._end(b"")

    def _hold(self, piece: bytes) -> None:
        """Keep the beginning of a line whose end has not come."""
        if self._long is None:
            self._rest += piece
            if len(self._rest) > self._limit:
                self._long = (self._rest[: self._limit + 1], hashlib.sha256(self._rest))
                self._size, self._rest = len(self._rest), b""
        else:
            self._long[1].update(piece)
            self._size += len(piece)

    def _end(self, piece: bytes) -> Iterator[Line]:
        self._hold(piece)
        if self._long is None:
            line, self._rest = self._rest, b""
            yield from self._line(line)
            return
        (head, digest), self._long = self._long, None
        self.number += 1
        yield Line(head, self.number, self._name, self._size, digest.hexdigest())

    def _line(self, data: bytes) -> Iterator[Line]:
        self.number += 1
        if self.number == 1:
            data = data.removeprefix(_BOM)
        if data.endswith(b"\r"):
            data = data[:-1]
        if len(data) > self._limit:
            yield Line(data[: self._limit + 1], self.number, self._name, len(data), hashlib.sha256(data).hexdigest())
        elif data and not data.isspace():
            yield Line(data, self.number, self._name)
