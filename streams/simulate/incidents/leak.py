"""Several customers report that their data got out."""

from __future__ import annotations

from random import Random

from streams.simulate.floor import Wish
from streams.simulate.script import Line, lines, slots
from streams.simulate.site import Site
from streams.simulate.speech import Topic
from streams.simulate.world import MINUTE

__all__ = ["plant"]


def plant(site: Site, rng: Random) -> None:
    """Two to four customers, a quarter of an hour to an hour apart; the second one makes it a crisis."""
    topic, at = site.topic("account.leak"), site.day.at(rng.uniform(9.0, 18.0))
    played = []
    for name in site.customers(rng.randint(2, 4)):
        wish = Wish(
            customer=name,
            channel="chat",
            mood="annoyed",
            complaint=True,
            language="zh-CN",
            script=_script(topic, rng),
            transfers=False,
        )
        played.append(site.floor.play(at, topic, rng, wish))
        at += rng.randint(15, 60) * MINUTE
    told = [each.told for each in played]
    site.incident(
        "leak",
        ["data_leak_signal"],
        site.tenant,
        "red",
        onset=told[1],
        deadline=told[1] + 15 * MINUTE,
        since=told[0],
        involved=site.touched(played),
    )


def _script(topic: Topic, rng: Random) -> list[Line]:
    said, filling = topic.zh, slots(rng, "zh-CN", None)
    return [
        *lines("customer", said.openings, 1, rng, filling),
        *lines("agent", said.probes, 1, rng, filling),
        *lines("customer", said.details, 1, rng, filling),
        *lines("agent", said.answers, 1, rng, filling),
        *lines("customer", said.pushes, 1, rng, filling),
    ]
