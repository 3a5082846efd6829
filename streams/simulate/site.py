"""The scored day as an incident sees it: what it may take, and where it says what it planted."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from streams.simulate.case import Scribe
from streams.simulate.day import Curve, Day
from streams.simulate.floor import Floor, Played
from streams.simulate.roster import Roster
from streams.simulate.speech import Topic, topics
from streams.simulate.truth import Benign, Incident, Truth
from streams.simulate.world import QUEUES, Product, products

__all__ = ["Site"]


class Site:
    """One day on which incidents are planted.

    Products, agents and customers an incident takes are its own, and queues as long as there are enough; ordinary customers keep
    away from the products in `kept` and from reserved agents.
    """

    def __init__(self, day: Day, scribe: Scribe, roster: Roster, truth: Truth, rate: float, rng: Random) -> None:
        self.day = day
        self.rate = rate
        self.curves: dict[str, list[Curve]] = {}
        self._free = rng.sample(products(), 16)
        self.kept = tuple(product.id for product in self._free)
        self.floor = Floor(scribe, roster, avoid=self.kept)
        self._truth = truth
        self._queues: set[str] = set()
        self._customers = 0

    @property
    def scribe(self) -> Scribe:
        """Writes the planted events."""
        return self.floor.scribe

    @property
    def tenant(self) -> str:
        """The tenant all of it happens to."""
        return self.scribe.tenant

    def topic(self, category: str) -> Topic:
        """The topic of an issue category."""
        return topics()[category]

    def topics_of(self, queue: str) -> list[Topic]:
        """What ordinary customers of a queue come about."""
        return [topic for topic in topics().values() if topic.queue == queue and topic.weight > 0]

    def claim_queue(self, rng: Random, among: Sequence[str] = tuple(QUEUES)) -> str:
        """A queue no other incident claimed; when all are taken, any."""
        queue = rng.choice([queue for queue in among if queue not in self._queues] or list(among))
        self._queues.add(queue)
        return queue

    def claim_product(self, rng: Random) -> Product:
        """A product no other incident claimed, and no ordinary customer names that day: one of sixteen kept for that."""
        product = rng.choice(self._free)
        self._free.remove(product)
        return product

    def customers(self, count: int) -> list[str]:
        """So many pseudonyms nobody else has."""
        first = 700_001 + self._customers
        self._customers += count
        return [f"u-{number}" for number in range(first, first + count)]

    def crowd(self, queue: str, curve: Curve) -> None:
        """Make people wait on a queue; its snapshots come every minute meanwhile."""
        self.curves.setdefault(queue, []).append(curve)

    def incident(
        self,
        kind: str,
        accept: Sequence[str],
        scope: str,
        min_tier: str,
        *,
        onset: int,
        deadline: int,
        since: int | None = None,
        involved: Sequence[str] = (),
    ) -> None:
        """Say that something must be found: times in epoch milliseconds."""
        stamp = self.scribe.stamp
        number = sum(each.kind == kind for each in self._truth.incidents)
        self._truth.incidents.append(
            Incident(
                f"{kind}-{number}",
                kind,
                list(accept),
                scope,
                stamp(onset),
                stamp(deadline),
                min_tier,
                stamp(since) if since is not None else None,
                sorted({*involved, scope}),
            )
        )

    def benign(
        self,
        name: str,
        must_not: Sequence[str],
        scope: str,
        *,
        since: int | None = None,
        until: int | None = None,
        involved: Sequence[str] = (),
    ) -> None:
        """Say that something must not be found."""
        stamp = self.scribe.stamp
        begin, end = stamp(since) if since is not None else None, stamp(until) if until is not None else None
        self._truth.benign.append(Benign(name, list(must_not), scope, begin, end, sorted({*involved, scope})))

    def touched(self, played: Sequence[Played], *more: str) -> list[str]:
        """All scopes a number of cases touches: conversations, agents, queues, departments, categories, products."""
        names: list[str] = list(more)
        for each in played:
            case = each.case
            names += [case.id, *case.agents, case.queue, QUEUES[case.queue], case.issue["category"]]
            names += [case.issue["product_id"]] if "product_id" in case.issue else []
        return sorted(set(names))
