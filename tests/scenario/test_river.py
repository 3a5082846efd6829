"""River is in the path: without its estimators the alerts are others; saved and restored, it is as if never interrupted."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.scenario.harness import Play, parsed
from tests.scenario.timeline import Scene, scenes_of

CASES = Path(__file__).parent / "cases"
PATHS = {
    "river.stats.EWMean": "agent_emotional_exposure:orange_comes_before_two_hours",
    "river.stats.Mean": "volume_ratio_3h:all_tiers",
}
"""An estimator, where it is looked up, and a scene that cannot do without it."""


class TakenOut(Exception):
    """Whoever asks for the estimator gets this."""


class Nothing:
    """Stands where River stood."""

    def __init__(self, *_: Any, **__: Any) -> None:
        raise TakenOut

    @classmethod
    def _from_state(cls, *_: Any, **__: Any) -> Nothing:
        raise TakenOut


class Constant:
    """An estimator that learns nothing and always says the same."""

    def __init__(self, *_: Any, **__: Any) -> None:
        self.n = 1.0
        self.dfs: Counter[str] = Counter()

    @classmethod
    def _from_state(cls, *_: Any, **__: Any) -> Constant:
        return cls()

    def update(self, _: float) -> None:
        pass

    def get(self) -> float:
        return 0.0

    def learn_one(self, _: str) -> None:
        pass

    def transform_one(self, _: str) -> dict[str, float]:
        return {}


@cache
def scene(name: str) -> Scene:
    return next(each for each in scenes_of(CASES / f"{name.partition(':')[0]}.yaml") if each.name == name)


def alerts_of(name: str, *, restart_every: int = 0) -> list[dict[str, Any]]:
    chosen = scene(name)
    play = Play(durable=restart_every > 0, only=chosen.only)
    for number, row in enumerate(chosen.rows(), 1):
        play.feed(parsed(row.line, chosen.start.timestamp() + chosen.end + 86_400))
        if restart_every and number % restart_every == 0:
            play.restart()
    play.finish()
    return play.alerts


@pytest.mark.parametrize(("estimator", "name"), PATHS.items(), ids=PATHS)
def test_without_the_estimator_nothing_goes(estimator: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimator, Nothing)
    with pytest.raises(TakenOut):
        alerts_of(name)


@pytest.mark.parametrize(("estimator", "name"), PATHS.items(), ids=PATHS)
def test_with_a_constant_in_its_place_the_alerts_are_others(estimator: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = alerts_of(name)
    monkeypatch.setattr(estimator, Constant)
    assert right != alerts_of(name)


@pytest.mark.parametrize(("name", "every"), [(PATHS["river.stats.EWMean"], 3), (PATHS["river.stats.Mean"], 500)], ids=["EWMean", "Mean"])
def test_restored_again_and_again_is_as_never_interrupted(name: str, every: int) -> None:
    assert alerts_of(name, restart_every=every) == alerts_of(name)
