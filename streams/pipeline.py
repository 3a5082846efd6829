"""The three stages chained in memory: what replay and tests run is what the agents run, without a broker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from alerts.command import Command
from detectors.event import Event
from streams.alert_stage import AlertStage
from streams.batches import EventBatch
from streams.command_record import command_record
from streams.conversation_stage import HEARTBEAT, ConversationStage
from streams.metrics import GAUGES
from streams.scope_stage import ScopeStage
from streams.stage import Effects, Send
from streams.topics import CHANGES, OBSERVATIONS
from streams.wiring import Wiring, partition_of

__all__ = ["Pipeline"]


class Pipeline:
    """All partitions of all stages of one layout.

    `feed` takes events in their order of arrival and returns what would have been produced to topics outside (alerts,
    pages). Nothing reads a clock: `wall` is the wall clock of the moment, 0 in a replay of the past, which then never
    turns live.

    >>> from streams.wiring import Layout
    >>> Layout(1, 1, 1).sources_of_alerts()
    ['c0', 's0']
    """

    def __init__(self, wiring: Wiring) -> None:
        layout = wiring.layout
        self.wiring = wiring
        self.conversations = [ConversationStage(partition, wiring) for partition in range(layout.events)]
        self.scopes = [ScopeStage(partition, wiring) for partition in range(layout.scopes)]
        self.alerts = [AlertStage(partition, wiring) for partition in range(layout.alerts)]
        self.counts: Counter[tuple[str, ...]] = Counter()
        self._offsets = [0] * layout.events

    def feed(self, events: Sequence[Event], *, wall: float = 0.0, caught_up: bool = False) -> list[Send]:
        """Take events in, in order of arrival; each goes to its key's partition, a heartbeat to every one. Offsets count up by one."""
        parts: list[list[Event]] = [[] for _ in self.conversations]
        for event in events:
            if event.type == HEARTBEAT:
                for part in parts:
                    part.append(msgspec.structs.replace(event))
            else:
                parts[partition_of(f"{event.tenant}/{event.subject}", len(parts))].append(event)
        sends: list[Send] = []
        for partition, part in enumerate(parts):
            sends += self.feed_partition(partition, part, wall=wall, caught_up=caught_up)
        return sends

    def feed_partition(
        self, partition: int, events: Sequence[Event], *, wall: float = 0.0, caught_up: bool = False, idle: bool = False
    ) -> list[Send]:
        """Take in what one source partition delivered next."""
        first = self._offsets[partition]
        for offset, event in enumerate(events, first):
            event.offset = offset
        self._offsets[partition] = first + len(events)
        batch = EventBatch(partition, first, first + len(events), wall, caught_up, idle, None, list(events))
        return self.feed_batch(batch)

    def feed_batch(self, batch: EventBatch) -> list[Send]:
        """Take one batch as the intake would write it."""
        return self._follow(self.conversations[batch.partition].step(batch))

    def tell(self, command: Command, offset: int) -> list[Send]:
        """A command that lies at an offset of the feedback topic: it is carried out when event time has come to it, and once."""
        record = command_record(command, len(self.alerts), partition=0, offset=offset)
        return self._follow(Effects([record]))

    def tick(self, now: float) -> list[Send]:
        """The wall clock moved and every partition has been read to its end: live timers fire."""
        return self.feed([], wall=now, caught_up=True)

    def finish(self) -> list[Send]:
        """The input has ended: what is held is released, timers go up to the last watermark and no further."""
        marks = [stage.watermark for stage in self.conversations if stage.watermark is not None]
        last = max(marks, default=0.0)
        sends: list[Send] = []
        for partition, offset in enumerate(self._offsets):
            sends += self.feed_batch(EventBatch(partition, offset, offset, 0.0, caught_up=True, idle=True, watermark=last))
        return sends

    def _follow(self, effects: Effects) -> list[Send]:
        """Carry sends from stage to stage until only those to the outside are left."""
        self._count(effects)
        out: list[Send] = []
        for send in effects.sends:
            if send.topic == OBSERVATIONS:
                out += self._follow(self.scopes[send.partition or 0].process(send.value or b""))
            elif send.topic == CHANGES:
                out += self._follow(self.alerts[send.partition or 0].process(send.value or b""))
            else:
                out.append(send)
        return out

    def _count(self, effects: Effects) -> None:
        for name, value in effects.counts.items():
            if name[0] in GAUGES:
                self.counts[name] = value
            else:
                self.counts[name] += value
