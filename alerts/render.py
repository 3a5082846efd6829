"""Titles and suggested actions: texts that never show a brace, an unknown value, or markup out of a value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import tzinfo
from typing import Final, Literal, Self

from pydantic import Field, model_validator

from alerts.alert import Alert
from alerts.cold_start import MOST_WHILE_YOUNG, is_young
from alerts.facts import facts_of
from alerts.rule import ActionRef, Rule, Stanza, Text, TierName
from alerts.tier import Tier
from alerts.values import number

__all__ = ["Action", "Actions", "Renderer", "fill", "variables_of"]

Language = Literal["zh", "en"]
Values = Mapping[str, str]

_VARIABLE: Final = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
_SENTENCES: Final = re.compile(r"(?<=[\u3002\uff1b\uff01\uff1f;!?])|(?<=\.)(?=\s|$)")


class Action(Stanza):
    """The template of a suggested action.

    `from` is the least tier it is suggested at; `target` who is to act, several joined by +. `default` is the text where variables of
    `text` are unknown; it needs fewer of them.
    """

    title: Text
    least: TierName = Field(alias="from")
    target: str = Field(pattern=r"^[a-z_]+(\+[a-z_]+)*$")
    text: Text
    default: Text | None = None
    deadline_s: int | None = Field(default=None, gt=0)


class Actions(Stanza):
    """All templates by id; the deadline of each tier; the one suggested where an indicator has none for the tier."""

    deadlines_s: dict[str, int]
    otherwise: str
    templates: dict[str, Action]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for tier in Tier:
            if tier and self.deadlines_s.get(tier.label, 0) <= 0:
                raise ValueError(f"deadlines_s: no deadline for {tier.label}; give seconds above 0")
        if self.otherwise not in self.templates:
            raise ValueError(f"otherwise: there is no template {self.otherwise!r}")
        return self


def variables_of(template: str) -> list[str]:
    """The variables of a template in their order.

    >>> variables_of("{queue} 排队{v}人")
    ['queue', 'v']
    """
    return _VARIABLE.findall(template)


def fill(template: str, values: Values) -> tuple[str, bool]:
    """The template with its variables filled in, and whether all were known.

    A sentence with an unknown variable is left out. What stands in braces without being a variable is unknown too.

    >>> fill("{queue}排队{v}人。放弃率{rate}。请增援。", {"queue": "q-logi", "v": "320"})
    ('q-logi排队320人。请增援。', False)
    """
    kept, complete = [], True
    for sentence in _SENTENCES.split(template):
        text = _VARIABLE.sub(lambda match: values.get(match[1], match[0]), sentence)
        if "{" in text or "}" in text:
            complete = False
        else:
            kept.append(text)
    return "".join(kept).strip(), complete


class Renderer:
    """Writes what people read of an alert, in Chinese and English. Pure: the same alert gives the same text.

    `zone` is the zone of times in texts.
    """

    def __init__(self, actions: Actions, zone: tzinfo) -> None:
        self._actions = actions
        self._zone = zone
        self._last: tuple[Alert, Rule, tuple[Values, Values]] | None = None

    def title(self, alert: Alert, rule: Rule) -> dict[str, str]:
        """The title; where a variable is unknown the title's default, else the indicator's name and value. A young baseline is said."""
        chinese, english = self._facts(alert, rule)
        caveat = _caveat(alert)
        return {"zh": _title(rule, chinese, "zh") + caveat["zh"], "en": _title(rule, english, "en") + caveat["en"]}

    def actions(self, alert: Alert, rule: Rule) -> list[dict[str, object]]:
        """What to do, at least one thing: the indicator's actions for this tier, else the general one."""
        tier = Tier(alert.tier)
        chosen = [each for each in rule.actions if self._fits(each, tier)]
        facts = self._facts(alert, rule)
        return [self._action(each.template, tier, *facts) for each in chosen or [ActionRef(template=self._actions.otherwise)]]

    def _facts(self, alert: Alert, rule: Rule) -> tuple[Values, Values]:
        """Those of the last alert are kept: its title and its actions are asked for one after the other."""
        if self._last is None or self._last[0] is not alert or self._last[1] is not rule:
            self._last = alert, rule, (facts_of(alert, rule, self._zone, "zh"), facts_of(alert, rule, self._zone, "en"))
        return self._last[2]

    def _fits(self, action: ActionRef, tier: Tier) -> bool:
        template = self._actions.templates[action.template]
        return tier >= Tier.named(action.least or template.least)

    def _action(self, name: str, tier: Tier, chinese: Values, english: Values) -> dict[str, object]:
        template = self._actions.templates[name]
        used = [*variables_of(template.text.zh), *variables_of(template.text.en)]
        return {
            "template_id": name,
            "title": {"zh": template.title.zh, "en": template.title.en},
            "target": template.target,
            "deadline_s": template.deadline_s or self._actions.deadlines_s[tier.label],
            "text": {"zh": _advice(template, chinese, "zh"), "en": _advice(template, english, "en")},
            "variables": {each: chinese[each] for each in dict.fromkeys(used) if each in chinese},
        }


def _caveat(alert: Alert) -> dict[Language, str]:
    """What a title says of a comparison with little."""
    days = alert.reading.baseline_days
    if days is None or not alert.open or not is_young(alert.reading):
        return {"zh": "", "en": ""}
    age, most = number(round(days, 1)), MOST_WHILE_YOUNG
    return {"zh": f"（基线仅{age}天，最高{most.zh}色）", "en": f" (baseline {age} days old, {most.label} at most)"}


def _title(rule: Rule, values: Values, language: Language) -> str:
    for text in (rule.title, rule.title.default):
        if text is not None:
            title, complete = fill(getattr(text, language), values)
            if complete:
                return title
    return f"{getattr(rule.name, language)} {values['v']}"


def _advice(template: Action, values: Values, language: Language) -> str:
    """The text when it is complete, else the default when that is, else what is left of the text, or of the default, or the title."""
    text, complete = fill(getattr(template.text, language), values)
    if complete:
        return text
    default, whole = fill(getattr(template.default, language), values) if template.default is not None else ("", False)
    title: str = getattr(template.title, language)
    return default if whole else text or default or title
