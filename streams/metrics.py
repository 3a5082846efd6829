"""The metrics of a worker: one registry, passed around; `docs` lists every name.

Stages are pure and count by name (`Effects.counts`); the runner hands the counts to `Metrics.apply`, which adds to a counter and
sets a gauge.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from aiohttp import web
from prometheus_client import (
    GC_COLLECTOR,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.exposition import choose_encoder

from streams.readings_collector import ReadingsCollector

__all__ = ["COUNTERS", "GAUGES", "HISTOGRAMS", "Metrics", "MetricsServer"]

PREFIX = "fenghuo_"

COUNTERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "events_total": ("Events read and accepted, by type.", ("type",)),
    "rejects_total": ("Records sent to the dead-letter topic, by reason.", ("reason",)),
    "duplicates_total": ("Events dropped as doubles by (source, id).", ()),
    "late_events_total": ("Events later than the lateness allowed.", ()),
    "readings_total": ("Readings of an indicator.", ("indicator",)),
    "alerts_total": ("Alert events sent.", ("indicator", "tier", "state")),
    "drops_total": ("Alerts that a stage dropped, by stage and named reason.", ("stage", "reason")),
    "commands_total": ("Commands of people to alerts, by kind and outcome.", ("kind", "outcome")),
    "deliveries_total": ("Pages by receiver and result: delivered, retry, failed, refreshed.", ("receiver", "result")),
    "loop_errors_total": ("Unexpected errors caught by an outer loop.", ("loop",)),
    "watchdog_restarts_total": ("Stops asked for because nothing moved.", ()),
    "input_gap_offsets_total": ("Offsets of the input that were deleted before they were read.", ()),
    "send_retries_total": ("Batches of the intake that were read and sent again.", ()),
    "changelog_bytes_total": ("Bytes of state written to changelogs.", ("stage",)),
    "changelog_records_total": ("Keys of state written to changelogs.", ("stage",)),
    "store_records_total": ("Records taken into the store.", ("topic",)),
    "store_rejects_total": ("Records the store could not read.", ("topic",)),
    "store_retries_total": ("Times the store could not be written and was tried again.", ()),
    "batches_total": ("Records of the internal topics that a stage has processed.", ("stage",)),
}

GAUGES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "open_alerts": ("Open alerts.", ("tier", "indicator")),
    "lag_records": ("Records of its input topic that a stage has not processed yet.", ("stage", "partition")),
    "outbox_pending": ("Pages not delivered yet.", ("receiver",)),
    "store_lag_records": ("Records the store does not have yet.", ("topic", "partition")),
    "stage_live": ("1 while a partition follows the wall clock, 0 while it catches up.", ("partition",)),
    "watermark_seconds": ("Event time reached, as epoch seconds.", ("partition",)),
    "forecast_expected": ("Count expected of the next 24 h, by series (conversations, complaints).", ("tenant", "scope", "series")),
    "forecast_low": ("Lower end of its interval of 80 %.", ("tenant", "scope", "series")),
    "forecast_high": ("Upper end of its interval of 80 %.", ("tenant", "scope", "series")),
    "forecast_error_ratio": ("Mean absolute error of hours forecast a day ahead, over their mean count.", ("tenant", "scope", "series")),
    "forecast_covered_ratio": ("Share of hours within their interval of 80 %.", ("tenant", "scope", "series")),
    "stages_restored": ("Stages whose state is loaded.", ("stage",)),
    "model_info": ("1 for the version of what was learnt from words that is in use, 0 for those before.", ("name", "version")),
    "model_trained_until_seconds": ("Event time until which the version in use was trained, as epoch seconds.", ("name",)),
}

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_SLOW = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0)

HISTOGRAMS: Mapping[str, tuple[str, tuple[str, ...], tuple[float, ...]]] = {
    "processing_seconds": ("One record of a stage: process, send, write state.", ("stage",), _FAST),
    "end_to_end_seconds": ("From the record time of the event to the alert sent.", (), _SLOW),
}


class Metrics:
    """All metrics of one worker in a registry of their own.

    >>> metrics = Metrics()
    >>> metrics.apply({("events_total", "message.created"): 2, ("open_alerts", "red", "transfer_count"): 1})
    >>> metrics.value("events_total", "message.created")
    2.0
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.registry.register(GC_COLLECTOR)
        self.readings = ReadingsCollector()
        self.registry.register(self.readings)
        self._counters = {
            name: Counter(PREFIX + name.removesuffix("_total"), text, labels, registry=self.registry)
            for name, (text, labels) in COUNTERS.items()
        }
        self._gauges = {name: Gauge(PREFIX + name, text, labels, registry=self.registry) for name, (text, labels) in GAUGES.items()}
        self._histograms = {
            name: Histogram(PREFIX + name, text, labels, buckets=buckets, registry=self.registry)
            for name, (text, labels, buckets) in HISTOGRAMS.items()
        }

    def apply(self, counts: Mapping[tuple[str, ...], float]) -> None:
        """Take counts of a stage in: (name, *label values) -> number. A gauge is set, a counter grows. KeyError for an unknown name."""
        for (name, *labels), number in counts.items():
            if name in self._gauges:
                self.set(name, number, *labels)
            else:
                self.add(name, *labels, number=number)

    def add(self, name: str, *labels: str, number: float = 1) -> None:
        """Add to a counter."""
        counter = self._counters[name]
        (counter.labels(*labels) if labels else counter).inc(number)

    def set(self, name: str, number: float, *labels: str) -> None:
        """Set a gauge."""
        gauge = self._gauges[name]
        (gauge.labels(*labels) if labels else gauge).set(number)

    def observe(self, name: str, seconds: float, *labels: str, example: Mapping[str, str] | None = None) -> None:
        """Put one duration into a histogram; `example` names what took it, shown as its bucket's exemplar."""
        histogram = self._histograms[name]
        (histogram.labels(*labels) if labels else histogram).observe(seconds, dict(example) if example else None)

    def value(self, name: str, *labels: str) -> float:
        """What a counter or gauge stands at, 0 when it was never touched."""
        names = (COUNTERS.get(name) or GAUGES[name])[1]
        return self.registry.get_sample_value(PREFIX + name, dict(zip(names, labels, strict=True))) or 0.0

    def render(self, accept: str = "") -> tuple[bytes, str]:
        """The registry and its content type: in Prometheus' text format, or OpenMetrics (with exemplars) where that is accepted."""
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type


class MetricsServer:
    """Serves `/metrics`, and `/healthz`: 200 once `ready()`, 503 before. Port 0 takes a free one, see `port` after `start`."""

    def __init__(self, metrics: Metrics, host: str, port: int, ready: Callable[[], bool]) -> None:
        self.metrics = metrics
        self.host = host
        self.port = port
        self._ready = ready
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Bind and serve. Raises OSError when the port is taken."""
        app = web.Application()
        app.router.add_get("/metrics", self._metrics)
        app.router.add_get("/healthz", self._health)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.host, self.port).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Close the port."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _metrics(self, request: web.Request) -> web.Response:
        body, content_type = self.metrics.render(request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": content_type})

    async def _health(self, _request: web.Request) -> web.Response:
        ready = self._ready()
        return web.json_response({"ready": ready}, status=200 if ready else 503)
