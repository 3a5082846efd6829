from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from streams.broker import Broker
from streams.errors import BrokerError
from tests.processes import alive, until

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
DEADLINE_S = 60.0
VALUES = [f"第 {n} 条".encode() for n in range(50)] + [b"x" * (12 << 20)]


async def fill(bootstrap: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic("kept", num_partitions=1, replication_factor=1)])
    await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, max_request_size=16 << 20) as producer:
        for value in VALUES:
            await producer.send_and_wait("kept", value)


async def read(bootstrap: str, group: str | None = None) -> list[bytes]:
    options = {"bootstrap_servers": bootstrap, "group_id": group, "auto_offset_reset": "earliest", "enable_auto_commit": False}
    async with AIOKafkaConsumer("kept", **options) as consumer, asyncio.timeout(DEADLINE_S):
        values = [bytes((await consumer.getone()).value) for _ in VALUES]
        if group is not None:
            await consumer.commit()
        return values


class Command:
    """`fenghuo broker up` in a process of its own, up to the line that says it is ready."""

    def __init__(self, data: Path, *more: str) -> None:
        self.data = data
        line = [sys.executable, "-m", "streams", "broker", "up", "--json", "--heap", "128", "--data", str(data), *more]
        self.process = subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def ready(self) -> dict[str, object]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.stderr and self.process.stderr.read()
        answer: dict[str, object] = json.loads(line)
        return answer

    @property
    def java(self) -> int:
        return int((self.data / "kafka.pid").read_text())

    def end(self) -> tuple[int, str]:
        _out, said = self.process.communicate(timeout=DEADLINE_S)
        return self.process.returncode, said


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Command]:
    made = Command(tmp_path / "kafka")
    yield made
    made.process.kill()
    made.process.communicate()


def test_topics_records_and_the_port_are_kept_over_a_stop_and_a_kill(tmp_path: Path) -> None:
    broker = Broker(data=tmp_path / "数 据", heap_mb=128)
    with broker:
        address = broker.bootstrap
        asyncio.run(fill(address))
        assert asyncio.run(read(address, "readers")) == VALUES
    assert broker.pid is None
    broker.start()
    assert broker.bootstrap == address
    assert asyncio.run(read(address)) == VALUES
    java = broker.pid
    assert java is not None
    broker.kill()
    assert not alive(java)
    broker.start()
    assert asyncio.run(read(address, "others")) == VALUES
    broker.stop()
    broker.stop()


def test_a_temporary_folder_is_removed_and_its_topics_are_for_their_owner_only() -> None:
    broker = Broker(heap_mb=128)
    with broker:
        folder = broker.data
        java = broker.pid
        assert folder.stat().st_mode & 0o077 == 0
        with pytest.raises(BrokerError, match="runs already"):
            broker.start()
        with pytest.raises(BrokerError, match=r"in use by another broker .*--data DIR"):
            Broker(data=folder).start()
    assert java is not None
    assert not alive(java)
    assert not folder.exists()
    with pytest.raises(BrokerError, match="not started"):
        _ = broker.bootstrap


def test_a_broker_started_in_a_thread_outlives_the_thread() -> None:
    broker = Broker(heap_mb=128)
    thread = threading.Thread(target=broker.start)
    thread.start()
    thread.join()
    try:
        asyncio.run(fill(broker.bootstrap))
        assert asyncio.run(read(broker.bootstrap)) == VALUES
    finally:
        broker.stop()


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BrokerError, match=rf"port {port} .* choose another with --port, or leave it out"):
            Broker(data=tmp_path, port=port).start()


def test_the_port_of_the_last_time_is_left_when_someone_else_has_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (tmp_path / "port").write_text(str(port))
        with Broker(data=tmp_path, heap_mb=128) as broker:
            assert broker.bootstrap != f"127.0.0.1:{port}"


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BrokerError, match=r"cannot write the data folder .*file/kafka"):
        Broker(data=tmp_path / "file" / "kafka").start()


def test_when_kafka_refuses_to_start_its_reason_is_the_message(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "meta.properties").write_text("version=1\ncluster.id=c\nnode.id=2\n")
    with pytest.raises(BrokerError, match=r"ended while starting \(exit code \d+\): .*node") as caught:
        Broker(data=tmp_path).start()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("heap", "port"), [(16, None), (256, 0), (256, 70_000)])
def test_what_cannot_work_is_refused_at_once(heap: int, port: int | None) -> None:
    with pytest.raises(BrokerError, match="give"):
        Broker(heap_mb=heap, port=port)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda each: each.name)
def test_the_command_stops_in_order_at_every_signal(command: Command, number: signal.Signals) -> None:
    told = command.ready()
    java = command.java
    assert told == {"bootstrap": told["bootstrap"], "pid": command.process.pid, "data": str(command.data)}
    command.process.send_signal(number)
    code, said = command.end()
    assert code == 0
    assert f"FENGHUO_KAFKA__BOOTSTRAP={told['bootstrap']}" in said
    assert said.rstrip().endswith("Stopped.")
    assert not alive(java)


def test_no_java_process_is_left_when_the_command_is_killed(command: Command) -> None:
    asyncio.run(fill(str(command.ready()["bootstrap"])))
    java = command.java
    command.process.kill()
    until(lambda: not alive(java))
    with Broker(data=command.data, heap_mb=128) as again:
        assert asyncio.run(read(again.bootstrap)) == VALUES


def test_the_command_says_in_one_line_when_kafka_ends_by_itself(command: Command) -> None:
    command.ready()
    os.kill(command.java, signal.SIGKILL)
    code, said = command.end()
    assert code == 3
    assert "Kafka ended by itself (exit code 137)" in said.splitlines()[-1]
    assert "Traceback" not in said
