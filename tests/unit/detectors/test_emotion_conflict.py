from __future__ import annotations

import pytest

from detectors.base import Turn
from detectors.emotion_conflict import EmotionConflict
from detectors.event import Message
from tests.contract.detector_driver import Talk, restored, values

EVASION = {"attitude.evasion": ("不归我们管",)}


def line(talk: Talk, at: float, what: str) -> Turn:
    """A for an angry customer, c for a calm one, E for an evasive agent, e for a good one."""
    if what in "Ac":
        score = 0.9 if what == "A" else 0.1
        return talk("message.created", at, message=Message(role="customer", text="话", emotion="anger", emotion_score=score))
    return talk.agent_says(at, "话", hits=EVASION if what == "E" else {})


def counts(script: str) -> list[float]:
    talk = Talk()
    return values(EmotionConflict(), [line(talk, at, what) for at, what in enumerate(script)])


@pytest.mark.parametrize(
    ("script", "count"),
    [
        ("AE", 1),
        ("EA", 1),
        ("AeE", 1),
        ("AecE", 1),
        ("AecEAE", 2),
        ("AEAE", 2),
        ("AEAEAE", 3),
        ("AEE", 1),
        ("AAE", 1),
        ("ce", 0),
        ("cE", 0),
        ("Ae", 0),
    ],
)
def test_003_08_anger_and_evasion_within_three_turns_are_a_conflict(script: str, count: int) -> None:
    assert counts(script)[-1] == count


@pytest.mark.parametrize(("script", "count"), [("AecE", 1), ("AececE", 0), ("EceA", 1), ("EceceA", 0)])
def test_what_lies_more_than_three_turns_apart_does_not_meet(script: str, count: int) -> None:
    assert counts(script)[-1] == count


def test_lines_in_a_row_are_one_turn() -> None:
    assert counts("AcccceeeE")[-1] == 1


def test_six_turns_later_it_is_over() -> None:
    assert counts("AEcececece"[:8])[1:] == [1, 1, 1, 1, 1, 0, 0]


@pytest.mark.parametrize(("anger", "count"), [(0.6, 1), (0.59, 0)])
def test_anger_begins_at_six_tenths(anger: float, count: int) -> None:
    talk = Talk()
    angry = talk("message.created", 0.0, message=Message(role="customer", text="话", emotion="anger", emotion_score=anger))
    assert values(EmotionConflict(), [angry, line(talk, 1.0, "E")])[-1] == count


def test_another_strong_emotion_is_no_anger() -> None:
    talk = Talk()
    worried = talk("message.created", 0.0, message=Message(role="customer", text="话", emotion="anxiety", emotion_score=0.9))
    assert values(EmotionConflict(), [worried, line(talk, 1.0, "E")])[-1] == 0


@pytest.mark.parametrize(("kind", "count"), [("evasion", 1), ("forbidden", 1), ("critical", 1), ("impatience", 0)])
def test_evasive_and_forbidden_words_count(kind: str, count: int) -> None:
    talk = Talk()
    turns = [line(talk, 0.0, "A"), talk.agent_says(1.0, "话", hits={f"attitude.{kind}": ("话",)})]
    assert values(EmotionConflict(), turns)[-1] == count


def test_the_agents_words_stand_in_the_evidence() -> None:
    detector, talk = EmotionConflict(), Talk()
    state = detector.new()
    for at, what in enumerate("AE"):
        detector.learn_one(state, line(talk, at, what))
    reading = detector.score_one(restored(state), 2.0)
    assert reading is not None
    assert (reading.variables["phrase"], len(reading.evidence)) == ("不归我们管", 1)


def test_a_late_message_takes_its_place() -> None:
    talk = Talk()
    script = [line(talk, 10.0, "A"), *(line(talk, 20.0 + at, what) for at, what in enumerate("ecec"))]
    assert values(EmotionConflict(), [*script, line(talk, 15.0, "E")])[-1] == 1
