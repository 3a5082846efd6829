"""Time lines of alerts: who is paged, of what, and when, whatever the batches and wherever the process is killed."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from alerts.notifiers.pagerduty import Pagerduty
from alerts.page import Page
from tests.scenario.timeline import seconds
from tests.scenario.watch import Told, WatchScene, play, watch_scenes_of

SCENES = [scene for path in sorted((Path(__file__).parent / "pages").glob("*.yaml")) for scene in watch_scenes_of(path)]


def fits(wanted: dict[str, Any], page: Told) -> bool:
    at = wanted["at"]
    first, last = (seconds(at[0]), seconds(at[1])) if isinstance(at, list) else (seconds(at), seconds(at))
    rest = {name: value for name, value in wanted.items() if name != "at"}
    return first <= page.at <= last and all(getattr(page, name) == value for name, value in rest.items())


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_the_pages_of_a_scene_are_exactly_those_it_names(scene: WatchScene) -> None:
    watch = play(scene)
    pages = watch.told()
    assert len(pages) == len(scene.pages), pages
    wrong = [(wanted, page) for wanted, page in zip(scene.pages, pages, strict=True) if not fits(wanted, page)]
    assert wrong == []
    for name, number in scene.drops.items():
        assert watch.counts["drops_total", *name.split("/")] == number, watch.counts


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_a_scene_has_the_same_pages_in_any_batches_and_after_any_restart(scene: WatchScene) -> None:
    once = play(scene)
    for changed in (play(scene, size=1), play(scene, size=2, restarts=True), play(scene, size=3, among=True, restarts=True)):
        assert changed.told() == once.told()
        assert set(changed.written.values()) <= {1}
        assert changed.events == once.events


async def incidents(pages: list[Page]) -> set[str]:
    """The incidents that PagerDuty has in the end."""
    found: set[str] = set()
    async with aiohttp.ClientSession() as session:
        params = Pagerduty.Params.model_validate({"name": "ops", "type": "pagerduty"})
        notifier = Pagerduty(params, session, [SecretStr("a" * 32)])
        for page in pages:
            event = json.loads(notifier.request(page, page.created).body)
            (found.discard if event["event_action"] == "resolve" else found.add)(event["dedup_key"])
    return found


def test_no_incident_is_left_open_when_all_that_a_digest_told_of_is_over() -> None:
    scene = next(each for each in SCENES if each.name == "many:digests_are_one_until_all_of_them_is_over")
    pages = sorted(play(scene).pages.values(), key=lambda page: (page.created, page.state == "resolved"))
    told = [page for page in pages if page.created < scene.start + seconds("20m")]
    assert asyncio.run(incidents(told)) == set()
    assert len(asyncio.run(incidents(pages))) == 2
