"""A customer writes and gets no answer for more than a quarter of an hour."""

from __future__ import annotations

from random import Random

from streams.simulate.floor import Played, Wish
from streams.simulate.manners import MANNERS
from streams.simulate.script import lines, slots
from streams.simulate.site import Site
from streams.simulate.world import MINUTE

__all__ = ["plant"]


def plant(site: Site, rng: Random) -> None:
    """The alert must come while the customer still waits: a quarter of an hour after the first message at the latest."""
    topic, at = site.topic(rng.choice(("account.login", "invoice", "install.help"))), site.day.at(rng.uniform(9.5, 21.5))
    filling = slots(rng, "zh-CN", None)
    case = site.floor.case(at, topic, rng, Wish(customer=site.customers(1)[0], channel="chat", complaint=False, language="zh-CN"))
    case.opened(at, "web")
    case.queued(at + 200, rng.randint(3, 12))
    told = at + rng.randint(4, 15) * 1000
    case.said(told, *lines("customer", topic.zh.openings, 1, rng, filling)[0])
    wait = rng.randint(18, 30) * MINUTE
    for minute, line in zip((4, 9, 14), lines("customer", MANNERS["zh-CN"].impatience, 3, rng, filling), strict=True):
        case.said(told + minute * MINUTE + rng.randrange(MINUTE), *line)
    case.assigned(told + wait, site.floor.roster.pick(topic.queue, told + wait, rng))
    case.connected(told + wait + 100, told + wait - at)
    case.said(told + wait + 6000, "agent", "您好，非常抱歉让您久等了，我马上为您处理")
    case.said(told + wait + 40_000, *lines("agent", topic.zh.answers, 1, rng, filling)[0])
    case.resolved(told + wait + 3 * MINUTE, resolved=True)
    played = Played(case, told, told + wait + 3 * MINUTE)
    site.incident(
        "waiting",
        ["first_response_time", "sla_breach_eta", "vip_wait_time"],
        case.id,
        "orange",
        onset=told,
        deadline=told + 15 * MINUTE,
        since=at,
        involved=played.involved(),
    )
