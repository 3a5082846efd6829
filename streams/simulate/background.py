"""An ordinary day: customers, queue snapshots, agents' states, and what the shop's systems report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random

from streams.simulate.case import Scribe
from streams.simulate.day import Curve, Day
from streams.simulate.floor import Floor
from streams.simulate.roster import Roster, breaks
from streams.simulate.shape import arrivals, intensity
from streams.simulate.world import HOUR, MINUTE, QUEUES, Agent, products

__all__ = ["customers", "metrics", "snapshots", "states"]

Curves = Mapping[str, Sequence[Curve]]


def customers(day: Day, floor: Floor, rng: Random, rate: float) -> Iterator[int]:
    """Everyone who comes that day, hour by hour; two in a hundred leave while they wait.

    Yields after each hour its end (epoch ms): no later customer has an event before it.
    """
    end = day.midnight + HOUR
    for at, topic in arrivals(rng, day.midnight, day.weekday, rate):
        while at >= end:
            yield end
            end += HOUR
        if rng.random() < 0.02:
            floor.abandon(at, topic, rng, patience_s=45)
        else:
            floor.play(at, topic, rng)
    yield day.midnight + 24 * HOUR


def snapshots(day: Day, scribe: Scribe, rng: Random, rate: float, curves: Curves) -> None:
    """Each queue's state every five minutes, every minute while an incident concerns it."""
    for queue in QUEUES:
        for minute in range(24 * 60):
            at = day.midnight + minute * MINUTE
            extra = [curve for curve in curves.get(queue, ()) if curve.start <= at < curve.end]
            if minute % 5 == 0 or extra:
                usual = rng.expovariate(1.0) * intensity(minute // 60, day.weekday, rate) / 25
                waiting = int(usual) + sum(curve.waiting(at) for curve in extra)
                scribe.write("queue.snapshot", at, queue, {"queue": _snapshot(queue, waiting, rng)})


def _snapshot(queue: str, waiting: int, rng: Random) -> dict[str, object]:
    return {
        "queue_id": queue,
        "waiting": waiting,
        "oldest_wait_s": waiting * rng.randint(3, 6),
        "agents_available": max(0, rng.randint(1, 4) - waiting // 3),
        "agents_busy": min(6, rng.randint(1, 3) + waiting // 3),
        "service_level": round(max(0.2, rng.uniform(0.88, 0.99) - waiting / 400), 3),
    }


def states(day: Day, scribe: Scribe, roster: Roster, rng: Random) -> None:
    """When each agent begins, pauses, goes on and leaves. Who is reserved by an incident takes no break in that time."""
    for staff in roster.agents.values():
        for agent in staff:
            begin, end = day.at(agent.shift.start), day.at(agent.shift.end)
            _state(scribe, agent, begin + rng.randrange(4 * MINUTE), "available")
            for start, stop in breaks(agent):
                if not roster.is_reserved(agent, day.midnight + start, day.midnight + stop):
                    _state(scribe, agent, day.midnight + start + rng.randrange(MINUTE), "break")
                    _state(scribe, agent, day.midnight + stop, "available")
            _state(scribe, agent, end + rng.randrange(4 * MINUTE), "offline")


def _state(scribe: Scribe, agent: Agent, at: int, state: str) -> None:
    data = {"agent": {"id": agent.id, "team_id": agent.team, "type": "human"}, "state": state, "since": scribe.stamp(at)}
    scribe.write("agent.state_changed", at, agent.id, data)


def metrics(day: Day, scribe: Scribe, rng: Random, rate: float) -> None:
    """Orders and refunds of the last hour, of a dozen products and of the whole shop, each hour on the hour."""
    sellers = [*(product.id for product in products()[::11]), "sku-all"]
    for hour in range(1, 24):
        volume = intensity(hour - 1, day.weekday, rate)
        for product in sellers:
            orders = int(volume * (12 if product == "sku-all" else 0.8) * rng.uniform(0.85, 1.15)) + 1
            refunds = int(orders * rng.uniform(0.03, 0.06))
            at = day.midnight + hour * HOUR
            window = {"product_id": product, "window_s": 3600}
            scribe.write("sale.metric", at, product, {"metric": {"name": "orders", **window, "count": orders, "amount": orders * 299}})
            scribe.write("refund.metric", at, product, {"metric": {"name": "refunds", **window, "count": refunds, "denominator": orders}})
