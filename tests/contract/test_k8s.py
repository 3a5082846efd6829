"""The manifests for Kubernetes: complete, closed, and of one mind with the image and the settings."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.loader import load_policy
from config.settings import Settings
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
