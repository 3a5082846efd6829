"""docker-compose.yml and the Dockerfile: valid, closed to the outside, and started in the right order."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE.read_text("utf-8"))["services"]
ONE_SHOT = {"topics"}
PINNED = re.compile(r"[\w./-]+:v?\d+\.\d+\.\d+([-.\w]*)?")

every_service = pytest.mark.parametrize("name", sorted(SERVICES))


def listeners(text: str) -> dict[str, str]:
    return dict(entry.split("://") for entry in text.split(","))


def test_it_follows_the_compose_specification() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@every_service
def test_an_image_is_pinned_to_a_patch_release(name: str) -> None:
    assert PINNED.fullmatch(SERVICES[name]["image"])


@every_service
def test_a_port_is_bound_to_loopback(name: str) -> None:
    assert [port for port in SERVICES[name].get("ports", []) if not str(port).startswith("127.0.0.1:")] == []


@every_service
def test_a_service_runs_without_root_and_without_new_privileges(name: str) -> None:
    service = SERVICES[name]
    assert str(service["user"]).partition(":")[0] not in {"", "0", "root"}
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["cap_drop"] == ["ALL"]


@every_service
def test_a_service_that_stays_has_a_health_check(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    if name in ONE_SHOT:
        assert check == {"disable": True}
    else:
        assert check["test"][0] == "CMD"
        assert {"interval", "timeout", "retries", "start_period"} <= check.keys()


@every_service
def test_a_dependency_is_waited_for_until_it_is_ready(name: str) -> None:
    for other, how in SERVICES[name].get("depends_on", {}).items():
        assert how["condition"] == ("service_completed_successfully" if other in ONE_SHOT else "service_healthy")


@every_service
def test_a_volume_is_named_and_declared_or_a_file_of_the_repository(name: str) -> None:
    declared = yaml.safe_load(COMPOSE.read_text("utf-8"))["volumes"]
    for volume in SERVICES[name].get("volumes", []):
        source, target, *mode = volume.split(":")
        assert target.startswith("/")
        if source.startswith("./"):
            assert (ROOT / source).exists()
            assert mode == ["ro"]
        else:
            assert source in declared


def test_the_worker_starts_after_kafka_and_the_topics() -> None:
    assert SERVICES["worker"]["depends_on"].keys() == {"kafka", "topics"}
    assert SERVICES["topics"]["command"] == ["topics", "apply"]


def test_kafka_has_a_door_for_containers_and_one_for_the_host() -> None:
    settings = SERVICES["kafka"]["environment"]
    bound, advertised = listeners(settings["KAFKA_LISTENERS"]), listeners(settings["KAFKA_ADVERTISED_LISTENERS"])
    assert bound.keys() == {"INTERNAL", "HOST", "CONTROLLER"}
    assert advertised["INTERNAL"] == SERVICES["worker"]["environment"]["FENGHUO_KAFKA__BOOTSTRAP"]
    assert advertised["INTERNAL"].endswith(bound["INTERNAL"])
    assert SERVICES["kafka"]["ports"] == [advertised["HOST"] + bound["HOST"]]
    assert not settings["CLUSTER_ID"].startswith("-")


def test_prometheus_reads_the_port_the_worker_serves() -> None:
    jobs = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text("utf-8"))["scrape_configs"]
    [job] = [job for job in jobs if job["job_name"] == "fenghuo"]
    settings = SERVICES["worker"]["environment"]
    assert job["static_configs"] == [{"targets": [f"worker:{settings['FENGHUO_METRICS__PORT']}"]}]
    assert settings["FENGHUO_METRICS__HOST"] == "0.0.0.0"  # noqa: S104  inside the container's own network


def test_grafana_is_given_its_data_source_and_dashboards() -> None:
    provisioning = ROOT / "deploy/grafana/provisioning"
    [source] = yaml.safe_load((provisioning / "datasources/prometheus.yaml").read_text("utf-8"))["datasources"]
    [provider] = yaml.safe_load((provisioning / "dashboards/fenghuo.yaml").read_text("utf-8"))["providers"]
    assert source["url"] == "http://prometheus:9090"
    assert f"./deploy/grafana/dashboards:{provider['options']['path']}:ro" in SERVICES["grafana"]["volumes"]


def test_the_image_is_pinned_hashed_without_root_and_without_a_shell() -> None:
    lines = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ").splitlines()
    instructions = [line.split(None, 1) for line in lines if line and not line.startswith("#")]
    bases = [rest.split()[0] for word, rest in instructions if word == "FROM"]
    assert len(bases) == 2
    assert all(PINNED.fullmatch(base) for base in bases)
    for word, rest in instructions:
        if word in {"RUN", "CMD", "ENTRYPOINT"}:
            assert isinstance(json.loads(rest), list)
    assert any("--require-hashes" in rest for word, rest in instructions if word == "RUN")
    assert [rest for word, rest in instructions if word == "USER"][-1].partition(":")[0] not in {"0", "root"}
    assert any(word == "HEALTHCHECK" for word, _ in instructions)


def test_the_builder_gets_what_the_image_copies() -> None:
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    copied = {source for line in lines if line.startswith("COPY ") and "--from" not in line for source in line.split()[1:-1]}
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    assert copied == allowed
