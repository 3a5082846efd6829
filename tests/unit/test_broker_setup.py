from __future__ import annotations

import stat
import uuid
from pathlib import Path

import pytest

from streams.broker_setup import cluster_id, default_data, find_java, java_command, meta_properties, server_properties
from streams.errors import PlatformUnsupported


def parsed(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines())


def fake_java(folder: Path, says: str) -> Path:
    java = folder / "java"
    java.write_text(f"#!/bin/sh\necho '{says}' >&2\n")
    java.chmod(java.stat().st_mode | stat.S_IXUSR)
    return java


def test_everything_listens_on_loopback_only() -> None:
    made = parsed(server_properties(Path("/data/logs"), 1234, 5678))
    assert made["listeners"] == "PLAINTEXT://127.0.0.1:1234,CONTROLLER://127.0.0.1:5678"
    assert made["advertised.listeners"] == "PLAINTEXT://127.0.0.1:1234"
    assert made["controller.quorum.voters"] == "1@127.0.0.1:5678"


def test_topics_are_made_by_us_and_large_batches_fit() -> None:
    made = parsed(server_properties(Path("/data/logs"), 1, 2))
    assert made["auto.create.topics.enable"] == "false"
    assert made["message.max.bytes"] == made["replica.fetch.max.bytes"] == "33554432"
    assert int(made["log.cleaner.dedupe.buffer.size"]) >= 2_000_000


def test_a_folder_with_chinese_letters_and_backslashes_survives_the_syntax_of_properties() -> None:
    made = parsed(server_properties(Path("/数据/a\\b/𠮷"), 1, 2))
    assert made["log.dirs"] == "/\\u6570\\u636e/a\\\\b/\\ud842\\udfb7"


def test_the_identity_is_what_kafka_formats() -> None:
    assert parsed(meta_properties("c", "d")) == {"version": "1", "cluster.id": "c", "node.id": "1", "directory.id": "d"}


def test_a_cluster_id_never_begins_with_a_dash() -> None:
    dash = uuid.UUID(bytes=b"\xf8" + bytes(15))
    draws = iter([dash, dash, uuid.UUID(int=7)])
    assert cluster_id(lambda: next(draws)) == "AAAAAAAAAAAAAAAAAAAABw"
    assert all(len(each) == 22 and not each.startswith("-") for each in (cluster_id() for _ in range(500)))


def test_the_java_command_has_the_heap_and_the_jars_in_order() -> None:
    command = java_command(Path("/jre/java"), [Path("/c/b.jar"), Path("/c/a.jar")], Path("/data"), 128)
    assert command[:2] == ["/jre/java", "-Xmx128m"]
    assert command[command.index("-cp") + 1] == "/c/b.jar:/c/a.jar"
    assert command[-2:] == ["kafka.Kafka", "/data/kafka.properties"]


def test_java_comes_from_the_wheel() -> None:
    assert find_java().exists()


def test_without_a_wheel_an_installed_java_serves(tmp_path: Path) -> None:
    java = fake_java(tmp_path, 'openjdk version "21.0.2" 2024-01-16')
    assert find_java("no_such_wheel", str(tmp_path)) == java


@pytest.mark.parametrize("says", ['java version "1.8.0_392"', 'openjdk version "11.0.2" 2019-01-15', "command not found"])
def test_without_a_wheel_and_without_a_java_of_this_age_the_message_says_what_to_install(tmp_path: Path, says: str) -> None:
    fake_java(tmp_path, says)
    with pytest.raises(PlatformUnsupported, match=r"Install Java 17 or newer.*or use another cluster with --bootstrap"):
        find_java("no_such_wheel", str(tmp_path))


def test_the_data_folder_follows_the_system() -> None:
    assert default_data({}, "linux") == Path.home() / ".local" / "share" / "fenghuo" / "kafka"
    assert default_data({}, "darwin") == Path.home() / "Library" / "Application Support" / "fenghuo" / "kafka"
