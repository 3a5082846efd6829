"""Write the Grafana dashboards of `deploy/grafana/dashboards` from `tools/dashboards`: `python -m tools.write_dashboards`."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tools import dashboards
from tools.dashboards.panel import TIERS, Dashboard, Panel, Row

ROOT: Final = Path(__file__).parent.parent
FOLDER: Final = ROOT / "deploy" / "grafana" / "dashboards"
CONSOLE: Final = "http://127.0.0.1:8740"
SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
WIDTH: Final = 24


def document(dashboard: Dashboard) -> dict[str, Any]:
    """What Grafana reads."""
    return {
        "uid": f"fenghuo-{dashboard.name}",
        "title": dashboard.title,
        "description": dashboard.about,
        "tags": ["fenghuo"],
        "schemaVersion": 41,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "5s",
        "time": {"from": "now-30m", "to": "now"},
        "timezone": "browser",
        "timepicker": {},
        "templating": {"list": [_source(), _console(), *(_variable(name, *made) for name, made in dashboard.variables.items())]},
        "annotations": {"list": []},
        "links": [{"title": "烽火 Fenghuo", "type": "dashboards", "tags": ["fenghuo"], "asDropdown": True, "keepTime": True}],
        "panels": list(_laid_out(dashboard.rows)),
    }


def _source() -> dict[str, Any]:
    common = {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus", "regex": "", "hide": 0}
    return {**common, "multi": False, "includeAll": False, "refresh": 1, "current": {}}


def _console() -> dict[str, Any]:
    """Where the console is, for the panels' links."""
    common = {"name": "console", "label": "控制台 Console", "type": "textbox", "query": CONSOLE, "hide": 0, "skipUrlSync": False}
    return {**common, "current": {"text": CONSOLE, "value": CONSOLE}, "options": [{"text": CONSOLE, "value": CONSOLE, "selected": True}]}


def _variable(name: str, label: str, query: str) -> dict[str, Any]:
    chosen = {"text": ["All"], "value": ["$__all"]}
    common = {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": SOURCE,
        "query": query,
        "definition": query,
        "regex": "",
        "hide": 0,
    }
    return {**common, "multi": True, "includeAll": True, "allValue": ".*", "refresh": 2, "sort": 1, "current": chosen}


def _laid_out(rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    number, top = 1, 0
    for row in rows:
        box = {"x": 0, "y": top, "w": WIDTH, "h": 1}
        yield {"id": number, "type": "row", "title": row.title, "collapsed": False, "gridPos": box, "panels": []}
        number, top, left, height = number + 1, top + 1, 0, 0
        for panel in row.panels:
            if left + panel.width > WIDTH:
                top, left, height = top + height, 0, 0
            yield _panel(number, panel, {"x": left, "y": top, "w": panel.width, "h": panel.height})
            number, left, height = number + 1, left + panel.width, max(height, panel.height)
        top += height


def _panel(number: int, panel: Panel, box: Mapping[str, int]) -> dict[str, Any]:
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.about,
        "datasource": SOURCE,
        "gridPos": dict(box),
        "fieldConfig": _fields(panel),
        "targets": [_target(at, legend, query, panel) for at, (legend, query) in enumerate(panel.queries.items())],
        "options": _options(panel.kind),
    }


def _target(at: int, legend: str, query: str, panel: Panel) -> dict[str, Any]:
    now = panel.kind == "bargauge"
    common = {"refId": "ABCDEFGH"[at], "datasource": SOURCE, "editorMode": "code", "expr": query, "legendFormat": legend}
    return {**common, "instant": now, "range": not now, **({"exemplar": True} if panel.exemplars else {})}


def _fields(panel: Panel) -> dict[str, Any]:
    defaults: dict[str, Any] = {"unit": panel.unit, "color": {"mode": "thresholds" if panel.steps else "palette-classic"}}
    # Grafana would encode the address as it does every variable in a link.
    defaults["links"] = [{"title": "控制台 Console", "url": f"${{console:raw}}{panel.console}", "targetBlank": True}]
    if panel.steps:
        defaults["thresholds"] = {"mode": "absolute", "steps": [{"color": color, "value": value} for color, value in panel.steps]}
    if panel.kind == "timeseries":
        stacking = {"mode": "normal", "group": "A"} if panel.stacked else {"mode": "none"}
        fill = 30 if panel.stacked else 10
        defaults["custom"] = {"drawStyle": "line", "lineWidth": 1, "fillOpacity": fill, "showPoints": "never", "stacking": stacking}
        defaults["min"] = 0
        if panel.steps:
            defaults["custom"]["thresholdsStyle"] = {"mode": "dashed"}
            defaults["color"] = {"mode": "palette-classic"}
    colored = [tier for tier in TIERS if "{{tier}}" in panel.queries]
    return {"defaults": defaults, "overrides": [_color(tier) for tier in colored]}


def _color(tier: str) -> dict[str, Any]:
    color = {"id": "color", "value": {"mode": "fixed", "fixedColor": TIERS[tier]}}
    return {"matcher": {"id": "byName", "options": tier}, "properties": [color]}


def _options(kind: str) -> dict[str, Any]:
    last = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    if kind == "stat":
        return {"colorMode": "value", "graphMode": "area", "justifyMode": "auto", "textMode": "auto", "reduceOptions": last}
    if kind == "bargauge":
        return {"displayMode": "basic", "orientation": "horizontal", "showUnfilled": True, "reduceOptions": last}
    legend = {"displayMode": "list", "placement": "bottom", "showLegend": True}
    return {"legend": legend, "tooltip": {"mode": "multi", "sort": "desc"}}


def files() -> dict[Path, str]:
    """Each dashboard's file and its text."""
    modules = [importlib.import_module(f"tools.dashboards.{each.name}") for each in pkgutil.iter_modules(dashboards.__path__)]
    found: list[Dashboard] = [module.DASHBOARD for module in modules if hasattr(module, "DASHBOARD")]
    return {FOLDER / f"{each.name}.json": json.dumps(document(each), ensure_ascii=False, indent=2) + "\n" for each in found}


def main() -> None:
    """Write each dashboard where it differs."""
    for path, text in files().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
