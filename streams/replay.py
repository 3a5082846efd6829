"""Replay: the whole pipeline over files, without a broker. The same events give the same alerts as on Kafka."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from alerts.command import Command, decode_command
from detectors.event import Event
from streams.files import Line
from streams.forecasts import forecast_data
from streams.pipeline import Pipeline
from streams.records import Parser, Reject
from streams.stage import Send
from streams.topics import ALERTS

__all__ = ["Replay", "Report"]

BATCH = 500
_MAYBE_A_COMMAND = frozenset({"unknown_type", "invalid_data"})
_BURNS = frozenset({"raised", "updated"})


class Report(msgspec.Struct):
    """What a replay read and found.

    `alerts` by tier are fires lit or changed, `states` count the ends too; `commands` are lines of the feedback topic that are no events.
    `forecasts` are those of the 24 h after the last event, as on `fenghuo.kpi.v1`, without their hours.
    """

    lines: int = 0
    events: int = 0
    commands: int = 0
    rejects: Counter[str] = msgspec.field(default_factory=Counter)
    duplicates: int = 0
    late: int = 0
    forecasts: list[dict[str, Any]] = []
    alerts: Counter[str] = msgspec.field(default_factory=Counter)
    states: Counter[str] = msgspec.field(default_factory=Counter)


class Replay:
    """Feeds lines through a pipeline in their order in the files.

    A line that is a command as it lies on the feedback topic (a silence, an alert that is named by its key) is one: it is carried out at
    its own time among the events, and after all of them where that lies behind the last.
    `as_of` stands for the records' Kafka timestamp: an event more than 5 minutes later is a reject. `on_reject(line, reject)` is called for
    each line that is no event, `on_event(event)` for each that is.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        parser: Parser,
        as_of: float,
        on_reject: Callable[[Line, Reject], None],
        on_event: Callable[[Event], None] | None = None,
    ) -> None:
        self._on_event = on_event
        self._pipeline = pipeline
        self._parser = parser
        self._as_of = as_of
        self._on_reject = on_reject
        self.report = Report()

    def run(self, lines: Iterable[Line]) -> Iterator[bytes]:
        """The alert CloudEvents (JSON) in the order in which they happen; memory does not grow with the number of lines."""
        events: list[Event] = []
        for line in lines:
            found = self._read(line)
            if isinstance(found, Event):
                events.append(found)
            if len(events) >= BATCH or isinstance(found, Command):
                yield from self._alerts(self._pipeline.feed(events))
                events = []
            if isinstance(found, Command):
                self.report.commands += 1
                yield from self._alerts(self._pipeline.tell(found, self.report.commands))
        yield from self._alerts(self._pipeline.feed(events))
        yield from self._alerts(self._pipeline.finish())
        self._pipeline_counts()
        self.report.forecasts = list(self._forecasts())

    def _forecasts(self) -> Iterator[dict[str, Any]]:
        outlooks = [each for stage in self._pipeline.scopes for each in stage.outlooks()]
        for scope, outlook in sorted(outlooks, key=lambda each: (each[0].key, each[1].series)):
            yield {name: value for name, value in forecast_data(scope, outlook).items() if name != "hours"}

    def _read(self, line: Line) -> Event | Command | None:
        self.report.lines += 1
        parsed = self._parser.parse(line.data, record_time=self._as_of, offset=line.number)
        if isinstance(parsed, Reject) and parsed.reason in _MAYBE_A_COMMAND:
            command = decode_command(line.data, record_time=self._as_of)
            if isinstance(command, Command):
                return command
        if isinstance(parsed, Reject):
            self.report.rejects[parsed.reason] += 1
            self._on_reject(line, parsed)
            return None
        if self._on_event is not None:
            self._on_event(parsed)
        return parsed

    def _alerts(self, sends: Iterable[Send]) -> Iterator[bytes]:
        for send in sends:
            if send.topic == ALERTS and send.value is not None:
                yield send.value

    def _pipeline_counts(self) -> None:
        for (name, *labels), number in self._pipeline.counts.items():
            if name == "events_total":
                self.report.events += number
            elif name == "duplicates_total":
                self.report.duplicates += number
            elif name == "late_events_total":
                self.report.late += number
            elif name == "alerts_total":
                self.report.alerts[labels[1]] += number * (labels[2] in _BURNS)
                self.report.states[labels[2]] += number
