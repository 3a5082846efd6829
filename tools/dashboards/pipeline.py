"""Whether the pipeline is well."""

from __future__ import annotations

from tools.dashboards.panel import Dashboard, Panel, Row

__all__ = ["DASHBOARD"]


def _rate(metric: str, by: str = "") -> str:
    grouping = f" by ({by})" if by else ""
    return f"sum{grouping} (rate(fenghuo_{metric}[$__rate_interval]))"


_ASKED = 'rate(fenghuo_api_request_seconds_bucket{route!="/metrics"}[$__rate_interval])'
_STREAM = Row(
    "流 Stream",
    [
        Panel(
            "积压，按级 Lag by stage",
            "Records a stage has not processed yet. 各级尚未处理的记录数。",
            {"{{stage}}": "sum by (stage) (fenghuo_lag_records)"},
            width=12,
        ),
        Panel(
            "事件时间落后 Event time behind",
            "Seconds the watermark of a partition is behind the clock. 各分区水位落后于时钟的秒数。",
            {"{{partition}}": "time() - max by (partition) (fenghuo_watermark_seconds)"},
            "s",
            width=12,
        ),
        Panel(
            "每级处理时间 p99 Processing",
            "One record of a stage: process, send, write the state; 99 of 100. 每级处理一条记录的时间，九成九不超过此值。",
            {"{{stage}}": "histogram_quantile(0.99, sum by (le, stage) (rate(fenghuo_processing_seconds_bucket[$__rate_interval])))"},
            "s",
            width=12,
        ),
        Panel(
            "追赶中的分区 Catching up",
            "Partitions that do not follow the clock. 尚未跟上时钟的分区数。",
            {"partitions": "count(fenghuo_stage_live == 0) or vector(0)"},
            width=12,
        ),
    ],
)
_STATE = Row(
    "状态 State",
    [
        Panel(
            "写入状态 Changelog",
            "Bytes of state written per second. 每秒写入的状态字节数。",
            {"{{stage}}": _rate("changelog_bytes_total", "stage")},
            "Bps",
        ),
        Panel(
            "读数 Readings",
            "Readings per second, the ten busiest indicators. 每秒读数，最忙的十个指标。",
            {"{{indicator}}": f"topk(10, {_rate('readings_total', 'indicator')})"},
            "ops",
        ),
        Panel(
            "内存 Memory",
            "Resident memory of each worker. 各工作进程的常驻内存。",
            {"{{instance}}": "max by (instance) (process_resident_memory_bytes)"},
            "bytes",
        ),
    ],
)
_HEALTH = Row(
    "健康 Health",
    [
        Panel(
            "拒收 Rejects",
            "Records per minute sent to the dead letter, by reason. 每分钟进入死信的记录，按原因。",
            {"{{reason}}": f"{_rate('rejects_total', 'reason')} * 60"},
            "cpm",
        ),
        Panel(
            "重复与迟到 Duplicates and late",
            "Events per minute dropped as doubles, and later than allowed. 每分钟的重复事件与迟到事件。",
            {"duplicates": f"{_rate('duplicates_total')} * 60", "late": f"{_rate('late_events_total')} * 60"},
            "cpm",
        ),
        Panel(
            "异常 Trouble",
            "What should stay at zero: caught errors, watchdog stops, offsets deleted before they were read. 应当为零。",
            {
                "errors {{loop}}": "sum by (loop) (increase(fenghuo_loop_errors_total[$__range]))",
                "watchdog": "sum(increase(fenghuo_watchdog_restarts_total[$__range]))",
                "gap": "sum(increase(fenghuo_input_gap_offsets_total[$__range]))",
                "left out": "sum(fenghuo_readings_left_out)",
            },
        ),
    ],
)
_CONSOLE = Row(
    "控制台与接口 Console and API",
    [
        Panel(
            "请求，按状态 Requests by status",
            "Requests answered per second, apart from reads of the metrics. 每秒答复的请求，不含读取指标。",
            {"{{status}}": 'sum by (status) (rate(fenghuo_api_requests_total{route!="/metrics"}[$__rate_interval]))'},
            "reqps",
            width=6,
            stacked=True,
        ),
        Panel(
            "应答时间 p95 Answers",
            "From a request to its answer, 95 of 100, the five slowest routes. 从请求到答复，九成五不超过此值，最慢的五个路径。",
            {"{{route}}": f"topk(5, histogram_quantile(0.95, sum by (le, route) ({_ASKED})))"},
            "s",
            width=6,
        ),
        Panel(
            "实时读者 Live readers",
            "Open streams of live alerts (server-sent events), 200 at most. 打开的实时事件流，最多 200 个。",
            {"{{instance}}": "max by (instance) (fenghuo_api_live_readers)"},
            width=6,
        ),
        Panel(
            "预警库落后 Store behind",
            "Alert records that are shown live and the store does not have yet. 已实时显示、预警库尚未写入的预警记录数。",
            {"{{instance}}": "sum by (instance) (fenghuo_api_store_lag_records)"},
            width=6,
        ),
    ],
)

DASHBOARD = Dashboard(
    "pipeline",
    "烽火：管道 Fenghuo pipeline",
    "Lag, event time, state, what should be zero, and the console. 积压、事件时间、状态、应当为零的数，以及控制台。",
    [_STREAM, _STATE, _HEALTH, _CONSOLE],
)
