from __future__ import annotations

import pytest

from config.lexicon_loader import load_analyser
from detectors.base import Reading, Turn
from detectors.event import Message
from detectors.negative_word_rate import NegativeWordRate
from detectors.text.words import Words
from tests.contract.detector_driver import Talk, restored, values


def says(talk: Talk, at: float, tokens: int, negatives: int = 0, role: str = "customer") -> Turn:
    words = Words("话" * tokens, "zh", ("话",) * tokens, negatives=negatives)
    return talk("message.created", at, words=words, message=Message(role=role, text=words.text))


def after(turns: list[Turn]) -> Reading:
    detector = NegativeWordRate()
    state = detector.new()
    for turn in turns:
        detector.learn_one(state, turn)
    reading = detector.score_one(restored(state), 10_000.0)
    assert reading is not None
    return reading


@pytest.mark.parametrize(("tokens", "negatives", "rate"), [(100, 3, 0.03), (60, 3, 0.05), (50, 4, 0.08), (25, 3, 0.12)])
def test_004_28_the_rate_of_negative_words_is_over_all_words(tokens: int, negatives: int, rate: float) -> None:
    talk = Talk()
    reading = after([says(talk, 0.0, tokens - 10, negatives), says(talk, 1.0, 10)])
    assert (reading.value, reading.n, reading.rate, reading.guard) == (rate, tokens, True, True)


@pytest.mark.parametrize(("negatives", "stands"), [(2, False), (3, True)])
def test_three_words_at_least_must_be_there(negatives: int, stands: bool) -> None:
    assert after([says(Talk(), 0.0, 25, negatives)]).guard is stands


def test_ten_utterances_count_however_old_they_are() -> None:
    talk = Talk()
    turns = [says(talk, 0.0, 10, 5), *(says(talk, 600.0 * at, 10) for at in range(1, 11))]
    assert values(NegativeWordRate(), turns)[-2:] == [0.05, 0]


def test_within_five_minutes_more_than_ten_count() -> None:
    talk = Talk()
    turns = [says(talk, at * 10.0, 10, 1) for at in range(20)]
    assert after(turns).n == 200
    assert after([*turns, says(talk, 1000.0, 10, 1)]).n == 100


def test_a_late_utterance_takes_its_place() -> None:
    talk = Talk()
    turns = [says(talk, 600.0 * at, 10) for at in range(1, 11)]
    assert after([*turns, says(talk, 5.0, 10, 5)]).value == 0


def test_agents_and_corrections_do_not_count() -> None:
    talk = Talk()
    corrected = talk("message.updated", 1.0, words=Words("坏", "zh", ("坏",), negatives=1), message=Message(role="customer", text="坏"))
    assert values(NegativeWordRate(), [says(talk, 0.0, 5, 2, role="agent"), corrected]) == []


@pytest.mark.parametrize(
    ("text", "negatives"), [("我不是不满意", 0), ("不是不生气", 1), ("太失望了,垃圾服务", 2), ("没关系不着急", 0), ("能不能快点", 0)]
)
def test_a_double_negation_turns_once_and_politeness_is_not_negative(text: str, negatives: int) -> None:
    assert load_analyser()(text).negatives == negatives
