"""Simulations as files: one CloudEvent a line, with a few lines in between that are none."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import BinaryIO, cast

import msgspec
import zstandard

from streams.errors import UsageError
from streams.simulate.simulation import Simulation

__all__ = ["MALFORMED", "lines", "write", "write_truth"]

MALFORMED = (
    b'{"specversion":"1.0","id":"cut-off","source":"/tenants/',
    b'\xff\xfe{"specversion":"1.0"}',
    b'{"specversion":"0.1","id":"old","source":"/tenants/demo","type":"fenghuo.call.started.v1","time":"2025-09-01T00:00:00Z","data":{}}',
)
"""Not JSON, not UTF-8, and a version nobody speaks: a dead letter each."""


def lines(simulation: Simulation, *, malformed: bool = True, progress: Callable[[float], object] | None = None) -> Iterator[bytes]:
    """The simulation's events as JSON lines without line ends, in order of arrival.

    `malformed` puts three lines in that are no events, and counts them in the truth. `progress` is called with the share done, 0..1,
    every thousand events.
    """
    encode = msgspec.json.Encoder().encode
    places = sorted(Random(f"{simulation.seed}/malformed").sample(range(50, 2000), len(MALFORMED)))
    waiting = list(zip(places, MALFORMED, strict=True)) if malformed else []
    for number, event in enumerate(simulation.events()):
        while waiting and number >= waiting[0][0]:
            simulation.truth.malformed += 1
            yield waiting.pop(0)[1]
        yield encode(event)
        if progress is not None and number % 1000 == 0:
            progress(simulation.progress(event))
    for _, line in waiting:
        simulation.truth.malformed += 1
        yield line


def write(
    simulation: Simulation, out: Path | BinaryIO, *, malformed: bool = True, progress: Callable[[float], object] | None = None
) -> None:
    """Write a simulation to a binary stream, or to a path: plain, or packed where the name ends in .gz or .zst.

    A file appears under its name when it is complete; the same simulation gives the same bytes.

    Raises:
        UsageError: where the file cannot be written.
    """
    if not isinstance(out, Path):
        _copy(simulation, out, malformed=malformed, progress=progress)
        return
    with _complete(out) as part, part.open("wb") as raw, _packed(raw, out.suffix) as file:
        _copy(simulation, file, malformed=malformed, progress=progress)


def write_truth(simulation: Simulation, path: Path) -> None:
    """Write the simulation's truth as JSON; its counts are complete once the events were written.

    Raises:
        UsageError: where the file cannot be written.
    """
    with _complete(path) as part:
        part.write_bytes(msgspec.json.format(msgspec.json.encode(simulation.truth), indent=1) + b"\n")


def _copy(simulation: Simulation, file: BinaryIO, *, malformed: bool, progress: Callable[[float], object] | None) -> None:
    for line in lines(simulation, malformed=malformed, progress=progress):
        file.write(line)
        file.write(b"\n")


@contextmanager
def _complete(path: Path) -> Iterator[Path]:
    """A path beside it that takes its name when all went well, and is gone otherwise."""
    part = path.with_name(f".{path.name}.part")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror or error}; name a file in a folder that exists and is yours."
        ) from error
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _packed(raw: BinaryIO, suffix: str) -> Iterator[BinaryIO]:
    """The file to write lines to. Neither a name nor a time goes into the header: the bytes depend on the lines alone."""
    if suffix == ".gz":
        with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0, compresslevel=6) as file:
            yield cast("BinaryIO", file)
    elif suffix == ".zst":
        with zstandard.ZstdCompressor(level=3).stream_writer(raw, closefd=False) as file:
            yield cast("BinaryIO", file)
    else:
        yield raw
