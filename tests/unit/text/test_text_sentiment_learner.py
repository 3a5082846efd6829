"""The hashed learner: what it learns, where its features fall, and that River takes it for one of its own."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from river import compose, feature_extraction
from river.checks import clf, common
from river.datasets import Phishing

from detectors.text.hashed_logistic import HashedLogistic, Slots, places, slot_of
from detectors.text.sentiment import SentimentPrior
from detectors.text.sentiment_learner import HashedText, sentiment_learner
from detectors.text.words import Words

SLOTS = 1 << 20


def words(*tokens: str, lang: str = "zh-CN", sentiment: float | None = None) -> Words:
    return Words(text="".join(tokens), lang=lang, tokens=tokens, sentiment=sentiment)


GOOD = [words("很", "满意"), words("服务", "满意"), words("满意", "谢谢")]
BAD = [words("太", "失望"), words("服务", "失望"), words("失望", "透顶")]


def test_it_learns_which_words_are_good_and_carries_it_to_texts_it_never_saw() -> None:
    model = sentiment_learner()
    for _ in range(10):
        for good, bad in zip(GOOD, BAD, strict=True):
            model.learn_one(good, True)
            model.learn_one(bad, False)
    assert model.predict_proba_one(words("物流", "满意"))[True] > 0.8
    assert model.predict_proba_one(words("物流", "失望"))[True] < 0.2


def test_it_changes_its_mind_when_the_labels_do() -> None:
    model = sentiment_learner()
    for label in (True, False):
        for _ in range(60):
            model.learn_one(GOOD[0], label)
        assert model.predict_one(GOOD[0]) is label


def test_before_it_has_learnt_anything_it_says_one_half() -> None:
    assert sentiment_learner().predict_proba_one(GOOD[0]) == {False: 0.5, True: 0.5}


def test_the_prior_carries_it_over_words_it_never_saw() -> None:
    model = sentiment_learner(SentimentPrior({"好": 3.0, "赞": 3.0, "差": -3.0, "烂": -3.0}, 0.0, 0.0))
    for _ in range(20):
        model.learn_one(words("好"), True)
        model.learn_one(words("差"), False)
    assert model.predict_proba_one(words("赞"))[True] > 0.6
    assert model.predict_proba_one(words("烂"))[True] < 0.4


def test_the_prior_says_nothing_of_english() -> None:
    read = HashedText(SentimentPrior({"good": 3.0}, 0.0, 0.0))
    english, chinese = (read.transform_one(words("good", lang=lang)) for lang in ("en", "zh-CN"))
    assert english.values[1] == 0.0
    assert chinese.values[1] == pytest.approx(3.0)


def test_the_order_of_words_matters() -> None:
    read = HashedText()
    assert set(read.transform_one(words("不", "是", "好")).slots) != set(read.transform_one(words("是", "不", "好")).slots)


@given(st.lists(st.text(min_size=1, max_size=8), max_size=40))
def test_any_tokens_fall_into_distinct_slots_and_can_be_learnt(tokens: list[str]) -> None:
    slots, values = HashedText().transform_one(words(*tokens))
    assert len(slots) == len(values)
    assert len(set(slots[3:].tolist())) == len(slots) - 3
    assert 0 <= slots.min() <= slots.max() < SLOTS
    assert np.isfinite(values).all()


@given(st.lists(st.integers(0, 2**32 - 1), max_size=60))
def test_places_are_sorted_and_distinct_and_do_not_depend_on_order(hashes: list[int]) -> None:
    found = places(np.array(hashes, np.uint32)).tolist()
    assert found == sorted(set(found))
    assert found == places(np.array(hashes[::-1], np.uint32)).tolist()
    assert (len(found) == 0) == (len(hashes) == 0)


def test_the_same_text_falls_into_the_same_slots_in_another_process() -> None:
    code = (
        "from detectors.text.sentiment_learner import HashedText; from detectors.text.words import Words;"
        "print(HashedText().transform_one(Words(text='', lang=None, tokens=('退款', '没到'))).slots.tolist())"
    )
    found = {
        subprocess.run([sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True).stdout
        for seed in ("1", "2")
    }
    assert found == {f"{HashedText().transform_one(words('退款', '没到')).slots.tolist()}\n"}


def test_a_very_long_text_is_read_in_part() -> None:
    slots, _ = HashedText().transform_one(words(*(f"词{number}" for number in range(20_000))))
    assert len(slots) < 40_000


def test_a_pipeline_reads_a_text_once_to_predict_and_to_learn() -> None:
    read = HashedText()
    assert read.transform_one(GOOD[0]) is read.transform_one(GOOD[0])
    assert read.transform_one(GOOD[1]) is not read.transform_one(GOOD[0])


def test_names_that_share_a_slot_are_rare() -> None:
    assert len({slot_of(f"name {number}") for number in range(1000)}) > 990


def test_what_is_learnt_survives_pickling() -> None:
    model = sentiment_learner()
    model.learn_one(GOOD[0], True)
    again = pickle.loads(pickle.dumps(model))  # noqa: S301 - our own bytes
    assert again.predict_proba_one(GOOD[0]) == model.predict_proba_one(GOOD[0])


def test_one_step_is_adagrads_own() -> None:
    model = HashedLogistic(rate=0.5, ease=0.25)
    sample = Slots(np.array([7], np.intp), np.array([2.0], np.float32))
    model.learn_one(sample, True)
    # gradient -.5 x 2 = -1, squares .25 + 1, weight .5 / sqrt(1.25), odds twice that
    odds = 2 * 0.5 / 1.25**0.5
    assert model.predict_proba_one(sample)[True] == pytest.approx(1 / (1 + 2.718281828459045**-odds), rel=1e-6)


def test_it_stands_behind_rivers_own_steps() -> None:
    model: Any = compose.Pipeline(feature_extraction.BagOfWords(), HashedLogistic())
    for _ in range(10):
        model.learn_one("thanks great", True)
        model.learn_one("late again", False)
    assert model.predict_one("great") is True


# River's `check_estimator` takes some of its data from scikit-learn, which is not installed; Phishing comes with River.
@pytest.mark.parametrize(
    "check",
    [
        common.check_learn_one,
        common.check_pickling,
        common.check_emerging_features,
        common.check_disappearing_features,
        common.check_radically_disappearing_features,
        common.check_predict_one_pure,
        common.check_predict_one_before_any_learn,
        common.check_no_state_aliasing_with_input,
        common.check_clone_is_independent,
        common.check_shuffle_features_no_impact,
        clf.check_predict_proba_one,
        clf.check_predict_proba_one_binary,
        clf.check_classifier_tracks_seen_labels,
    ],
)
def test_rivers_own_checks_on_data_pass(check: Callable[[Any, Any], None]) -> None:
    check(HashedLogistic(), Phishing().take(200))


@pytest.mark.parametrize(
    "check",
    [
        common.check_repr,
        common.check_str,
        common.check_tags,
        common.check_clone_same_class,
        common.check_clone_is_idempotent,
        common.check_clone_changes_memory_addresses,
        common.check_clone_with_new_params_applies,
        common.check_get_params_matches_signature,
        common.check_init_default_params_are_not_mutable,
        clf.check_multiclass_is_bool,
    ],
)
def test_rivers_own_checks_of_form_pass(check: Callable[[Any], None]) -> None:
    check(HashedLogistic())
