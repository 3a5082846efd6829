"""Every scene in `cases/`: its events through the whole pipeline, the alerts it must raise, the silence it must keep."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.scenario.harness import Play, parsed, policy
from tests.scenario.timeline import Row, Scene, scenes_of

SCENES = [scene for path in sorted((Path(__file__).parent / "cases").glob("*.yaml")) for scene in scenes_of(path)]
WITHIN_S = 29.0


def each_in_one_process(scenes: list[Scene]) -> list[Any]:
    """A scene's tests share what it gives in order."""
    return [pytest.param(scene, id=scene.name, marks=pytest.mark.xdist_group(scene.name)) for scene in scenes]


def alerts_of(scene: Scene, rows: list[Row]) -> list[dict[str, Any]]:
    play = Play(literal=scene.literal, only=scene.only)
    as_of = scene.start.timestamp() + scene.end + 30 * 86_400
    step = 1 if not scene.long else 100
    events = [parsed(row.line, as_of) for row in rows]
    for first in range(0, len(events), step):
        play.feed(*events[first : first + step])
    play.finish()
    return play.alerts


@cache
def in_order(scene: Scene) -> list[dict[str, Any]]:
    return alerts_of(scene, scene.rows())


def disordered(rows: list[Row], random: Random) -> list[Row]:
    """The same events, each up to half a minute late and some of them twice."""
    twice = [*rows[:-1], *random.sample(rows[:-1], len(rows) // 3)]
    return [*sorted(twice, key=lambda row: row.arrives + random.uniform(0, WITHIN_S)), rows[-1]]


def unfinished(alert: dict[str, Any]) -> bool:
    """Whether a text of the alert lacks a language, or shows a variable's brace."""
    texts = [alert["title"], *(action["text"] for action in alert["suggested_actions"])]
    return not alert["suggested_actions"] or any(not text[lang] or set(text[lang]) & set("{}") for text in texts for lang in ("zh", "en"))


@pytest.mark.parametrize("scene", each_in_one_process(SCENES))
def test_scene(scene: Scene) -> None:
    alerts = in_order(scene)
    assert [alert for alert in alerts if unfinished(alert)] == []
    told = "\n  ".join(["", *(scene.told(alert) for alert in alerts)])
    left = list(alerts)
    for wanted in scene.expected:
        met = next((alert for alert in left if scene.matches(alert, wanted)), None)
        assert met is not None, f"{scene.title}: missing {wanted}; there were{told}"
        left.remove(met)
    for unwanted in scene.never:
        assert not any(scene.matches(alert, unwanted) for alert in alerts), f"{scene.title}: {unwanted} must not be; there were{told}"
    if scene.complete:
        left = [alert for alert in left if alert["indicator"] not in scene.beside]
        assert left == [], f"{scene.title}: there were also{told}"


@pytest.mark.parametrize("scene", each_in_one_process([each for each in SCENES if each.in_order and not each.long]))
def test_scene_in_disorder_and_with_doubles_is_the_same_scene(scene: Scene) -> None:
    assert alerts_of(scene, disordered(scene.rows(), Random(scene.name))) == in_order(scene)


def test_every_indicator_fires_in_a_scene_at_every_tier_it_has() -> None:
    shown = {(wanted["indicator"], wanted["tier"]) for scene in SCENES for wanted in scene.expected if {"indicator", "tier"} <= set(wanted)}
    tiers = [(rule.id, tier) for rule in policy().rules.values() for tier, number in rule.tiers.model_dump().items() if number is not None]
    assert [each for each in tiers if each not in shown] == []


def test_every_indicator_has_a_scene_in_which_it_must_be_silent() -> None:
    silent = {unwanted["indicator"] for scene in SCENES for unwanted in scene.never if unwanted.keys() == {"indicator"}}
    silent |= {scene.name.partition(":")[0] for scene in SCENES if scene.complete}
    assert [indicator for indicator in policy().rules if indicator not in silent] == []
