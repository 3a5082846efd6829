"""One customer answers everything with no: a conversation full of real negations."""

from __future__ import annotations

from random import Random

from streams.simulate.floor import Wish
from streams.simulate.manners import MANNERS
from streams.simulate.script import Line, lines, slots
from streams.simulate.site import Site
from streams.simulate.world import MINUTE

__all__ = ["plant"]

REFUSALS = (
    "[不是没发货|不是没付款]，是[一直没送到|你们没处理]",
    "[没有人接电话|没有人回消息]，也没有[结果|说法]",
    "[我不接受|我不认可]，[也不同意|更不满意]",
    "[别再让我等了|别再敷衍我]，[我不等了|我不信了]",
    "[不退钱|不换货]，[不道歉|不解释]，[没有一点诚意|没有一句真话]",
    "[我不要优惠券|我不要解释]，[不要再发这些|也不想听]",
    "[你们不查|你们不看记录]，[又不让我说话|也不给答复]",
    "[没用|没有效果]，[都没有解决|一件都没办]",
    "[不处理|不给结果]我就投诉，[别以为我不会|我不怕麻烦]",
    "[不对|不是这样]，[我没有点错|我没有弄坏]，[不要推给我|别赖我]",
    "[没有一个人说清楚|没有人记录]，[不负责|不像话]",
)


def plant(site: Site, rng: Random) -> None:
    """Nine or ten refusals; an alert must come before the end of the conversation."""
    topic = site.topic(rng.choice(("logistics.delay", "refund.slow", "refund.reject")))
    at = site.day.at(rng.uniform(9.5, 21.5))
    filling = slots(rng, "zh-CN", None)
    script: list[Line] = []
    for line in lines("customer", REFUSALS, rng.randint(9, 10), rng, filling):
        script += [line, *lines("agent", (*MANNERS["zh-CN"].holds, *MANNERS["zh-CN"].apologies), 1, rng, filling)]
    wish = Wish(
        customer=site.customers(1)[0],
        channel="chat",
        mood="angry",
        complaint=True,
        language="zh-CN",
        script=script,
        transfers=False,
    )
    played = site.floor.play(at, topic, rng, wish)
    accept = [
        "negation_share",
        "sentiment_shift",
        "escalation_keyword_hit",
        "conversation_risk_score",
        "negative_word_rate",
        "emotion_intensity",
    ]
    site.incident(
        "angry", accept, played.case.id, "yellow", onset=at, deadline=played.ended + MINUTE, involved=[*played.involved(), topic.category]
    )
