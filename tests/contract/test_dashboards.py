"""Grafana dashboards: complete panels, no overlap, and queries on metrics we really have."""

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
from yarl import URL

from config.loader import load_policy
from streams.api import meters as of_api
from streams.cli.console import PORT
from streams.console.filters import query_of
from streams.gateway import meters as of_gateway
from streams.metrics import COUNTERS, GAUGES, HISTOGRAMS, PREFIX, Metrics
from tools.write_dashboards import files

ROOT = Path(__file__).parents[2]
EXAMPLES = {"tier": "red", "state": "raised", "indicator": "queue_length"}
TARGET = {"instance", "job"}
"""Labels that Prometheus itself gives."""
FILES = sorted((ROOT / "deploy/grafana/dashboards").glob("*.json"))

every_dashboard = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def labels_by_series() -> dict[str, set[str]]:
    """The labels of everything a worker, a gateway, the API and the console export."""
    known = {PREFIX + name: set(labels) for name, (_, labels) in [*COUNTERS.items(), *GAUGES.items()]}
    known |= {of_gateway.PREFIX + name: set(labels) for name, (_, labels) in of_gateway.COUNTERS.items()}
    known |= {of_gateway.PREFIX + name: set() for name in of_gateway.GAUGES}
    known |= {of_api.PREFIX + name: set(labels) for name, (_, labels) in [*of_api.COUNTERS.items(), *of_api.GAUGES.items()]}
    histograms = {PREFIX + name: set(labels) for name, (_, labels, _) in HISTOGRAMS.items()}
    histograms |= {of_gateway.PREFIX + name: set() for name in of_gateway.HISTOGRAMS}
    histograms |= {of_api.PREFIX + name: set(labels) for name, (_, labels) in of_api.HISTOGRAMS.items()}
    for name, labels in histograms.items():
        known[f"{name}_bucket"] = labels | {"le"}
        known |= {f"{name}_{part}": labels for part in ("sum", "count")}
    metrics = Metrics()
    metrics.readings.update({("queue_length", "acme", "queue", "q-1"): 1.0})
    others = [family for family in metrics.registry.collect() if family.name not in {name.removesuffix("_total") for name in known}]
    return known | {sample.name: set(sample.labels) for family in others for sample in family.samples if sample.name not in known}


SERIES = labels_by_series()


def load(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return loaded


def panels(path: Path) -> list[dict[str, Any]]:
    return [panel for panel in load(path)["panels"] if panel["type"] != "row"]


def plain(query: str) -> str:
    """The query as Prometheus gets it, with Grafana's variables filled in."""
    filled = query.replace("$__rate_interval", "1m").replace("$__range", "30m")
    return re.sub(r"\$(tenant|queue|agent)\b", ".*", filled)


def queries_of(panel: dict[str, Any]) -> list[str]:
    return [plain(target["expr"]) for target in panel["targets"]]


def queries(path: Path) -> list[str]:
    return [query for panel in panels(path) for query in queries_of(panel)]


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


def test_the_dashboards_are_what_the_code_describes() -> None:
    written = files()
    assert sorted(written) == FILES
    assert {path.stem for path in FILES if path.read_text("utf-8") != written[path]} == set(), "run python -m tools.write_dashboards"


def test_there_is_one_for_each_question() -> None:
    assert [path.stem for path in FILES] == ["agents", "delivery", "overview", "pipeline", "queues", "trends"]


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
def test_a_panel_leads_to_a_page_of_the_console_with_filters_it_understands(path: Path) -> None:
    assert {each["name"]: each.get("query") for each in load(path)["templating"]["list"]}["console"] == f"http://127.0.0.1:{PORT}"
    for panel in panels(path):
        [link] = panel["fieldConfig"]["defaults"]["links"]
        assert link["url"].startswith("${console:raw}/")
        labels = re.findall(r"\$\{__field\.labels\.(\w+):percentencode\}", link["url"])
        assert all(f"by ({name}" in query or f", {name})" in query for name in labels for query in queries_of(panel))
        url = URL(re.sub(r"\$\{__field\.labels\.(\w+):percentencode\}", lambda found: EXAMPLES.get(found[1], "q-1"), link["url"][14:]))
        assert url.path in {"/alerts", "/issues", "/now"}
        assert query_of(dict(url.query))[1] == [], link["url"]
        assert url.query.get("indicator", "queue_length") in load_policy().rules


@every_dashboard
def test_panels_fit_the_grid_and_do_not_overlap(path: Path) -> None:
    boxes = [panel["gridPos"] for panel in load(path)["panels"]]
    assert all(box["x"] >= 0 and box["x"] + box["w"] <= 24 for box in boxes)
    assert [pair for pair in combinations(boxes, 2) if overlap(*pair)] == []
    ids = [panel["id"] for panel in load(path)["panels"]]
    assert len(ids) == len(set(ids))


@every_dashboard
def test_a_query_uses_metrics_and_labels_there_are(path: Path) -> None:
    for query in queries(path):
        used = list(selectors(query))
        assert [selector.name for selector in used if selector.name not in SERIES] == []
        allowed = set().union(*(SERIES[selector.name] for selector in used if selector.name))
        named = {matcher.name for selector in used for matcher in selector.matchers.matchers}
        grouped = {label for node in nodes(query) for label in getattr(getattr(node, "modifier", None), "labels", None) or []}
        assert (named | grouped) - allowed - TARGET == set(), query


@every_dashboard
def test_a_legend_names_labels_the_query_keeps(path: Path) -> None:
    for panel in panels(path):
        for target in panel["targets"]:
            grouping = re.findall(r"by \(([^)]*)\)", target["expr"])
            kept = {label.strip() for group in grouping for label in group.split(",")}
            assert set(re.findall(r"{{(\w+)}}", target["legendFormat"])) <= kept


def sample_series(path: Path) -> list[dict[str, str]]:
    """One growing series for everything a dashboard selects; a histogram has a bucket that counts and the rest."""
    selected = {(selector.name, _named(selector)) for query in queries(path) for selector in selectors(query)}
    series = []
    for name, named in sorted((str(name), named) for name, named in selected):
        for bound in ["0.1", "+Inf"] if "le" in SERIES[name] else [""]:
            labels = dict.fromkeys(SERIES[name], "x") | dict(named) | ({"le": bound} if bound else {})
            pairs = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()))
            series.append({"series": f"{name}{{{pairs}}}", "values": "0+3x120"})
    return series


def _named(selector: promql_parser.VectorSelector) -> tuple[tuple[str, str], ...]:
    """The labels a selector wants to equal something."""
    return tuple((each.name, each.value) for each in selector.matchers.matchers if each.op == promql_parser.MatchOp.Equal)


@every_dashboard
def test_prometheus_answers_every_query(path: Path, tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian: apt-get install prometheus)")
    checks = [
        {"expr": f"count({query}) > bool 0", "eval_time": "20m", "exp_samples": [{"labels": "{}", "value": 1}]} for query in queries(path)
    ]
    tests = [{"interval": "15s", "input_series": sample_series(path), "promql_expr_test": checks}]
    (tmp_path / "tests.yml").write_text(yaml.safe_dump({"evaluation_interval": "15s", "tests": tests}))
    done = subprocess.run([promtool, "test", "rules", str(tmp_path / "tests.yml")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
