from __future__ import annotations

import pytest

from config.lexicon_loader import load_lexicons
from detectors import build
from detectors.escalation_keyword_hit import LEXICON, EscalationKeywordHit
from tests.contract.detector_driver import Talk, restored, values


def weights(*utterances: tuple[str, ...]) -> list[float]:
    talk = Talk()
    return values(EscalationKeywordHit(), [talk.customer_says(at, "话", escalation=phrases) for at, phrases in enumerate(utterances)])


@pytest.mark.parametrize(
    ("phrases", "weight"),
    [(("投诉",), 1), (("主管",), 1), (("曝光",), 2), (("12315",), 2), (("律师",), 2), (("媒体",), 2), (("律师函",), 3), (("工号",), 0.5)],
)
def test_001_13_a_demand_for_escalation_weighs_what_it_threatens(phrases: tuple[str, ...], weight: float) -> None:
    assert weights(phrases) == [weight]


def test_the_weights_of_a_conversation_add_up() -> None:
    assert weights(("投诉",), ("主管",), ("12315", "曝光")) == [1, 2, 6]


def test_the_weights_are_those_of_the_lexicon() -> None:
    detector = EscalationKeywordHit()
    entries = [entry for entry in load_lexicons()[LEXICON] if not entry.pattern]
    assert {entry.phrase: detector.weigh(entry.phrase) for entry in entries} == {entry.phrase: entry.weight for entry in entries}


@pytest.mark.parametrize(("phrase", "weight"), [("打315", 2), ("叫你们经理", 1), ("抖音上见", 1.5), ("微博曝光", 2)])
def test_what_a_pattern_found_is_weighed_by_its_words(phrase: str, weight: float) -> None:
    assert weights((phrase,)) == [weight]


def test_the_weights_are_parameters() -> None:
    detector = build("escalation_keyword_hit", {"weights": {"总部": 4}, "other": 0.5})
    talk = Talk()
    turns = [talk.customer_says(0.0, "话", escalation=("找总部",)), talk.customer_says(1.0, "话", escalation=("投诉",))]
    assert values(detector, turns) == [4, 4.5]  # type: ignore[arg-type]


def test_agents_may_speak_of_complaints() -> None:
    assert values(EscalationKeywordHit(), [Talk().agent_says(0.0, "投诉", hits={"escalation": ("投诉",)})]) == []


def test_an_utterance_without_a_hit_is_no_evaluation() -> None:
    assert values(EscalationKeywordHit(), [Talk().customer_says(0.0, "好")]) == []


def test_the_heaviest_phrase_of_the_last_utterance_stands_in_the_title() -> None:
    detector = EscalationKeywordHit()
    state = detector.new()
    detector.learn_one(state, Talk().customer_says(0.0, "话", escalation=("投诉", "12315")))
    reading = detector.score_one(restored(state), 1.0)
    assert reading is not None
    assert (reading.variables["kw"], reading.n) == ("12315", 1)
