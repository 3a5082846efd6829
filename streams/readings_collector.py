"""What queues, agents, departments and tenants read now, as one Prometheus gauge."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from streams.shown import Shown

__all__ = ["ReadingsCollector"]

_TEXT: Final = "What an indicator read at its last evaluation, of a tenant, queue, agent, department, issue category or channel."
_TEXT_LEFT_OUT: Final = "Readings that are not on display because there are too many."


class ReadingsCollector(Collector):
    """The last value of each reading on display, until it is withdrawn or has not been evaluated for `keep_s`.

    Of more than `most` the first ones stay, and `fenghuo_readings_left_out` says how many series there is no room for: Prometheus pays for
    every label value. Customers, products and conversations are not on display, there are too many of them.

    >>> collector = ReadingsCollector(clock=lambda: 0.0)
    >>> collector.update({("queue_length", "acme", "queue", "q-1"): 120.0})
    >>> [(sample.labels["key"], sample.value) for family in collector.collect() for sample in family.samples if sample.labels]
    [('q-1', 120.0)]
    """

    def __init__(self, keep_s: float = 3600.0, most: int = 10_000, clock: Callable[[], float] = time.monotonic) -> None:
        self._keep_s, self._most, self._clock = keep_s, most, clock
        self._values: dict[Shown, tuple[float, float]] = {}
        self._left_out: dict[Shown, float] = {}

    def update(self, readings: Mapping[Shown, float | None]) -> None:
        """Take what a stage has evaluated; None is withdrawn."""
        now = self._clock()
        for place, value in readings.items():
            if value is None:
                self._values.pop(place, None)
                self._left_out.pop(place, None)
            elif place in self._values or len(self._values) < self._most:
                self._values[place] = (value, now)
                self._left_out.pop(place, None)
            elif len(self._left_out) < self._most:
                self._left_out[place] = now

    def clear(self) -> None:
        """Withdraw everything: the partitions are another worker's now."""
        self._values.clear()
        self._left_out.clear()

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """The families, at each scrape."""
        oldest = self._clock() - self._keep_s
        self._values = {place: (value, at) for place, (value, at) in self._values.items() if at > oldest}
        self._left_out = {place: at for place, at in self._left_out.items() if at > oldest}
        family = GaugeMetricFamily("fenghuo_reading", _TEXT, labels=("indicator", "tenant", "scope", "key"))
        for place, (value, _) in self._values.items():
            family.add_metric(place, value)
        yield family
        yield GaugeMetricFamily("fenghuo_readings_left_out", _TEXT_LEFT_OUT, value=len(self._left_out))
