"""Lexicons that change while the worker runs: noticed, read beside the old ones, and taken over only when they are valid."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Final, Generic, TypeVar

from config.errors import ConfigurationError

__all__ = ["LexiconReloader", "lexicon_version"]

_T = TypeVar("_T")
_EVERY_S: Final = 10.0


def lexicon_version(directory: Path) -> str:
    """Twelve hexadecimal digits that differ when the name or the content of a lexicon file differs.

    Workers with the same files have the same version, whenever and in whatever order these were written. Raises OSError.
    """
    found = hashlib.blake2b(digest_size=6)
    for file in _files(directory):
        content = file.read_bytes()
        found.update(f"{file.name}\0{len(content)}\0".encode())
        found.update(content)
    return found.hexdigest()


class LexiconReloader(Generic[_T]):
    """Keeps what was built from a folder of lexicons up to date.

    Parameters
    ----------
    directory
        The folder with the YAML files.
    load
        Builds the thing (an analyser) from the folder; raises ConfigurationError.
    say
        Told in one line about each change taken over.
    warn
        Told in one line, once, about each change that cannot be.
    every_s
        The folder is looked at at most this often, by names, times and sizes of its files; it is read only when these changed.

    The first load raises ConfigurationError or OSError; later ones raise nothing and leave the old thing in use. While a new one is
    built both are in memory, and the caller waits: an analyser takes about half a second.
    """

    def __init__(
        self,
        directory: Path,
        load: Callable[[Path], _T],
        say: Callable[[str], object],
        warn: Callable[[str], object],
        every_s: float = _EVERY_S,
    ) -> None:
        self._directory = directory
        self._load = load
        self._say = say
        self._warn = warn
        self._every_s = every_s
        self._next = float("-inf")
        self._stamp = _stamp(directory)
        self.version = lexicon_version(directory)
        self.current = load(directory)

    def poll(self, now: float) -> _T:
        """What is valid at `now` (seconds of any clock that does not go back): the old thing, or a new one."""
        if now >= self._next:
            self._next = now + self._every_s
            try:
                self._look()
            except (ConfigurationError, OSError) as error:
                self._warn(f"version={self.version} stays in use: {error}")
        return self.current

    def _look(self) -> None:
        """Take over what changed since the last look; a change that fails is not tried again until the files change once more."""
        stamp = _stamp(self._directory)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        version = lexicon_version(self._directory)
        if version == self.version:
            return
        fresh = self._load(self._directory)
        if _stamp(self._directory) != stamp:
            # Written to meanwhile: what was read may be half of it. The next look reads it again.
            self._stamp = ()
            return
        self.current, self.version = fresh, version
        self._say(f"version={version}")


def _files(directory: Path) -> list[Path]:
    return sorted(item for item in directory.iterdir() if item.name.endswith(".yaml"))


def _stamp(directory: Path) -> tuple[tuple[str, int, int], ...] | None:
    """Name, time of change and size of each file; None where the folder cannot be read."""
    try:
        return tuple((file.name, status.st_mtime_ns, status.st_size) for file in _files(directory) for status in [file.stat()])
    except OSError:
        return None
