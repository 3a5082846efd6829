"""Events in, alerts out, and whether the worker keeps up."""

from __future__ import annotations

from tools.dashboards.panel import NAMES, TIERS, Dashboard, Panel, Row, label

__all__ = ["DASHBOARD"]


_GREY = "#64748b"


def _open(tier: str) -> Panel:
    query = f'sum(fenghuo_open_alerts{{tier="{tier}"}}) or vector(0)'
    about = f"Open {tier} alerts. 未结束的{NAMES[tier]}色预警数。"
    return Panel(
        f"{NAMES[tier]} {tier}", about, {tier: query}, kind="stat", width=3, height=4, steps=_steps(tier), console=f"/alerts?tier={tier}"
    )


def _steps(tier: str) -> list[tuple[str, float | None]]:
    return [(_GREY, None), (TIERS[tier], 1)]


_NOW = Row(
    "现在 Now",
    [
        *(_open(tier) for tier in TIERS),
        Panel(
            "事件 Events",
            "Events accepted per second. 每秒接受的事件数。",
            {"events": "sum(rate(fenghuo_events_total[$__rate_interval]))"},
            unit="ops",
            kind="stat",
            width=4,
            height=4,
        ),
        Panel(
            "端到端延迟 p99 End to end",
            "From the event's record to the alert sent, 99 of 100. 从事件记录到发出预警，九成九不超过此值。",
            {"p99": "histogram_quantile(0.99, sum by (le) (rate(fenghuo_end_to_end_seconds_bucket[$__rate_interval])))"},
            unit="s",
            kind="stat",
            width=4,
            height=4,
            steps=[("#16a34a", None), (TIERS["yellow"], 1), (TIERS["red"], 5)],
        ),
        Panel(
            "积压 Lag",
            "Records the stages have not processed yet. 尚未处理的记录数。",
            {"lag": "sum(fenghuo_lag_records)"},
            kind="stat",
            width=4,
            height=4,
        ),
    ],
)
_ALERTS = Row(
    "预警 Alerts",
    [
        Panel(
            "未结束的预警，按颜色 Open alerts by tier",
            "Alerts that are open, one for each indicator and scope. 每个指标、每个范围至多一条。",
            {"{{tier}}": "sum by (tier) (fenghuo_open_alerts)"},
            console=f"/alerts?tier={label('tier')}",
            width=12,
            height=8,
            stacked=True,
        ),
        Panel(
            "最多的指标 Top indicators",
            "The ten indicators with the most alert events in the time range. 所选时间内预警事件最多的十个指标。",
            {"{{indicator}}": "topk(10, sum by (indicator) (increase(fenghuo_alerts_total[$__range])) > 0)"},
            console=f"/alerts?indicator={label('indicator')}&open=all",
            kind="bargauge",
            width=12,
            height=8,
        ),
        Panel(
            "预警事件 Alert events by state",
            "Alert events sent per minute, by their new state. 每分钟发出的预警事件，按新状态。",
            {"{{state}}": "sum by (state) (rate(fenghuo_alerts_total[$__rate_interval])) * 60"},
            console=f"/alerts?state={label('state')}&open=all",
            unit="cpm",
            width=12,
        ),
        Panel(
            "未送达 Not delivered",
            "Pages that wait for their receiver. 等待送达的通知数。",
            {"{{receiver}}": "sum by (receiver) (fenghuo_outbox_pending)"},
            width=12,
        ),
    ],
)
_STREAM = Row(
    "流 Stream",
    [
        Panel(
            "每秒事件，按类型 Events by type",
            "Events accepted per second, by type. 每秒接受的事件，按类型。",
            {"{{type}}": "sum by (type) (rate(fenghuo_events_total[$__rate_interval]))"},
            unit="ops",
            width=12,
            stacked=True,
        ),
        Panel(
            "端到端延迟 End-to-end latency",
            "From the event's record to the alert sent; a dot is one alert. 从事件记录到发出预警的时间，圆点为单条预警。",
            {
                "p50": "histogram_quantile(0.5, sum by (le) (rate(fenghuo_end_to_end_seconds_bucket[$__rate_interval])))",
                "p99": "histogram_quantile(0.99, sum by (le) (rate(fenghuo_end_to_end_seconds_bucket[$__rate_interval])))",
            },
            unit="s",
            width=12,
            exemplars=True,
        ),
    ],
)

DASHBOARD = Dashboard(
    "overview",
    "烽火总览 Fenghuo overview",
    "Open alerts, events, latency and lag at one glance. 未结束的预警、事件量、延迟与积压一览。",
    [_NOW, _ALERTS, _STREAM],
)
