"""Laws of paging that hold for every policy and every course of things."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.scenario.watch import Watch, WatchScene, play

MONDAY = 1_772_416_800.0
ENDED = {"resolved", "expired", "false_positive"}
HOUR = 3600.0

ROUTES: list[dict[str, Any]] = [{"receivers": ["ops", "log"]}, {"receivers": "crisis", "min_tier": "red"}]
PARTS: dict[str, list[Any]] = {
    "silences": [
        [{"match": {"queue_id": "q-a"}, "from": "2026-03-02T10:05:00+08:00", "until": "2026-03-02T10:40:00+08:00"}],
    ],
    "maintenance": [[{"name": "w", "max_tier": "orange", "weekly": [{"from": "10:10", "until": "10:30"}]}]],
    "campaigns": [{"indicators": ["queue_length"], "max_tier": "orange"}],
    "inhibit": [
        [
            {
                "source": {"match": {"indicator": "volume_ratio_3h"}},
                "target": {"match": {"indicator": "queue_length"}},
                "equal": ["queue_id"],
            }
        ],
        [{"source": {"min_tier": "red"}, "target": {}, "equal": []}],
    ],
    "flap": [{"changes": 3, "window_s": 600}],
    "dedup": [{"by": ["indicator"], "window_s": 300}],
    "rate_limit": [[{"receivers": ["ops"], "pages": 2, "per_s": 60}], [{"receivers": "ops", "pages": 1, "per_s": 600, "overflow": "drop"}]],
    "group": [[{"by": ["indicator"], "wait_s": 30, "interval_s": 120}], [{"min_tier": "yellow", "by": ["queue_id"], "wait_s": 0}]],
    "repeat": [[{"every_s": 300, "times": 3}]],
    "escalations": [[{"steps": [{"notify": "duty"}, {"after_s": 900, "unless": "never", "notify": "boss"}]}]],
    "expire_s": [7200],
    "for_s": [{"queue_length": 40.0}],
}
COMMANDS = ("acknowledge", "in_progress", "resolve", "false_positive", "silence_add", "silence_expire", "campaign")


@st.composite
def policies(draw: st.DrawFn) -> dict[str, Any]:
    chosen = draw(st.sets(st.sampled_from(sorted(PARTS)), max_size=5))
    return {"routes": ROUTES, **{name: draw(st.sampled_from(PARTS[name])) for name in sorted(chosen)}}


@st.composite
def courses(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Changes of four fires, commands and campaigns over about an hour, half of them close together; in the end all is over."""
    events: list[dict[str, Any]] = []
    at = 0.0
    tiers = dict.fromkeys([(queue, name) for queue in ("q-a", "q-b") for name in ("queue_length", "volume_ratio_3h")], 0)
    for _ in range(draw(st.integers(1, 14))):
        at += draw(st.sampled_from((1.0, 7.0, 31.0, 240.0, 700.0)))
        place = draw(st.sampled_from(sorted(tiers)))
        if draw(st.integers(0, 3)):
            tiers[place] = draw(st.sampled_from([tier for tier in range(5) if tier != tiers[place]]))
            events.append({"at": at, "queue": place[0], "indicator": place[1], "tier": tiers[place]})
        else:
            events.append({"at": at, "queue": place[0], "indicator": place[1], "do": draw(st.sampled_from(COMMANDS))})
    for number, (place, tier) in enumerate(sorted(tiers.items())):
        if tier:
            events.append({"at": at + 10 * HOUR + number, "queue": place[0], "indicator": place[1], "tier": 0})
    return events


def rows(course: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As a scene has them."""
    names = ("none", "blue", "yellow", "orange", "red")
    made = []
    for event in course:
        row = {**event, "at": f"{event['at']:g}s"}
        if event.get("do") == "campaign":
            row = {"at": row["at"], "campaign": "c-1", "scope": {"queue_id": event["queue"]}}
            row |= {"from": f"{event['at'] + 60:g}s", "until": f"{event['at'] + 1200:g}s"}
        elif "do" not in event:
            row["tier"] = names[event["tier"]]
        elif event["do"].startswith("silence"):
            row |= {"silence": "s-1", "match": {"indicator": event["indicator"]}, "until": f"{event['at'] + 900:g}s"}
        made.append(row)
    return made


def scene(policy: dict[str, Any], course: list[dict[str, Any]]) -> WatchScene:
    return WatchScene("law", MONDAY, policy, rows(course), course[-1]["at"] + 20 * HOUR, [], {})


def said(watch: Watch) -> dict[tuple[str, str], list[tuple[float, str]]]:
    """What each receiver was told of each alert, in the order of the pages."""
    told: dict[tuple[str, str], list[tuple[float, str]]] = {}
    for page in watch.pages.values():
        data = json.loads(page.body)["data"]
        listed = data["group"]["alerts"] if "group" in data else [{"alert_id": data["alert_id"], "state": page.state}]
        for each in listed:
            told.setdefault((page.receiver, each["alert_id"]), []).append((page.created, each["state"]))
    return told


@settings(deadline=None, max_examples=150)
@given(policies(), courses())
def test_the_last_that_anybody_hears_of_an_alert_is_its_end(policy: dict[str, Any], course: list[dict[str, Any]]) -> None:
    for (receiver, alert), states in said(play(scene(policy, course))).items():
        assert states[-1][1] in ENDED, (receiver, alert, states)


@settings(deadline=None, max_examples=150)
@given(policies(), courses())
def test_pages_of_a_lane_are_written_in_their_order_and_each_once(policy: dict[str, Any], course: list[dict[str, Any]]) -> None:
    watch = play(scene(policy, course), size=3)
    assert set(watch.written.values()) <= {1}
    lanes: dict[str, list[tuple[float, int]]] = {}
    for page in watch.pages.values():
        lanes.setdefault(page.lane, []).append((page.created, page.revision))
    assert all(pages == sorted(pages) for pages in lanes.values())


@settings(deadline=None, max_examples=100)
@given(policies(), courses(), st.integers(1, 4), st.booleans(), st.booleans())
def test_neither_batches_nor_restarts_change_a_page(
    policy: dict[str, Any], course: list[dict[str, Any]], size: int, restarts: bool, among: bool
) -> None:
    once, again = play(scene(policy, course)), play(scene(policy, course), size=size, restarts=restarts, among=among)
    assert again.told() == once.told()
    assert {key: page.body for key, page in again.pages.items()} == {key: page.body for key, page in once.pages.items()}
    assert again.events == once.events


@settings(deadline=None, max_examples=60)
@given(policies(), courses())
def test_nothing_is_remembered_of_what_is_over(policy: dict[str, Any], course: list[dict[str, Any]]) -> None:
    watch = play(scene(policy, course))
    watch.feed([], course[-1]["at"] + 9 * 24 * HOUR)
    left = [key for key in watch.log if not key.startswith((b"meta", b"cmd/id/", b"closed/"))]
    lasting = (b"p/flap/places/", b"p/dedup/lit/", b"p/rate_limit/sent/")
    assert [key for key in left if not key.startswith(lasting)] == []
