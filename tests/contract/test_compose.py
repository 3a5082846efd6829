"""docker-compose.yml and the Dockerfile: valid, closed to the outside, and started in the right order."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from alerts.store.store import Store
from config.loader import load_policy
from config.settings import PREFIX, Settings, load_settings
from streams.api.server import routes_of
from streams.api.tokens import load_tokens
from streams.cli import build
from streams.gateway.policy import load_gateway

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE.read_text("utf-8"))["services"]
ONE_SHOT = {"topics"}
OWN = {"topics", "worker", "gateway", "console"}
WRITABLE = {"kafka", "grafana", "kafka-ui"}
"""Their images write beside their volumes."""
# PostgreSQL's patch releases have two numbers.
PINNED = re.compile(r"[\w./-]+:v?\d+\.\d+\.\d+([-.\w]*)?|postgres:\d+\.\d+-\w+")

DEFAULT = re.compile(r"\$\{\w+:-([^}]*)\}")
FILES = {
    inside: ROOT / outside
    for name in OWN
    for outside, inside in (volume.split(":")[:2] for volume in SERVICES[name].get("volumes", []))
    if outside.startswith("./")
}
"""The repository's files as our containers see them."""

every_service = pytest.mark.parametrize("name", sorted(SERVICES))


def listeners(text: str) -> dict[str, str]:
    return dict(entry.split("://") for entry in text.split(","))


def settings_of(name: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings as a container has them when nobody has set anything outside."""
    for variable in [each for each in os.environ if each.startswith(PREFIX)]:
        monkeypatch.delenv(variable)
    for variable, value in SERVICES[name]["environment"].items():
        monkeypatch.setenv(variable, DEFAULT.sub(r"\1", value))
    return load_settings()


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


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - WRITABLE))
def test_a_service_cannot_change_its_image(name: str) -> None:
    assert SERVICES[name]["read_only"] is True


@pytest.mark.parametrize("name", sorted(OWN))
def test_a_command_of_ours_takes_the_options_it_is_given(name: str) -> None:
    command = SERVICES[name]["command"]
    done = CliRunner().invoke(build(command[0]), [*command, "--help"])
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("name", sorted(OWN - ONE_SHOT))
def test_a_service_of_ours_starts_after_kafka_and_the_topics(name: str) -> None:
    store = set() if name == "gateway" else {"postgres"}
    assert SERVICES[name]["depends_on"].keys() == {"kafka", "topics"} | store
    assert SERVICES["topics"]["command"] == ["topics", "apply"]


@pytest.mark.parametrize("name", sorted(OWN))
def test_the_settings_of_a_service_are_right(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings_of(name, monkeypatch)
    assert found.kafka.bootstrap == "kafka:19092"
    assert found.store.url is not None
    assert Store(found.store.url.get_secret_value()).shown.startswith("postgresql")


def test_workers_share_the_work_and_no_port() -> None:
    worker = SERVICES["worker"]
    assert worker["deploy"]["replicas"] == 2
    assert "ports" not in worker
    assert "container_name" not in worker


def test_the_policy_sends_every_alert_to_the_alertmanager_beside_it() -> None:
    (file,) = (path for inside, path in FILES.items() if inside == "/etc/fenghuo/fenghuo.yaml")
    policy = load_policy(file)
    (receiver,) = policy.receivers
    assert (receiver.name, getattr(receiver, "url", "")) == ("alertmanager", "http://alertmanager:9093")
    assert [rule.receivers for rule in routes_of(policy.steps)] == [["alertmanager"]]


def test_the_gateway_lets_somebody_in(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings_of("gateway", monkeypatch)
    assert SERVICES["gateway"]["ports"] == [f"127.0.0.1:{found.gateway.port}:{found.gateway.port}"]
    assert found.gateway.token is not None
    token = load_gateway(None, found.gateway).tokens.find(found.gateway.token.get_secret_value().encode())
    assert token is not None
    assert token.tenant == "demo"


def test_the_console_knows_its_names_and_the_token_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings_of("console", monkeypatch)
    assert found.api.hosts == ("console",)
    file = FILES[str(found.api.tokens_file)]
    told = re.search(r"its text, ([\w-]+), is known", file.read_text("utf-8"))
    assert told is not None
    token = load_tokens(found.api.model_copy(update={"tokens_file": file})).find(told[1])
    assert token is not None
    assert (token.name, token.role) == ("trial", "operator")


def test_prometheus_may_read_the_console_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings_of("console", monkeypatch)
    (outside,) = (
        volume.split(":")[0] for volume in SERVICES["prometheus"]["volumes"] if volume.endswith(":/etc/prometheus/console.token:ro")
    )
    given = (ROOT / outside).read_text("utf-8").strip()
    token = load_tokens(found.api.model_copy(update={"tokens_file": FILES[str(found.api.tokens_file)]})).find(given)
    assert token is not None
    assert (token.name, token.role) == ("prometheus", "viewer")
    (job,) = (
        job
        for job in yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text("utf-8"))["scrape_configs"]
        if job["job_name"] == "fenghuo-console"
    )
    assert job["authorization"] == {"credentials_file": "console.token"}


def test_kafka_has_a_door_for_containers_and_one_for_the_host() -> None:
    settings = SERVICES["kafka"]["environment"]
    bound, advertised = listeners(settings["KAFKA_LISTENERS"]), listeners(settings["KAFKA_ADVERTISED_LISTENERS"])
    assert bound.keys() == {"INTERNAL", "HOST", "CONTROLLER"}
    assert advertised["INTERNAL"] == SERVICES["worker"]["environment"]["FENGHUO_KAFKA__BOOTSTRAP"]
    assert advertised["INTERNAL"].endswith(bound["INTERNAL"])
    assert SERVICES["kafka"]["ports"] == [advertised["HOST"] + bound["HOST"]]
    assert not settings["CLUSTER_ID"].startswith("-")


def test_prometheus_reads_every_worker_and_the_gateway_and_tells_alertmanager() -> None:
    found = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text("utf-8"))
    jobs = {job["job_name"]: job for job in found["scrape_configs"]}
    (workers,) = jobs["fenghuo"]["dns_sd_configs"]
    settings = SERVICES["worker"]["environment"]
    assert workers["names"] == ["worker"]
    assert SERVICES["worker"]["expose"] == [str(workers["port"])] == [settings["FENGHUO_METRICS__PORT"]]
    assert settings["FENGHUO_METRICS__HOST"] == "0.0.0.0"  # noqa: S104  inside the container's own network
    assert {target for job in jobs.values() for each in job.get("static_configs", []) for target in each["targets"]} == {
        "gateway:8080",
        "console:8740",
        "127.0.0.1:9090",
        "alertmanager:9093",
    }
    (alertmanager,) = found["alerting"]["alertmanagers"]
    assert alertmanager["static_configs"] == [{"targets": ["alertmanager:9093"]}]


def test_grafana_is_given_its_data_source_and_dashboards() -> None:
    provisioning = ROOT / "deploy/grafana/provisioning"
    [source] = yaml.safe_load((provisioning / "datasources/prometheus.yaml").read_text("utf-8"))["datasources"]
    [provider] = yaml.safe_load((provisioning / "dashboards/fenghuo.yaml").read_text("utf-8"))["providers"]
    assert source["url"] == "http://prometheus:9090"
    assert f"./deploy/grafana/dashboards:{provider['options']['path']}:ro" in SERVICES["grafana"]["volumes"]


def test_the_image_can_talk_to_the_database() -> None:
    assert re.search(r"^asyncpg==", (ROOT / "requirements.lock").read_text("utf-8"), re.MULTILINE)


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
