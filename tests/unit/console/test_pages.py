from __future__ import annotations

import asyncio
import itertools
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.store.queries import Filter
from streams.console import visit
from streams.console.filters import fits, query_of, url_of
from streams.console.i18n import LANGUAGES, choose_language, load_texts
from tests.unit.console.desk import KNOWN, POLICY, Desk, made, played

HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}'`</li>"


class _Tags(HTMLParser):
    """Every tag of a page, and every attribute."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_the_list_shows_open_alerts_the_highest_first() -> None:
    async def scene(desk: Desk) -> None:
        await desk.worker.light(made("aaaa1"), made("bbbb1", tier="red"), made("cccc1", 5))
        await desk.login()
        _, page = await desk.get("/alerts")
        assert re.findall(r'data-id="(\w+)"', page) == ["bbbb1", "aaaa1"]
        assert dict(re.findall(r'data-count="(\w+)">(\d+)<', page)) == {"red": "1", "orange": "0", "yellow": "1", "blue": "0"}

    played(scene)


@pytest.mark.parametrize(
    ("search", "ids"),
    [
        ("tier=red", ["bbbb1"]),
        ("tier=red,yellow", ["bbbb1", "aaaa1"]),
        ("state=raised", ["bbbb1", "aaaa1"]),
        ("state=acknowledged", []),
        ("indicator=transfer_count", ["bbbb1"]),
        ("scope=queue_id:q-a", ["aaaa1"]),
        ("text=Q-B", ["bbbb1"]),
        ("open=false", ["cccc1"]),
        ("open=all&tier=yellow", ["aaaa1"]),
        ("tenant=acme", ["bbbb1", "aaaa1"]),
        ("tier=mauve", ["bbbb1", "aaaa1"]),
        ("scope=nonsense&tier=red", ["bbbb1"]),
    ],
)
def test_filters_stand_in_the_url(search: str, ids: list[str]) -> None:
    async def scene(desk: Desk) -> None:
        await desk.worker.light(made("aaaa1"), made("bbbb1", tier="red", indicator="transfer_count"), made("cccc1", 5))
        await desk.login()
        _, page = await desk.get(f"/alerts?{search}")
        assert re.findall(r'data-id="(\w+)"', page) == ids
        assert ("were not understood" in page) == ("mauve" in search or "nonsense" in search)
        if not ids:
            assert "No alert matches these filters" in page

    played(scene)


def test_pages_of_rows_follow_one_another_without_loss() -> None:
    async def scene(desk: Desk) -> None:
        await desk.worker.light(*(made(f"{number:04x}aaaa", at=1_763_000_000.0 + number) for number in range(250)), live=False)
        await desk.login()
        _, page = await desk.get("/alerts")
        ids = re.findall(r'data-id="(\w+)"', page)
        while more := re.search(r'data-more="([^"]+)"', page):
            _, page = await desk.get(more[1].replace("&amp;", "&"))
            ids += re.findall(r'data-id="(\w+)"', page)
        assert ids == [f"{number:04x}aaaa" for number in reversed(range(250))]

    played(scene)


def test_hostile_texts_stay_texts() -> None:
    async def scene(desk: Desk) -> None:
        hostile: dict[str, Any] = {
            "title": {"zh": HOSTILE, "en": HOSTILE},
            "scope": {"tenant_id": "acme", "queue_id": HOSTILE, HOSTILE: HOSTILE},
            "evidence": [{"event_id": HOSTILE, "excerpt_masked": HOSTILE}],
            "suggested_actions": [{"title": {"en": HOSTILE}, "text": {"en": HOSTILE}, "target": HOSTILE, "deadline_s": 60}],
            "drivers": [{"dim": HOSTILE, "value": HOSTILE}],
            "chain": {"stage": 2, "next_link": HOSTILE, "eta": HOSTILE},
            "acknowledged": {"by": HOSTILE, "at": HOSTILE},
            "comment": HOSTILE,
            "closed_by": HOSTILE,
            "indicator": HOSTILE,
            "unit": HOSTILE,
            "rule": {"id": HOSTILE, "version": HOSTILE},
            "delivery": {"suppressed": [{"step": HOSTILE, "reason": HOSTILE, "by": HOSTILE}]},
        }
        await desk.worker.light(made("aaaa1", **hostile))
        await desk.login()
        for path in ("/alerts", "/alerts/aaaa1", "/incidents", f"/alerts?text={HOSTILE}&scope={HOSTILE}", f"/{HOSTILE}"):
            _, page = await desk.get(path)
            tags = _Tags(page).found
            assert not [tag for tag, at in tags if tag == "img" or (tag == "script" and "src" not in at)], path
            assert not [name for _, at in tags for name in at if name.startswith("on")], path
            assert "49" not in re.findall(r">(\d+)<", page), path

    played(scene)


def test_no_page_needs_inline_scripts_or_styles() -> None:
    async def scene(desk: Desk) -> None:
        await desk.worker.light(made("aaaa1"))
        await desk.login()
        for path in ("/alerts", "/alerts/aaaa1", "/silences", "/incidents", "/nothing"):
            response = await desk.send("GET", path)
            policy = response.headers["Content-Security-Policy"]
            assert "script-src 'self';" in policy
            assert "unsafe" not in policy
            assert "default-src 'none'" in policy
            assert response.headers["Cache-Control"] == "no-store"
            assert response.headers["X-Frame-Options"] == "DENY"
            tags = _Tags(await response.text()).found
            assert all("src" in at for tag, at in tags if tag == "script")
            assert not [at for tag, at in tags if tag == "style" or "style" in at]
            assert all(at["src"].startswith("/static/") for tag, at in tags if tag == "script" and at["src"])

    played(scene)


def test_another_name_for_the_server_is_turned_away() -> None:
    async def scene(desk: Desk) -> None:
        assert (await desk.send("GET", "/login", Host="rebound.example")).status == 421

    played(scene)


def test_assets_are_kept_for_good_under_their_version_only() -> None:
    async def scene(desk: Desk) -> None:
        _, page = await desk.get("/login")
        style = re.search(r'href="(/static/\w+/console.css)"', page)
        assert style is not None
        response = await desk.send("GET", style[1])
        assert response.status == 200
        assert "immutable" in response.headers["Cache-Control"]
        old = await desk.send("GET", "/static/0/console.css")
        assert old.status == 200
        assert old.headers["Cache-Control"] == "no-cache"
        for path in ("/static/0/../server.py", "/static/0/%2e%2e/server.py", "/static/0/nothing.js"):
            assert (await desk.send("GET", path)).status == 404

    played(scene)


def test_an_alerts_page_says_why_with_history_and_deliveries() -> None:
    async def scene(desk: Desk) -> None:
        kept = {"delivery": {"suppressed": [{"step": "silences", "reason": "silenced", "by": "s-1"}]}}
        await desk.worker.light(made("aaaa1"), made("aaaa1", 2, value=400.0, sample={"n": 400, "baseline": 100.0}, **kept))
        await desk.login("viewer")
        status, page = await desk.get("/alerts/aaaa1")
        assert status == 200
        assert re.findall(r'data-value="([\d.]+)" data-threshold="([\d.]+)" data-baseline="([\d.]*)"', page) == [
            ("312.0", "300.0", ""),
            ("400.0", "300.0", "100.0"),
        ]
        for text in ("at or above the Orange threshold of 300", "Pages held back", "<b>Silence</b> silenced", "No route fits"):
            assert text in page, text
        assert "data-do" not in page

    played(scene)


def test_a_baseline_that_the_value_is_a_multiple_of_is_drawn_as_one() -> None:
    async def scene(desk: Desk) -> None:
        await desk.worker.light(made("aaaa1", value=3.62, unit="ratio", sample={"n": 11, "baseline": 3.039}, indicator="volume_ratio_3h"))
        await desk.login()
        assert 'data-baseline="1.0"' in (await desk.get("/alerts/aaaa1"))[1]

    played(scene)


@pytest.mark.parametrize("broken", [{"title": None}, {"title": {}}, {"sample": {"n": None}}, {"evidence": None}, {"window": None}])
def test_an_alert_that_lacks_something_is_still_shown(broken: dict[str, Any]) -> None:
    async def scene(desk: Desk) -> None:
        await desk.worker.light(made("aaaa1", suggested_actions=None, value=None, threshold=None, **{k: v for k, v in broken.items() if v}))
        desk.worker.last["aaaa1"] |= broken
        await desk.login()
        assert (await desk.get("/alerts/aaaa1"))[0] == 200
        assert (await desk.get("/alerts"))[0] == 200

    played(scene)


def test_alerts_at_one_place_and_time_are_one_incident() -> None:
    async def scene(desk: Desk) -> None:
        alerts = [made("aaaa1", alert_key="k1"), made("aaaa2", alert_key="k2", tier="red"), made("bbbb1")]
        talk = made("aaaa3", scope={"tenant_id": "acme", "queue_id": "q-a", "conversation_id": "c-1"})
        late = made("aaaa4", at=1_763_000_000.0 + 5 * 3600)
        await desk.worker.light(*alerts, talk, late)
        await desk.login()
        _, page = await desk.get("/incidents")
        cards = [re.findall(r'href="/alerts/(\w+)"', card) for card in page.split('<li class="panel incident')[1:]]
        assert sorted(map(sorted, cards)) == [["aaaa1", "aaaa2"], ["aaaa4"], ["bbbb1"]]
        assert cards[0] == ["aaaa2", "aaaa1"]
        assert "and 1 alerts of conversations" in page

    played(scene)


# -- live


async def _event(response: Any) -> dict[str, Any]:
    async with asyncio.timeout(5):
        while True:
            line = (await response.content.readline()).decode()
            if line.startswith("data: "):
                found: dict[str, Any] = json.loads(line.removeprefix("data: "))
                return found


def test_live_alerts_come_as_rows_of_the_filter() -> None:
    async def scene(desk: Desk) -> None:
        await desk.login()
        stream = await desk.send("GET", "/live?tier=red", Accept="text/event-stream")
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        assert "script-src" in stream.headers["Content-Security-Policy"]
        await desk.worker.light(made("aaaa1"), made("bbbb1", tier="red"))
        first, second = await _event(stream), await _event(stream)
        assert (first["id"], first["row"]) == ("aaaa1", None)
        assert second["id"] == "bbbb1"
        assert 'data-id="bbbb1"' in second["row"]
        stream.close()

    played(scene)


def test_live_alerts_need_a_session_and_end_with_it() -> None:
    async def scene(desk: Desk) -> None:
        assert (await desk.send("GET", "/live", Accept="text/event-stream")).status == 401
        await desk.login("local")
        stream = await desk.send("GET", "/live", Accept="text/event-stream")
        await desk.worker.light(made("bbbb1", tenant="other"), made("aaaa1"))
        assert (await _event(stream))["id"] == "aaaa1"
        await desk.send("POST", "/logout", {"csrf": await desk.csrf()})
        await desk.worker.light(made("aaaa2"))
        assert b"event: ended" in await stream.content.read()

    played(scene)


@pytest.mark.parametrize("open_", [None, True, False])
@pytest.mark.parametrize("text", ["", "破损", "q-a", "Q-A 312", "absent", "312人"])
def test_a_live_alert_fits_a_filter_exactly_when_the_store_would_give_it(text: str, open_: bool | None) -> None:
    wanted = Filter(open=open_, tiers=["red"], text=text, scope={"queue_id": "q-a"}, tenants=["acme"])
    datas = [
        made(f"{queue}{place}", tier=tier, state=state, tenant=tenant)
        for place, tenant in enumerate(("acme", "other"))
        for queue, tier, state in itertools.product("ab", ("red", "yellow"), ("raised", "resolved"))
    ]
    datas = [{**data, "alert_id": f"{data['alert_id']}{place:04x}"} for place, data in enumerate(datas)]

    async def scene(desk: Desk) -> None:
        await desk.worker.light(*datas)
        page = await desk.parts.api.queries.alerts(wanted)
        given_ = {event["data"]["alert_id"] for event in page.items}
        assert given_ == {data["alert_id"] for data in datas if fits(wanted, data)}

    played(scene)


# -- texts


def test_both_catalogues_have_the_same_texts_with_the_same_variables() -> None:
    chinese, english = (load_texts(language).found for language in LANGUAGES)
    assert chinese.keys() == english.keys()
    for key, text in chinese.items():
        assert set(re.findall(r"\{(\w+)\}", text)) == set(re.findall(r"\{(\w+)\}", english[key])), key
        assert text or key.startswith("unit."), key


def test_every_text_a_template_asks_for_is_there() -> None:
    folder = Path(visit.__file__).parent / "templates"
    texts = load_texts("en").found
    for template in folder.glob("*.html"):
        source = template.read_text(encoding="utf-8")
        for key in re.findall(r"""\bt\(["']([a-z0-9_.]+)["'][,)]""", source):
            assert key in texts, (template.name, key)


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_every_unit_state_and_dimension_of_the_policy_has_a_word(language: str) -> None:
    texts = load_texts(language).found
    wanted = {f"unit.{rule.unit}" for rule in POLICY.rules.values() if rule.unit != "ratio"}
    wanted |= {f"dimension.{rule.dimension}" for rule in POLICY.rules.values()}
    assert wanted <= texts.keys()


@pytest.mark.parametrize(
    ("cookie", "accepted", "language"),
    [
        ("", "", "zh"),
        ("en", "zh-CN", "en"),
        ("", "en-US,en;q=0.9,zh;q=0.8", "en"),
        ("", "de, zh-TW;q=0.5", "zh"),
        ("", "en;q=x, zh;q=0.2", "zh"),
    ],
)
def test_the_language_is_the_cookies_then_the_browsers_then_chinese(cookie: str, accepted: str, language: str) -> None:
    assert choose_language(cookie, accepted) == language


@given(st.dictionaries(st.sampled_from(["tier", "state", "scope", "text", "open", "limit", "cursor", "x"]), st.text(max_size=30)))
def test_any_url_gives_some_query(given_: dict[str, str]) -> None:
    query, wrong = query_of(given_)
    assert set(wrong) <= set(given_)
    assert url_of("/alerts", query).startswith("/alerts")


def test_the_api_is_served_beside_the_pages_with_tokens_only() -> None:
    async def scene(desk: Desk) -> None:
        await desk.login()
        assert (await desk.send("GET", "/api/v1/alerts")).status == 401
        answer = await desk.send("GET", "/api/v1/me", Authorization=f"Bearer {KNOWN['viewer']}")
        assert (await answer.json())["name"] == "viewer"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; frame")
        assert (await desk.send("GET", "/api/v1/nothing")).content_type == "application/problem+json"
        assert (await desk.send("GET", "/api/v1/feedback")).status == 405

    played(scene)
