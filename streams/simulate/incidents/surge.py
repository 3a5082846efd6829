"""One queue gets two and a half to three times its usual volume for three hours."""

from __future__ import annotations

import math
from random import Random

from streams.simulate.day import Curve
from streams.simulate.floor import Wish
from streams.simulate.shape import expected
from streams.simulate.site import Site
from streams.simulate.world import HOUR, MINUTE

__all__ = ["plant"]

HOURS = 3


def plant(site: Site, rng: Random) -> None:
    """Extra customers with the queue's ordinary matters; the deadline is a quarter of an hour after the end."""
    queue = site.claim_queue(rng, ("q-delivery", "q-refund", "q-service", "q-account"))
    hour = rng.choice((9, 10, 13, 14, 15, 18))
    start, end = site.day.at(hour), site.day.at(hour + HOURS)
    usual = expected(queue, hour, HOURS, site.day.weekday, site.rate)
    count = math.ceil(usual * (rng.uniform(2.5, 3.0) - 1))
    topics = site.topics_of(queue)
    weights = [topic.weight for topic in topics]
    who = site.customers(count)
    played = [
        site.floor.play(start + rng.randrange(HOURS * HOUR), rng.choices(topics, weights)[0], rng, Wish(customer=name, transfers=False))
        for name in who
    ]
    site.crowd(queue, Curve(start, start + HOUR, end - 30 * MINUTE, end, 24))
    involved = site.touched(played, queue)
    site.incident("surge", ["volume_ratio_3h", "ears_c2"], queue, "yellow", onset=start, deadline=end + 15 * MINUTE, involved=involved)
