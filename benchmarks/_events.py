"""The events of a run: simulated or from a file, as the records that go to the topic."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone
from itertools import islice
from pathlib import Path

import msgspec

from streams.errors import UsageError
from streams.files import read_lines
from streams.heartbeat import heartbeat
from streams.records import partition_key
from streams.simulate.recording import lines
from streams.simulate.simulation import Simulation
from streams.watermark import Watermark

__all__ = ["Record", "ending", "from_file", "simulated"]

START = datetime(2025, 9, 1, tzinfo=timezone(timedelta(hours=8)))
DAYS = 9
PER_RATE = 50_000
"""Events of nine days at rate 1, on the low side: enough are simulated, and the last ones are taken."""

AFTER_S = 60.0
"""How far past the last event the final heartbeat is: more than the lateness allowed, so that nothing stays held."""


class Record(msgspec.Struct, frozen=True, gc=False):
    """One record of the topic; `partition` None lets the key decide."""

    value: bytes
    key: bytes | None = None
    partition: int | None = None


class _Timed(msgspec.Struct):
    time: str = ""


def simulated(count: int, seed: int) -> list[bytes]:
    """The last `count` events of nine simulated days, the planted incidents among them. The same seed gives the same bytes."""
    rate = max(0.1, count / PER_RATE)
    simulation = Simulation(seed=seed, start=START, days=DAYS, tenant="bench", rate=rate)
    return list(deque(lines(simulation, malformed=False), maxlen=count))


def from_file(path: Path, count: int | None) -> list[bytes]:
    """The first `count` lines of a JSONL file (plain, .gz, .zst), all without a count. Raises UsageError when there are none."""
    found = [line.data for line in islice(read_lines([path]), count)]
    if not found:
        raise UsageError(f"{path} holds no events: give a file with one CloudEvent a line, or leave --data out to simulate")
    return found


def ending(values: Sequence[bytes], partitions: int) -> list[Record]:
    """The values as records, and for each partition a heartbeat past the last of them."""
    last = _last_time(values)
    records = [Record(value, partition_key(value)) for value in values]
    return records + [Record(heartbeat(last + AFTER_S, number, "bench"), None, number) for number in range(partitions)]


def _last_time(values: Iterable[bytes]) -> float:
    """The latest event time, as a writer would believe it: a single wrong timestamp moves nothing."""
    mark, decode = Watermark(), msgspec.json.Decoder(_Timed).decode
    for value in values:
        try:
            mark.observe(datetime.fromisoformat(decode(value).time).timestamp(), (partition_key(value) or b"").decode())
        except (msgspec.MsgspecError, ValueError, OverflowError):
            continue
    if mark.value is None:
        raise UsageError("none of the lines is an event with a time: give a file with one CloudEvent a line")
    return mark.value
