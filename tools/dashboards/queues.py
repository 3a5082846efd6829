"""How queues and departments stand now."""

from __future__ import annotations

from tools.dashboards.of_readings import now, over_time
from tools.dashboards.panel import TENANT, Dashboard, Row

__all__ = ["DASHBOARD"]

_WAITING = (
    "queue_length",
    "estimated_wait",
    "abandonment_rate",
    "response_timeout_rate",
    "response_within_30s_rate",
    "average_handle_time",
)
_OUTCOME = ("csat_rate", "fcr", "transfer_rate", "reopen_rate")

DASHBOARD = Dashboard(
    "queues",
    "烽火：队列与部门 Fenghuo queues",
    "Waiting, service level and outcome of each queue, load and dwell of each department. "
    "各队列的等待、服务水平与结果，各部门的负荷与停留。",
    [
        Row(
            "现在 Now",
            [
                now("queue_length", "queue", width=8),
                now("estimated_wait", "queue", width=8),
                now("dept_dwell_ratio", "department", width=8),
            ],
        ),
        Row("等待 Waiting", [over_time(indicator, "queue", chosen="queue") for indicator in _WAITING]),
        Row("结果 Outcome", [over_time(indicator, "queue", chosen="queue") for indicator in _OUTCOME]),
        Row("部门 Departments", [over_time("department_load_ratio", "department"), over_time("dept_dwell_ratio", "department")]),
    ],
    {"tenant": TENANT, "queue": ("队列 Queue", 'label_values(fenghuo_reading{scope="queue"}, key)')},
)
