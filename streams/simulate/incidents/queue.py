"""More than three hundred people wait on one queue."""

from __future__ import annotations

from random import Random

from streams.simulate.day import Curve
from streams.simulate.site import Site
from streams.simulate.world import MINUTE, QUEUES

__all__ = ["plant"]


def plant(site: Site, rng: Random) -> None:
    """The line grows for half an hour or more; some leave it. The deadline is five minutes after the first snapshot above 300."""
    queue = site.claim_queue(rng)
    start = site.day.at(rng.randint(9 * 60, 20 * 60) / 60)
    top = start + rng.randint(30, 45) * MINUTE
    fall = top + rng.randint(10, 20) * MINUTE
    end = fall + rng.randint(20, 30) * MINUTE
    curve = Curve(start, top, fall, end, rng.randint(330, 420))
    site.crowd(queue, curve)
    crossing = next(at for at in range(start, end, MINUTE) if curve.waiting(at) > 300)
    topics = site.topics_of(queue)
    leavers = [
        site.floor.abandon(rng.randrange(start + 10 * MINUTE, fall), rng.choice(topics), rng, patience_s=rng.uniform(60, 300))
        for _ in range(rng.randint(12, 20))
    ]
    involved = site.touched(leavers, queue, QUEUES[queue])
    site.incident("queue", ["queue_length", "estimated_wait"], queue, "red", onset=start, deadline=crossing + 5 * MINUTE, involved=involved)
