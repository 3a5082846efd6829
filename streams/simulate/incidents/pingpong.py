"""A conversation is handed to and fro between departments, four times or more."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from streams.simulate.case import Case
from streams.simulate.floor import Played, Wish
from streams.simulate.script import lines
from streams.simulate.site import Site
from streams.simulate.world import MINUTE, QUEUES

__all__ = ["plant"]

EXCUSES = ("这个归另一个部门，给您转过去", "我们这边处理不了，帮您转接", "请稍等，为您转接")
PLEAS = (
    "[怎么|为什么]又[转|换]人了",
    "[刚才|前面]那位让我找你们，你们又让我找[他们|别处]",
    "[我又要|又得]从头说一遍吗",
    "[到底|究竟]归哪个部门管",
    "[转了一圈|绕了一圈]又回来了",
)


def plant(site: Site, rng: Random) -> None:
    """From A to B, back to A, on to C or B, and back again; the deadline is three minutes after the fourth transfer."""
    first = rng.choice(("logistics.damage", "refund.reject", "quality.defect"))
    topic, at = site.topic(first), site.day.at(rng.uniform(9.5, 21.0))
    home = topic.queue
    others = [queue for queue in QUEUES if queue not in (home, "q-presale")]
    path = [rng.choice(others), home, rng.choice(others), home, *rng.choice(((), (others[0],)))]
    case = site.floor.case(at, topic, rng, Wish(customer=site.customers(1)[0], channel="chat", complaint=True, language="zh-CN"))
    case.opened(at, "app")
    case.said(at + 4000, *lines("customer", ("[收到的东西|买的东西]有破损，[想退|怎么处理]",), 1, rng, {})[0])
    moves, clock = _hand_on(site, case, path, at + 9000, rng)
    case.assigned(clock, site.floor.roster.pick(case.queue, clock, rng))
    case.said(clock + 9000, "agent", "非常抱歉，这次由我跟到底，请把订单号发给我")
    case.resolved(clock + 4 * MINUTE, resolved=False)
    played = Played(case, at + 4000, clock + 4 * MINUTE)
    site.incident(
        "pingpong",
        ["transfer_count", "transfer_loop"],
        case.id,
        "orange",
        onset=at,
        deadline=moves[3] + 3 * MINUTE,
        involved=[*played.involved(), topic.category],
    )


def _hand_on(site: Site, case: Case, path: Sequence[str], clock: int, rng: Random) -> tuple[list[int], int]:
    """Every department hands the case to the next one: the times of the transfers, and when the last one has it."""
    moves: list[int] = []
    for queue in path:
        case.assigned(clock, site.floor.roster.pick(case.queue, clock, rng))
        case.said(clock + 8000, "agent", rng.choice(EXCUSES))
        moves.append(clock + 14_000)
        case.transferred(moves[-1], queue, "other_department")
        clock = moves[-1] + rng.randint(15, 60) * 1000
        case.said(clock, *lines("customer", PLEAS, 1, rng, {})[0])
        clock += rng.randint(5, 30) * 1000
    return moves, clock
