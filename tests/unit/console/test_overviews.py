"""Queues and agents now, hot issues, what was in force, incidents that change: what is there, and for whom."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from alerts.rule import Rule
from alerts.store.rows import Rows, Source
from streams.console.i18n import LANGUAGES, load_texts
from streams.in_force import MODEL, POLICY, policy_data
from streams.kpis import AGENT, QUEUE
from tests.unit.console.desk import POLICY as SHIPPED
from tests.unit.console.desk import Desk, made, played
from tests.unit.console.test_floor import reading, told
from tests.unit.console.test_pages import HOSTILE, _Tags
from tests.unit.store.records import BEGAN, command, instant

PAGES = ("/now", "/issues", "/history", "/incidents")
BODIES = ("/now/body", "/issues/body", "/incidents/body")
BURNING = {"indicator": "similar_complaint_count", "unit": "count", "dimension": "trend"}


def issue(alert_id: str, category: str = "quality.defect", **more: Any) -> dict[str, Any]:
    scope = {"tenant_id": more.pop("tenant", "acme"), "issue_category": category, **more.pop("scope", {})}
    said = [{"event_id": "e", "excerpt_masked": text} for text in ("耳机蓝牙老是断连", "耳机蓝牙一直断开", "蓝牙耳机断了")]
    return made(alert_id, **{**BURNING, "value": 5.0, "sample": {"n": 4, "customers": 4}, "evidence": said, "scope": scope, **more})


def words(page: str) -> str:
    """A page's text without its tags, blanks made one."""
    return " ".join(re.sub(r"<[^>]+>", " ", page[page.index("<main") :] if "<main" in page else page).split())


async def judged(desk: Desk, *alerts: tuple[str, str]) -> None:
    rows = Rows()
    for at, (alert_id, kind) in enumerate(alerts):
        rows.add(command(f"k{at}", kind, alert_id, at=float(at)))
    await desk.worker.store.write(rows, {})


def in_force(kind: str, at: float, **data: Any) -> bytes:
    return json.dumps({"type": kind, "time": instant(BEGAN + at), "data": {"app_id": "fenghuo", "by": "ops@w-1", **data}}).encode()


# -- now


def test_queues_and_agents_stand_with_what_burns_first() -> None:
    async def scene(desk: Desk) -> None:
        floor = desk.parts.floor
        for at in range(4):
            floor.take(told(QUEUE, 60.0 * at, queue_id="q-calm", waiting=30 + at, oldest_wait_s=45, agents_available=2, agents_busy=5))
        floor.take(told(QUEUE, 200, queue_id="q-hot", waiting=3, oldest_wait_s=400))
        floor.take(reading("abandonment_rate", 0.21, 200, tier="orange", key="q-hot"))
        floor.take(reading("csat_rate", 0.5, 200, tier="blue", key="q-hot"))
        floor.take(told(AGENT, 10, agent_id="a-1", team_id="t-1", state="break"))
        floor.take(reading("agent_emotional_exposure", 64, 200, tier="blue", scope="agent", key="a-2"))
        await desk.login("viewer")
        _, page = await desk.get("/now")
        assert re.findall(r'id="[qa]-acme-([\w-]+)"', page) == ["q-hot", "q-calm", "a-2", "a-1"]
        text = words(page)
        for wanted in ("Orange 21%", "7 min", "45 s", "2 / 5", "On a break", "Blue 64 min", "Satisfaction"):
            assert wanted in text, text
        assert 'aria-label="Waiting within the last hour, from 30 to 33"' in page
        assert 'href="/alerts?scope=queue_id:q-hot&amp;tenant=acme"' in page

    played(scene)


def test_places_are_found_by_name_team_and_tenant() -> None:
    async def scene(desk: Desk) -> None:
        desk.parts.floor.take(told(QUEUE, queue_id="q-hot", waiting=1))
        desk.parts.floor.take(told(AGENT, agent_id="a-1", team_id="t-1", state="busy"))
        await desk.login()
        assert 'data-again="/now/body?text=a%26b"' in (await desk.get("/now?text=a%26b"))[1]
        for search, ids in (("text=HOT", ["q-hot"]), ("text=t-1", ["a-1"]), ("tenant=other", []), ("text=nothing", [])):
            assert re.findall(r'id="[qa]-acme-([\w-]+)"', (await desk.get(f"/now/body?{search}"))[1]) == ids

    played(scene)


def test_a_floor_nobody_has_told_of_says_what_to_do() -> None:
    async def scene(desk: Desk) -> None:
        await desk.login()
        assert "Reading what was said of late" in (await desk.get("/now"))[1]
        desk.parts.floor.settle()
        text = words((await desk.get("/now"))[1])
        assert "Nothing is known of queues or agents yet" in text
        assert "queue.snapshot" in text

    played(scene)


# -- issues


def test_an_issue_has_its_figures_words_and_alerts() -> None:
    async def scene(desk: Desk) -> None:
        desk.parts.floor.take(reading("volume_ratio_3h", 2.3, 90, tier="yellow", scope="issue", key="quality.defect"))
        desk.parts.floor.take(reading("issue_share_growth", 12.5, 90, scope="issue", key="quality.defect"))
        first = issue("aaaa1", tier="orange", scope={"product_id": "sku-1"})
        await desk.worker.light(first, issue("aaaa2", tier="red", revision=1), issue("bbbb1", "refund.slow", tier="yellow"))
        single = made("cccc1", scope={"tenant_id": "acme", "issue_category": "refund.slow", "conversation_id": "c-1"})
        await desk.worker.light(single, issue("dddd1", "old", at=BEGAN - 2 * 86_400, state="resolved"))
        await desk.login("viewer")
        _, page = await desk.get("/issues")
        cards = page.split('<li class="panel incident')[1:]
        assert [re.findall(r'href="/alerts/(\w+)"', card) for card in cards] == [["aaaa2", "aaaa1"], ["bbbb1"]]
        text = words(cards[0])
        for wanted in (
            "Red",
            "quality.defect",
            "耳机",
            "蓝牙",
            "7 2.3× the mean",
            "5 4 customers",
            "+12.5 pp",
            "2 / 2 · 2 open",
            "sku-1",
            "耳机蓝牙一直断开",
        ):
            assert wanted in text, text
        assert "quality.defect" in words(page.split("Every issue")[1])

    played(scene)


def test_a_product_without_a_category_and_a_new_term_are_issues_too() -> None:
    async def scene(desk: Desk) -> None:
        product = made("aaaa1", indicator="refund_rate_surge", scope={"tenant_id": "acme", "product_id": "sku-9"})
        term = made(
            "bbbb1", indicator="new_term_burst", scope={"tenant_id": "acme"}, title={"zh": "新词", "en": "New term 断连"}, tier="red"
        )
        await desk.worker.light(product, term)
        await desk.login()
        _, page = await desk.get("/issues")
        cards = [words(card) for card in page.split('<li class="panel incident')[1:]]
        assert len(cards) == 2
        assert "New term 断连" in cards[0]
        assert "product sku-9" in cards[1]

    played(scene)


# -- what was in force


def test_false_alarms_stand_beside_the_thresholds_of_their_week() -> None:
    async def scene(desk: Desk) -> None:
        before, after = policy_data(SHIPPED), policy_data(SHIPPED)
        after["version"] = "stricter"
        after["rules"]["queue_length"] |= {"tiers": {**after["rules"]["queue_length"]["tiers"], "red": 350}, "for_s": 600}
        for at, data in ((-30 * 86_400, before), (-29 * 86_400, before), (-60, after)):
            desk.parts.changes.feed(in_force(POLICY, at, **data))
        model = {"number": 4, "digest": "abcd", "trained_until": instant(BEGAN), "events": 9, "served": ["sentiment"]}
        desk.parts.changes.feed(in_force(MODEL, -50, **model))
        await desk.worker.light(*(made(f"aaaa{at}") for at in range(4)))
        await judged(desk, ("aaaa0", "false_positive"), ("aaaa1", "true_positive"), ("aaaa2", "late"), ("aaaa3", "true_positive"))
        await desk.login("viewer")
        text = words((await desk.get("/history"))[1])
        for wanted in (
            "Red 350",
            "4 25% (1) 1",
            "2 changes",
            "Red: 300 → 350",
            "must burn for: 0 s → 600 s",
            "ops@w-1",
            "4 abcd",
            "sentiment",
        ):
            assert wanted in text, text
        assert text.count("The first record") == 1

    played(scene)


def test_verdicts_of_other_tenants_are_not_counted() -> None:
    async def scene(desk: Desk) -> None:
        await desk.worker.light(made("aaaa1", tenant="other"))
        rows = Rows()
        event = command("k1", "false_positive", "aaaa1")
        rows.add(Source("commands", (event.value or b"").replace(b"acme", b"other"), event.at))
        await desk.worker.store.write(rows, {})
        await desk.login("local")
        assert "No verdicts yet" in (await desk.get("/history"))[1]
        desk.client.session.cookie_jar.clear()
        await desk.login("viewer")
        assert "100%" in (await desk.get("/history"))[1]

    played(scene)


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_every_number_of_a_rule_that_may_change_has_a_name(language: str) -> None:
    texts = load_texts(language).found
    assert {"history.for_s", "history.enabled", "history.min_sample", "tier.red"} <= texts.keys()
    assert {"tiers", "min_sample", "for_s"} <= set(Rule.model_fields)
    assert {f"agent_state.{state}" for state in ("available", "busy", "break", "offline")} <= texts.keys()


# -- all of them


def test_incidents_are_read_anew_and_live_events_for_them_carry_no_rows() -> None:
    async def scene(desk: Desk) -> None:
        await desk.worker.light(made("aaaa1"))
        await desk.login()
        _, page = await desk.get("/incidents")
        assert 'data-live="/live?rows=no"' in page
        stream = await desk.send("GET", "/live?rows=no", Accept="text/event-stream")
        await desk.worker.light(made("bbbb1"))
        lines = [line async for line, _ in _lines(stream, 6)]
        assert any(b'"id": "bbbb1"' in line and b'"row": null' in line for line in lines)
        stream.close()
        body = (await desk.get("/incidents/body"))[1]
        assert set(re.findall(r'href="/alerts/(\w+)"', body)) == {"aaaa1", "bbbb1"}
        assert "<html" not in body

    played(scene)


async def _lines(stream: Any, count: int) -> Any:
    for at in range(count):
        yield await stream.content.readline(), at


def test_the_pages_need_a_session_and_another_tenant_is_not_there() -> None:
    async def scene(desk: Desk) -> None:
        for path in PAGES + BODIES:
            assert (await desk.send("GET", path, Accept="application/json")).status == 401
            assert (await desk.send("GET", path)).status == 303
        for event in (told(QUEUE, queue_id="q-theirs", waiting=1), reading("volume_ratio_3h", 2.0, scope="issue", key="q-theirs")):
            event["data"]["tenant_id"] = "other"
            desk.parts.floor.take(event)
        await desk.worker.light(issue("bbbb1", "q-theirs", tenant="other"))
        await desk.login("local")
        for path in PAGES + BODIES:
            status, page = await desk.get(path)
            assert status == 200
            assert "theirs" not in page
            if "incidents" not in path:
                assert (await desk.get(f"{path}?tenant=other"))[0] == 403

    played(scene)


def test_hostile_texts_stay_texts_on_every_page() -> None:
    async def scene(desk: Desk) -> None:
        floor = desk.parts.floor
        floor.take(told(QUEUE, queue_id=HOSTILE, waiting=1, tenant_id=HOSTILE))
        floor.take(told(AGENT, agent_id=HOSTILE, team_id=HOSTILE, state=HOSTILE, tenant_id=HOSTILE))
        for scope in ("queue", "agent", "issue"):
            floor.take(reading(HOSTILE, 1.0, tier="red", scope=scope, key=HOSTILE))
        evil: dict[str, Any] = {"title": {"zh": HOSTILE, "en": HOSTILE}, "evidence": [{"excerpt_masked": HOSTILE}, 5]}
        await desk.worker.light(issue("aaaa1", HOSTILE, indicator=HOSTILE, scope={"product_id": HOSTILE}, **evil))
        await desk.worker.light(made("bbbb1", indicator="new_term_burst", scope={"tenant_id": HOSTILE}, **evil))
        await judged(desk, ("aaaa1", "late"))
        rules = {HOSTILE: {"tiers": {HOSTILE: 1.0}, "min_sample": {HOSTILE: 2.0}}}
        for at, version in enumerate((HOSTILE, f"{HOSTILE}2")):
            desk.parts.changes.feed(in_force(POLICY, at, version=version, rules=rules if at else {}, by=HOSTILE))
        model = {"number": 1, "digest": HOSTILE, "trained_until": instant(BEGAN), "served": [HOSTILE], "by": HOSTILE}
        desk.parts.changes.feed(in_force(MODEL, 0, **model))
        await desk.login()
        for path in PAGES:
            status, page = await desk.get(f"{path}?text={HOSTILE[:2]}")
            assert status == 200
            tags = _Tags(page).found
            assert not [tag for tag, at_ in tags if tag == "img" or (tag == "script" and "src" not in at_)], path
            assert not [name for _, at_ in tags for name in at_ if name.startswith("on")], path
            assert not [at_ for tag, at_ in tags if tag == "style" or "style" in at_], path

    played(scene)


def test_empty_pages_say_so_in_both_languages() -> None:
    async def scene(desk: Desk) -> None:
        desk.parts.floor.settle()
        await desk.login()
        for path, key in zip(PAGES, ("now.none_title", "issues.none_title", "history.no_policies", "incidents.none_title"), strict=True):
            for language in LANGUAGES:
                assert load_texts(language)(key) in words((await desk.get(path, Accept_Language=language))[1])

    played(scene)


def test_a_store_that_does_not_answer_is_told_in_words() -> None:
    async def scene(desk: Desk) -> None:
        await desk.login()

        class Broken:
            def connect(self) -> Any:
                raise OSError("gone")

        desk.parts.overviews._engine = desk.parts.api.queries._engine = Broken()  # type: ignore[assignment]
        for path in ("/issues", "/issues/body", "/history", "/incidents/body"):
            status, page = await desk.get(path)
            assert status == 503
            assert "The store or Kafka does not answer" in page

    played(scene)
