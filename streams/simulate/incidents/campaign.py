"""Benign: a campaign that was announced brings the threefold volume that was announced."""

from __future__ import annotations

import math
from random import Random

from streams.simulate.floor import Wish
from streams.simulate.shape import expected
from streams.simulate.site import Site
from streams.simulate.world import HOUR

__all__ = ["plant"]

MULTIPLIER = 3.0


def plant(site: Site, rng: Random) -> None:
    """An evening on the presale queue, announced the night before."""
    queue = site.claim_queue(rng, ("q-presale",))
    hour, hours = rng.choice((18, 19)), rng.choice((3, 4))
    start, end = site.day.at(hour), site.day.at(hour + hours)
    scope = {"queue_id": queue}
    campaign = {"id": f"camp-{site.day.number}", "scope": scope, "start": site.scribe.stamp(start), "end": site.scribe.stamp(end)}
    announced = site.day.at(-1 if site.day.number else 0)
    site.scribe.write(
        "campaign.scheduled", announced, f"camp-{site.day.number}", {"campaign": {**campaign, "expected_multiplier": MULTIPLIER}}
    )
    topics = site.topics_of(queue)
    weights = [topic.weight for topic in topics]
    count = math.ceil(expected(queue, hour, hours, site.day.weekday, site.rate) * (MULTIPLIER - 1))
    played = [
        site.floor.play(start + rng.randrange(hours * HOUR), rng.choices(topics, weights)[0], rng, Wish(customer=name))
        for name in site.customers(count)
    ]
    site.benign("campaign", ["volume_ratio_3h", "ears_c2"], queue, since=start, until=end, involved=site.touched(played, queue))
