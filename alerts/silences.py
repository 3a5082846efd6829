"""Silences: of the policy, and those that people give while it runs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, BeforeValidator, Field, model_validator

from alerts.command import Command
from alerts.holding import Hold, Holding
from alerts.kept import Kept
from alerts.match import Choice, matches
from alerts.rule import Stanza
from alerts.silence import Silence
from alerts.stage import Batch, Notice

__all__ = ["Moment", "SilenceRule", "Silences"]


def _moment(value: object) -> object:
    """A text after RFC 3339 as the moment it means; YAML reads most of them by itself."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


Moment = Annotated[AwareDatetime, BeforeValidator(_moment, json_schema_input_type=str)]
"""A moment with its zone: 2026-11-11T00:00:00+08:00."""


class SilenceRule(Stanza):
    """One silence of the policy: alerts whose labels `match` page nobody from `from` until `until`. `by` and `why` are for people."""

    match: dict[str, Choice] = Field(min_length=1)
    start: Moment = Field(alias="from")
    until: Moment
    by: str = ""
    why: str = ""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.until <= self.start:
            raise ValueError("until must lie after from")
        return self


class Silences(Holding):
    """Holds back what a silence covers, as `silenced`. An alert that still burns when the last silence over it ends is paged then.

    Silences given by command are part of the state: they hold over a crash. The end of an alert that was paged before passes.
    """

    name = "silences"

    class Params(Stanza):
        """`silences:` of the policy."""

        silences: list[SilenceRule] = []

    def __init__(self, params: Any = None) -> None:
        super().__init__(params)
        self._given: Kept[Silence] = Kept(Silence)
        self.kept["given"] = self._given

    def hold(self, notice: Notice, now: float) -> Hold | None:
        """The silence over it that ends last."""
        if not self.params.silences and not len(self._given):
            return None
        labels = notice.labels
        holds = [
            Hold("silenced", f"silences.{index}", rule.until.timestamp())
            for index, rule in enumerate(self.params.silences)
            if rule.start.timestamp() <= now < rule.until.timestamp() and matches(rule.match, labels)
        ]
        holds += [Hold("silenced", each.id, each.until) for _, each in self._given.items() if each.active(now) and each.covers(labels)]
        return max(holds, key=lambda hold: (hold.until, hold.by), default=None)

    def take(self, command: Command, now: float) -> bool | None:
        """Begin a silence, change one of the same id, or end one."""
        if command.silence is None:
            return None
        key = f"{command.tenant}/{command.silence.id}"
        if command.kind == "silence_add":
            known = self._given.get(key)
            self._given.put(key, command.silence)
            if known is not None:
                self._look_again()
            return known != command.silence
        known = self._given.drop(key)
        if known is not None:
            self._look_again()
        return known is not None and known.until > now

    def active(self) -> list[Silence]:
        """The silences people gave, those to come too."""
        return sorted((each for _, each in self._given.items()), key=lambda each: (each.starts, each.id))

    def due(self) -> float | None:
        """When a held alert is to be looked at, or a silence is over and forgotten."""
        held = super().due()
        ends = [each.until for _, each in self._given.items()]
        return min(ends if held is None else [held, *ends], default=None)

    def tick(self, now: float) -> Batch:
        """The alerts no silence covers any more."""
        for key in [key for key, each in self._given.items() if each.until <= now]:
            self._given.drop(key)
        return super().tick(now)

    def _look_again(self) -> None:
        for alert_id, _ in list(self.kept["held"].items()):
            self.wake(alert_id)
