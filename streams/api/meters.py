"""The metrics of the API and the console: one registry for each application; docs/metrics.md lists every name."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from aiohttp import hdrs, web
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder
from sqlalchemy.exc import DBAPIError

from streams.api.guard import LOOPBACK
from streams.api.tokens import Role
from streams.topics import ALERTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp.typedefs import Handler, Middleware

    from alerts.store.queries import Queries
    from streams.api.guard import Guard
    from streams.api.hub import Hub

__all__ = ["COUNTERS", "GAUGES", "HISTOGRAMS", "PREFIX", "Meters", "may_read"]

PREFIX: Final = "fenghuo_api_"

COUNTERS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {"requests_total": ("Requests answered.", ("route", "method", "status"))}

GAUGES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "live_readers": ("Readers of live alerts.", ()),
    "store_up": ("1 while the store answers.", ()),
    "store_lag_records": ("Records of the alerts topic the store does not have yet.", ("partition",)),
}

HISTOGRAMS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "request_seconds": ("From a request to its answer, streams apart.", ("route", "method")),
}

_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_FORWARDED: Final = ("Forwarded", "Via", "X-Forwarded-For", "X-Real-IP")
_NOWHERE: Final = "none"
_GONE: Final = 499
"""Who asked has left before the answer."""


class Meters:
    """Requests by route, method and status, how long answers took, live readers, and how far the store is behind the topic.

    A route is its template (`/api/v1/alerts/{id}`), `none` where there is none: what a client asks for makes no new series. No label names
    a tenant.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        requests, seconds = "requests_total", "request_seconds"
        self._requests = Counter(PREFIX + requests, *COUNTERS[requests], registry=self.registry)
        self._seconds = Histogram(PREFIX + seconds, *HISTOGRAMS[seconds], buckets=_BUCKETS, registry=self.registry)
        gauges = {name: Gauge(PREFIX + name, *about, registry=self.registry) for name, about in GAUGES.items()}
        self._readers, self._up, self._lag = gauges["live_readers"], gauges["store_up"], gauges["store_lag_records"]

    @property
    def middleware(self) -> Middleware:
        """Counts and times every request."""

        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            began = time.perf_counter()
            status, streamed = 500, False
            try:
                response = await handler(request)
                status, streamed = response.status, response.content_type == "text/event-stream"
            except asyncio.CancelledError:
                status = _GONE
                raise
            finally:
                self._count(request, status, None if streamed else time.perf_counter() - began)
            return response

        return middleware

    async def render(self, hub: Hub, queries: Queries, accept: str = "") -> tuple[bytes, str]:
        """The registry and its content type: in Prometheus' text format, or OpenMetrics where that is accepted."""
        self._readers.set(len(hub))
        try:
            known = await queries.positions(ALERTS)
            self._up.set(1)
        except (DBAPIError, OSError):
            self._up.set(0)
        else:
            for partition, end in sorted(hub.ends.items()):
                self._lag.labels(str(partition)).set(max(0, end - known.get(partition, 0)))
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type

    def _count(self, request: web.Request, status: int, seconds: float | None) -> None:
        resource = request.match_info.route.resource
        labels = (resource.canonical if resource is not None else _NOWHERE, request.method if resource is not None else _NOWHERE)
        self._requests.labels(*labels, str(status)).inc()
        if seconds is not None:
            self._seconds.labels(*labels).observe(seconds)


def may_read(request: web.Request, guard: Guard) -> None:
    """Let in who asks from this machine, not through a proxy, or has a token. Raises Problem."""
    direct = not any(name in request.headers for name in _FORWARDED)
    if not direct or request.remote not in LOOPBACK or hdrs.AUTHORIZATION in request.headers:
        guard.token(request, Role.VIEWER)
