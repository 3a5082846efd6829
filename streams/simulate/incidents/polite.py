"""Benign: a patient customer whose every sentence holds a negator that negates nothing."""

from __future__ import annotations

from random import Random

from streams.simulate.floor import Wish
from streams.simulate.manners import MANNERS
from streams.simulate.script import Line, lines, slots
from streams.simulate.site import Site
from streams.simulate.world import products

__all__ = ["plant"]


def plant(site: Site, rng: Random) -> None:
    """Ten to twelve courtesies such as 没关系, 不客气 and 能不能 in one conversation."""
    topic, at = site.topic("presale.consult"), site.day.at(rng.uniform(9.5, 21.5))
    product = rng.choice(products())
    filling = slots(rng, "zh-CN", product)
    script: list[Line] = []
    for line in lines("customer", MANNERS["zh-CN"].patience, rng.randint(10, 12), rng, filling):
        script += [line, *lines("agent", (*topic.zh.answers, *MANNERS["zh-CN"].holds), 1, rng, filling)]
    wish = Wish(
        customer=site.customers(1)[0],
        product=product,
        channel="chat",
        mood="polite",
        complaint=False,
        language="zh-CN",
        script=script,
        transfers=False,
    )
    played = site.floor.play(at, topic, rng, wish)
    forbidden = [
        "negation_share",
        "negative_word_rate",
        "escalation_keyword_hit",
        "emotion_intensity",
        "sentiment_shift",
        "conversation_risk_score",
    ]
    site.benign("polite", forbidden, played.case.id, involved=played.involved())
