"""`fenghuo alerts`: the alerts on Kafka, as a list of what is open or as they come."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Annotated, Any, Self

import typer
from aiokafka import AIOKafkaConsumer, TopicPartition
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from alerts.tier import Tier
from streams.cli._shared import TIER_COLOURS, Bootstrap, Json, run, settings
from streams.errors import TopicsError, UsageError
from streams.kafka import administer, client_options, consumer, require_broker
from streams.topics import ALERT_STATE, ALERTS, partition_counts, tier_topic

__all__ = ["register"]

CLOSED = frozenset({"resolved", "expired", "false_positive"})


def register(cli: typer.Typer) -> None:
    """Add `alerts list` and `alerts tail`."""
    alerts = typer.Typer(help="Alerts on Kafka. 告警。", no_args_is_help=True)
    alerts.command("list")(list_open)
    alerts.command("tail")(tail)
    cli.add_typer(alerts, name="alerts")


def list_open(
    bootstrap: Bootstrap = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
    json_: Json = False,
) -> None:
    """List the open alerts, the highest fire first. 当前未结束的告警。"""
    alerts = [alert for alert in run(_states(bootstrap)) if everything or _data(alert).get("state") not in CLOSED]
    alerts.sort(key=lambda alert: (-_rank(alert), str(_data(alert).get("event_time", ""))))
    if json_:
        typer.echo(json.dumps(alerts, ensure_ascii=False))
        return
    table = Table("tier", "state", "indicator", "scope", "title", "since", box=None)
    for alert in alerts:
        data = _data(alert)
        colour = TIER_COLOURS.get(str(data.get("tier")), "white")
        title = data.get("title") or {}
        cells = [str(data.get("tier")), data.get("state"), data.get("indicator"), _scope(data), title.get("zh"), data.get("event_time")]
        table.add_row(*(escape(str(cell or "")) for cell in cells), style=colour)
    Console().print(table if alerts else "no open alerts 没有未结束的告警")


def tail(
    bootstrap: Bootstrap = None,
    from_start: Annotated[bool, typer.Option("--from-start", help="Begin with the oldest alert there is.")] = False,
    until_idle: Annotated[float | None, typer.Option(min=0, help="Stop when nothing came for so many seconds.")] = None,
    tier: Annotated[str | None, typer.Option(help="Only changes to and from this tier: blue, yellow, orange, red.")] = None,
    json_: Json = False,
) -> None:
    """Show alerts as they come, one change a line; --json prints the CloudEvents. 实时查看告警。"""
    names = [each.label for each in Tier if each]
    if tier is not None and tier not in names:
        raise UsageError(f"--tier {tier}: choose one of {', '.join(names)}")
    console = Console(soft_wrap=True)
    show: Callable[[bytes], None] = typer.echo if json_ else lambda value: console.print(_line(value), highlight=False)
    run(_tail(bootstrap, tier_topic(tier) if tier else ALERTS, show, from_start=from_start, until_idle=until_idle))


async def _tail(bootstrap: str | None, topic: str, show: Callable[[bytes], None], *, from_start: bool, until_idle: float | None) -> None:
    async for value in _values(bootstrap, topic, from_start=from_start, until_idle=until_idle):
        show(value)


async def _states(bootstrap: str | None) -> list[dict[str, Any]]:
    """The last change of each alert."""
    latest: dict[bytes, bytes | None] = {}
    async with _Reader(bootstrap, ALERT_STATE) as reader:
        await reader.seek(from_start=True)
        while not await reader.at_end():
            for record in await reader.take():
                latest[record.key or b""] = record.value
    return [alert for value in latest.values() if value is not None and (alert := _parse(value)) is not None]


async def _values(bootstrap: str | None, topic: str, *, from_start: bool, until_idle: float | None) -> AsyncIterator[bytes]:
    async with _Reader(bootstrap, topic) as reader:
        await reader.seek(from_start=from_start)
        last = time.monotonic()
        while True:
            for record in await reader.take():
                last = time.monotonic()
                if record.value is not None:
                    yield record.value
            if until_idle is not None and time.monotonic() - last >= until_idle and await reader.at_end():
                return


class _Reader:
    """All partitions of a topic, without a group."""

    def __init__(self, bootstrap: str | None, topic: str) -> None:
        self._options = client_options(settings(bootstrap).kafka)
        self._topic = topic
        self._targets: list[TopicPartition] = []

    async def __aenter__(self) -> Self:
        await require_broker(self._options)
        async with administer(self._options) as admin:
            count = (await partition_counts(admin)).get(self._topic)
        if count is None:
            raise TopicsError(f"topic {self._topic} does not exist: run `fenghuo topics apply` or start a worker")
        self._targets = [TopicPartition(self._topic, partition) for partition in range(count)]
        self._consumer: AIOKafkaConsumer = consumer(self._options)
        await self._consumer.start()
        self._consumer.assign(self._targets)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()

    async def seek(self, *, from_start: bool) -> None:
        """Go to the first or behind the last record."""
        find = self._consumer.beginning_offsets if from_start else self._consumer.end_offsets
        for target, offset in (await find(self._targets)).items():
            self._consumer.seek(target, offset)

    async def take(self) -> list[Any]:
        """What has come; waits a little."""
        found = await self._consumer.getmany(timeout_ms=200)
        return [record for target in self._targets for record in found.get(target, [])]

    async def at_end(self) -> bool:
        """Whether everything there is now has been read."""
        ends = await self._consumer.end_offsets(self._targets)
        positions = await asyncio.gather(*(self._consumer.position(target) for target in self._targets))
        return all(position >= ends[target] for target, position in zip(self._targets, positions, strict=True))


def _parse(value: bytes) -> dict[str, Any] | None:
    try:
        alert = json.loads(value)
    except ValueError:
        return None
    return alert if isinstance(alert, dict) else None


def _data(alert: dict[str, Any]) -> dict[str, Any]:
    data = alert.get("data")
    return data if isinstance(data, dict) else {}


def _rank(alert: dict[str, Any]) -> int:
    return next((int(tier) for tier in Tier if tier.label == _data(alert).get("tier")), 0)


def _scope(data: dict[str, Any]) -> str:
    return " ".join(f"{key}={value}" for key, value in (data.get("scope") or {}).items())


def _line(value: bytes) -> str:
    alert = _parse(value)
    if alert is None:
        return escape(repr(value[:200]))
    data = _data(alert)
    colour = TIER_COLOURS.get(str(data.get("tier")), "white")
    title = data.get("title") or {}
    try:
        moment = datetime.fromisoformat(str(data.get("event_time"))).astimezone().strftime("%m-%d %H:%M:%S")
    except ValueError:
        moment = "?"
    text = f"{data.get('tier')!s:<7}{data.get('state')!s:<9}{title.get('zh', data.get('indicator'))}  {title.get('en', '')}"
    return f"[dim]{moment}[/dim] [{colour}]{escape(text)}[/{colour}] [dim]{escape(_scope(data))}[/dim]"
