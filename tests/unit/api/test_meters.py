"""What `/metrics` of the API tells, and to whom."""

from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families

from alerts.store.rows import Rows
from alerts.store.store import Place
from streams.topics import ALERTS
from tests.unit.api.site import MADE, Site, played


async def scraped(site: Site, **headers: str) -> dict[tuple[str, ...], float]:
    """The samples by name and the values of their labels, in the order of the labels' names."""
    response = await site.client.get("/metrics", headers={name.replace("_", "-"): text for name, text in headers.items()})
    assert response.status == 200
    families = text_string_to_metric_families(await response.text())
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_requests_are_counted_by_the_template_of_their_route() -> None:
    async def scene(site: Site) -> None:
        for path in ("/alerts/a", "/alerts/b", "/alerts"):
            await site.ask("GET", path)
        await site.ask("GET", "/alerts", who=None)
        await site.ask("GET", "/nowhere/at/all")
        found = await scraped(site)
        requests = {key[1:]: number for key, number in found.items() if key[0] == "fenghuo_api_requests_total"}
        assert requests == {
            ("GET", "/api/v1/alerts/{id}", "404"): 2,
            ("GET", "/api/v1/alerts", "200"): 1,
            ("GET", "/api/v1/alerts", "401"): 1,
            ("none", "none", "404"): 1,
        }
        assert found["fenghuo_api_request_seconds_count", "GET", "/api/v1/alerts/{id}"] == 2
        assert (await scraped(site))["fenghuo_api_requests_total", "GET", "/metrics", "200"] == 1

    played(scene)


def test_live_readers_are_counted_and_their_streams_are_not_timed() -> None:
    async def scene(site: Site) -> None:
        assert (await scraped(site))["fenghuo_api_live_readers",] == 0
        async with await site.send("GET", "/events") as stream:
            await stream.content.readline()
            assert (await scraped(site))["fenghuo_api_live_readers",] == 1
            site.hub.close()
            await stream.read()
        found = await scraped(site)
        assert found["fenghuo_api_live_readers",] == 0
        assert found["fenghuo_api_requests_total", "GET", "/api/v1/events", "200"] == 1
        assert ("fenghuo_api_request_seconds_count", "GET", "/api/v1/events") not in found

    played(scene)


def test_the_lag_of_the_store_is_what_the_topic_has_and_it_has_not() -> None:
    async def scene(site: Site) -> None:
        site.hub.ends.update({0: 12, 1: 3})
        await site.store.write(Rows(), {Place(ALERTS, 0): (0, 7)})
        found = await scraped(site)
        assert (found["fenghuo_api_store_lag_records", "0"], found["fenghuo_api_store_lag_records", "1"]) == (5, 3)
        assert found["fenghuo_api_store_up",] == 1

    played(scene)


def test_a_store_that_does_not_answer_is_told_and_not_an_error() -> None:
    async def scene(site: Site) -> None:
        async with site.store.engine.begin() as connection:
            await connection.exec_driver_sql("DROP TABLE offsets")
        assert (await scraped(site))["fenghuo_api_store_up",] == 0

    played(scene)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"X-Forwarded-For": "203.0.113.7"}, 401),
        ({"Forwarded": "for=203.0.113.7"}, 401),
        ({"X-Forwarded-For": "203.0.113.7", "Authorization": f"Bearer {MADE['viewer'][0]}"}, 200),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Host": "rebound.example.com"}, 421),
    ],
)
def test_who_comes_through_a_proxy_needs_a_token(headers: dict[str, str], status: int) -> None:
    async def scene(site: Site) -> None:
        response = await site.client.get("/metrics", headers=headers)
        assert response.status == status
        assert ("fenghuo_api_requests" in await response.text()) == (status == 200)

    played(scene)


def test_nothing_of_a_tenant_is_told() -> None:
    async def scene(site: Site) -> None:
        await site.ask("GET", "/alerts?tenant=acme")
        response = await site.client.get("/metrics")
        assert "acme" not in await response.text()

    played(scene)
