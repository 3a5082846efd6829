from __future__ import annotations

from typing import Any

import pytest

from detectors import build
from detectors.base import Turn
from detectors.false_promise_hit import FalsePromiseHit, FalsePromiseHitByAgent
from tests.contract.detector_driver import DAY, Run, Talk, values

HITS = {"false_promise": ("私下给您返现", "全网最低价")}


def promise(at: float, conversation: str = "c-1", agent: str = "a-1", **more: Any) -> Turn:
    return Talk(conversation).agent_says(at, "私下", "给", "您", "返现", agent=agent, hits=HITS, **more)


def test_an_utterance_counts_once_however_many_phrases_are_in_it() -> None:
    assert values(FalsePromiseHit(), [promise(0.0), promise(9.0)]) == [1, 2]


def test_what_a_bot_promises_counts_too() -> None:
    assert values(FalsePromiseHit(), [promise(0.0, role="bot")]) == [1]


def test_what_a_customer_asks_for_is_no_promise() -> None:
    assert values(FalsePromiseHit(), [Talk().customer_says(0.0, "返现", "吗", false_promise=("返现",))]) == []


@pytest.mark.parametrize(("offers", "count"), [(["老客户全网最低价活动"], 1), (["全网最低价", "私下给您返现50元"], 0)])
def test_phrases_of_approved_offers_are_no_hits(offers: list[str], count: int) -> None:
    assert len(values(build("false_promise_hit", {"approved": offers}), [promise(0.0)])) == count  # type: ignore[arg-type]


def test_the_phrase_stands_in_the_title() -> None:
    detector = FalsePromiseHit()
    state = detector.new()
    detector.learn_one(state, promise(0.0))
    reading = detector.score_one(state, 1.0)
    assert reading is not None
    assert reading.variables == {"phrase": "私下给您返现", "matched_phrase": "私下给您返现"}


def test_an_agents_promises_add_up_over_conversations_for_a_day() -> None:
    run = Run(FalsePromiseHitByAgent()).turns([promise(0.0, "c-1"), promise(60.0, "c-2"), promise(60.0, "c-3", agent="a-2")])
    assert run.at(61.0, agent_id="a-1").value == 2
    assert run.at(DAY + 30.0, agent_id="a-1").value == 1
    assert run.at(DAY + 60.0, agent_id="a-1").value == 0


def test_a_late_promise_counts_and_leaves_the_last_phrase() -> None:
    early = Talk().agent_says(5.0, "保本", hits={"false_promise": ("保本",)})
    reading = Run(FalsePromiseHitByAgent()).turns([promise(60.0), early]).at(61.0, agent_id="a-1")
    assert (reading.value, reading.variables["phrase"]) == (2, "私下给您返现")
