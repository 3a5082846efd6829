"""How agents are, and who is tired."""

from __future__ import annotations

from tools.dashboards.of_readings import now, over_time
from tools.dashboards.panel import TENANT, Dashboard, Row

__all__ = ["DASHBOARD"]

DASHBOARD = Dashboard(
    "agents",
    "烽火：客服与疲劳 Fenghuo agents",
    "Time with angry customers, attitude, wording and promises of each agent. 各客服面对愤怒客户的时间、态度、用语与承诺。",
    [
        Row("现在 Now", [now("agent_emotional_exposure", "agent"), now("service_attitude_score", "agent")]),
        Row(
            "疲劳 Fatigue",
            [over_time("agent_emotional_exposure", "agent", chosen="agent"), over_time("cusum_drift", "agent", chosen="agent")],
        ),
        Row(
            "服务 Service",
            [
                over_time("service_attitude_score", "agent", chosen="agent"),
                over_time("agent_reply_repetition", "agent", chosen="agent"),
                over_time("false_promise_hit", "agent", chosen="agent"),
                over_time("soothing_success_rate", "agent", chosen="agent"),
            ],
        ),
    ],
    {"tenant": TENANT, "agent": ("客服 Agent", 'label_values(fenghuo_reading{scope="agent"}, key)')},
)
