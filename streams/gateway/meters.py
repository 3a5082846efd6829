"""The metrics of a gateway: one registry, passed around; docs/integrate.md lists every name."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector, generate_latest

__all__ = ["COUNTERS", "GAUGES", "HISTOGRAMS", "PREFIX", "Meters"]

PREFIX = "fenghuo_gateway_"

COUNTERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "requests_total": ("Requests answered, by route and status.", ("route", "status")),
    "events_total": ("Events by tenant and what became of them: accepted, duplicate, rejected, failed.", ("tenant", "result")),
    "rejects_total": ("Events not accepted, by reason.", ("reason",)),
    "ignored_total": ("Payloads of a vendor that are not for us, by adapter and kind.", ("adapter", "kind")),
    "body_bytes_total": ("Bytes of bodies read.", ()),
    "heartbeats_total": ("Heartbeats written.", ()),
}

GAUGES: Mapping[str, str] = {
    "inflight_bytes": "Bytes of bodies on their way to Kafka.",
    "kafka_up": "1 while Kafka acknowledges, 0 after it did not.",
}

HISTOGRAMS: Mapping[str, str] = {
    "ack_seconds": "From handing records to Kafka until all are acknowledged.",
    "request_seconds": "From the head of a request to its answer.",
}

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Meters:
    """All metrics of one gateway.

    >>> meters = Meters()
    >>> meters.add("events_total", "acme", "accepted", number=2)
    >>> meters.value("events_total", tenant="acme", result="accepted")
    2.0
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._counters = {
            name: Counter(PREFIX + name.removesuffix("_total"), text, labels, registry=self.registry)
            for name, (text, labels) in COUNTERS.items()
        }
        self._gauges = {name: Gauge(PREFIX + name, text, registry=self.registry) for name, text in GAUGES.items()}
        self._histograms = {
            name: Histogram(PREFIX + name, text, buckets=_BUCKETS, registry=self.registry) for name, text in HISTOGRAMS.items()
        }

    def add(self, name: str, *labels: str, number: float = 1) -> None:
        """Add to a counter."""
        counter = self._counters[name]
        (counter.labels(*labels) if labels else counter).inc(number)

    def set(self, name: str, number: float) -> None:
        """Set a gauge."""
        self._gauges[name].set(number)

    def observe(self, name: str, seconds: float) -> None:
        """Put one duration into a histogram."""
        self._histograms[name].observe(seconds)

    def value(self, name: str, **labels: str) -> float:
        """What a counter or gauge stands at, 0 when it was never touched."""
        return self.registry.get_sample_value(PREFIX + name, labels) or 0.0

    def render(self) -> bytes:
        """The registry in Prometheus' text format."""
        return generate_latest(self.registry)
