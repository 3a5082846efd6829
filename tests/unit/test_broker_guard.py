from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from streams import broker_guard
from streams.broker_guard import Log
from tests.processes import alive, until

DEADLINE_S = 15.0
FOREVER = "import signal\nprint('up', flush=True)\nsignal.pause()"
STUBBORN = f"import signal\nsignal.signal(signal.SIGTERM, lambda *_: print('no', flush=True))\n{FOREVER}\nsignal.pause()"


def said(folder: Path) -> str:
    log = folder / "kafka.log"
    return log.read_text() if log.exists() else ""


def arguments(parent: int | str, folder: Path, program: str, lock: int, *, remove: bool = False) -> list[str]:
    guard = [sys.executable, "-I", "-S", broker_guard.__file__]
    return [*guard, str(parent), str(folder), str(int(remove)), str(lock), sys.executable, "-u", "-c", program]


@pytest.fixture
def lock(tmp_path: Path) -> Iterator[int]:
    opened = os.open(tmp_path / "lock", os.O_CREAT | os.O_RDWR)
    yield opened
    os.close(opened)


def guarded(folder: Path, program: str, lock: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(arguments(os.getpid(), folder, program, lock), pass_fds=(lock,), start_new_session=True)


def pid_of(folder: Path) -> int:
    return int(until(lambda: (folder / "kafka.pid").read_text().strip() if (folder / "kafka.pid").exists() else ""))


def test_it_writes_what_the_process_says_and_ends_with_its_code(tmp_path: Path, lock: int) -> None:
    with guarded(tmp_path, "import sys; print('one'); print('two', file=sys.stderr); sys.exit(7)", lock) as guard:
        assert guard.wait(DEADLINE_S) == 7
    assert said(tmp_path) == "one\ntwo\n"


def test_sigterm_is_handed_on(tmp_path: Path, lock: int) -> None:
    with guarded(tmp_path, FOREVER, lock) as guard:
        until(lambda: "up" in said(tmp_path))
        guard.terminate()
        assert guard.wait(DEADLINE_S) == 128 + signal.SIGTERM


def test_the_signals_of_a_terminal_are_left_to_the_parent(tmp_path: Path, lock: int) -> None:
    with guarded(tmp_path, FOREVER, lock) as guard:
        until(lambda: "up" in said(tmp_path))
        os.killpg(guard.pid, signal.SIGINT)
        os.killpg(guard.pid, signal.SIGHUP)
        assert alive(pid_of(tmp_path))
        guard.terminate()
        assert guard.wait(DEADLINE_S) == 128 + signal.SIGTERM


def test_when_the_parent_is_killed_the_process_ends_and_a_temporary_folder_goes(tmp_path: Path) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    start = (
        "import os, subprocess, sys, signal\n"
        "lock = os.open(sys.argv[1], os.O_CREAT | os.O_RDWR)\n"
        "rest = [str(os.getpid()) if each == 'PARENT' else str(lock) if each == 'LOCK' else each for each in sys.argv[2:]]\n"
        "subprocess.Popen(rest, pass_fds=(lock,), start_new_session=True)\n"
        "signal.pause()"
    )
    line = arguments("PARENT", folder, FOREVER, 0, remove=True)
    line[line.index("0")] = "LOCK"
    with subprocess.Popen([sys.executable, "-c", start, str(folder / "lock"), *line]) as parent:
        until(lambda: "up" in said(folder))
        child = pid_of(folder)
        parent.kill()
    until(lambda: not alive(child))
    until(lambda: not folder.exists())


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only the Linux kernel ties a process to its parent")
def test_when_the_guard_is_killed_the_kernel_kills_a_process_that_will_not_end(tmp_path: Path, lock: int) -> None:
    with guarded(tmp_path, STUBBORN, lock) as guard:
        until(lambda: "up" in said(tmp_path))
        child = pid_of(tmp_path)
        guard.kill()
    until(lambda: not alive(child))


def test_a_command_that_cannot_run_is_said_in_the_log(tmp_path: Path, lock: int) -> None:
    line = [*arguments(os.getpid(), tmp_path, "", lock)[:8], str(tmp_path / "no-java")]
    assert subprocess.run(line, pass_fds=(lock,), check=False, timeout=DEADLINE_S).returncode == broker_guard.NOT_STARTED
    assert "cannot run" in said(tmp_path)


def test_the_log_keeps_two_files_of_bounded_size(tmp_path: Path) -> None:
    with closing(Log(tmp_path / "kafka.log", limit=100)) as log:
        for number in range(50):
            log.write(f"line {number:02}\n".encode())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kafka.log", "kafka.log.1"]
    assert all(path.stat().st_size <= 100 for path in tmp_path.iterdir())
    assert said(tmp_path).endswith("line 49\n")
