"""What is measured, each in a process of its own: `python -m benchmarks._child NAME ARGUMENTS`.

A reader of Kafka says `{"began": ...}` when the first record is in its hands, works until SIGTERM, and then says what it used. `replay` and
`steps` take a file and say their result. All on standard output, one JSON object a line; times are of the monotonic clock.
"""

from __future__ import annotations

import asyncio
import json
import logging
import resource
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiokafka import ConsumerRecord

from benchmarks._steps import step_costs
from config.loader import load_policy
from config.settings import KafkaSettings, load_settings
from detectors.event import Event
from streams.app import build_app
from streams.cli._shared import configure_logging, parser, run, settle
from streams.dead_letter import dead_letter
from streams.files import read_lines
from streams.intake import Rejected
from streams.kafka import client_options, consumer
from streams.pipeline import Pipeline
from streams.records import Parser, Reject
from streams.replay import Replay
from streams.stages import build_stage, build_wiring
from streams.topics import EVENTS
from streams.wiring import Layout
from streams.worker import Worker, WorkerOptions, WorkerParts

if TYPE_CHECKING:
    from faust.types import StreamT
    from faust.types.tuples import Message

__all__ = ["CONTENDERS", "main"]

NOOP_BUFFER = 16_384
COMMIT_S = 1.0


class Meter:
    """CPU and wall clock since the first record."""

    def __init__(self) -> None:
        self._began: tuple[float, float] | None = None
        self._ended: float | None = None

    def begin(self) -> None:
        """The first record is here; called again it does nothing."""
        if self._began is None:
            self._began = (time.monotonic(), time.process_time())
            say({"began": self._began[0]})

    def end(self) -> None:
        """The watcher has seen the last commit."""
        self._ended = self._ended or time.process_time()

    def report(self) -> dict[str, float]:
        """CPU seconds between the two, and the peak memory of the process in MB."""
        began = self._began[1] if self._began is not None else 0.0
        return {"cpu_s": (self._ended or time.process_time()) - began, "rss_mb": peak_rss_mb()}


def peak_rss_mb() -> float:
    """The peak resident memory of this process, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def say(found: Mapping[str, Any]) -> None:
    """One line for the parent."""
    print(json.dumps(found), flush=True)


async def aiokafka_loop(bootstrap: str) -> None:
    """A plain `getmany` loop that does nothing with the records and commits once a second."""
    meter, stop = Meter(), _on_term()
    settle()
    reader = consumer(client_options(KafkaSettings(bootstrap=bootstrap)), EVENTS, group_id="bench-aiokafka")
    await reader.start()
    committed = time.monotonic()
    while not stop.is_set():
        records = await reader.getmany(timeout_ms=50)
        if records:
            meter.begin()
        if not records or time.monotonic() - committed >= COMMIT_S:
            await reader.commit()
            committed = time.monotonic()
    meter.end()
    await reader.stop()
    say(meter.report())


async def noop_agent(bootstrap: str) -> None:
    """A Faust agent that does nothing, one record an event: the worker's app and transport, with the buffer that is best for it."""
    meter, stop = Meter(), _on_term()
    app = build_app("bench-noop", KafkaSettings(bootstrap=bootstrap), _nobody, topics={})
    app.conf.stream_buffer_maxsize = NOOP_BUFFER
    channel = app.topic(EVENTS, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")

    async def nothing(stream: StreamT[bytes]) -> None:
        async for _ in stream:
            break
        meter.begin()
        async for _ in stream:
            pass

    app.agent(channel, name="bench-noop", concurrency=1)(nothing)
    settle()
    await app.start()
    await stop.wait()
    meter.end()
    await app.stop()
    say(meter.report())


async def worker(bootstrap: str) -> None:
    """The worker as `fenghuo worker` runs it, without receivers of pages; it begins to read once it has all its stages."""
    meter, layout = Meter(), Layout()
    wiring = build_wiring(load_policy(), layout)
    settle()
    options = WorkerOptions(KafkaSettings(bootstrap=bootstrap), layout, metrics_port=0)
    parse = _parse(parser(load_settings()), meter)
    parts = WorkerParts(build=lambda name, partition: build_stage(name, partition, wiring), parse=parse)
    await _Measured(options, parts, meter).run()
    say(meter.report())


class _Measured(Worker):
    """A worker whose intake waits for the stages, so that nothing is read before there is an assignment."""

    def __init__(self, options: WorkerOptions, parts: WorkerParts, meter: Meter) -> None:
        super().__init__(options, parts)
        self._meter = meter

    def stop(self) -> None:
        self._meter.end()
        super().stop()

    def _spawn(self, name: str, work: Awaitable[None]) -> None:
        super()._spawn(name, self._when_ready(work) if name == "intake" else work)

    async def _when_ready(self, work: Awaitable[None]) -> None:
        while not self.ready:  # noqa: ASYNC110 - the worker tells nobody
            await asyncio.sleep(0.01)
        await work


def _parse(parsing: Parser, meter: Meter) -> Callable[[ConsumerRecord], Event | Rejected]:
    def parse(record: ConsumerRecord) -> Event | Rejected:
        meter.begin()
        found = parsing.parse(record.value, record.headers, record_time=record.timestamp / 1000, offset=record.offset)
        return Rejected(found.reason, dead_letter(record, found)) if isinstance(found, Reject) else found

    return parse


async def _nobody(_stage: str, _message: Message) -> bool:
    return True


def _on_term() -> asyncio.Event:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    return stop


def replay(path: str) -> None:
    """`fenghuo replay` of a file, without the start of the process."""
    pipeline = Pipeline(build_wiring(load_policy(), Layout(1, 1, 1), durable=False))
    settle()
    run_ = Replay(pipeline, parser(load_settings()), time.time(), lambda _line, _reject: None)
    began, cpu = time.monotonic(), time.process_time()
    alerts = sum(1 for _ in run_.run(read_lines([Path(path)])))
    say({"seconds": time.monotonic() - began, "cpu_s": time.process_time() - cpu, "rss_mb": peak_rss_mb(), "alerts": alerts})


def steps(path: str) -> None:
    """CPU seconds by step, from the real code on the same events in this process."""
    say(step_costs([line.data for line in read_lines([Path(path)])]))


CONTENDERS: dict[str, Callable[[str], Any]] = {
    "aiokafka": aiokafka_loop,
    "noop_agent": noop_agent,
    "worker": worker,
    "replay": replay,
    "steps": steps,
}


def main(name: str, argument: str) -> None:
    """Run one; `argument` is Kafka's address, or a file for `replay` and `steps`."""
    configure_logging(logging.ERROR)
    found = CONTENDERS[name](argument)
    if asyncio.iscoroutine(found):
        with suppress(KeyboardInterrupt):
            run(found)


if __name__ == "__main__":
    main(*sys.argv[1:])
