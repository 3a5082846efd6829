from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.text.category import CategoryLearner, CategoryState
from detectors.text.severity import WEIGHTS, severity
from detectors.text.words import Words

HITS = st.dictionaries(st.sampled_from(sorted(WEIGHTS)), st.lists(st.text(min_size=1, max_size=2), max_size=4).map(tuple))


def taught(times: int = 20, *, most: int = 8) -> CategoryLearner:
    learner = CategoryLearner(most=most, slots=1024)
    for _ in range(times):
        learner.learn_one(["退款", "到账"], "refund")
        learner.learn_one(["耳机", "断连"], "quality")
        learner.learn_one(["快递", "丢了"], "logistics")
    return learner


def words(**hits: tuple[str, ...]) -> Words:
    return Words("文", "zh-CN", ("文",), hits=hits)


def test_what_was_said_often_is_said_again() -> None:
    assert [taught().predict_one(each) for each in (["退款"], ["耳机"], ["快递"])] == ["refund", "quality", "logistics"]


def test_it_is_silent_where_it_is_not_sure() -> None:
    learner = taught()
    assert learner.predict_one(["退款", "耳机"]) is None
    assert learner.predict_one(["天气"]) is None


def test_it_is_silent_before_it_knows_two_categories() -> None:
    learner = CategoryLearner(most=4, slots=64)
    assert learner.best_one(["退款"]) == (None, 0.0)
    learner.learn_one(["退款"], "refund")
    assert learner.predict_one(["退款"]) is None


def test_a_text_without_features_says_and_teaches_nothing() -> None:
    learner = taught()
    before = learner.state()
    learner.learn_one([], "refund")
    assert learner.state() == before
    assert (learner.predict_one([]), learner.predict_proba_one([])) == (None, {})


def test_it_changes_its_mind_when_the_events_do() -> None:
    learner = taught()
    for _ in range(60):
        learner.learn_one(["耳机", "断连"], "refund")
    assert learner.predict_one(["耳机", "断连"]) == "refund"


def test_beyond_its_room_no_category_is_learnt() -> None:
    learner = taught(most=2)
    assert learner.labels == ("refund", "quality")


def test_two_hundred_categories_are_told_apart() -> None:
    learner = CategoryLearner()
    for _ in range(12):
        for number in range(200):
            learner.learn_one([f"词{number}", f"语{number}", "的"], f"c{number}")
    said = [learner.predict_one([f"词{number}", f"语{number}"]) for number in range(200)]
    assert sum(label == f"c{number}" for number, label in enumerate(said)) >= 198


def test_a_restored_learner_goes_on_exactly_as_the_one_that_was_saved() -> None:
    learner, again = taught(), CategoryLearner(most=8, slots=1024)
    again.restore(msgspec.msgpack.decode(msgspec.msgpack.encode(learner.state()), type=CategoryState))
    for each in (learner, again):
        each.learn_one(["发票", "抬头"], "invoice")
    assert again.state() == learner.state()


def test_a_state_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        CategoryLearner(most=4, slots=64).restore(taught().state())


@given(st.lists(st.tuples(st.lists(st.text(max_size=3), max_size=5), st.sampled_from("abc")), max_size=20), st.lists(st.text(max_size=3)))
def test_probabilities_sum_to_one_whatever_is_learnt(lessons: list[tuple[list[str], str]], asked: list[str]) -> None:
    learner = CategoryLearner(most=4, slots=64)
    for found, label in lessons:
        learner.learn_one(found, label)
    chances = learner.predict_proba_one(asked)
    assert not chances or sum(chances.values()) == pytest.approx(1.0, abs=1e-5)


def test_graver_words_are_graver() -> None:
    assert severity(words(safety=("爆炸",))) > severity(words(anger=("气死",))) > severity(words(negative=("差",))) > severity(words()) == 0  # type: ignore[operator] # all have words


def test_an_unknown_lexicon_makes_nothing_graver() -> None:
    assert severity(words(positive=("好",))) == 0


@given(HITS, st.sampled_from(sorted(WEIGHTS)))
def test_one_more_hit_never_makes_a_message_less_grave(hits: dict[str, tuple[str, ...]], name: str) -> None:
    less = severity(words(**hits))
    more = severity(words(**{**hits, name: (*hits.get(name, ()), "新词新")}))
    assert less is not None
    assert more is not None
    assert 0 <= less <= more <= 1
