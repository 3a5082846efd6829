"""What grows, drifts and spreads."""

from __future__ import annotations

from tools.dashboards.of_readings import now, over_time
from tools.dashboards.panel import TENANT, Dashboard, Panel, Row, label

__all__ = ["DASHBOARD"]


def _forecast(metric: str) -> str:
    return f'max by (tenant, series) (fenghuo_forecast_{metric}{{scope="tenant",tenant=~"$tenant"}})'


_FORECAST = Row(
    "预测 Forecast",
    [
        Panel(
            "未来 24 小时 Next 24 h",
            "Conversations and complaints expected of the next 24 h, whole tenants, with the interval of 80 %. "
            "各租户未来 24 小时的会话量与投诉量及 80 % 区间。",
            {
                "{{tenant}} {{series}}": _forecast("expected"),
                "{{tenant}} {{series}} 80 % low": _forecast("low"),
                "{{tenant}} {{series}} 80 % high": _forecast("high"),
            },
            width=12,
            height=8,
            console=f"/issues?tenant={label('tenant')}",
        ),
        Panel(
            "预测误差 Forecast error",
            "Mean absolute error a day ahead over the mean count, and the share of hours within their interval of 80 %. "
            "提前一天的平均误差占比，与 80 % 区间命中率。",
            {
                "{{tenant}} {{series}} error": _forecast("error_ratio"),
                "{{tenant}} {{series}} within 80 %": _forecast("covered_ratio"),
            },
            "percentunit",
            width=12,
            height=8,
            console=f"/issues?tenant={label('tenant')}",
        ),
    ],
)

DASHBOARD = Dashboard(
    "trends",
    "烽火：趋势 Fenghuo trends",
    "Volume, shares, drift and how trouble spreads, by issue, queue and tenant. 按问题、队列与租户看来量、占比、漂移与传导。",
    [
        Row(
            "现在 Now",
            [
                now("volume_ratio_3h", "issue", width=8),
                now("issue_share_growth", "issue", width=8),
                now("propagation_stage", "queue", width=8),
            ],
        ),
        Row(
            "来量 Volume", [over_time("volume_ratio_3h", scope) for scope in ("tenant", "queue", "issue")] + [over_time("ears_c2", "issue")]
        ),
        Row(
            "占比与词 Shares and terms",
            [
                over_time("issue_share_growth", "issue"),
                over_time("negation_share", "issue"),
                over_time("complaint_rate", "queue"),
                over_time("new_term_burst", "tenant"),
            ],
        ),
        Row("漂移与传导 Drift and chain", [over_time("cusum_drift", "department"), over_time("propagation_stage", "queue")]),
        _FORECAST,
    ],
    {"tenant": TENANT},
)
