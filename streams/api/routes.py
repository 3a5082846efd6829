"""Every route of the API, once: what is served, checked and documented follows from this list."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from pydantic import BaseModel

from streams.api import models
from streams.api.tokens import Role

__all__ = ["BASE", "ROUTES", "Endpoint"]

BASE: Final = "/api/v1"


@dataclass(frozen=True)
class Endpoint:
    """One operation. `role` None needs no token; `answer` None is not JSON; `statuses` are those it may refuse with beside the usual."""

    method: str
    path: str
    name: str
    summary: str
    role: Role | None
    answer: type[BaseModel] | None
    status: int = 200
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    statuses: tuple[int, ...] = ()
    media: str = "application/json"
    tagged: bool = False
    tags: tuple[str, ...] = field(default=("alerts",))

    @property
    def full(self) -> str:
        """The path with its base."""
        return f"{BASE}{self.path}"

    @property
    def commands(self) -> bool:
        """Whether it gives a command, which may be given again under an idempotency key."""
        return self.status == 202


VIEW, OPERATE, ADMIN = Role.VIEWER, Role.OPERATOR, Role.ADMIN

_ALERT_COMMANDS = [
    ("acknowledge", "acknowledge_alert", "Say that somebody has seen it: nobody else is called while it does not rise. 确认"),
    ("start", "start_alert", "Say that somebody works on it. 开始处理"),
    ("resolve", "resolve_alert", "End it. 解决"),
]

ROUTES: Final[tuple[Endpoint, ...]] = (
    Endpoint("GET", "/alerts", "list_alerts", "List alerts. 告警列表", VIEW, models.AlertList, query=models.AlertQuery),
    Endpoint(
        "GET", "/alerts/{id}", "show_alert", "One alert, by its id or the beginning of it. 告警详情", VIEW, models.AlertDetail,
        statuses=(304, 404, 409), tagged=True,
    ),
    Endpoint("GET", "/alerts/{id}/history", "show_history", "All its revisions. 历史", VIEW, models.History, statuses=(404, 409)),
    Endpoint(
        "GET", "/alerts/{id}/audit", "show_audit", "Its hash chain. 审计链", ADMIN, models.AuditList, statuses=(404, 409), tags=("audit",)
    ),
    *(
        Endpoint(
            "POST", f"/alerts/{{id}}/{verb}", name, summary, OPERATE, models.Accepted, 202,
            body=models.Comment, statuses=(404, 409, 412), tagged=True,
        )
        for verb, name, summary in _ALERT_COMMANDS
    ),
    Endpoint(
        "POST", "/alerts/{id}/feedback", "judge_alert", "Say whether it was right. 反馈", OPERATE, models.Accepted, 202,
        body=models.Verdict, statuses=(404, 409, 412), tagged=True,
    ),
    Endpoint(
        "POST", "/feedback", "report_missed", "Report an alert that should have come. 漏报", OPERATE, models.Accepted, 202,
        body=models.Missed,
    ),
    Endpoint(
        "GET", "/silences", "list_silences", "List silences. 静默列表", VIEW, models.SilenceList, query=models.SilenceQuery,
        tags=("silences",),
    ),
    Endpoint(
        "POST", "/silences", "add_silence", "Silence what matches. 添加静默", OPERATE, models.Accepted, 202,
        body=models.NewSilence, tags=("silences",),
    ),
    Endpoint(
        "DELETE", "/silences/{id}", "expire_silence", "End a silence now. 结束静默", OPERATE, models.Accepted, 202,
        query=models.TenantQuery, statuses=(404,), tags=("silences",),
    ),
    Endpoint(
        "POST", "/routes/test", "test_routes", "Who would get an alert, and why. 路由测试", VIEW, models.RouteTestResult,
        body=models.RouteTest, tags=("routes",),
    ),
    Endpoint(
        "GET", "/events", "follow_alerts",
        "Alerts as they come, as server-sent events: `id` is the alert's id and revision, `data` its CloudEvent;"
        " the event `missed` says that some were lost and the list must be read again. 实时告警",
        VIEW, None, query=models.EventsQuery, media="text/event-stream",
    ),
    Endpoint("GET", "/me", "show_me", "Who the token is. 当前身份", VIEW, models.Me, tags=("service",)),
    Endpoint(
        "GET", "/health", "show_health", "Whether the store answers. 健康检查", None, models.Health, statuses=(503,), tags=("service",)
    ),
    Endpoint("GET", "/openapi.json", "show_openapi", "This document. 接口文档", None, None, tags=("service",)),
)  # fmt: skip
