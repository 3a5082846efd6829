"""Stands between whoever started the broker and the Java process: no death of the one leaves the other behind.

A program of its own, standard library only, run by `streams.broker` as

    python -I -S broker_guard.py PARENT_PID DATA_FOLDER REMOVE LOCK_FD COMMAND...

It hands SIGTERM on, writes what the process says to `DATA_FOLDER/kafka.log` (two files of a few MB at most), and ends with the
process, by its exit code. When the parent disappears, however it died, it stops the process and, if REMOVE is 1, removes the
folder. On Linux the kernel kills the process should the guard itself be killed. It runs in its own session, so that Ctrl-C in
the terminal reaches the parent alone, which then stops the broker in order.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

POLL_S = 0.2
GRACE_S = 10.0
LOG_BYTES = 4 << 20
PR_SET_PDEATHSIG = 1
NOT_STARTED = 127


class Log:
    """A file that begins anew when it is full, keeping the one before."""

    def __init__(self, path: Path, limit: int = LOG_BYTES) -> None:
        self._path = path
        self._limit = limit
        self._file = path.open("ab", buffering=0)
        self._size = path.stat().st_size

    def write(self, chunk: bytes) -> None:
        """Append. A full disk loses lines, never the broker."""
        with contextlib.suppress(OSError):
            if self._size + len(chunk) > self._limit and self._size:
                self._path.replace(self._path.with_name(f"{self._path.name}.1"))
                fresh = self._path.open("ab", buffering=0)
                self._file.close()
                self._file = fresh
                self._size = 0
            self._size += self._file.write(chunk)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def tie_to_parent(system: str = sys.platform) -> Callable[[], None] | None:
    """What a child must do before exec so that the kernel kills it with its parent; None where the kernel cannot."""
    if not system.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    guard = os.getpid()

    def tie() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != guard:
            os._exit(NOT_STARTED)

    return tie


class Guard:
    """One process and who it is run for.

    Args:
        parent: Process id of who started the guard; when it is no longer our parent, it is gone.
        write: Takes what the process says.
    """

    def __init__(self, parent: int, write: Callable[[bytes], None]) -> None:
        self._parent = parent
        self._write = write
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = False
        self._kill_at: float | None = None

    def stop(self, *_: object) -> None:
        """Stop the process, or do so as soon as it runs. A signal handler."""
        self._stopping = True
        if self._process is not None:
            self._process.terminate()

    def run(self, command: list[str], folder: Path, lock: int) -> int:
        """Run the command until it ends; returns its exit code, 128 + the signal that killed it."""
        # One thread only: preexec_fn is safe, and the thread that the kernel watches (the one that forks) is the whole process.
        with subprocess.Popen(  # noqa: S603
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=tie_to_parent(),  # noqa: PLW1509
            pass_fds=(lock,),
        ) as process:
            self._process = process
            if self._stopping:
                process.terminate()
            (folder / "kafka.pid").write_text(f"{process.pid}\n", encoding="ascii")
            self._watch(process)
        return process.returncode if process.returncode >= 0 else 128 - process.returncode

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        """Pass on what the process says until it ends; stop it when the parent is gone."""
        source = process.stdout
        while source is not None:
            if select.select([source], [], [], POLL_S)[0]:
                chunk = os.read(source.fileno(), 1 << 16)
                if not chunk:
                    return
                self._write(chunk)
            if self._kill_at is None and os.getppid() != self._parent:
                process.terminate()
                self._kill_at = time.monotonic() + GRACE_S
            elif self._kill_at is not None and time.monotonic() > self._kill_at:
                process.kill()


def main(arguments: list[str]) -> int:
    """Guard the command that the arguments give; returns its exit code."""
    parent, folder, lock = int(arguments[0]), Path(arguments[1]), int(arguments[3])
    with contextlib.closing(Log(folder / "kafka.log")) as log:
        guard = Guard(parent, log.write)
        for ignored in (signal.SIGINT, signal.SIGHUP):
            signal.signal(ignored, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, guard.stop)
        try:
            code = guard.run(arguments[4:], folder, lock)
        except OSError as error:
            log.write(f"ERROR cannot run {arguments[4]}: {error.strerror}\n".encode())
            code = NOT_STARTED
    if os.getppid() != parent and arguments[2] == "1":
        shutil.rmtree(folder, ignore_errors=True)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
