from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import BaseModel

from alerts.command import decode_command, encode_command
from alerts.route import RouteRule
from alerts.store.tables import ALERTS
from streams.api import models
from streams.api.routes import ROUTES
from tests.unit.api.site import Site, played
from tests.unit.store.records import BEGAN, alert, command, delivery, put, silence

ID = "a1b2c3d4"
OTHER = "b1b2c3d4"


async def fill(site: Site) -> None:
    await put(
        site.store,
        *(alert(ID, revision) for revision in (1, 2, 3)),
        delivery(ID),
        command("c-1", alert_id=ID),
        command("c-2", "true_positive", ID),
        alert(OTHER, tenant="other"),
        alert("a1ffffff", 5),
        silence("s-1", at=10),
    )


def fits(model: type[BaseModel], body: Any) -> None:
    model.model_validate(body)


def test_every_read_answers_as_its_model_says() -> None:
    async def scene(site: Site) -> None:
        await fill(site)
        for endpoint in ROUTES:
            if endpoint.method == "GET" and endpoint.answer is not None:
                answer = await site.ask("GET", endpoint.path.replace("{id}", ID), "admin")
                assert answer.status == 200, endpoint
                fits(endpoint.answer, answer.body)

    played(scene)


def test_alerts_are_listed_filtered_and_paged() -> None:
    async def scene(site: Site) -> None:
        await fill(site)

        async def ids(query: str = "", who: str = "viewer") -> list[str]:
            answer = await site.ask("GET", f"/alerts{query}", who)
            assert answer.status == 200, answer.body
            return [item["alert_id"] for item in answer.body["items"]]

        assert await ids() == [ID, OTHER]
        assert await ids("?open=all") == ["a1ffffff", ID, OTHER]
        assert await ids("?tier=yellow,red") == [OTHER]
        assert await ids("?tier=yellow&tier=orange") == [ID, OTHER]
        assert await ids("?state=acknowledged&scope=queue_id:q-a") == [ID]
        assert await ids("?text=排队") == [ID, OTHER]
        assert await ids("?tenant=other") == [OTHER]
        assert await ids("", "local") == [ID]
        first = (await site.ask("GET", "/alerts?limit=1")).body
        second = (await site.ask("GET", f"/alerts?limit=1&cursor={first['next']}")).body
        assert [first["items"][0]["alert_id"], second["items"][0]["alert_id"], second["next"]] == [ID, OTHER, None]
        assert first["counts"] == {"red": 0, "orange": 1, "yellow": 1, "blue": 0}

    played(scene)


def test_an_alert_is_found_by_the_beginning_of_its_id() -> None:
    async def scene(site: Site) -> None:
        await fill(site)
        assert (await site.ask("GET", "/alerts/a1b2")).body["alert"]["alert_id"] == ID
        assert (await site.ask("GET", "/alerts/a1b")).status == 404
        await put(site.store, alert("a1b2ffff"))
        several = await site.ask("GET", "/alerts/a1b2")
        assert several.status == 409
        assert ID in several.body["detail"]
        assert (await site.ask("GET", f"/alerts/{OTHER}", "local")).status == 404

    played(scene)


def test_an_unchanged_alert_is_not_sent_again() -> None:
    async def scene(site: Site) -> None:
        await fill(site)
        first = await site.ask("GET", f"/alerts/{ID}")
        assert first.headers["ETag"] == '"3"'
        assert (await site.ask("GET", f"/alerts/{ID}", If_None_Match='W/"2", "3"')).status == 304
        assert (await site.ask("GET", f"/alerts/{ID}", If_None_Match='"2"')).status == 200

    played(scene)


@pytest.mark.parametrize(
    ("verb", "body", "kind"),
    [
        ("acknowledge", {"comment": "看到了"}, "acknowledge"),
        ("acknowledge", None, "acknowledge"),
        ("start", {}, "in_progress"),
        ("resolve", {"comment": ""}, "resolve"),
        ("feedback", {"verdict": "true"}, "true_positive"),
        ("feedback", {"verdict": "false_positive", "comment": "演练"}, "false_positive"),
        ("feedback", {"verdict": "late"}, "late"),
    ],
)
def test_a_command_is_on_the_bus_when_it_is_answered(verb: str, body: Any, kind: str) -> None:
    async def scene(site: Site) -> None:
        await fill(site)
        answer = await site.ask("POST", f"/alerts/{ID}/{verb}", body=body)
        assert answer.status == 202
        fits(models.Accepted, answer.body)
        (given,) = site.bus.commands
        assert (given.id, given.tenant, given.kind, given.by, given.alert_id) == (answer.body["command_id"], "acme", kind, "operator", ID)
        assert (given.at, given.comment) == (BEGAN + 100, (body or {}).get("comment", ""))
        assert decode_command(encode_command(given), record_time=given.at) == given

    played(scene)


def test_private_data_in_a_note_does_not_reach_the_bus() -> None:
    async def scene(site: Site) -> None:
        await fill(site)
        await site.ask("POST", f"/alerts/{ID}/acknowledge", body={"comment": "电话13800138000"})
        await site.ask("POST", "/silences", "local", body={"match": {"queue_id": "q-a"}, "duration_s": 60, "why": "找13800138000"})
        assert len(site.bus.commands) == 2
        assert "13800138000" not in repr(site.bus.commands)

    played(scene)


def test_a_command_is_not_answered_before_it_is_durable() -> None:
    async def scene(site: Site) -> None:
        await fill(site)
        site.bus.gate = asyncio.Event()
        asking = asyncio.create_task(site.ask("POST", f"/alerts/{ID}/acknowledge"))
        done, _ = await asyncio.wait({asking}, timeout=0.3)
        assert not done
        site.bus.gate.set()
        assert (await asking).status == 202

    played(scene)


def test_what_kafka_did_not_take_is_not_accepted_and_can_be_repeated_as_the_same_command() -> None:
    async def scene(site: Site) -> None:
        await fill(site)
        site.bus.down = True
        refused = await site.ask("POST", f"/alerts/{ID}/acknowledge", Idempotency_Key="k-1")
        assert (refused.status, refused.headers["Retry-After"]) == (503, "5")
        assert "Idempotency-Key" in refused.body["detail"]
        site.bus.down = False
        first = await site.ask("POST", f"/alerts/{ID}/acknowledge", Idempotency_Key="k-1")
        again = await site.ask("POST", f"/alerts/{ID}/acknowledge", Idempotency_Key="k-1")
        assert first.status == again.status == 202
        assert first.body == again.body
        assert len(site.bus.commands) == 1
        other = await site.ask("POST", f"/alerts/{ID}/resolve", Idempotency_Key="k-1")
        assert other.status == 422
        elsewhere = await site.ask("POST", f"/alerts/{ID}/acknowledge", "admin", Idempotency_Key="k-1")
        assert elsewhere.body["command_id"] != first.body["command_id"]

    played(scene)


def test_the_same_key_is_the_same_command_after_a_restart() -> None:
    ids: list[str] = []

    async def scene(site: Site) -> None:
        await fill(site)
        ids.append((await site.ask("POST", f"/alerts/{ID}/acknowledge", Idempotency_Key="k-1")).body["command_id"])

    played(scene)
    played(scene)
    assert ids[0] == ids[1]


def test_whoever_saw_another_revision_is_told() -> None:
    async def scene(site: Site) -> None:
        await fill(site)
        stale = await site.ask("POST", f"/alerts/{ID}/acknowledge", If_Match='"2"')
        assert (stale.status, stale.headers["ETag"]) == (412, '"3"')
        assert site.bus.commands == []
        assert (await site.ask("POST", f"/alerts/{ID}/acknowledge", If_Match='"3"')).status == 202
        assert (await site.ask("POST", f"/alerts/{ID}/acknowledge", If_Match="*")).status == 202

    played(scene)


def test_an_alert_that_is_over_takes_feedback_only() -> None:
    async def scene(site: Site) -> None:
        await fill(site)
        assert (await site.ask("POST", "/alerts/a1ffffff/acknowledge")).status == 409
        assert (await site.ask("POST", "/alerts/a1ffffff/feedback", body={"verdict": "false_positive"})).status == 202

    played(scene)


def test_a_missed_alert_is_reported_for_one_tenant() -> None:
    async def scene(site: Site) -> None:
        body = {"alert_key": "queue_length|queue=q-a", "comment": "no alert at 9"}
        assert (await site.ask("POST", "/feedback", body=body)).status == 422
        assert (await site.ask("POST", "/feedback", body={**body, "tenant": "acme"})).status == 202
        assert (await site.ask("POST", "/feedback", "local", body=body)).status == 202
        assert (await site.ask("POST", "/feedback", "local", body={**body, "tenant": "other"})).status == 403
        assert [(each.kind, each.tenant, each.alert_key) for each in site.bus.commands] == [("missed", "acme", body["alert_key"])] * 2

    played(scene)


def test_a_silence_is_added_listed_and_ended() -> None:
    async def scene(site: Site) -> None:
        body = {"match": {"queue_id": "q-a"}, "duration_s": 3600, "why": "test call"}
        answer = await site.ask("POST", "/silences", "local", body=body)
        assert answer.status == 202
        (given,) = site.bus.commands
        assert given.silence is not None
        assert (given.kind, given.silence.until - given.silence.starts, given.silence.by) == ("silence_add", 3600, "local")
        assert decode_command(encode_command(given), record_time=given.at) == given
        await put(site.store, silence(given.silence.id, at=90))
        listed = (await site.ask("GET", "/silences", "viewer")).body
        fits(models.SilenceList, listed)
        assert [each["silence_id"] for each in listed["items"]] == [answer.body["silence_id"]]
        assert (await site.ask("DELETE", f"/silences/{given.silence.id}")).status == 202
        assert (site.bus.commands[1].kind, site.bus.commands[1].tenant) == ("silence_expire", "acme")
        assert decode_command(encode_command(site.bus.commands[1]), record_time=given.at) == site.bus.commands[1]
        assert (await site.ask("DELETE", "/silences/s-unknown")).status == 404

    played(scene)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"match": {}}, 403),
        ({"duration_s": None}, 422),
        ({"duration_s": -5}, 422),
        ({"until": "2026-11-11T00:00:00"}, 422),
        ({"starts": "1999-01-01T00:00:00Z"}, 422),
        ({"why": ""}, 422),
        ({"match": {"queue_id": 5}}, 422),
        ({"surprise": 1}, 422),
    ],
    ids=str,
)
def test_a_silence_that_makes_no_sense_is_refused(change: dict[str, Any], status: int) -> None:
    async def scene(site: Site) -> None:
        body = {"match": {"queue_id": "q-a"}, "duration_s": 60, "why": "x", **change}
        answer = await site.ask("POST", "/silences", "local", body={name: value for name, value in body.items() if value is not None})
        assert answer.status == status
        fits(models.ProblemDetails, answer.body)
        assert site.bus.commands == []

    played(scene)


def test_routes_say_who_would_get_an_alert_and_why_not() -> None:
    routes = [
        RouteRule(receivers=["duty"], min_tier="orange"),
        RouteRule(receivers=["crisis", "duty"], min_tier="red", match={"indicator": ["data_leak_signal"]}),
    ]

    async def scene(site: Site) -> None:
        asked = {"labels": {"indicator": "queue_length", "queue_id": "q-a"}, "tier": "orange"}
        answer = await site.ask("POST", "/routes/test", "viewer", body=asked)
        fits(models.RouteTestResult, answer.body)
        assert answer.body["receivers"] == ["duty"]
        why = answer.body["routes"][1]["why"]
        assert why == ["orange is below min_tier red", "indicator is queue_length, not data_leak_signal"]

    played(scene, routes=routes)


def test_a_request_that_cannot_be_used_is_a_problem_that_names_the_place() -> None:
    async def scene(site: Site) -> None:
        await fill(site)
        for path, place in (
            ("?tier=purple", "tier.0"),
            ("?limit=0", "limit"),
            ("?limit=many", "limit"),
            ("?cursor=nonsense", "cursor"),
            ("?page=2", "page"),
            ("?scope=queue", ""),
        ):
            answer = await site.ask("GET", f"/alerts{path}")
            assert (answer.status, answer.headers["Content-Type"]) == (422, "application/problem+json; charset=utf-8"), path
            fits(models.ProblemDetails, answer.body)
            assert answer.body["errors"][0]["path"] == place
        for data, kind, status in (
            (b"{", "application/json", 400),
            (b"\xff", "application/json", 400),
            (b"[" * 100_000, "application/json", 413),
            (b"[" * 50_000, "application/json", 400),
            (b"x" * 70_000, "application/json", 413),
            (b"comment=x", "application/x-www-form-urlencoded", 415),
            (b"[]", "application/json", 422),
            (b'{"surprise": 1}', "application/json", 422),
        ):
            response = await site.send("POST", f"/alerts/{ID}/acknowledge", data=data, headers={"Content-Type": kind})
            assert response.status == status, data[:20]
            assert response.content_type == "application/problem+json"
        assert site.bus.commands == []
        assert (await site.ask("GET", "/nothing")).status == 404
        wrong = await site.ask("PUT", "/alerts")
        assert (wrong.status, wrong.headers["Allow"]) == (405, "GET")

    played(scene)


def test_a_store_that_does_not_answer_is_said_so() -> None:
    async def scene(site: Site) -> None:
        async with site.store.engine.begin() as connection:
            await connection.run_sync(ALERTS.drop)
        for path in ("/alerts", "/health"):
            answer = await site.ask("GET", path)
            assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
            assert "sqlite" not in str(answer.body).lower()

    played(scene)
