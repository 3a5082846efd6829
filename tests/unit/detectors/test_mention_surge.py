from __future__ import annotations

import pytest

from detectors.event import Issue
from detectors.mention_surge import MentionSurge
from tests.contract.detector_driver import DAY, Run, Talk


def mentions(made: Run, start: float, count: int, every: float, score: float | None = -0.8, topic: str = "蓝牙") -> Run:
    mention = {"topic": topic, **({"sentiment_score": score} if score is not None else {})}
    return made.turns(Talk("x", queue=None)("social.mention", start + n * every, data={"mention": mention}) for n in range(count))


@pytest.mark.parametrize(("more", "value"), [(29, 1.97), (30, 2.0)])
def test_001_04_negative_mentions_against_their_mean(more: int, value: float) -> None:
    made = mentions(Run(MentionSurge()), 0.0, 80 * 24, 360.0)
    reading = mentions(made, 8 * DAY, 30 + more, 180.0).at(8 * DAY + 10_800.0)
    assert (round(reading.value, 2), reading.guard, reading.variables["topic"]) == (value, True, "蓝牙")


@pytest.mark.parametrize(("score", "scopes"), [(-0.2, 1), (-0.1, 0), (0.9, 0), (None, 0)])
def test_002_09_only_negative_mentions_count(score: float | None, scopes: int) -> None:
    assert len(mentions(Run(MentionSurge()), 0.0, 1, 1.0, score).states) == scopes


def test_a_mention_of_a_product_counts_for_it_too() -> None:
    talk = Talk("x", queue=None)
    turn = talk("social.mention", 0.0, data={"mention": {"sentiment_score": -0.9}}, issue=Issue(product_id="sku-1"))
    assert sorted(scope.kind for scope in Run(MentionSurge()).turns([turn]).states) == ["product_id", "tenant"]
