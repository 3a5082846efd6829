"""Who says what in one dialogue, before any time is given to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from streams.simulate.manners import MANNERS, Manners
from streams.simulate.speech import Speech, Topic, compose
from streams.simulate.world import Product

__all__ = ["Line", "dialogue", "lines", "slots", "speech"]

Line = tuple[str, str]
"""(role, text), the role customer or agent."""

ZH_SLOTS: Mapping[str, Sequence[str]] = {
    "days": ("两天", "三天", "四天", "五天", "一周"),
    "when": ("昨天", "前天", "上周五", "周一", "上个星期", "十号", "上周末"),
    "carrier": ("迅达", "远航快运", "速递通", "飞雁物流"),
    "city": ("南湖区", "滨江区", "开发区", "老城区", "高新区"),
    "order": ("尾号3821", "尾号0467", "尾号9915", "尾号2046", "尾号7730"),
    "times": ("三", "四", "五", "六"),
    "count": ("三", "四", "五"),
    "minutes": ("五", "十", "十几", "二十"),
    "badge": ("8302", "8417", "8125", "8560"),
    "surname": ("王", "李", "陈", "周", "林"),
}
EN_SLOTS: Mapping[str, Sequence[str]] = {
    "days": ("two days", "three days", "four days", "a week"),
    "when": ("yesterday", "last Friday", "on Monday"),
    "carrier": ("the courier",),
    "city": ("the city",),
    "order": ("3821", "0467", "9915", "2046"),
    "times": ("three", "four", "five"),
    "count": ("3", "4", "5"),
    "minutes": ("five", "ten", "twenty"),
    "badge": ("8302", "8417", "8125"),
    "surname": ("Wang", "Li", "Chen"),
}


def slots(rng: Random, language: str, product: Product | None) -> dict[str, str]:
    """A value for every slot a template may have."""
    english = language == "en"
    chosen = {name: rng.choice(values) for name, values in (EN_SLOTS if english else ZH_SLOTS).items()}
    chosen["amount"] = str(product.price if product else rng.choice((59, 89, 129, 199, 269)))
    if product is None:
        return {**chosen, "product": "item" if english else "东西", "fault": "does not work" if english else "用着有毛病"}
    fault = product.fault_en if english else rng.choice(rng.choice(product.faults))
    return {**chosen, "product": product.name_en if english else product.name, "fault": fault}


def speech(topic: Topic, language: str) -> Speech:
    """The topic's phrases in that language, Chinese where there are none."""
    return topic.en if language == "en" and topic.en is not None else topic.zh


def lines(role: str, bank: Sequence[str], count: int, rng: Random, filling: Mapping[str, str]) -> list[Line]:
    """Up to `count` different phrases of a bank."""
    return [(role, compose(template, rng, filling)) for template in rng.sample(bank, min(count, len(bank)))]


def dialogue(topic: Topic, mood: str, language: str, rng: Random, filling: Mapping[str, str], *, welcomed: bool = False) -> list[Line]:
    """A whole dialogue that begins with the customer.

    `mood` is calm, polite, annoyed or angry; `welcomed` says that the agent has already greeted, as on the telephone.
    """
    said, manners = speech(topic, language), MANNERS[language]
    rounds = rng.randint(1, 3)
    details = lines("customer", said.details, rounds + 1, rng, filling)
    answers = lines("agent", said.answers, rounds, rng, filling)
    script = _beginning(said, manners, rng, filling, welcomed=welcomed)
    script += details[:1]
    for number, answer in enumerate(answers):
        if rng.random() < 0.4:
            script += [*lines("agent", manners.holds, 1, rng, filling), *lines("customer", manners.fillers, 1, rng, filling)]
        script.append(answer)
        script += details[number + 1 : number + 2]
        script += _feeling(mood, said, manners, rng, filling)
    return [*script, *_end(mood, manners, rng, filling)]


def _beginning(said: Speech, manners: Manners, rng: Random, filling: Mapping[str, str], *, welcomed: bool) -> list[Line]:
    """Greeting, welcome, the matter, and the first question; some come straight to the point."""
    opening = lines("customer", said.openings, 1, rng, filling)
    welcome = lines("agent", manners.welcomes, 1, rng, filling)
    probe = lines("agent", said.probes, 1, rng, filling)
    if welcomed:
        return [*opening, *probe]
    if rng.random() < 0.55:
        return [*lines("customer", manners.greetings, 1, rng, filling), *welcome, *opening, *probe]
    return [*opening, *welcome, *probe] if rng.random() < 0.5 else [*opening, *probe]


def _feeling(mood: str, said: Speech, manners: Manners, rng: Random, filling: Mapping[str, str]) -> list[Line]:
    """What the customer's mood adds after an answer."""
    if mood == "polite":
        return lines("customer", manners.patience, rng.randint(1, 2), rng, filling)
    if mood == "annoyed" and rng.random() < 0.6:
        bank = said.pushes if rng.random() < 0.6 else manners.impatience
        return [*lines("customer", bank, 1, rng, filling), *lines("agent", manners.apologies, 1, rng, filling)]
    if mood == "angry":
        fury = [*lines("customer", manners.anger, 1, rng, filling), *lines("customer", said.pushes, 1, rng, filling)]
        return [*fury, *lines("agent", manners.apologies, 1, rng, filling)]
    return []


def _end(mood: str, manners: Manners, rng: Random, filling: Mapping[str, str]) -> list[Line]:
    if mood == "angry":
        return lines("agent", manners.farewells, 1, rng, filling)
    thanks = lines("customer", manners.thanks, 1, rng, filling) if mood != "annoyed" or rng.random() < 0.6 else []
    return [*thanks, *lines("agent", manners.farewells, 1, rng, filling)]
