"""`fenghuo worker`: the process that turns events into alerts."""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path
from typing import Annotated

import aiohttp
import typer
from aiokafka import ConsumerRecord

from config.loader import Policy, build_notifier, load_policy
from config.settings import Settings
from detectors.event import Event
from streams.cli._shared import AppId, Bootstrap, configure_logging, layout, parser, run, settings, settle
from streams.dead_letter import dead_letter
from streams.in_force import InForce
from streams.intake import Rejected
from streams.kafka import client_options
from streams.lexicon_watch import LexiconWatch
from streams.model_watch import ModelWatch
from streams.records import Parser, Reject
from streams.stages import build_stage, build_wiring
from streams.stores import filled_store
from streams.worker import Worker, WorkerOptions, WorkerParts

__all__ = ["register"]


def register(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command("worker")(worker)


def worker(
    bootstrap: Bootstrap = None,
    config: Annotated[Path | None, typer.Option(help="The policy; the one that ships with Fenghuo by default.")] = None,
    app_id: AppId = "fenghuo",
    instance_id: Annotated[str | None, typer.Option(help="Static name of this worker: after a kill it goes on at once.")] = None,
    until_idle: Annotated[float | None, typer.Option(min=0, help="Stop when nothing arrived for so many seconds.")] = None,
    metrics_port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port of /metrics and /healthz; 0 takes a free one.")] = None,
    create_topics: Annotated[bool | None, typer.Option("--create-topics/--no-create-topics", help="Create missing topics.")] = None,
) -> None:
    """Read events from Kafka and light the fires. Any number of workers share the work; stop with Ctrl-C or SIGTERM. 运行工作进程。"""
    configure_logging()
    found = settings(bootstrap)
    policy = load_policy(config)
    options = WorkerOptions(
        found.kafka,
        layout(found),
        app_id,
        found.limits,
        until_idle=until_idle,
        create_topics=found.topics.create if create_topics is None else create_topics,
        replication=found.topics.replication,
        instance_id=instance_id,
        metrics_host=found.metrics.host,
        metrics_port=found.metrics.port if metrics_port is None else metrics_port,
    )
    run(_work(options, policy, found))
    _leave()


async def _work(options: WorkerOptions, policy: Policy, found: Settings) -> None:
    # The lexicons that ship do not change under a running worker; a folder of the operator's own may.
    watch = LexiconWatch(policy, policy.lexicons) if policy.lexicons is not None else None
    learnt = ModelWatch(policy.models) if policy.models is not None else None
    wiring = build_wiring(policy, options.layout, analyse=watch, model=learnt)
    polls = [each.poll for each in (watch, learnt) if each is not None]
    settle()
    client = client_options(found.kafka)
    async with aiohttp.ClientSession() as session, filled_store(found) as beside:
        parts = WorkerParts(
            build=lambda name, partition: build_stage(name, partition, wiring),
            parse=_Parse(parser(found)),
            receivers={receiver.name: build_notifier(receiver, session) for receiver in policy.receivers},
            backoff=policy.backoff,
            refresh=(lambda: [poll() for poll in polls]) if polls else None,
            models=learnt.versions if learnt is not None else dict,
            beside={**beside, "in-force": lambda _: InForce(policy, lambda: learnt.version if learnt else None, options.app_id, client)},
        )
        await Worker(options, parts).run()


class _Parse:
    """Input records to events, or to dead letters."""

    def __init__(self, parser: Parser) -> None:
        self._parser = parser

    def __call__(self, record: ConsumerRecord) -> Event | Rejected:
        found = self._parser.parse(record.value, record.headers, record_time=record.timestamp / 1000, offset=record.offset)
        return Rejected(found.reason, dead_letter(record, found)) if isinstance(found, Reject) else found


def _leave() -> None:
    """End although a thread of a library may hang: everything that matters is durable and closed."""
    hanging = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread() and not thread.daemon]
    if hanging:
        logging.getLogger(__name__).warning("worker.threads_left names=%s", ",".join(hanging))
        logging.shutdown()
        os._exit(0)
