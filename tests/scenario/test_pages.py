"""Time lines of alerts: who is paged, of what, and when, whatever the batches and wherever the process is killed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

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
