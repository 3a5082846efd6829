from __future__ import annotations

from typing import Any

import pytest

from detectors.bot_fallback_rate import BotFallbackRate
from detectors.event import Agent, Message
from tests.contract.detector_driver import Run, Talk


def heard(count: int, **message: Any) -> list[Any]:
    said = Message(role="bot", direction="out", text="没听懂", **{"lang": "zh", **message})
    return [Talk(f"c-{number}")("message.created", number, agent=Agent("b-1", "bot"), message=said) for number in range(count)]


@pytest.mark.parametrize(("lost", "value"), [(14, 0.14), (15, 0.15)])
def test_002_10_a_dialect_is_counted_apart_from_its_language(lost: int, value: float) -> None:
    made = Run(BotFallbackRate()).turns(
        [*heard(lost, dialect="yue", nlu_fallback=True), *heard(100 - lost, dialect="yue", nlu_fallback=False)]
    )
    made.turns(heard(5, nlu_fallback=False))
    assert made.at(120.0, agent_id="b-1", lang="yue").value == value
    assert made.at(120.0, agent_id="b-1", lang="zh").value == 0.0


@pytest.mark.parametrize(("confidence", "value"), [(0.39, 1.0), (0.4, 0.0)])
def test_a_low_confidence_is_no_understanding(confidence: float, value: float) -> None:
    assert Run(BotFallbackRate()).turns(heard(1, nlu_confidence=confidence)).at(60.0, agent_id="b-1", lang="zh").value == value


def test_an_utterance_nobody_judged_is_not_counted() -> None:
    assert Run(BotFallbackRate()).turns(heard(3)).states == {}
