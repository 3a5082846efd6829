"""`fenghuo learn`: learns from words what events tell of them, and writes versions that workers and replays use."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from config.lexicon_loader import load_analyser
from config.loader import Policy, load_policy
from config.model_store import ModelStore, ModelVersion
from config.sentiment_prior import load_prior
from detectors.text.words_model import WordsModel
from streams.cli._models import plain, table
from streams.cli._shared import Bootstrap, Json, configure_logging, human, layout, parser, run, settings, settle
from streams.errors import UsageError
from streams.files import read_lines
from streams.kafka import administer, client_options, consumer, require_broker
from streams.learn_follow import TOPICS, Follow, FollowOptions
from streams.learner import Learner
from streams.signals import on_stop
from streams.topics import declare, plan, verify

__all__ = ["register"]


def register(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command("learn")(learn)


def learn(
    events: Annotated[
        list[Path] | None, typer.Argument(help="JSONL files of CloudEvents, plain, .gz or .zst; - is standard input.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The folder of versions; the policy's models by default.")] = None,
    config: Annotated[Path | None, typer.Option(help="The policy; the one that ships with Fenghuo by default.")] = None,
    alerts: Annotated[list[Path] | None, typer.Option(help="JSONL files of alerts, for verdicts that name only the alert.")] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Learn from Kafka as events come, until Ctrl-C.")] = False,
    bootstrap: Bootstrap = None,
    group: Annotated[str, typer.Option(help="Consumer group of --follow; one member.")] = "fenghuo-learn",
    every: Annotated[float, typer.Option(min=1, help="With --follow, seconds between versions.")] = 600.0,
    until_idle: Annotated[float | None, typer.Option(min=0, help="With --follow, stop when nothing came for so many seconds.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin with nothing, not with the version in use.")] = False,
    json_: Json = False,
) -> None:
    """Learn sentiment, categories, complaints and early warning from what events say, and write a version. 从事件中学习并发布模型版本。"""
    policy = load_policy(config)
    folder = out if out is not None else policy.models
    if folder is None:
        raise UsageError("where shall versions go? give --out, or `models` in the policy (and have workers use it)")
    if bool(events) == follow:
        raise UsageError("give files of events, or --follow with --bootstrap, and not both")
    store = ModelStore(folder)
    learner, before = _learner(store, policy, fresh=fresh)
    if follow:
        configure_logging()
        options = FollowOptions(every, until_idle=until_idle)
        run(_follow(learner, lambda: _write(store, learner, before), bootstrap, group, options))
    else:
        _read(learner, events or [], alerts or [])
    _tell(learner, store, human(), written=follow or _write(store, learner, before) is not None, json_=json_)


def _learner(store: ModelStore, policy: Policy, *, fresh: bool) -> tuple[Learner, int]:
    """What learns, from the version in use on, and how many events that had seen."""
    number = None if fresh else store.chosen()
    version, model = store.read(number) if number is not None else (None, WordsModel(load_prior()))
    analyse = load_analyser(policy.approved_offers, directory=policy.lexicons)
    learner = Learner(model, analyse, parser(settings()), policy.lateness_s)
    if version is not None:
        learner.learning.until = version.trained_until
    settle()
    return learner, version.events if version is not None else 0


def _write(store: ModelStore, learner: Learner, before: int) -> ModelVersion:
    learning = learner.learning
    return store.write(learning.model, learning.until, before + learning.events)


def _read(learner: Learner, events: list[Path], alerts: list[Path]) -> None:
    for line in read_lines(alerts):
        learner.take_alert(line.data)
    now = time.time()
    for line in read_lines(events):
        learner.take(line.data, record_time=now)
    learner.finish()
    if not learner.learning.events:
        raise UsageError(
            f"no event of a conversation among {learner.lines} lines: is this a file of CloudEvents (`fenghuo replay` says more)?"
        )


async def _follow(learner: Learner, write: Any, bootstrap: str | None, group: str, options: FollowOptions) -> None:
    found = settings(bootstrap)
    client = client_options(found.kafka)
    await require_broker(client)
    async with administer(client) as admin:
        wanted = [topic for topic in declare(layout(found)) if topic.name in TOPICS]
        verify([each for each in await plan(admin, wanted) if each.kind == "create"], may_create=False)
    reader = consumer(client, *TOPICS, group_id=group, client_id="fenghuo-learn")
    await reader.start()
    try:
        following = Follow(reader, learner, write, options)
        on_stop(lambda _: following.stop())
        logging.getLogger(__name__).info("learn.started group=%s", group)
        await following.run()
    finally:
        await reader.stop()


def _tell(learner: Learner, store: ModelStore, console: Console, *, written: bool, json_: bool) -> None:
    number = max(store.numbers(), default=None) if written else None
    version = store.head(number) if number is not None else None
    if json_:
        rejects = dict(learner.rejects)
        told = {"lines": learner.lines, "events": learner.learning.events, "rejects": rejects}
        typer.echo(json.dumps({**told, "version": plain(version) if version is not None else None}, ensure_ascii=False))
        return
    console.print(f"{learner.learning.events} events 事件 of {learner.lines} lines, {sum(learner.rejects.values())} rejects 拒收")
    if version is not None:
        console.print(f"version {version.number} -> {store.path(version.number)}", soft_wrap=True)
        console.print(table(version))
