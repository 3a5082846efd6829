"""What operators see and touch, in Chromium."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from alerts.command import Command
from streams.in_force import POLICY
from streams.kpis import AGENT, QUEUE, READINGS
from tests.browser.conftest import Site
from tests.unit.console.desk import made
from tests.unit.store.records import instant

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

AXE = files("axe_playwright_python") / "axe.min.js"
PAGES = ("/alerts", "/alerts/bbbb1", "/silences", "/incidents", "/now", "/issues", "/history")
LIVE = "#link[data-state=connected]"
Visit = Callable[..., "Page"]


def fresh(alert_id: str, revision: int = 1, **more: Any) -> dict[str, Any]:
    return made(alert_id, revision, at=time.time(), **more)


def ids(page: Page) -> list[str]:
    found: list[str] = page.eval_on_selector_all(".row", "rows => rows.map((row) => row.dataset.id)")
    return found


def test_an_alert_appears_within_a_second_of_its_publication(site: Site, visit: Visit) -> None:
    page = visit("viewer")
    page.wait_for_selector(LIVE)
    assert page.is_visible("text=All quiet")
    # The best of three: what else runs on the machine is not ours.
    assert min(_shown_after(site, page, alert_id) for alert_id in ("aaaa1", "aaaa2", "aaaa3")) <= 1.0
    page.wait_for_selector('[data-count=red]:text-is("3")')
    page.wait_for_selector("#toasts >> text=/[123] new alerts, [123] of them red/")


def _shown_after(site: Site, page: Page, alert_id: str) -> float:
    """Seconds from the publication of an alert to its row."""
    page.evaluate(
        """(id) => { window.seen = new Promise((done) => new MutationObserver(() => {
        if (document.getElementById(id)) done(Date.now()); }).observe(document.getElementById("rows"), { childList: true })); }""",
        f"a-{alert_id}",
    )
    began = time.time()
    site.light(fresh(alert_id, tier="red"))
    shown: float = page.evaluate("window.seen")
    return shown / 1000 - began


def _read_anew(page: Page) -> None:
    """Wait until the page has read again, after it was connected, what might have happened before that."""
    page.wait_for_function("() => performance.getEntriesByType('resource').some((each) => each.name.includes('/alerts/rows'))")


def test_the_order_holds_whatever_comes(site: Site, visit: Visit) -> None:
    site.light(fresh("aaaa1"), fresh("bbbb1", tier="red"), live=False)
    page = visit()
    page.wait_for_selector(LIVE)
    site.light(fresh("cccc1", tier="orange"), fresh("dddd1"))
    page.wait_for_selector("#a-dddd1")
    assert ids(page) == ["bbbb1", "cccc1", "dddd1", "aaaa1"]
    site.light(fresh("aaaa1", 2, tier="red"), fresh("bbbb1", 5))
    page.wait_for_selector("#a-aaaa1[data-revision='2']")
    page.wait_for_selector("#a-bbbb1", state="detached")
    assert ids(page) == ["aaaa1", "cccc1", "dddd1"]


def test_acknowledging_is_seen_in_a_second_browser(site: Site, visit: Visit) -> None:
    site.light(fresh("aaaa1"), live=False)
    first, second = visit("operator"), visit("viewer")
    for page in (first, second):
        page.wait_for_selector(LIVE)
    first.click("#a-aaaa1 [data-do=acknowledge]")
    second.wait_for_selector('#a-aaaa1 >> text="Acknowledged by operator"')
    first.wait_for_selector('#toasts >> text="Done"')
    assert [command.kind for command in site.desk.worker.commands] == ["acknowledge"]


def test_a_viewer_cannot(site: Site, visit: Visit) -> None:
    site.light(fresh("aaaa1"), live=False)
    page = visit("viewer")
    assert page.locator("#a-aaaa1 button").count() == 0
    page.focus("#a-aaaa1")
    page.keyboard.press("a")
    status = page.evaluate(
        """async () => (await fetch("/alerts/aaaa1/acknowledge", { method: "POST", headers: { Accept: "application/json" },
        body: new URLSearchParams({ csrf: document.body.dataset.csrf }) })).status"""
    )
    assert status == 403
    assert site.desk.worker.commands == []


def _focused(page: Page, alert_id: str) -> None:
    page.wait_for_function("(id) => document.activeElement.dataset.id === id", arg=alert_id)


def test_everything_works_by_keyboard(site: Site, visit: Visit) -> None:
    site.light(fresh("aaaa1"), fresh("bbbb1", tier="red"), live=False)
    page = visit()
    page.wait_for_selector(LIVE)
    page.keyboard.press("?")
    page.wait_for_selector("#help[open]")
    page.keyboard.press("Escape")
    page.wait_for_selector("#help:not([open])", state="attached")
    page.keyboard.press("j")
    _focused(page, "bbbb1")
    page.keyboard.press("j")
    _focused(page, "aaaa1")
    page.keyboard.press("k")
    _focused(page, "bbbb1")
    page.keyboard.press("a")
    page.wait_for_selector("#a-bbbb1 .state.acknowledged")
    _focused(page, "bbbb1")
    page.keyboard.press("s")
    page.wait_for_selector("#silence[open]")
    assert page.input_value("#silence [name=match]") == "indicator=queue_length\nqueue_id=q-b"
    page.keyboard.press("Enter")
    page.wait_for_selector("#silence:not([open])", state="attached")
    page.focus("#a-bbbb1")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/alerts/bbbb1"))
    page.wait_for_selector(LIVE)
    page.keyboard.press("r")
    page.wait_for_selector(".head .state.resolved")
    assert [command.kind for command in site.desk.worker.commands] == ["acknowledge", "silence_add", "resolve"]


def test_a_command_is_pending_until_its_revision_comes(site: Site, visit: Visit) -> None:
    site.light(fresh("aaaa1"), live=False)
    site.desk.worker.asleep = True
    page = visit()
    page.wait_for_selector(LIVE)
    page.click("#a-aaaa1 [data-do=acknowledge]")
    page.wait_for_selector('#toasts >> text="Sent, waiting for confirmation…"')
    assert page.is_disabled("#a-aaaa1 [data-do=acknowledge]")
    assert page.is_visible("#a-aaaa1 .state.raised")
    page.wait_for_selector("#toasts >> text=no result within 10 s", timeout=20_000)
    assert page.is_enabled("#a-aaaa1 [data-do=acknowledge]")


def test_what_changed_meanwhile_is_told_and_nothing_done(site: Site, visit: Visit) -> None:
    site.light(fresh("aaaa1"), live=False)
    page = visit()
    _read_anew(page)
    site.light(fresh("aaaa1", 2, tier="red"), live=False)
    page.click("#a-aaaa1 [data-do=acknowledge]")
    page.wait_for_selector("#toasts .bad >> text=just changed")
    assert site.desk.worker.commands == []


def test_an_alerts_page_draws_its_chart_and_takes_a_verdict(site: Site, visit: Visit) -> None:
    now = time.time()
    for revision, value in enumerate((310.0, 350.0, 420.0), 1):
        site.light(made("aaaa1", revision, at=now - 900 + 300 * revision, value=value, sample={"n": 9, "baseline": 120.0}), live=False)
    page = visit(path="/alerts/aaaa1")
    page.wait_for_selector(".chart canvas")
    page.click("details summary")
    assert page.locator(".steps tbody tr").count() == 3
    page.click(".verdict button[value=late]")
    page.wait_for_selector('#toasts >> text="Verdict recorded"')
    page.wait_for_selector("text=verdict: too late")
    site.light(made("aaaa1", 4, at=now, value=600.0))
    page.wait_for_selector("article[data-revision='4']")
    page.wait_for_selector(".chart canvas")


def test_five_thousand_open_alerts_stay_usable(site: Site, visit: Visit, tmp_path: Path) -> None:
    now = time.time()
    tiers = ("blue", "yellow", "orange", "red")
    for start in range(0, 5000, 500):
        datas = [
            made(f"{n:05x}", at=now - n, tier=tiers[n % 4], scope={"tenant_id": "acme", "queue_id": f"q-{n % 50}"}, alert_key=f"k{n}")
            for n in range(start, start + 500)
        ]
        site.light(*datas, live=False)
    page = visit()
    page.reload()
    page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length > 0")
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    page.wait_for_selector(LIVE)
    assert page.text_content("[data-count=red]") == "1250"
    measure = """async (tier) => { const began = performance.now();
        const rows = document.getElementById("rows");
        const changed = new Promise((done) => new MutationObserver(() => done()).observe(rows, { childList: true }));
        document.querySelector(`.tile.${tier}`).click(); await changed;
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        return performance.now() - began; }"""
    # The best of nine, an odd number since a click also takes the filter back: what else runs on the machine is not ours.
    filtered = min(page.evaluate(measure, "orange") for _ in range(9))
    (tmp_path / "figures.txt").write_text(f"first paint {paint:.0f} ms, filter {filtered:.0f} ms\n", encoding="utf-8")
    assert paint <= 1000
    assert filtered <= 200
    page.wait_for_selector("#a-00002")
    assert "tier=orange" in page.url
    page.wait_for_function("() => { scrollTo(0, document.body.scrollHeight); return document.querySelectorAll('.row').length >= 300; }")
    found = ids(page)
    assert len(found) == len(set(found))
    site.light(fresh("fffff1", tier="orange"))
    page.wait_for_selector("#fresh:not([hidden])")


def test_a_connection_that_is_lost_is_told_and_comes_back_with_what_was_missed(site: Site, visit: Visit) -> None:
    page = visit()
    page.wait_for_selector(LIVE)
    page.context.set_offline(True)
    page.wait_for_selector("#link[data-state=offline]")
    site.light(fresh("aaaa1"), live=False)
    page.context.set_offline(False)
    page.wait_for_selector("#a-aaaa1")


def test_what_came_before_the_connection_is_read_after_it(site: Site, visit: Visit) -> None:
    site.light(fresh("aaaa1"), fresh("bbbb1"), live=False)
    page = visit()
    site.light(fresh("cccc1", tier="red"), fresh("aaaa1", 5), live=False)
    page.wait_for_selector("#a-cccc1")
    page.wait_for_selector("#a-aaaa1", state="detached")
    assert ids(page) == ["cccc1", "bbbb1"]


def test_hostile_texts_do_nothing(site: Site, visit: Visit) -> None:
    page = visit()
    page.wait_for_selector(LIVE)
    evil = '"><img src=x onerror="window.owned=1"><script>window.owned=1</script>'
    site.light(fresh("aaaa1", title={"zh": evil, "en": evil}, scope={"tenant_id": "acme", "queue_id": evil}))
    page.wait_for_selector("#a-aaaa1")
    page.click("#a-aaaa1 .title")
    page.wait_for_selector("article")
    assert page.evaluate("window.owned") is None
    assert page.text_content("article h1") == evil


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(site: Site, visit: Visit, scheme: str) -> None:
    _scene(site)
    page = visit("operator", color_scheme=scheme)
    serious = {path: _serious(site, page, path) for path in (*PAGES, "/nothing")}
    page.context.clear_cookies()
    serious["/login"] = _serious(site, page, "/login")
    assert {path: found for path, found in serious.items() if found} == {}


def _serious(site: Site, page: Page, path: str) -> list[str]:
    page.goto(site.base + path)
    page.wait_for_selector("h1")
    # The page's policy lets no foreign script in; the debugger's is the browser's own.
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found if each["impact"] in {"serious", "critical"}]


def test_an_incident_and_a_queue_change_before_the_readers_eyes(site: Site, visit: Visit) -> None:
    site.tell(QUEUE, queue_id="q-b", waiting=4)
    now = visit("viewer", "/now")
    now.wait_for_selector("td .figure.big:text-is('4')")
    incidents = visit("viewer", "/incidents")
    incidents.wait_for_selector(LIVE)
    assert incidents.is_visible("text=No incidents")
    site.light(fresh("bbbb1", tier="red"))
    site.tell(QUEUE, queue_id="q-b", waiting=41)
    incidents.wait_for_selector(".incident.red a[href='/alerts/bbbb1']")
    now.wait_for_selector("td .figure.big:text-is('41')")
    incidents.wait_for_selector(LIVE)


@pytest.mark.parametrize(
    ("width", "scheme", "language"),
    [(1280, "light", "zh-CN"), (1280, "dark", "zh-CN"), (360, "light", "zh-CN"), (360, "dark", "zh-CN"), (360, "light", "en")],
)
def test_pages_fit_their_width(site: Site, visit: Visit, tmp_path: Path, width: int, scheme: str, language: str) -> None:
    _scene(site)
    page = visit(language=language, color_scheme=scheme, viewport={"width": width, "height": 800})
    page.wait_for_selector(LIVE)
    for path in PAGES:
        name = path[1:]
        page.goto(f"{site.base}{path}")
        page.wait_for_selector("h1")
        page.wait_for_function("document.fonts.status === 'loaded'")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        page.screenshot(path=tmp_path / f"{name.replace('/', '-')}-{width}-{scheme}.png", full_page=True)
    assert page.get_attribute("html", "lang") == language


def _scene(site: Site) -> None:
    """A morning at a queue."""
    now = time.time()
    acts = [
        {
            "title": {"zh": "话量激增预案", "en": "Volume-surge plan"},
            "text": {"zh": "启动激增预案:备班、快捷回复、IVR公告。", "en": "Start the surge plan."},
            "target": "duty_manager",
            "deadline_s": 600,
        }
    ]
    said = [{"event_id": "e-1", "conversation_id": "c-1", "excerpt_masked": "我已经说了三遍了,不是没收到,是破损!"}]
    about: dict[str, Any] = {"suggested_actions": acts, "evidence": said}
    held = {"delivery": {"suppressed": [{"step": "silences", "reason": "silenced", "by": "s-1"}]}}
    red: dict[str, Any] = {**about, **held, "tier": "red", "value": 410.0, "sample": {"n": 410, "baseline": 120.0}, "chain": {"stage": 2}}
    site.light(
        made("aaaa1", at=now - 4000, tier="blue", indicator="negation_share", value=0.31, unit="ratio", threshold=0.3),
        made("bbbb1", at=now - 1800, tier="orange", **about, sample={"n": 312, "baseline": 120.0, "sd": 9.5}),
        made("bbbb1", 2, at=now - 600, **red),
        made("cccc1", at=now - 30, tier="yellow", acknowledged={"by": "li", "at": instant(now)}, state="acknowledged"),
        made("dddd1", at=now - 90, tier="orange", scope={"tenant_id": "acme", "issue_category": "quality.defect"}, **about),
        live=False,
    )
    _floor(site, now)
    for ago, red_at in ((20 * 86_400, 300.0), (3600, 350.0)):
        rules = {"queue_length": {"tiers": {"blue": 30.0, "red": red_at}, "min_sample": {"blue": 1.0}}}
        told = {"app_id": "fenghuo", "by": "ops@worker-1", "version": f"v{ago}", "rules": rules}
        site.desk.parts.changes.feed(json.dumps({"type": POLICY, "time": instant(now - ago), "data": told}).encode())
    site.do(site.desk.worker.send(Command(id="k-1", tenant="acme", kind="late", by="li", at=now, alert_id="bbbb1")))


def _floor(site: Site, now: float) -> None:
    site.desk.parts.floor.settle()
    for at in range(30):
        people = {"oldest_wait_s": 40 + at, "agents_available": 2, "agents_busy": 9, "service_level": 0.9}
        site.tell(QUEUE, now - 1800 + 60 * at, queue_id="q-b", waiting=300 + at * at // 8, **people)
    for agent, state in (("a-1", "busy"), ("a-2", "break")):
        site.tell(AGENT, now - 600, agent_id=agent, team_id="t-1", state=state)
    read = [
        ("queue_length", "queue", "q-b", 405, "red"),
        ("response_within_30s_rate", "queue", "q-b", 0.61, "orange"),
        ("agent_emotional_exposure", "agent", "a-1", 64, "yellow"),
        ("volume_ratio_3h", "issue", "quality.defect", 2.3, "yellow"),
    ]
    names = ("indicator", "scope", "key", "value", "tier")
    site.tell(READINGS, now, readings=[{**dict(zip(names, each, strict=True)), "n": 12} for each in read])
