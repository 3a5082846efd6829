"""An agent promises what nobody approved."""

from __future__ import annotations

from random import Random

from streams.simulate.floor import Wish
from streams.simulate.script import Line, lines, slots
from streams.simulate.site import Site
from streams.simulate.world import MINUTE

__all__ = ["plant"]

PROMISES = (
    "您放心下单，[我私下给您返现三十|我个人给您返现五十块]，[保证全网最低价|别家买不到这个价]",
    "[我保证|绝对]用不坏，坏了[假一赔十|十倍赔给您]",
    "这款[百分之百没有问题|绝对不会出问题]，[我给您打包票|我保证终身免费换新]",
    "[加我微信|走我个人账户]，[私下给您打五折|我给您私下返现]，[保证最低价|比页面便宜一半]",
    "[我承诺您|向您保证]全网最低价，[买贵十倍赔|买贵了差价我私下返现]",
)


def plant(site: Site, rng: Random) -> None:
    """Said once, before the customer decides; the onset is that sentence."""
    topic, at = site.topic("presale.price"), site.day.at(rng.uniform(9.5, 21.5))
    filling = slots(rng, "zh-CN", None)
    script: list[Line] = [
        *lines("customer", ("[这个能便宜点吗|还能优惠吗]", "[价格有点高|再少一点我就买]，[能便宜吗|可以吗]"), 1, rng, filling),
        *lines("agent", ("您好，[看的是哪一款|请问要几件]",), 1, rng, filling),
        *lines("customer", ("[就要一件|就是首页那款]", "[买两个|带两件]"), 1, rng, filling),
        *lines("agent", PROMISES, 1, rng, filling),
        *lines("customer", ("[真的吗|那我想想]", "好，[我考虑一下|那我拍了]"), 1, rng, filling),
    ]
    wish = Wish(
        customer=site.customers(1)[0],
        channel="chat",
        mood="calm",
        complaint=False,
        language="zh-CN",
        script=script,
        transfers=False,
    )
    played = site.floor.play(at, topic, rng, wish)
    said = next(each.at for each in reversed(site.scribe.book) if each.event["data"].get("message", {}).get("text") == script[3][1])
    site.incident(
        "promise",
        ["false_promise_hit"],
        played.case.id,
        "yellow",
        onset=said,
        deadline=said + 5 * MINUTE,
        involved=[*played.involved(), topic.category],
    )
