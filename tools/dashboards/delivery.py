"""Whether pages arrive."""

from __future__ import annotations

from tools.dashboards.panel import Dashboard, Panel, Row

__all__ = ["DASHBOARD"]

_DELIVERED = 'sum by (receiver) (rate(fenghuo_deliveries_total{result="delivered"}[$__rate_interval]))'
_TRIED = "sum by (receiver) (rate(fenghuo_deliveries_total[$__rate_interval]))"

DASHBOARD = Dashboard(
    "delivery",
    "烽火：送达 Fenghuo delivery",
    "Pages to each receiver: sent, tried again, failed, waiting, and what a stage held back. "
    "各接收方的通知：已送、重试、失败、等待，以及各环节扣下的。",
    [
        Row(
            "送达 Delivery",
            [
                Panel(
                    "等待中 Waiting",
                    "Pages not delivered yet. 尚未送达的通知数。",
                    {"{{receiver}}": "sum by (receiver) (fenghuo_outbox_pending)"},
                    width=12,
                ),
                Panel(
                    "成功率 Success",
                    "Attempts that delivered, of all. 成功的尝试占比。",
                    {"{{receiver}}": f"{_DELIVERED} / {_TRIED}"},
                    "percentunit",
                    width=12,
                ),
                Panel(
                    "尝试 Attempts",
                    "Attempts per minute by receiver and result. 每分钟的尝试次数，按接收方与结果。",
                    {"{{receiver}} {{result}}": "sum by (receiver, result) (rate(fenghuo_deliveries_total[$__rate_interval])) * 60"},
                    "cpm",
                    width=12,
                ),
                Panel(
                    "失败 Failed for good",
                    "Pages in the delivery dead letter, in the time range. 所选时间内进入死信的通知。",
                    {"{{receiver}}": 'sum by (receiver) (increase(fenghuo_deliveries_total{result="failed"}[$__range]))'},
                    width=12,
                ),
            ],
        ),
        Row(
            "扣下 Held back",
            [
                Panel(
                    "原因 Reasons",
                    "Notices per minute that go to nobody, by stage and reason. 每分钟不发给任何人的通知，按环节与原因。",
                    {"{{stage}} {{reason}}": "sum by (stage, reason) (rate(fenghuo_drops_total[$__rate_interval])) * 60"},
                    "cpm",
                    width=24,
                ),
            ],
        ),
    ],
)
