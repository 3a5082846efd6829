"""Versions of what is learnt from words: one file each, in a folder, written as a whole, checked when read, the last five kept."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final, Generic, TypeVar

import msgspec
import zstandard

from config.errors import ConfigurationError
from config.sentiment_prior import load_prior
from detectors.text.quality import Quality
from detectors.text.words_model import WordsModel, WordsModelState

__all__ = ["KEPT", "ModelError", "ModelStore", "ModelVersion"]

KEPT: Final = 5
FORMAT: Final = 1
_MAGIC: Final = b"FENGHUO WORDS\n"
_DIGEST: Final = 32
_LARGEST: Final = 1 << 30
_LEVEL: Final = 9
_PIN: Final = "use"
_NAME: Final = "words-{:06d}.model"

_T = TypeVar("_T")


class ModelError(ConfigurationError):
    """A model's file cannot be used, or there is none of that number. The message names the file and what to do."""


class ModelVersion(msgspec.Struct, frozen=True):
    """What a version is: its number, the event time (epoch s) and the labels it was trained with, and how good it was on them.

    `served` are the parts that are good enough to be used, `quality` the figures by part (`Quality`); `bytes` is the file's size and
    `digest` sixteen digits of its hash, both of the file as it lies there.
    """

    number: int
    trained_until: float
    events: int
    served: tuple[str, ...]
    quality: dict[str, Quality]
    bytes: int = 0
    digest: str = ""

    @property
    def examples(self) -> int:
        """How many labels it has learnt."""
        return sum(each.n for each in self.quality.values())


class _File(msgspec.Struct, Generic[_T]):
    """What is packed into a file. Older programs read `format` and refuse what they do not know."""

    format: int
    version: ModelVersion
    model: _T


class _Format(msgspec.Struct):
    format: int = 0


class ModelStore:
    """The versions of one folder, which need not exist yet.

    The version in use is the one `use` names, else the newest. Writing makes a new number, never changes a file that is there, and
    removes the oldest beyond five, the one in use excepted; a reader sees the whole file or none. One process writes at a time.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def numbers(self) -> list[int]:
        """The numbers of the versions there are, ascending. Raises ModelError where the folder cannot be read."""
        try:
            names = [file.name for file in self.folder.iterdir()] if self.folder.is_dir() else []
        except OSError as error:
            raise ModelError(f"{self.folder}: cannot be read ({error.strerror}); check its rights") from error
        return sorted(int(name[6:-6]) for name in names if name.startswith("words-") and name.endswith(".model") and name[6:-6].isdecimal())

    def path(self, number: int) -> Path:
        """Where a version lies."""
        return self.folder / _NAME.format(number)

    def pinned(self) -> int | None:
        """The version that `use` fixed. Raises ModelError where that says no number."""
        try:
            text = (self.folder / _PIN).read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise ModelError(f"{self.folder / _PIN}: cannot be read ({error}); remove it, or `fenghuo models use latest`") from error
        if not text.isdecimal():
            raise ModelError(f"{self.folder / _PIN}: holds no number; remove it, or `fenghuo models use latest`")
        return int(text)

    def chosen(self) -> int | None:
        """The version in use: the one fixed, else the newest, None where there is none. Raises ModelError for a fixed one that is gone."""
        numbers, pinned = self.numbers(), self.pinned()
        if pinned is not None and pinned not in numbers:
            raise ModelError(f"{self.path(pinned)}: there is no such version; `fenghuo models` lists them, `fenghuo models use latest`")
        return pinned if pinned is not None else max(numbers, default=None)

    def use(self, number: int | None) -> None:
        """Fix the version in use, or with None go with the newest again. Raises ModelError for one that is not there or is damaged."""
        if number is None:
            (self.folder / _PIN).unlink(missing_ok=True)
            return
        if number not in self.numbers():
            raise ModelError(f"{self.path(number)}: there is no such version; `fenghuo models` lists them")
        self.read(number)
        self._replace(self.folder / _PIN, f"{number}\n".encode())

    def head(self, number: int) -> ModelVersion:
        """What a version is, without its weights. Raises ModelError."""
        return self._open(number, msgspec.Raw).version

    def read(self, number: int) -> tuple[ModelVersion, WordsModel]:
        """A version and its model (about half a second). Raises ModelError: missing, damaged, or of another format."""
        found = self._open(number, WordsModelState)
        model = WordsModel(load_prior())
        try:
            model.restore(found.model)
        except (ValueError, KeyError) as error:
            raise ModelError(f"{self.path(number)}: does not fit this version of Fenghuo ({error}); {_ADVICE}") from error
        return found.version, model

    def write(self, model: WordsModel, trained_until: float, events: int) -> ModelVersion:
        """Write what was learnt as the next version, and remove the oldest beyond five. Raises ModelError where that fails."""
        model.settle()
        number = max(self.numbers(), default=0) + 1
        version = ModelVersion(number, trained_until, events, tuple(sorted(model.served)), model.quality())
        packed = zstandard.compress(msgspec.msgpack.encode(_File(FORMAT, version, model.state())), _LEVEL)
        data = _MAGIC + hashlib.blake2b(packed, digest_size=_DIGEST).digest() + packed
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._replace(self.path(number), data)
            self._remove_old()
        except OSError as error:
            raise ModelError(f"{self.path(number)}: cannot be written ({error.strerror}); check the folder's rights and room") from error
        return _stamped(version, data)

    def _remove_old(self) -> None:
        in_use = self.pinned()
        for number in self.numbers()[:-KEPT]:
            if number != in_use:
                self.path(number).unlink(missing_ok=True)

    def _replace(self, path: Path, data: bytes) -> None:
        """Write a file that is there as a whole or not at all, also after a loss of power."""
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)

    def _open(self, number: int, kind: type[_T]) -> _File[_T]:
        path = self.path(number)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise ModelError(f"{path}: cannot be read ({error.strerror}); {_ADVICE}") from error
        start = len(_MAGIC) + _DIGEST
        packed = data[start:]
        if not data.startswith(_MAGIC) or hashlib.blake2b(packed, digest_size=_DIGEST).digest() != data[len(_MAGIC) : start]:
            raise ModelError(f"{path}: is damaged, or no model at all; {_ADVICE}")
        try:
            plain = zstandard.ZstdDecompressor().decompress(packed, max_output_size=_LARGEST)
            known = msgspec.msgpack.decode(plain, type=_Format).format
            if known != FORMAT:
                raise ModelError(f"{path}: is of format {known}, this version of Fenghuo reads {FORMAT}; {_ADVICE}")
            found: _File[_T] = msgspec.msgpack.decode(plain, type=_File[kind])  # type: ignore[valid-type]
        except (zstandard.ZstdError, msgspec.MsgspecError) as error:
            raise ModelError(f"{path}: cannot be unpacked ({error}); {_ADVICE}") from error
        found.version = _stamped(found.version, data)
        return found


_ADVICE: Final = "learn it again (`fenghuo learn`), or use another version (`fenghuo models use N`)"


def _stamped(version: ModelVersion, data: bytes) -> ModelVersion:
    digest = data[len(_MAGIC) : len(_MAGIC) + 8].hex()
    return msgspec.structs.replace(version, bytes=len(data), digest=digest)
