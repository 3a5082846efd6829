"""Who is at work, and who takes the next customer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random

from streams.simulate.world import HOUR, MINUTE, Agent, agents

__all__ = ["Reservations", "Roster", "breaks"]

Reservations = dict[str, list[tuple[int, int]]]
"""Agent to the spans (epoch ms) in which only who reserved them gives them work."""


def breaks(agent: Agent) -> list[tuple[int, int]]:
    """The agent's breaks as (start, end) in milliseconds from midnight of the day the shift begins."""
    return [(int(start * HOUR), int(start * HOUR) + minutes * MINUTE) for start, minutes in agent.shift.breaks]


class Roster:
    """One day's agents. The one free longest takes the next case; shifts, breaks and reservations are kept.

    Args:
        midnight: Begin of the day, epoch ms.
        rate: As for the simulation; more customers, more agents.
        reserved: Spans nobody but their owner may use; shared, so that incidents planned first keep ordinary customers away.
    """

    def __init__(self, midnight: int, rate: float, reserved: Reservations) -> None:
        self.midnight = midnight
        self.agents = agents(rate)
        self.reserved = reserved
        self._busy: dict[str, list[tuple[int, int]]] = {}

    def pick(self, queue: str, at: int, rng: Random) -> Agent:
        """An agent of the queue who is at work at `at` (epoch ms), or any of them when nobody is."""
        staff = self.agents[queue]
        free = [agent for agent in staff if self._works(agent, at)] or self._unreserved(staff, at) or staff
        return min(free, key=lambda agent: (max(self._free_at(agent), at - HOUR), rng.random()))

    def occupy(self, agent: Agent, start: int, end: int) -> None:
        """The agent has work in [start, end) (epoch ms)."""
        self._busy.setdefault(agent.id, []).append((start, end))

    def reserve(self, agent: Agent, start: int, end: int) -> None:
        """Give the agent's time in [start, end) (epoch ms) to the caller alone."""
        self.reserved.setdefault(agent.id, []).append((start, end))

    def is_reserved(self, agent: Agent, start: int, end: int) -> bool:
        """Whether somebody reserved a part of [start, end)."""
        return _overlaps(self.reserved.get(agent.id, ()), start, end)

    def idle(self, queue: str, start: int, end: int) -> list[Agent]:
        """The queue's agents whose shift covers all of [start, end) (epoch ms), unreserved and without any work in it so far."""
        first, last = (start - self.midnight) / HOUR, (end - self.midnight) / HOUR
        present = [agent for agent in self.agents[queue] if agent.shift.start <= first and last <= agent.shift.end]
        return [
            agent
            for agent in present
            if not self.is_reserved(agent, start, end) and not _overlaps(self._busy.get(agent.id, ()), start, end)
        ]

    def _free_at(self, agent: Agent) -> int:
        spans = self._busy.get(agent.id)
        return spans[-1][1] if spans else 0

    def _works(self, agent: Agent, at: int) -> bool:
        since = (at - self.midnight) % (24 * HOUR)
        if not agent.shift.covers(since / HOUR) or self.is_reserved(agent, at, at + 1):
            return False
        return not any(start <= since < end or start <= since + 24 * HOUR < end for start, end in breaks(agent))

    def _unreserved(self, staff: Iterable[Agent], at: int) -> list[Agent]:
        return [agent for agent in staff if not self.is_reserved(agent, at, at + 1)]


def _overlaps(spans: Sequence[tuple[int, int]], start: int, end: int) -> bool:
    return any(begin < end and start < stop for begin, stop in spans)
