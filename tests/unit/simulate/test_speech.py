from __future__ import annotations

import itertools
from random import Random

import pytest

from streams.simulate.manners import MANNERS
from streams.simulate.script import EN_SLOTS, ZH_SLOTS, dialogue, slots
from streams.simulate.speech import Topic, compose, topics, variants
from streams.simulate.world import QUEUES, products

ALL = sorted(topics())


def made(topic: Topic, language: str) -> list[str]:
    rng = Random(5)
    texts = []
    for mood, product in itertools.product(("calm", "polite", "annoyed", "angry"), [*products()[::9], None]):
        texts += [text for _, text in dialogue(topic, mood, language, rng, slots(rng, language, product))]
    return texts


def test_there_are_at_least_twelve_categories() -> None:
    assert {"logistics.delay", "refund.slow", "account.leak", "invoice", "presale.price", "price.protect"} <= set(ALL)
    assert len(ALL) >= 12


@pytest.mark.parametrize("category", ALL)
def test_a_category_can_be_opened_answered_and_pushed_in_dozens_of_ways(category: str) -> None:
    topic = topics()[category]
    assert topic.queue in QUEUES
    assert topic.refer is None or topic.refer in QUEUES
    for bank, least in ((topic.zh.openings, 15), (topic.zh.details, 10), (topic.zh.answers, 7)):
        assert sum(variants(template) for template in bank) >= least


@pytest.mark.parametrize("category", ALL)
def test_no_placeholder_and_no_bracket_is_left_in_a_text(category: str) -> None:
    topic = topics()[category]
    for language in ("zh-CN", "en") if topic.en else ("zh-CN",):
        for text in made(topic, language):
            assert text.strip()
            assert not set(text) & set("{}[]|")


def test_greetings_and_closings_come_in_dozens() -> None:
    manners = MANNERS["zh-CN"]
    for bank in (manners.patience, manners.anger, manners.farewells):
        assert sum(variants(template) for template in bank) >= 12


def test_every_language_fills_the_same_slots() -> None:
    assert set(ZH_SLOTS) == set(EN_SLOTS)
    assert set(slots(Random(1), "zh-CN", None)) == set(slots(Random(1), "en", products()[0]))


def test_a_slot_within_a_choice_is_filled() -> None:
    assert compose("[{days}|{days}]后", Random(1), {"days": "三天"}) == "三天后"
