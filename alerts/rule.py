"""The policy of one indicator: its numbers, samples, titles and actions."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, FiniteFloat, model_validator

from alerts.ladder import Ladder

__all__ = ["ActionRef", "Names", "Override", "Rule", "Samples", "Stanza", "Text", "TierName", "Tiers", "Title"]

TierName = Literal["blue", "yellow", "orange", "red"]
Segment = tuple[tuple[str, str], ...]


class Stanza(BaseModel):
    """Base of everything read from the policy: a misspelt key is an error, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _listed(value: object) -> object:
    """One text stands for a list of one."""
    return [value] if isinstance(value, str) else value


Names = Annotated[list[str], BeforeValidator(_listed, json_schema_input_type=str | list[str])]
"""Some texts; a single one needs no list."""


class Text(Stanza):
    """A text in Chinese and English; `{name}` is a variable."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class Title(Text):
    """An alert's title. `default` is used where a variable of the title is unknown; without it, the indicator's name and value."""

    default: Text | None = None


class Tiers(Stanza):
    """The number of each tier; null where the indicator has no such tier. All four are given, so that none is forgotten."""

    blue: FiniteFloat | None
    yellow: FiniteFloat | None
    orange: FiniteFloat | None
    red: FiniteFloat | None

    def numbers(self) -> tuple[float | None, float | None, float | None, float | None]:
        """From blue to red."""
        return (self.blue, self.yellow, self.orange, self.red)


class Samples(Stanza):
    """The minimum sample of each tier, in the unit of the reading's `n`."""

    blue: float = Field(default=0, ge=0)
    yellow: float = Field(default=0, ge=0)
    orange: float = Field(default=0, ge=0)
    red: float = Field(default=0, ge=0)

    def numbers(self) -> tuple[float, float, float, float]:
        """From blue to red."""
        return (self.blue, self.yellow, self.orange, self.red)


def _same_for_all(value: object) -> object:
    """One number stands for all four tiers."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return dict.fromkeys(("blue", "yellow", "orange", "red"), value)
    return value


MinSample = Annotated[Samples, BeforeValidator(_same_for_all, json_schema_input_type=float | Samples)]


class Override(Stanza):
    """Other numbers for one tenant, one channel or one segment. They replace the indicator's; a minimum sample left out is kept."""

    tenant: str | None = None
    channel: str | None = None
    segment: str | None = Field(default=None, pattern=r"^[a-z_]+=.+$")
    tiers: Tiers
    min_sample: MinSample | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if sum(place is not None for place in (self.tenant, self.channel, self.segment)) != 1:
            raise ValueError("give exactly one of tenant, channel, segment")
        return self


class ActionRef(Stanza):
    """A suggested action of an indicator; `from` is the least tier, by default the template's own."""

    template: str
    least: TierName | None = Field(default=None, alias="from")


def _by_name(value: object) -> object:
    """A bare name stands for the template of that name."""
    return {"template": value} if isinstance(value, str) else value


class Rule(Stanza):
    """One indicator's policy.

    `unit` is what the value is measured in, `show` how it is written (by default from the unit: a ratio as a percentage, seconds and
    minutes whole). `range` is the unit's least and greatest value, null where it has none. `overrides` are looked up tenant first,
    then channel, then segment, then the indicator's own numbers. An alert is raised once it has burned for `for_s` seconds. `literal`
    are the sources' own numbers, where they differ. `variables` names a fact another way, for the texts (`waiting: value`). `params` goes
    to the detector. `formula`, `fields` (of events) and `source` (where the numbers come from) are for people.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    dimension: Literal["behaviour", "emotion", "structure", "trend"]
    core: bool = False
    enabled: bool = True
    name: Text
    title: Title
    unit: str
    show: Literal["percent", "times", "whole", "number"] | None = None
    direction: Literal["high", "low", "event"] = "high"
    range: Annotated[list[FiniteFloat | None], Field(min_length=2, max_length=2)] = [None, None]
    tiers: Tiers
    literal: Tiers | None = None
    overrides: list[Override] = []
    min_sample: MinSample = Samples()
    for_s: float = Field(default=0, ge=0, le=7 * 86_400)
    window: str = ""
    formula: str = ""
    fields: list[str] = []
    source: str = ""
    actions: list[Annotated[ActionRef, BeforeValidator(_by_name, json_schema_input_type=str | ActionRef)]] = []
    variables: dict[str, str] = {}
    params: dict[str, Any] = {}

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        places = [("tiers", self.tiers), *((f"overrides.{i}.tiers", each.tiers) for i, each in enumerate(self.overrides))]
        if self.literal is not None:
            places.append(("literal", self.literal))
        for where, tiers in places:
            self._check(where, [number for number in tiers.numbers() if number is not None])
        taken = [(each.tenant, each.channel, each.segment) for each in self.overrides]
        if len(set(taken)) != len(taken):
            raise ValueError("overrides: the same tenant, channel or segment stands there twice; remove one")
        return self

    def _check(self, where: str, numbers: list[float]) -> None:
        ordered = sorted(set(numbers), reverse=self.direction == "low")
        if not numbers:
            raise ValueError(f"{where}: no tier has a number; give at least one, or set enabled: false")
        if numbers != ordered:
            order = "fall" if self.direction == "low" else "rise"
            raise ValueError(f"{where}: the numbers must {order} from blue to red")
        start, end = self.range
        if any((start is not None and number < start) or (end is not None and number > end) for number in numbers):
            raise ValueError(f"{where}: a number lies outside the range {self.range}")

    def resolve(self, tenant: str, channel: str | None, segment: Segment) -> int:
        """Which override applies: its position, -1 for the indicator's own numbers."""
        best, place = 3, -1
        for index, each in enumerate(self.overrides):
            if each.tenant == tenant:
                return index
            if best > 1 and channel is not None and each.channel == channel:
                best, place = 1, index
            elif best > 2 and each.segment is not None and any(f"{key}={value}" == each.segment for key, value in segment):
                best, place = 2, index
        return place

    def ladder(self, place: int = -1, *, literal: bool = False) -> Ladder:
        """The numbers of one place, compiled. `literal`: the sources' own numbers, where there are such."""
        override = self.overrides[place] if place >= 0 else None
        tiers = override.tiers if override is not None else self.tiers
        if literal and self.literal is not None:
            tiers = self.literal
        samples = override.min_sample if override is not None and override.min_sample is not None else self.min_sample
        start, end = self.range
        return Ladder(tiers.numbers(), samples.numbers(), low=self.direction == "low", start=start, end=end)
