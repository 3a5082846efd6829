"""What each step costs: the real code on the same events, batch by batch as the intake cuts them, timed with the CPU clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from config.loader import load_policy
from config.settings import Limits
from detectors.event import Event
from detectors.text.pii import Masked, mask
from detectors.text.words import Words
from streams.batches import EventBatch, decode_events, encode
from streams.conversation_stage import HEARTBEAT
from streams.records import Parser
from streams.stage import Effects, Stage
from streams.stages import build_stage, build_wiring
from streams.topics import STAGES
from streams.wiring import Layout, Wiring, partition_of

__all__ = ["STEPS", "step_costs"]

STEPS = ("parse", "mask", "batch_codec", "words", "conversation_stage", "scope_stage", "alert_stage")

_STAGE_OF = {topic: name for name, topic in STAGES.items()}
_T = TypeVar("_T")


class _Clock:
    """CPU seconds of this process by step."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(STEPS, 0.0)

    def time(self, step: str, work: Callable[[], _T]) -> _T:
        """Do the work and count it."""
        began = time.process_time()
        result = work()
        self.seconds[step] += time.process_time() - began
        return result


class _Analyser:
    """Stands before the analyser: first writes down what is asked, then gives the answers without work."""

    def __init__(self, analyse: Callable[[str, str | None], Words]) -> None:
        self.analyse = analyse
        self.asked: list[tuple[str, str | None]] = []
        self.answers: Iterator[Words] | None = None

    def __call__(self, text: str, lang: str | None) -> Words:
        if self.answers is not None:
            return next(self.answers)
        self.asked.append((text, lang))
        return self.analyse(text, lang)

    def again(self, clock: _Clock) -> None:
        """Time all that was asked, and keep the answers for a second run."""
        self.answers = iter(clock.time("words", lambda: [self.analyse(*each) for each in self.asked]))


class _Stages:
    """The stages of one layout, with their changelogs, chained in memory; each one's time is counted."""

    def __init__(self, wiring: Wiring, clock: _Clock) -> None:
        self._clock = clock
        counts = (("conversations", wiring.layout.events), ("scopes", wiring.layout.scopes), ("alerts", wiring.layout.alerts))
        self._stages = {(name, number): build_stage(name, number, wiring) for name, count in counts for number in range(count)}

    def run(self, batches: Sequence[tuple[int, bytes]]) -> None:
        """Process encoded batches of events, each for its partition, and all that comes of them."""
        for partition, value in batches:
            self._take("conversations", partition, value)

    def _take(self, name: str, partition: int, value: bytes) -> None:
        stage = self._stages[name, partition]
        effects = self._clock.time(f"{name.removesuffix('s')}_stage", lambda: _process(stage, value))
        for send in effects.sends:
            if send.topic in _STAGE_OF:
                self._take(_STAGE_OF[send.topic], send.partition or 0, send.value or b"")


def _process(stage: Stage, value: bytes) -> Effects:
    effects = stage.process(value)
    stage.changes()
    return effects


def step_costs(values: Sequence[bytes]) -> dict[str, float]:
    """CPU seconds of each of STEPS over all the records.

    Masking is that of all texts, parsing is the rest of the intake's parser. The batch codec is writing and reading batches of events;
    other batches, and the changes of state, are written and read inside their stages. The conversation stage is given its words.
    """
    clock = _Clock()
    events = clock.time("parse", lambda: _parse(values, mask))
    texts = _texts(values)
    clock.time("mask", lambda: [mask(text) for text in texts])
    clock.seconds["parse"] -= clock.seconds["mask"]
    wiring = build_wiring(load_policy(), Layout())
    batches = clock.time("batch_codec", lambda: [(batch.partition, encode(batch)) for batch in _batches(events, wiring.layout)])
    written = clock.seconds["batch_codec"]
    clock.time("batch_codec", lambda: [decode_events(value) for _, value in batches])
    read = clock.seconds["batch_codec"] - written
    analyser = _Analyser(wiring.analyse)
    wiring = replace(wiring, analyse=analyser)
    _Stages(wiring, _Clock()).run(batches)
    analyser.again(clock)
    _Stages(wiring, clock).run(batches)
    clock.seconds["conversation_stage"] -= read
    return clock.seconds


def _parse(values: Sequence[bytes], masker: Callable[[str], Masked]) -> list[Event]:
    parser, now = Parser(masker), time.time()
    found = (parser.parse(value, record_time=now, offset=number) for number, value in enumerate(values))
    return [event for event in found if isinstance(event, Event)]


def _texts(values: Sequence[bytes]) -> list[str]:
    """Every text that the parser has masked."""
    texts: list[str] = []

    def note(text: str) -> Masked:
        texts.append(text)
        return mask(text)

    _parse(values, note)
    return texts


def _batches(events: Sequence[Event], layout: Layout) -> Iterator[EventBatch]:
    """Batches of the intake's size, in the order in which they fill."""
    waiting: list[list[Event]] = [[] for _ in range(layout.events)]
    places, size = [0] * layout.events, Limits().batch_events
    for event in events:
        everywhere = event.type == HEARTBEAT
        for partition in range(layout.events) if everywhere else [partition_of(f"{event.tenant}/{event.subject}", layout.events)]:
            waiting[partition].append(event)
            if len(waiting[partition]) == size:
                yield _batch(partition, waiting[partition], places)
    for partition, left in enumerate(waiting):
        if left:
            yield _batch(partition, left, places)


def _batch(partition: int, events: list[Event], places: list[int]) -> EventBatch:
    first = places[partition]
    for offset, event in enumerate(events, first):
        event.offset = offset
    places[partition] += len(events)
    batch = EventBatch(partition, first, places[partition], time.time(), events=list(events))
    events.clear()
    return batch
