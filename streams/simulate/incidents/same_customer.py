"""Benign: one customer comes back about one refund again and again. Many complaints, no epidemic."""

from __future__ import annotations

from random import Random

from streams.simulate.floor import Wish
from streams.simulate.script import lines, slots
from streams.simulate.site import Site
from streams.simulate.world import MINUTE

__all__ = ["plant"]

QUESTIONS = (
    "[我的|]{product}退款还没到账，[请看一下|到哪步了]",
    "[又来问|再问一下]{product}的退款，还没到账",
    "{product}退款[怎么还没到账|为什么还没到账]",
)


def plant(site: Site, rng: Random) -> None:
    """Six contacts in the course of the day, on a product nobody else complains about."""
    product, topic = site.claim_product(rng), site.topic("refund.slow")
    name, at = site.customers(1)[0], site.day.at(rng.uniform(9.0, 11.0))
    played = []
    for _ in range(6):
        filling = slots(rng, "zh-CN", product)
        script = [
            *lines("customer", QUESTIONS, 1, rng, filling),
            *lines("agent", topic.zh.answers, 1, rng, filling),
            *lines("customer", ("好吧", "[那我再等等|知道了]"), 1, rng, filling),
        ]
        wish = Wish(
            customer=name,
            product=product,
            channel="chat",
            mood="calm",
            complaint=True,
            language="zh-CN",
            script=script,
            transfers=False,
        )
        played.append(site.floor.play(at, topic, rng, wish))
        at += rng.randint(40, 110) * MINUTE
    site.benign("same_customer", ["similar_complaint_count"], product.id, involved=site.touched(played))
