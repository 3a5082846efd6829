"""Forecasts as others get them: data, events on a topic, gauges."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from detectors.base import Scope
from detectors.outlook import Expected, Outlook
from streams.stage import Send
from streams.topics import KPIS

__all__ = ["forecast_data", "forecast_event", "forecast_gauges"]

DIGITS = 3


def forecast_data(scope: Scope, outlook: Outlook) -> dict[str, Any]:
    """The `data` of a forecast: what is expected, hour by hour and of the 24 h together, and how good such forecasts have been.

    `accuracy` is absent before the first one has come due. Counts are means, so they have fractions.
    """
    found: dict[str, Any] = {
        **scope.fields(),
        "series": outlook.series,
        "total": _span(outlook.total),
        "hours": [_span(each) for each in outlook.hours],
    }
    if outlook.accuracy is not None:
        found["accuracy"] = {name: round(value, DIGITS) for name, value in msgspec.structs.asdict(outlook.accuracy).items()}
    return found


def forecast_event(scope: Scope, outlook: Outlook) -> Send:
    """The CloudEvent on `fenghuo.kpi.v1`. Its id is the same whenever the same hour's forecast is written again."""
    data = forecast_data(scope, outlook)
    event = {
        "specversion": "1.0",
        "id": f"{scope.key}|{outlook.series}|{data['total']['start']}",
        "source": "/fenghuo/forecast",
        "type": "fenghuo.kpi.forecast.v1",
        "subject": f"{scope.key}|{outlook.series}",
        "time": data["total"]["start"],
        "datacontenttype": "application/json",
        "data": data,
    }
    return Send(KPIS, msgspec.json.encode(event), scope.key.encode())


def forecast_gauges(scope: Scope, outlook: Outlook) -> dict[tuple[str, ...], float]:
    """The gauges of a forecast, by name and label values."""
    labels = (scope.tenant, scope.key.partition("|")[2] or "tenant", outlook.series)
    total, accuracy = outlook.total, outlook.accuracy
    values = {"expected": total.mean, "low": total.low80, "high": total.high80}
    if accuracy is not None:
        values |= {"error_ratio": accuracy.error, "covered_ratio": accuracy.covered80}
    return {(f"forecast_{name}", *labels): round(value, DIGITS) for name, value in values.items()}


def _span(expected: Expected) -> dict[str, Any]:
    figures = {name: round(value, DIGITS) for name, value in msgspec.structs.asdict(expected).items()}
    return {"start": datetime.fromtimestamp(figures.pop("time"), UTC).isoformat(timespec="seconds"), **figures}
