"""`fenghuo store`: the database alerts can be asked from, filled from the topics."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Annotated

import typer

from config.settings import Settings
from streams.cli._shared import Bootstrap, Json, configure_logging, human, run, settings
from streams.kafka import client_options, require_broker
from streams.metrics import Metrics
from streams.project import KINDS, Projector
from streams.signals import on_stop
from streams.stores import open_store, projector_of, require_topics, store_of

__all__ = ["register"]

log = logging.getLogger(__name__)


def register(cli: typer.Typer) -> None:
    """Add `store run` and `store rebuild`."""
    store = typer.Typer(help="The database alerts can be asked from. 告警库。", no_args_is_help=True)
    store.command("run")(run_store)
    store.command("rebuild")(rebuild)
    cli.add_typer(store, name="store")


def run_store(
    bootstrap: Bootstrap = None,
    until_caught_up: Annotated[bool, typer.Option("--until-caught-up", help="Stop when the store has all there is.")] = False,
) -> None:
    """Fill the store (FENGHUO_STORE__URL) from the topics, until Ctrl-C or SIGTERM. 持续写入告警库。"""
    configure_logging()
    run(_run(settings(bootstrap), until_caught_up=until_caught_up, clear=False))


def rebuild(
    bootstrap: Bootstrap = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json_: Json = False,
) -> None:
    """Empty the store and fill it anew from the topics; what they no longer hold is gone. The audit is kept. 由主题重建告警库。"""
    found = settings(bootstrap)
    store = store_of(found)
    if not yes:
        question = f"Empty {store.shown} and fill it from the topics? What is older than they keep is lost. 清空并重建?"
        typer.confirm(question, abort=True, err=True)
    configure_logging(logging.WARNING)
    counted = run(_run(found, until_caught_up=True, clear=True))
    if json_:
        typer.echo(json.dumps(counted))
    else:
        human().print(f"{sum(counted.values())} records read: the store is up to date 告警库已重建")


async def _run(found: Settings, *, until_caught_up: bool, clear: bool) -> dict[str, int]:
    """Fill the store; how many records were read, by topic."""
    await require_broker(client_options(found.kafka))
    await require_topics(found)
    metrics = Metrics()
    async with open_store(found) as store:
        if clear:
            await store.clear()
        projector = projector_of(found, store, metrics)
        await projector.start()
        log.info("store.started store=%s", store.shown)
        try:
            await _until_done(projector, until_caught_up=until_caught_up)
        finally:
            await projector.stop()
    return {topic: int(metrics.value("store_records_total", topic)) for topic in KINDS}


async def _until_done(projector: Projector, *, until_caught_up: bool) -> None:
    stopping = asyncio.Event()
    on_stop(lambda _: stopping.set())
    while not stopping.is_set():
        count = await projector.step()
        if until_caught_up and not count and not await projector.behind(everywhere=True):
            return
