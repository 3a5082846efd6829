"""What is learnt from words: nothing of it is used before it is better, and a version is the same model again."""

from __future__ import annotations

from random import Random

import msgspec
import pytest

from detectors.text.early_warning import EarlyWarning
from detectors.text.words import Words
from detectors.text.words_model import UTTERANCES, Outlook, Told, WordsModel, WordsModelState

GOOD = ("谢谢", "解决", "很快", "满意", "清楚")
BAD = ("拖了", "三天", "没人", "回复", "白等")
PLAIN = ("订单", "地址", "发货", "查询", "今天")


def words(*tokens: str, sentiment: float | None = 0.0) -> Words:
    return Words("".join(tokens), "zh-CN", tokens, sentiment=sentiment, complains=False)


def text(random: Random, bad: bool) -> Words:
    return words(*random.sample(BAD if bad else GOOD, 2), random.choice(PLAIN))


def told(*utterances: Words, role: str = "customer") -> Told:
    found = Told()
    for each in utterances:
        WordsModel.hear(found, role, each, each.sentiment)
    return found


def taught(texts: int = 600, seed: int = 1) -> WordsModel:
    """A model of texts that say by their words how a conversation ends, what it is about and how grave it is."""
    model = WordsModel()
    teach(model, Random(seed), texts)
    model.settle()
    return model


def teach(model: WordsModel, random: Random, texts: int) -> None:
    for number in range(texts):
        bad = number % 3 == 0
        said = text(random, bad)
        heard = told(said)
        slots = EarlyWarning.features(heard.heard)
        model.learn_sentiment([said], not bad)
        model.learn_severity([said], 0.9 if bad else 0.1)
        model.learn_complaint([(slots, heard.complained)], bad)
        model.learn_outcome([(slots, 0.0)], bad)
        model.learn_category("acme", [heard.places], "delay" if bad else "thanks")


@pytest.fixture(scope="module")
def model() -> WordsModel:
    return taught()


def test_a_model_that_has_learnt_nothing_changes_nothing() -> None:
    fresh, said = WordsModel(), words(*BAD)
    fresh.settle()
    assert fresh.served == frozenset()
    assert fresh.judge(said) is said
    assert fresh.outlook(told(said), "acme") == Outlook()


def test_few_labels_are_not_enough() -> None:
    assert taught(texts=200).served == frozenset()


def test_what_was_learnt_well_is_used(model: WordsModel) -> None:
    assert model.served == {"sentiment", "severity", "complaint", "early_warning", "category"}
    good, bad = words("谢谢", "解决"), words("没人", "回复")
    assert (model.judge(good).sentiment or 0.0) > 0.2 > -0.2 > (model.judge(bad).sentiment or 0.0)
    assert (model.judge(bad).severity or 0.0) > 0.5 > (model.judge(good).severity or 1.0)
    assert model.outlook(told(bad), "acme").category == "delay"
    assert model.outlook(told(bad), "acme").complains
    assert (model.outlook(told(bad), "acme").early_warning or 0.0) > 0.5
    assert model.outlook(told(good), "acme").early_warning == 0.0


def test_what_is_no_better_than_the_lexicons_is_not_used() -> None:
    """Labels by the toss of a coin: there is nothing to learn."""
    model, random = WordsModel(), Random(3)
    for _ in range(800):
        model.learn_sentiment([text(random, random.random() < 0.5)], random.random() < 0.5)
    model.settle()
    assert "sentiment" not in model.served


def test_what_the_lexicons_know_already_is_not_used() -> None:
    model, random = WordsModel(), Random(4)
    for number in range(800):
        bad = number % 2 == 0
        model.learn_sentiment([words(*random.sample(PLAIN, 3), sentiment=-0.6 if bad else 0.6)], not bad)
    model.settle()
    assert "sentiment" not in model.served


def test_a_text_that_tells_nothing_stays_near_zero_though_most_labels_are_good() -> None:
    model, random = WordsModel(), Random(5)
    for number in range(2_000):
        model.learn_sentiment([text(random, number % 10 == 0)], number % 10 != 0)
    model.settle()
    assert "sentiment" in model.served
    assert abs(model.judge(words("你好", "在吗")).sentiment or 0.0) < 0.25


def test_where_the_lexicons_are_silent_nothing_is_said(model: WordsModel) -> None:
    foreign = words("どうも", sentiment=None)
    assert model.judge(foreign) is foreign


def test_categories_of_one_tenant_are_never_said_of_another(model: WordsModel) -> None:
    assert model.outlook(told(words(*BAD)), "other").category is None


def test_tenants_beyond_the_bound_are_not_learnt() -> None:
    model = WordsModel()
    for number in range(40):
        model.learn_category(f"t{number}", [{number}], "x")
    assert sum(name.startswith("category:") for name in model.quality()) == 32


def test_a_conversation_is_heard_to_its_tenth_utterance_only() -> None:
    heard = told(*[words(*PLAIN)] * UTTERANCES)
    assert heard.full
    assert not WordsModel.hear(heard, "customer", words(*BAD), 0.0)
    heard.forget()
    assert heard.full
    assert not heard.heard.hashes
    assert not heard.places


def test_a_memory_survives_its_encoding() -> None:
    heard = told(words(*BAD, sentiment=-0.4), words(*GOOD))
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(heard), type=Told)
    assert again == heard


def test_a_restored_model_says_and_learns_the_same(model: WordsModel) -> None:
    one, other = taught(), WordsModel()
    other.restore(msgspec.msgpack.decode(msgspec.msgpack.encode(one.state()), type=WordsModelState))
    for each in (one, other):
        teach(each, Random(9), 60)
        each.settle()
    said = text(Random(2), bad=True)
    assert one.judge(said) == other.judge(said)
    assert one.outlook(told(said), "acme") == other.outlook(told(said), "acme")
    assert one.quality() == other.quality()


def test_the_state_holds_no_words(model: WordsModel) -> None:
    data = msgspec.msgpack.encode(model.state())
    assert not [token for token in (*GOOD, *BAD, *PLAIN) if token.encode() in data]


@pytest.mark.parametrize("spoil", ["learner", "window", "category"])
def test_a_damaged_state_is_refused(model: WordsModel, spoil: str) -> None:
    state = model.state()
    if spoil == "learner":
        state.learners["sentiment"].weights += b"0000"
    elif spoil == "window":
        state.trials["sentiment"].window.rows += b"0000"
    else:
        state.categories["acme"].learner.weights += b"0000"
    with pytest.raises(ValueError, match=r"state|reshape|buffer size"):
        WordsModel().restore(state)


def test_quality_tells_the_learner_from_what_is_said_without_it(model: WordsModel) -> None:
    found = model.quality()["early_warning"]
    assert found.n == 600
    assert found.usual == pytest.approx(1 / 3, abs=0.01)
    assert (found.auc or 0.0) > 0.9 > (found.auc_before or 1.0)
    assert (found.accuracy or 0.0) > (found.accuracy_before or 1.0)
    assert (found.error or 1.0) < 0.1
