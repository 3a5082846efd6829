"""How many customers come, and when: quiet nights, peaks at 10 to 12 and 19 to 22, later mornings and fuller evenings at weekends."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from streams.simulate.speech import Topic, topics
from streams.simulate.world import HOUR

__all__ = ["DAILY", "arrivals", "expected", "intensity", "mix"]

DAILY = 600.0
"""Conversations and tickets of an average day at rate 1."""

WEEKDAY = (1.2, 0.7, 0.4, 0.3, 0.3, 0.5, 1.2, 2.4, 4.4, 6.2, 8.2, 7.8, 5.4, 5.0, 5.6, 5.8, 5.6, 5.0, 4.8, 7.2, 8.4, 7.8, 5.4, 2.6)
WEEKEND = (2.0, 1.2, 0.7, 0.4, 0.3, 0.4, 0.8, 1.5, 3.0, 5.2, 7.4, 7.6, 5.8, 5.6, 6.0, 6.2, 6.0, 5.6, 5.6, 8.2, 9.4, 8.8, 6.2, 3.4)
WEEK = (1.05, 1.0, 0.97, 0.95, 1.0, 1.06, 1.02)


def intensity(hour: int, weekday: int, rate: float) -> float:
    """Expected arrivals in the hour that begins at `hour` (0..23) of a day of the week (Monday 0)."""
    hours = WEEKEND if weekday >= 5 else WEEKDAY
    return DAILY * rate * WEEK[weekday] * hours[hour] / sum(hours)


def mix(hour: int) -> tuple[list[Topic], list[float]]:
    """What people come about at that hour: topics and their weights."""
    chosen = [topic for topic in topics().values() if topic.weight > 0]
    evening = 19 <= hour < 23
    return chosen, [topic.weight * (topic.evening if evening else 1.0) for topic in chosen]


def expected(queue: str, start_hour: float, hours: float, weekday: int, rate: float) -> float:
    """Expected arrivals at one queue between two times of one day, in hours from midnight."""
    total, at, end = 0.0, start_hour, start_hour + hours
    while at < end - 1e-9:
        hour = int(at)
        step = min(end, hour + 1.0) - at
        chosen, weights = mix(hour)
        share = sum(weight for topic, weight in zip(chosen, weights, strict=True) if topic.queue == queue) / sum(weights)
        total += intensity(hour, weekday, rate) * share * step
        at += step
    return total


def arrivals(rng: Random, midnight: int, weekday: int, rate: float) -> Iterator[tuple[int, Topic]]:
    """One day's arrivals in order: the time in epoch milliseconds, and the topic. A Poisson process with a level of its own each day."""
    level = rng.lognormvariate(0.0, 0.04)
    for hour in range(24):
        chosen, weights = mix(hour)
        gap = HOUR / max(1e-9, intensity(hour, weekday, rate) * level)
        at = rng.expovariate(1.0) * gap
        while at < HOUR:
            yield midnight + hour * HOUR + int(at), rng.choices(chosen, weights)[0]
            at += rng.expovariate(1.0) * gap
