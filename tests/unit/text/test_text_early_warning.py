"""Early warning: it learns how conversations end and says it while they go on, from a bounded record of each."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.text.early_warning import EarlyWarning, Heard

Turn = tuple[str, tuple[str, ...], float | None]


def heard_of(turns: list[Turn]) -> Heard:
    heard = Heard()
    for turn in turns:
        EarlyWarning.hear(heard, *turn)
    return heard


def dialogue(draw: random.Random, bad: bool) -> list[Turn]:
    """Ordinary talk with, in a bad one, a word of trouble at a random place."""
    turns: list[Turn] = [(role, tuple(f"词{draw.randrange(200)}" for _ in range(4)), None) for role in ("customer", "agent") * 3]
    if bad:
        turns[draw.choice((0, 2))] = ("customer", ("还", "没", "退款"), None)
    return turns


def test_it_learns_which_conversations_end_badly() -> None:
    draw, warning = random.Random(1), EarlyWarning()
    right = 0
    for number in range(600):
        bad = draw.random() < 0.5
        features = warning.features(heard_of(dialogue(draw, bad)))
        if number >= 400:
            right += (warning.predict_proba_one(features)[True] > 0.5) == bad
        warning.learn_one(features, bad)
    assert right >= 190


def test_a_word_means_another_thing_from_the_other_side() -> None:
    said, answered = (set(EarlyWarning.features(heard_of([(role, ("退款", "没到"), None)])).slots) for role in ("customer", "agent"))
    shared = said & answered
    assert len(said - shared) >= 3


def test_the_sentiment_of_the_customer_counts() -> None:
    warning = EarlyWarning()
    for _ in range(30):
        for score in (-1.0, 1.0):
            warning.learn_one(warning.features(heard_of([("customer", ("嗯",), score)])), score < 0)
    sad, glad = (warning.predict_proba_one(warning.features(heard_of([("customer", ("哦",), score)])))[True] for score in (-1.0, 1.0))
    assert sad > 0.7
    assert glad < 0.3


def test_without_experience_it_says_one_half() -> None:
    warning = EarlyWarning()
    assert warning.predict_proba_one(warning.features(Heard())) == {False: 0.5, True: 0.5}


def test_an_endless_conversation_is_kept_in_bounded_memory() -> None:
    heard = heard_of([("customer", tuple(f"词{number}-{turn}" for number in range(600)), -1.0) for turn in range(30)])
    assert len(heard.hashes) == 4096
    assert heard.turns == [30, 0]
    assert len(heard.recent) == 2


def test_what_is_kept_does_not_depend_on_the_process() -> None:
    # CRC-32 of the UTF-8 bytes, as zlib has it: the same in every process and version.
    assert heard_of([("customer", ("abc",), None)]).hashes == {0x352441C2}


@given(
    st.lists(
        st.tuples(
            st.sampled_from(("customer", "agent", "bot", "")),
            st.lists(st.text(max_size=5), max_size=9).map(tuple),
            st.none() | st.floats(-1, 1),
        )
    )
)
def test_any_conversation_has_finite_features_that_can_be_learnt(turns: list[Turn]) -> None:
    slots, values = EarlyWarning.features(heard_of(turns))
    assert len(slots) == len(values)
    assert np.isfinite(values).all()
    assert 0 <= slots.min() <= slots.max() < 1 << 20


@pytest.mark.parametrize("role", ["agent", "bot"])
def test_everybody_but_the_customer_is_the_other_side(role: str) -> None:
    assert heard_of([(role, ("您好",), 1.0)]).turns == [0, 1]
