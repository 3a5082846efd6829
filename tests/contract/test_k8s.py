"""The manifests for Kubernetes: complete, closed, and of one mind with the image and the settings."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from config.loader import load_policy
from config.settings import Settings
from streams.api.guard import LOOPBACK
from streams.cli import build
from streams.metrics import GAUGES
from streams.topics import STAGES

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy/k8s"
KUSTOMIZATION: dict[str, Any] = yaml.safe_load((FOLDER / "kustomization.yaml").read_text("utf-8"))
OBJECTS: list[dict[str, Any]] = [
    each for name in KUSTOMIZATION["resources"] for each in yaml.safe_load_all((FOLDER / name).read_text("utf-8"))
]
PODS = [each["spec"]["template"]["spec"] for each in OBJECTS if "template" in each["spec" if "spec" in each else "data"]]
CONTAINERS = [container for pod in PODS for container in pod["containers"]]


def one(kind: str, name: str) -> dict[str, Any]:
    (found,) = (each for each in OBJECTS if (each["kind"], each["metadata"]["name"]) == (kind, name))
    return found


def test_every_manifest_is_applied_and_explained() -> None:
    files = {path.name for path in FOLDER.glob("*.yaml")} - {"kustomization.yaml"}
    assert set(KUSTOMIZATION["resources"]) == files
    assert set(re.findall(r"^\| `([\w.]+)` \|", (FOLDER / "README.md").read_text("utf-8"), re.MULTILINE)) == files


def test_the_image_is_pinned_to_the_version_that_compose_runs() -> None:
    worker = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]["worker"]
    (image,) = KUSTOMIZATION["images"]
    assert f"{image['name']}:{image['newTag']}" == worker["image"]
    assert {container["image"] for container in CONTAINERS} == {image["name"]}


@pytest.mark.parametrize("pod", PODS, ids=lambda pod: pod["containers"][0]["name"])
def test_a_pod_runs_without_root_and_without_rights(pod: dict[str, Any]) -> None:
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["runAsUser"] == 10001
    assert pod["automountServiceAccountToken"] is False
    for container in pod["containers"]:
        rights = container["securityContext"]
        assert rights == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
        assert {"requests", "limits"} <= container["resources"].keys()


def test_the_settings_are_ones_there_are() -> None:
    for name in one("ConfigMap", "fenghuo-settings")["data"]:
        group, _, field = name.removeprefix("FENGHUO_").lower().partition("__")
        model = Settings.model_fields[group].annotation
        assert model is not None
        assert field in model.model_fields


def test_the_policy_is_right(tmp_path: Path) -> None:
    (tmp_path / "fenghuo.yaml").write_text(one("ConfigMap", "fenghuo-policy")["data"]["fenghuo.yaml"], encoding="utf-8")
    assert load_policy(tmp_path / "fenghuo.yaml").rules


@pytest.mark.parametrize("container", CONTAINERS, ids=lambda container: container["name"])
def test_a_command_takes_the_options_it_is_given(container: dict[str, Any]) -> None:
    done = CliRunner().invoke(build(container["args"][0]), [*container["args"], "--help"])
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("name", ["gateway", "console"])
def test_a_server_is_asked_at_the_port_it_serves_and_by_a_name_it_knows(name: str) -> None:
    settings = one("ConfigMap", "fenghuo-settings")["data"]
    (server,) = one("Deployment", f"fenghuo-{name}")["spec"]["template"]["spec"]["containers"]
    port = int(settings["FENGHUO_GATEWAY__PORT"] if name == "gateway" else server["args"][server["args"].index("--port") + 1])
    assert [each["containerPort"] for each in server["ports"]] == [port]
    assert [each["port"] for each in one("Service", f"fenghuo-{name}")["spec"]["ports"]] == [port]
    probes = [server[f"{kind}Probe"]["httpGet"] for kind in ("startup", "readiness", "liveness")]
    assert [probe["path"] for probe in probes] == (["/healthz", "/readyz", "/healthz"] if name == "gateway" else ["/login"] * 3)
    if name == "console":
        assert all(LOOPBACK.issuperset(header["value"] for header in probe["httpHeaders"]) for probe in probes)


def test_who_logs_in_stays_with_one_console() -> None:
    spec = one("Deployment", "fenghuo-console")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})


def test_nothing_is_reached_by_everybody() -> None:
    closed = {each["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/name"] for each in OBJECTS if each["kind"] == "NetworkPolicy"}
    assert closed == {f"fenghuo-{name}" for name in ("worker", "gateway", "console")}
    assert all(rule["from"] for each in OBJECTS if each["kind"] == "NetworkPolicy" for rule in each["spec"]["ingress"])


def test_a_worker_is_asked_whether_it_is_ready_at_the_port_it_serves() -> None:
    (worker,) = one("StatefulSet", "fenghuo-worker")["spec"]["template"]["spec"]["containers"]
    assert [port["containerPort"] for port in worker["ports"]] == [
        int(one("ConfigMap", "fenghuo-settings")["data"]["FENGHUO_METRICS__PORT"])
    ]
    assert worker["startupProbe"]["httpGet"]["path"] == worker["readinessProbe"]["httpGet"]["path"] == "/healthz"
    assert worker["livenessProbe"]["httpGet"]["path"] == "/metrics"


def test_the_scaler_asks_for_a_metric_of_the_worker_and_stops_at_the_partitions() -> None:
    spec = one("HorizontalPodAutoscaler", "fenghuo-worker")["spec"]
    (metric,) = spec["metrics"]
    name, labels = metric["external"]["metric"]["name"], metric["external"]["metric"]["selector"]["matchLabels"]
    assert labels.keys() <= set(GAUGES[name.removeprefix("fenghuo_")][1])
    assert labels["stage"] in STAGES
    assert spec["maxReplicas"] == int(one("ConfigMap", "fenghuo-settings")["data"]["FENGHUO_TOPICS__EVENTS"])
