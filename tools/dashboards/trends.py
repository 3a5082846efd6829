"""What grows, drifts and spreads."""

from __future__ import annotations

from tools.dashboards.of_readings import now, over_time
from tools.dashboards.panel import TENANT, Dashboard, Row

__all__ = ["DASHBOARD"]

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
    ],
    {"tenant": TENANT},
)
