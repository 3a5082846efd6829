from __future__ import annotations

import asyncio

import aiohttp
import pytest

from streams.metrics import COUNTERS, GAUGES, HISTOGRAMS, Metrics, MetricsServer


def test_a_second_registry_stands_beside_the_first() -> None:
    first, second = Metrics(), Metrics()
    first.add("duplicates_total")
    assert second.value("duplicates_total") == 0


def test_counts_grow_and_gauges_are_set() -> None:
    metrics = Metrics()
    for number in (3, 1):
        metrics.apply({("alerts_total", "i", "red", "raised"): number, ("open_alerts", "red", "i"): number})
    assert metrics.value("alerts_total", "i", "red", "raised") == 4
    assert metrics.value("open_alerts", "red", "i") == 1


def test_an_unknown_name_is_an_error() -> None:
    with pytest.raises(KeyError):
        Metrics().apply({("typo_total",): 1})


def test_every_metric_has_a_text_and_counters_end_in_total() -> None:
    texts = [text for text, *_ in (*COUNTERS.values(), *GAUGES.values(), *HISTOGRAMS.values())]
    assert all(str(text).endswith(".") for text in texts)
    assert all(name.endswith("_total") for name in COUNTERS)


def test_the_server_tells_metrics_and_readiness() -> None:
    async def scenario() -> None:
        ready = [False]
        server = MetricsServer(Metrics(), "127.0.0.1", 0, lambda: ready[0])
        await server.start()
        try:
            async with aiohttp.ClientSession(f"http://127.0.0.1:{server.port}") as session:
                async with session.get("/healthz") as response:
                    assert response.status == 503
                ready[0] = True
                async with session.get("/healthz") as response:
                    assert response.status == 200
                async with session.get("/metrics") as response:
                    assert response.content_type == "text/plain"
                    assert "fenghuo_duplicates_total 0.0" in await response.text()
                async with session.get("/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0"}) as response:
                    assert response.content_type == "application/openmetrics-text"
                    assert (await response.text()).endswith("# EOF\n")
        finally:
            await server.stop()

    asyncio.run(scenario())
