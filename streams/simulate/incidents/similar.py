"""Different customers complain about the same fault of one product within half an hour, each in other words."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from streams.simulate.floor import Wish
from streams.simulate.script import Line, lines, slots
from streams.simulate.site import Site
from streams.simulate.speech import compose
from streams.simulate.world import MINUTE, Product

__all__ = ["plant"]

COMPLAINT = Wish(channel="chat", mood="annoyed", complaint=True, language="zh-CN", transfers=False)
COMPLAINTS = (
    "[上周|刚]买的{product}{fault}，[怎么回事|能换吗]",
    "{product}{fault}，[用了{days}就这样|才用{days}]",
    "你们的{product}[老是|总是|又]{fault}，[要求换货|质量也太差了]",
    "[我这个|家里的]{product}{fault}，[根本没法用|影响使用]",
    "{product}买回来就{fault}，[想退货|请处理]",
    "[投诉一下|反映个问题]：{product}{fault}",
    "{fault}，[新买的{product}就这质量|这{product}有质量问题]",
)


def plant(site: Site, rng: Random) -> None:
    """Six to nine complaints; the onset is the fifth, early alerts count from the third."""
    product, topic = site.claim_product(rng), site.topic("quality.defect")
    fault = rng.choice(product.faults)
    start = site.day.at(rng.uniform(9.0, 20.5))
    offsets = sorted([0, *(rng.randrange(2 * MINUTE, 26 * MINUTE) for _ in range(rng.randint(5, 8)))])
    who = site.customers(len(offsets))
    told = []
    for number, (name, offset) in enumerate(zip(who, offsets, strict=True)):
        script = _script(product, fault, number, rng)
        told.append(site.floor.play(start + offset, topic, rng, replace(COMPLAINT, customer=name, product=product, script=script)))
    times = sorted(each.told for each in told)
    site.incident(
        "similar",
        ["similar_complaint_count"],
        product.id,
        "yellow",
        onset=times[4],
        deadline=times[4] + 15 * MINUTE,
        since=times[2],
        involved=site.touched(told),
    )


def _script(product: Product, fault: tuple[str, ...], number: int, rng: Random) -> list[Line]:
    filling = {**slots(rng, "zh-CN", product), "fault": rng.choice(fault)}
    return [
        ("customer", compose(COMPLAINTS[number % len(COMPLAINTS)], rng, filling)),
        *lines("agent", ("抱歉给您带来不便，[请问什么时候买的|请提供订单号]", "[收到|好的]，我为您登记[，请稍等|]"), 1, rng, filling),
        *lines("customer", ("{when}买的，订单{order}", "订单{order}，[照片可以发你|有视频]"), 1, rng, filling),
        *lines("agent", ("已[登记检修|为您申请换新]，{days}内联系您", "[工程师会联系您|给您安排换货]，感谢反馈"), 1, rng, filling),
        *lines("customer", ("好的，尽快", "行，[等消息|请尽快处理]"), 1, rng, filling),
    ]
