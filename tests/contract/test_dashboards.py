"""Grafana dashboards: complete panels, no overlap, and queries on metrics the worker really has."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from streams.metrics import COUNTERS, GAUGES, HISTOGRAMS, PREFIX

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "deploy/grafana/dashboards").glob("*.json"))

every_dashboard = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def labels_by_series() -> dict[str, set[str]]:
    known = {PREFIX + name: set(labels) for name, (_, labels) in [*COUNTERS.items(), *GAUGES.items()]}
    for name, (_, labels, _) in HISTOGRAMS.items():
        known[f"{PREFIX}{name}_bucket"] = {*labels, "le"}
        known |= {f"{PREFIX}{name}_{part}": set(labels) for part in ("sum", "count")}
    return known


SERIES = labels_by_series()


def load(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return loaded


def panels(path: Path) -> list[dict[str, Any]]:
    return [panel for panel in load(path)["panels"] if panel["type"] != "row"]


def plain(query: str) -> str:
    """The query as Prometheus gets it, with Grafana's variables filled in."""
    return query.replace("$__rate_interval", "1m").replace("$__range", "30m")


def queries(path: Path) -> list[str]:
    return [plain(target["expr"]) for panel in panels(path) for target in panel["targets"]]


def nodes(query: str) -> list[promql_parser.Expr]:
    found: list[promql_parser.Expr] = []
    promql_parser.walk(promql_parser.parse(query), found.append)
    return found


def selectors(query: str) -> Iterator[promql_parser.VectorSelector]:
    for node in nodes(query):
        if isinstance(node, promql_parser.MatrixSelector):
            yield node.vector_selector
        elif isinstance(node, promql_parser.VectorSelector):
            yield node


def overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    across = one["x"] < other["x"] + other["w"] and other["x"] < one["x"] + one["w"]
    return across and one["y"] < other["y"] + other["h"] and other["y"] < one["y"] + one["h"]


def test_there_is_an_overview() -> None:
    assert "overview" in [path.stem for path in FILES]


@every_dashboard
def test_a_dashboard_has_a_title_an_id_and_a_data_source_to_choose(path: Path) -> None:
    dashboard = load(path)
    assert dashboard["title"]
    assert dashboard["uid"]
    assert [variable["name"] for variable in dashboard["templating"]["list"] if variable["type"] == "datasource"] == ["datasource"]


@every_dashboard
def test_a_panel_says_what_it_shows_and_in_which_unit(path: Path) -> None:
    for panel in panels(path):
        assert panel["title"]
        assert panel["description"].endswith("。")
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["targets"]
        assert {target["datasource"]["uid"] for target in panel["targets"]} | {panel["datasource"]["uid"]} == {"${datasource}"}


@every_dashboard
def test_panels_fit_the_grid_and_do_not_overlap(path: Path) -> None:
    boxes = [panel["gridPos"] for panel in load(path)["panels"]]
    assert all(box["x"] >= 0 and box["x"] + box["w"] <= 24 for box in boxes)
    assert [pair for pair in combinations(boxes, 2) if overlap(*pair)] == []
    ids = [panel["id"] for panel in load(path)["panels"]]
    assert len(ids) == len(set(ids))


@every_dashboard
def test_a_query_uses_metrics_and_labels_of_the_worker(path: Path) -> None:
    for query in queries(path):
        used = list(selectors(query))
        assert [selector.name for selector in used if selector.name not in SERIES] == []
        allowed = set().union(*(SERIES[selector.name] for selector in used if selector.name))
        named = {matcher.name for selector in used for matcher in selector.matchers.matchers}
        grouped = {label for node in nodes(query) for label in getattr(getattr(node, "modifier", None), "labels", None) or []}
        assert (named | grouped) - allowed == set(), query


@every_dashboard
def test_a_legend_names_labels_the_query_keeps(path: Path) -> None:
    for panel in panels(path):
        for target in panel["targets"]:
            grouping = re.findall(r"by \(([^)]*)\)", target["expr"])
            kept = {label.strip() for group in grouping for label in group.split(",")}
            assert set(re.findall(r"{{(\w+)}}", target["legendFormat"])) <= kept


def sample_series() -> list[dict[str, str]]:
    """One growing series for every metric; a histogram has a bucket that counts and the rest."""
    values = {"tier": "red", "scope": "tenant", "le": "+Inf"}
    series: list[dict[str, str]] = []
    for name, labels in SERIES.items():
        bounds = ["0.1", "+Inf"] if "le" in labels else [""]
        for bound in bounds:
            pairs = ",".join(f'{label}="{bound if label == "le" else values.get(label, "x")}"' for label in sorted(labels))
            series.append({"series": f"{name}{{{pairs}}}", "values": "0+3x120"})
    return series


@every_dashboard
def test_prometheus_answers_every_query(path: Path, tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian: apt-get install prometheus)")
    checks = [
        {"expr": f"count({query}) > bool 0", "eval_time": "20m", "exp_samples": [{"labels": "{}", "value": 1}]} for query in queries(path)
    ]
    tests = [{"interval": "15s", "input_series": sample_series(), "promql_expr_test": checks}]
    (tmp_path / "tests.yml").write_text(yaml.safe_dump({"evaluation_interval": "15s", "tests": tests}))
    done = subprocess.run([promtool, "test", "rules", str(tmp_path / "tests.yml")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
