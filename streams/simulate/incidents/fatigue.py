"""One agent gets nothing but angry customers for more than two hours, one after the other."""

from __future__ import annotations

from random import Random

from streams.simulate.floor import Played, Wish
from streams.simulate.manners import MANNERS
from streams.simulate.script import Line, lines, slots
from streams.simulate.site import Site
from streams.simulate.world import MINUTE, Agent

__all__ = ["plant"]

SHOUTS = (
    "[气死我了|太气人了]，[你们太恶劣了|真是垃圾服务]，{product}的事[拖到现在|一拖再拖]",
    "[恶心|垃圾平台]，[骗子一样|坑人]，[失望透顶|烂透了]",
    "[太差劲了|差评]，[服务烂|态度烂]，[我非常生气|气得睡不着]",
    "[太恶心了|真恶心]，[骗子公司|骗人的店]",
    "[差评|投诉]，[从没见过这么差的|太差太烂了]",
    "退款拖了[半个月|这么久]，[垃圾平台|骗子店]",
    "[坏的东西还不给退|坏了也不给换]，[骗人|坑人骗钱]",
    "[客服态度恶劣|你们态度恶劣]，[气愤|差劲透了]",
    "[后悔死了|后悔来这买]，再也不来了，[垃圾|差劲]",
    "[什么破玩意|什么破东西]，烂透了",
    "[骗人的|全是骗人的]，[假货|次品]，垃圾",
    "[敷衍|忽悠]，[全是骗子|垃圾客服]",
    "[失望透顶|太失望]，[垃圾售后|售后烂]",
    "[这种破质量|这么烂的东西]也敢卖，[坑死人|骗钱]",
    "[投诉，必须投诉|我要投诉到底]，[太差了|太烂了]",
    "[浪费钱|浪费时间]，[后悔|垃圾]",
)


def plant(site: Site, rng: Random) -> None:
    """Back to back for 130 to 150 minutes; the agent is kept free of everybody else from twenty minutes before."""
    agent, start, end = _agent(site, rng)
    site.floor.roster.reserve(agent, start - 20 * MINUTE, end + 20 * MINUTE)
    played: list[Played] = []
    at = start
    while at < end:
        topic = rng.choice([topic for topic in site.topics_of(agent.queue) if topic.complaint >= 0.1] or site.topics_of(agent.queue))
        wish = Wish(
            customer=site.customers(1)[0],
            channel="chat",
            mood="angry",
            complaint=True,
            language="zh-CN",
            agent=agent,
            script=_script(rng),
            pace=rng.uniform(1.7, 2.3),
            transfers=False,
        )
        played.append(site.floor.play(at, topic, rng, wish))
        at = played[-1].ended + rng.randint(2, 12) * 1000
    site.incident(
        "fatigue",
        ["agent_emotional_exposure"],
        agent.id,
        "orange",
        onset=start,
        deadline=start + 125 * MINUTE,
        involved=site.touched(played),
    )


def _agent(site: Site, rng: Random) -> tuple[Agent, int, int]:
    """An agent who is at work and has nothing planned for long enough, and when."""
    while True:
        queue = rng.choice(("q-delivery", "q-refund", "q-service"))
        start = site.day.at(rng.uniform(9.5, 20.0))
        end = start + rng.randint(130, 150) * MINUTE
        idle = site.floor.roster.idle(queue, start - 20 * MINUTE, end + 20 * MINUTE)
        if idle:
            return rng.choice(idle), start, end


def _script(rng: Random) -> list[Line]:
    """Shouting from the first word to the last."""
    manners, filling = MANNERS["zh-CN"], slots(rng, "zh-CN", None)
    calm = lines("agent", (*manners.apologies, *manners.holds), 7, rng, filling)
    script: list[Line] = []
    for number, line in enumerate(lines("customer", SHOUTS, rng.randint(10, 13), rng, filling)):
        script += [line, calm[number % len(calm)]]
    return script
