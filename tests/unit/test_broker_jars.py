from __future__ import annotations

import errno
import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from streams.broker_jars import Jar, Lock, default_cache, ensure_jars, missing_jars, read_lock
from streams.errors import ChecksumMismatch, DownloadError

CONTENT = {f"org.example:part-{n}:1.0": f"bytes of part {n}".encode() * (n + 1) for n in range(12)}
LOCK = Lock("0.0.1", tuple(Jar(name, hashlib.sha256(content).hexdigest(), len(content)) for name, content in CONTENT.items()))


class Repository:
    """Serves CONTENT; `broken` maps a coordinate to what is done instead, once for each callable in its list."""

    def __init__(self, **broken: list[Callable[[Path], None]]) -> None:
        self.broken = {f"org.example:{name.replace('_', '-')}:1.0": actions for name, actions in broken.items()}
        self.served: list[str] = []

    def __call__(self, coordinate: str, folder: Path, advance: Callable[[int], None]) -> Path:
        self.served.append(coordinate)
        folder.mkdir(parents=True)
        path = folder / "file.jar"
        actions = self.broken.get(coordinate)
        if actions:
            actions.pop(0)(path)
        if not path.exists():
            path.write_bytes(CONTENT[coordinate])
        advance(path.stat().st_size)
        return path


def fails(code: int | None = None) -> Callable[[Path], None]:
    def act(path: Path) -> None:
        path.write_bytes(b"half a fi")
        raise OSError(code, "made to fail") if code else OSError("connection lost")

    return act


def serves(content: bytes) -> Callable[[Path], None]:
    def act(path: Path) -> None:
        path.write_bytes(content)

    return act


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_missing_is_fetched_and_comes_in_the_order_of_the_lock(tmp_path: Path) -> None:
    jars = ensure_jars(tmp_path, lock=LOCK, fetch=Repository())
    assert [jar.name for jar in jars] == [f"part-{n}-1.0.jar" for n in range(12)]
    assert [jar.read_bytes() for jar in jars] == list(CONTENT.values())
    assert names(tmp_path / "kafka-0.0.1") == sorted(jar.name for jar in jars)


def test_a_full_cache_asks_for_nothing(tmp_path: Path) -> None:
    ensure_jars(tmp_path, lock=LOCK, fetch=Repository())
    offline = Repository()
    ensure_jars(tmp_path, lock=LOCK, fetch=offline)
    assert offline.served == []


def test_a_file_changed_in_the_cache_is_fetched_again(tmp_path: Path) -> None:
    jars = ensure_jars(tmp_path, lock=LOCK, fetch=Repository())
    jars[3].write_bytes(b"x" * jars[3].stat().st_size)
    jars[5].write_bytes(b"")
    assert [jar.name for jar in missing_jars(tmp_path, LOCK)] == [jars[3].name, jars[5].name]
    ensure_jars(tmp_path, lock=LOCK, fetch=Repository())
    assert missing_jars(tmp_path, LOCK) == []


@pytest.mark.parametrize("wrong", [b"<html>please log in</html>", b"x" * LOCK.files[4].size, b""])
def test_a_file_that_is_not_the_locked_one_is_an_error_and_is_not_kept(tmp_path: Path, wrong: bytes) -> None:
    with pytest.raises(ChecksumMismatch, match=r"org\.example:part-4:1\.0 is not the file that was locked") as caught:
        ensure_jars(tmp_path, lock=LOCK, fetch=Repository(part_4=[serves(wrong)]))
    assert not caught.value.retryable
    left = names(tmp_path / "kafka-0.0.1")
    assert "part-4-1.0.jar" not in left
    assert not [name for name in left if name.startswith(".")]


def test_a_lost_connection_is_tried_again_from_the_beginning(tmp_path: Path) -> None:
    ensure_jars(tmp_path, lock=LOCK, fetch=Repository(part_2=[fails(), fails()]), pause_s=0)
    assert missing_jars(tmp_path, LOCK) == []


def test_without_network_the_message_says_what_to_do(tmp_path: Path) -> None:
    down = Repository(part_2=[fails(), fails(), fails()])
    with pytest.raises(DownloadError, match=r"copy the folder .*kafka-0\.0\.1 from a machine that has it") as caught:
        ensure_jars(tmp_path, lock=LOCK, fetch=down, pause_s=0)
    assert caught.value.retryable
    assert "\n" not in str(caught.value)


def test_a_full_disk_is_told_from_a_lost_connection_and_not_tried_again(tmp_path: Path) -> None:
    repository = Repository(part_2=[fails(errno.ENOSPC)])
    with pytest.raises(DownloadError, match="no space left for Kafka's files"):
        ensure_jars(tmp_path, lock=LOCK, fetch=repository, pause_s=60)
    assert repository.served.count("org.example:part-2:1.0") == 1


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DownloadError, match="FENGHUO_CACHE_DIR"):
        ensure_jars(tmp_path / "file", lock=LOCK, fetch=Repository())


def test_two_downloads_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    both_ask = threading.Barrier(2, timeout=10)

    def slow(path: Path) -> None:
        both_ask.wait()

    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(ensure_jars, tmp_path, lock=LOCK, fetch=Repository(part_0=[slow])) for _ in range(2)]
        first, second = (run.result(timeout=20) for run in runs)
    assert first == second
    assert missing_jars(tmp_path, LOCK) == []


def test_the_progress_bar_goes_to_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ensure_jars(tmp_path, lock=LOCK, fetch=Repository(part_2=[fails()]), progress=True, pause_s=0)
    assert capsys.readouterr().out == ""


def test_the_shipped_lock_is_complete() -> None:
    lock = read_lock()
    assert lock.kafka == "4.1.2"
    assert lock.files[0].coordinate == "org.apache.kafka:kafka_2.13:4.1.2"
    assert len({jar.name for jar in lock.files}) == len(lock.files) == 46
    assert all(len(jar.sha256) == 64 and jar.size > 0 for jar in lock.files)


def test_the_cache_folder_follows_the_system() -> None:
    assert default_cache({}, "linux") == Path.home() / ".cache" / "fenghuo"
    assert default_cache({"XDG_CACHE_HOME": "relative/is/ignored"}, "linux") == Path.home() / ".cache" / "fenghuo"
    assert default_cache({"XDG_CACHE_HOME": "/else"}, "darwin") == Path.home() / "Library" / "Caches" / "fenghuo"
