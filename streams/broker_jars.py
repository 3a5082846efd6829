"""The embedded broker's jars: downloaded once, checked against the lock at every start, kept in the user's cache folder.

`kafka.lock.json` names each file by its Maven coordinate, with sha256 and size. jgo knows where such files are published; a mirror is
set in jgo's own configuration file (`[repositories]`, name `central`). A file gets its final name only after its checksum was right,
by an atomic rename, so an interrupted download leaves nothing behind and two downloads at once write the same bytes twice.
"""

from __future__ import annotations

import configparser
import errno
import hashlib
import logging
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from streams.errors import ChecksumMismatch, DownloadError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

__all__ = ["Fetch", "Jar", "Lock", "default_cache", "ensure_jars", "fetch_with_jgo", "missing_jars", "read_lock"]

PARALLEL = 8
ATTEMPTS = 3
PAUSE_S = 0.5
TIMEOUT_S = 10
STALE_S = 86_400.0
DISK_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS})

log = logging.getLogger(__name__)

Advance = Callable[[int], None]


class Jar(msgspec.Struct, frozen=True):
    """One locked file. `coordinate` is `group:artifact:version`, `sha256` lower-case hex, `size` in bytes.

    >>> Jar("org.slf4j:slf4j-api:1.7.36", "d3", 41125).name
    'slf4j-api-1.7.36.jar'
    """

    coordinate: str
    sha256: str
    size: int

    @property
    def name(self) -> str:
        """The file's name in the cache folder."""
        _group, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}.jar"


class Lock(msgspec.Struct, frozen=True):
    """All files of one Kafka version, the broker's own first: the order of the class path."""

    kafka: str
    files: tuple[Jar, ...]

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(jar.size for jar in self.files)


class Fetch(Protocol):
    """Gets one file from wherever it is published."""

    def __call__(self, coordinate: str, folder: Path, advance: Advance) -> Path:
        """Write the file somewhere below `folder`, telling `advance` of bytes as they come. Raises OSError when it cannot."""


def read_lock() -> Lock:
    """The lock shipped with this package."""
    return msgspec.json.decode(Path(__file__).with_name("kafka.lock.json").read_bytes(), type=Lock)


def default_cache(environ: Mapping[str, str] | None = None, platform: str = sys.platform) -> Path:
    """The user's cache folder of Fenghuo: below `XDG_CACHE_HOME` or `~/.cache`, on macOS `~/Library/Caches`.

    >>> default_cache({"XDG_CACHE_HOME": "/var/cache/me"}, "linux").as_posix()
    '/var/cache/me/fenghuo'
    """
    environ = os.environ if environ is None else environ
    if platform == "darwin":
        return Path.home() / "Library" / "Caches" / "fenghuo"
    base = Path(environ.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".cache") / "fenghuo"


def missing_jars(cache: Path, lock: Lock) -> list[Jar]:
    """The files that are absent from the cache or are not what was locked. Reads every file (45 MB, some 50 ms)."""
    folder = _folder(cache, lock)
    return [jar for jar in lock.files if not _is_good(folder / jar.name, jar)]


def ensure_jars(
    cache: Path | None = None, *, progress: bool = False, lock: Lock | None = None, fetch: Fetch | None = None, pause_s: float = PAUSE_S
) -> list[Path]:
    """The broker's jars, in class path order; downloads what the cache lacks. Touches no network when it lacks nothing.

    Args:
        cache: Where to keep them; a folder `kafka-<version>` is made in it. Default: `default_cache()`.
        progress: Show a progress bar on stderr while downloading.
        lock: What to get. Default: the lock of this package.
        fetch: How to get one file. Default: `fetch_with_jgo`.
        pause_s: Seconds before the second attempt at a file; twice as long before the third.

    Raises:
        DownloadError: no network, or the cache folder cannot be written.
        ChecksumMismatch: a file arrived that is not the locked one; it is not kept.
    """
    lock = lock or read_lock()
    cache = cache or default_cache()
    folder = _folder(cache, lock)
    wanted = missing_jars(cache, lock)
    if wanted:
        log.info("broker.download files=%d bytes=%d folder=%s", len(wanted), sum(jar.size for jar in wanted), folder)
        _download(wanted, folder, fetch or fetch_with_jgo, pause_s, progress=progress)
    return [folder / jar.name for jar in lock.files]


def fetch_with_jgo(coordinate: str, folder: Path, advance: Advance) -> Path:
    """Fetch from jgo's default Maven repository, or from the mirror set in jgo's configuration file."""
    # Slow to import (120 ms), and needed once in the life of a machine.
    from jgo.config import GlobalSettings  # noqa: PLC0415
    from jgo.maven import MavenContext, PythonResolver  # noqa: PLC0415

    @contextmanager
    def report(_name: str, _total: int) -> Iterator[Advance]:
        yield advance

    def callback(name: str, total: int) -> AbstractContextManager[Advance]:
        return report(name, total)

    try:
        mirrors = GlobalSettings.load().repositories
        context = MavenContext(resolver=PythonResolver(progress_callback=callback), repo_cache=folder, timeout=TIMEOUT_S)
        context.remote_repos.update(mirrors)
        return Path(context.create_dependency(coordinate).artifact.resolve())
    except configparser.Error as error:
        raise DownloadError(f"jgo's configuration file cannot be read ({_one_line(error)}): mend or remove it") from error
    except RuntimeError as error:
        raise OSError(errno.ENOENT, "the repository does not have it") from error


def _folder(cache: Path, lock: Lock) -> Path:
    return cache / f"kafka-{lock.kafka}"


def _is_good(path: Path, jar: Jar) -> bool:
    try:
        return path.stat().st_size == jar.size and _sha256(path) == jar.sha256
    except OSError:
        return False


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _download(wanted: list[Jar], folder: Path, fetch: Fetch, pause_s: float, *, progress: bool) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        scratch = tempfile.TemporaryDirectory(prefix=".part-", dir=folder, ignore_cleanup_errors=True)
    except OSError as error:
        raise DownloadError(_unwritable(folder, error)) from error
    with scratch as parts, _bar(sum(jar.size for jar in wanted), shown=progress) as advance, ThreadPoolExecutor(PARALLEL) as pool:
        download = _Download(folder, Path(parts), fetch, advance, pause_s)
        pending = [pool.submit(download.get, jar) for jar in wanted]
        try:
            for each in as_completed(pending):
                each.result()
        finally:
            download.given_up.set()
            pool.shutdown(wait=False, cancel_futures=True)


class _Download:
    """What the parallel fetches of one download share."""

    def __init__(self, folder: Path, parts: Path, fetch: Fetch, advance: Advance, pause_s: float) -> None:
        self._folder = folder
        self._parts = parts
        self._fetch = fetch
        self._advance = advance
        self._pause_s = pause_s
        self.given_up = threading.Event()

    def get(self, jar: Jar) -> None:
        """Fetch one file, check it, and give it its final name."""
        seen = 0

        def count(size: int) -> None:
            nonlocal seen
            seen += size
            self._advance(size)

        got = self._get_with_retries(jar, count)
        size = got.stat().st_size
        if size != jar.size or _sha256(got) != jar.sha256:
            got.unlink()
            raise ChecksumMismatch(
                f"the download of {jar.coordinate} is not the file that was locked ({size} bytes, expected {jar.size}); it was deleted."
                " A proxy or mirror may have changed it: use another network, or another cluster with --bootstrap HOST:PORT"
            )
        try:
            got.replace(self._folder / jar.name)
        except OSError as error:
            raise DownloadError(_unwritable(self._folder, error)) from error
        # Retries count bytes twice, and a server need not tell sizes: level the bar to the file's true size.
        self._advance(jar.size - seen)

    def _get_with_retries(self, jar: Jar, advance: Advance) -> Path:
        attempt = 1
        while True:
            try:
                # A folder of its own each time: what a broken attempt left must not be taken for the file.
                return self._fetch(jar.coordinate, self._parts / f"{jar.name}.{attempt}", advance)
            except OSError as error:
                if error.errno in DISK_ERRORS:
                    raise DownloadError(_unwritable(self._folder, error)) from error
                if attempt == ATTEMPTS or self.given_up.is_set():
                    raise DownloadError(_unreachable(jar, self._folder, error)) from error
                log.info("broker.download.retry file=%s attempt=%d error=%s", jar.name, attempt, type(error).__name__)
            self.given_up.wait(self._pause_s * attempt)
            attempt += 1


def _unreachable(jar: Jar, folder: Path, error: OSError) -> str:
    reason = error.strerror if error.errno and error.strerror else type(error).__name__
    return (
        f"cannot download Kafka ({jar.coordinate}: {reason}). Check the network or proxy and try again (what arrived is kept),"
        f" copy the folder {folder} from a machine that has it, or use another cluster with --bootstrap HOST:PORT"
    )


def _unwritable(folder: Path, error: OSError) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"no space left for Kafka's files in {folder}: free some, or choose another folder with FENGHUO_CACHE_DIR"
    return f"cannot write Kafka's files to {folder} ({error.strerror}): choose a writable folder with FENGHUO_CACHE_DIR"


def _sweep(folder: Path) -> None:
    """Remove what a killed download left, once it is too old to belong to one that still runs."""
    for part in folder.glob(".part-*"):
        if time.time() - part.stat().st_mtime > STALE_S:
            shutil.rmtree(part, ignore_errors=True)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


@contextmanager
def _bar(total: int, *, shown: bool) -> Iterator[Advance]:
    if not shown:
        yield lambda _size: None
        return
    # Only a person at a terminal needs it: rich takes 60 ms to import.
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Kafka", total=total)
        yield lambda size: bar.advance(task, size)
