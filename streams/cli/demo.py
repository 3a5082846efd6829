"""`fenghuo demo`: everything real on this machine, fed with a simulated busy day faster than real time."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import webbrowser
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from pydantic import SecretStr
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from alerts.tier import Tier
from config.loader import load_policy
from config.settings import Settings
from streams.api.tokens import Tokens
from streams.broker import Broker
from streams.cli._alert_line import alert_line
from streams.cli._shared import TIER_COLOURS, layout, run, settings
from streams.cli.console import OpenConsole, opened_console
from streams.console.session import TICKET_S
from streams.errors import BrokerError
from streams.files import Line
from streams.ingest import Ingest
from streams.kafka import administer, client_options, consumer, producer
from streams.lag import lags
from streams.serving import until_stopped
from streams.simulate.simulation import Simulation
from streams.simulate.truth import Incident
from streams.topics import ALERTS, EVENTS, apply, declare, plan

__all__ = ["register"]

ZONE = timezone(timedelta(hours=8))
QUIET_DAYS = 8
RATE = 0.5
MORNING = timedelta(hours=8)
BUSY = "busy"
LINGER_S = 6.0
GRACE_S = 20.0


def register(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command("demo")(demo)


def demo(
    seconds: Annotated[float | None, typer.Option(min=5, help="Stop after so many seconds; otherwise at the end of the day.")] = None,
    minutes_per_second: Annotated[float, typer.Option("--speed", min=0.1, help="Minutes of the simulated day in one second.")] = 20.0,
    seed: Annotated[int, typer.Option(help="Another seed is another day.")] = 11,
    json_: Annotated[bool, typer.Option("--json", help="End with one summary line of JSON on standard output.")] = False,
    page: Annotated[bool, typer.Option("--console/--no-console", help="Serve the console too, on loopback.")] = True,
    open_: Annotated[bool, typer.Option("--open", help="Open the console in a browser.")] = False,
    stay: Annotated[
        bool | None,
        typer.Option("--stay/--no-stay", help="Keep everything running when the day is over. By default on a terminal, without --seconds."),
    ] = None,
) -> None:
    """See it work: an embedded Kafka, a worker, the console, and a simulated busy day with incidents. Nothing is left behind. 演示。"""
    console = Console(stderr=json_, highlight=False, soft_wrap=True)
    if stay is None:
        stay = page and seconds is None and not json_ and console.is_terminal and sys.stdin.isatty()
    opening = Opening(page, browser=open_, stay=stay, quiet=json_)
    show = Demo(console, seed=seed, speed=minutes_per_second * 60.0, seconds=seconds, opening=opening)
    # Asked to end, it ends as by Ctrl-C: the broker, the worker and their folder go with it.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    with _workplace(console) as place:
        run(show.run(place))
    if json_:
        typer.echo(json.dumps(show.summary(), ensure_ascii=False))


@contextmanager
def spinner(console: Console, text: str) -> Iterator[None]:
    """Show that something goes on, and for how long."""
    with Progress(SpinnerColumn(), TextColumn(text), TimeElapsedColumn(), console=console, transient=True) as bar:
        bar.add_task("")
        yield


@contextmanager
def _workplace(console: Console) -> Iterator[_Place]:
    """A broker and a worker of our own, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="fenghuo-demo-") as folder:
        broker = Broker(data=Path(folder) / "kafka", cache=settings().cache_dir, progress=True)
        console.print("烽火 Fenghuo  [dim]启动内嵌 Kafka starting an embedded Kafka[/dim]")
        broker.start()
        place = _Place(broker.bootstrap, Path(folder) / "worker.log")
        try:
            yield place
        finally:
            place.stop_worker()
            broker.stop()


class _Place:
    """Where the demo runs: the broker's address and the worker's process."""

    def __init__(self, bootstrap: str, log: Path) -> None:
        self.bootstrap = bootstrap
        self.log = log
        # A store of its own: what is simulated must never get into the user's.
        self.store = f"sqlite:///{log.parent / 'alerts.db'}"
        self._worker: subprocess.Popen[bytes] | None = None

    def start_worker(self) -> None:
        """Run a worker the way a user does."""
        command = [sys.executable, "-m", "streams", "worker", "--bootstrap", self.bootstrap, "--metrics-port", "0"]
        environment = {**os.environ, "FENGHUO_STORE__URL": self.store}
        with self.log.open("wb") as log:
            self._worker = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)  # noqa: S603

    def check(self) -> None:
        """Raise BrokerError with the worker's last lines when it ended."""
        if self._worker is not None and self._worker.poll() is not None:
            last = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
            raise BrokerError(f"the worker of the demo stopped: {' '.join(last)}")

    def stop_worker(self) -> None:
        """Ask it to end, and make it when it does not."""
        if self._worker is None or self._worker.poll() is not None:
            return
        self._worker.send_signal(signal.SIGTERM)
        try:
            self._worker.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self._worker.kill()
            self._worker.wait()


class Opening(NamedTuple):
    """What the demo opens: the console, a browser; whether it stays open afterwards; `quiet` leaves the table at the end to others."""

    page: bool = True
    browser: bool = False
    stay: bool = False
    quiet: bool = False


class Demo:
    """Eight quiet days and a night as fast as they go, so that it is known what is usual; then the busy day at `speed` seconds a second."""

    def __init__(self, console: Console, *, seed: int, speed: float, seconds: float | None, opening: Opening) -> None:
        self._console = console
        self._speed = speed
        self._seconds = seconds
        self._opening = opening
        self._page: OpenConsole | None = None
        self._began = time.monotonic()
        today = datetime.now(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
        self._day = today - timedelta(days=1)
        self._simulation = Simulation(seed=seed, start=self._day - timedelta(days=QUIET_DAYS), days=QUIET_DAYS + 1, rate=RATE)
        self._events = 0
        self._alerts: Counter[str] = Counter()
        self._seen: list[dict[str, Any]] = []
        self._now = ""
        self._fed: float | None = None
        self._took = 0.0

    async def run(self, place: _Place) -> None:
        """Feed and show until the day is over or the time is up, then as long as somebody wants to look."""
        found = settings(place.bootstrap)
        options = client_options(found.kafka)
        async with administer(options) as admin:
            await apply(admin, await plan(admin, declare(layout(found))))
        async with AsyncExitStack() as stack:
            serving = await self._serve(stack, found, place)
            place.start_worker()
            tasks = {asyncio.create_task(self._show(options)), asyncio.create_task(self._feed(options))}
            try:
                await self._wait(tasks, serving, place)
                self._tell()
                if self._opening.stay:
                    await until_stopped([_watch(serving, place)])
            finally:
                for task in tasks | serving:
                    task.cancel()
                await asyncio.gather(*tasks, *serving, return_exceptions=True)

    async def _serve(self, stack: AsyncExitStack, found: Settings, place: _Place) -> set[asyncio.Task[None]]:
        """Open the console, whose store the worker fills, and show the way in; what it does meanwhile."""
        if not self._opening.page:
            return set()
        api = found.api.model_copy(update={"host": "127.0.0.1", "port": 0})
        store = found.store.model_copy(update={"url": SecretStr(place.store)})
        own = found.model_copy(update={"api": api, "store": store})
        self._page = await stack.enter_async_context(opened_console(own, load_policy(), Tokens([]), fill=False))
        self._invite("控制台 console")
        if self._opening.browser:
            await asyncio.to_thread(webbrowser.open, self._page.login())
        return {asyncio.create_task(work) for work in self._page.works()}

    def _invite(self, text: str) -> None:
        """Show a link to the console that logs in once."""
        if self._page is not None:
            once = f"[dim](链接一次有效，{TICKET_S / 60:.0f} 分钟内 once, within {TICKET_S / 60:.0f} min)[/dim]"
            self._console.print(f"\n[bold reverse] {text} [/] [bold]{self._page.login()}[/bold] {once}\n")

    async def _wait(self, tasks: set[asyncio.Task[None]], serving: set[asyncio.Task[None]], place: _Place) -> None:
        left = set(tasks)
        while left and (self._seconds is None or time.monotonic() - self._began < self._seconds):
            place.check()
            done, _ = await asyncio.wait(left | serving, timeout=0.5, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            left -= done

    def _tell(self) -> None:
        """Print what happened, to a person."""
        self._took = time.monotonic() - self._began
        if not self._opening.quiet:
            _print(self._console, self.summary())
        if self._opening.stay:
            self._console.print("\n演示的一天结束了；Ctrl-C 结束 the day is over; everything keeps running until Ctrl-C")
            self._invite("控制台 console")

    async def _feed(self, options: dict[str, Any]) -> None:
        writer = producer(options, linger_ms=5, max_batch_size=256 << 10)
        await writer.start()
        try:
            days = itertools.groupby(self._lines(), key=lambda line: line.path == BUSY)
            for busy, lines in days:
                if busy:
                    pace = f"[dim]({self._speed / 60:.0f} min/s)[/dim]"
                    self._console.print(f"\n[bold]{self._day:%Y-%m-%d}[/bold] 忙碌的一天开始了 a busy day begins {pace}")
                    await Ingest(writer, speed=self._speed).run(lines)
                else:
                    with spinner(self._console, f"学习 {QUIET_DAYS} 个平日 learning what is usual from {QUIET_DAYS} quiet days"):
                        await Ingest(writer).run(lines)
                        await _caught_up(options)
            # A slow machine is still at work: the day ends with its last alert.
            await _caught_up(options, within=20)
            self._fed = time.monotonic()
        finally:
            await writer.stop()

    def _lines(self) -> Iterator[Line]:
        """The events as lines; those of the busy day, from its morning on, are marked by their path."""
        start, busy = (self._day + MORNING).isoformat(), False
        for number, event in enumerate(self._simulation.events(), 1):
            self._events += 1
            busy = busy or event["time"] >= start
            data = json.dumps(event, ensure_ascii=False).encode()
            yield Line(data, number, BUSY if busy else "quiet", len(data), "")

    async def _show(self, options: dict[str, Any]) -> None:
        reader = consumer(options, ALERTS)
        await reader.start()
        try:
            quiet_since = time.monotonic()
            while self._fed is None or time.monotonic() - max(quiet_since, self._fed) < LINGER_S:
                for records in (await reader.getmany(timeout_ms=200)).values():
                    quiet_since = time.monotonic()
                    for record in records:
                        self._one(json.loads(record.value)["data"])
        finally:
            await reader.stop()

    def _one(self, data: dict[str, Any]) -> None:
        """Count one change, and show it when it is of the busy day and worth a look."""
        if data["event_time"] < self._day.isoformat(timespec="milliseconds"):
            return
        self._seen.append(data)
        self._alerts[data["tier"]] += data["state"] != "resolved"
        wide = "conversation_id" not in data["scope"]
        if (data["tier"] in ("orange", "red") and (wide or data["state"] != "resolved")) or (wide and data["tier"] == "yellow"):
            self._console.print(alert_line(data))

    def summary(self) -> dict[str, Any]:
        """What happened: events, alerts by tier, and which of the planted incidents were found."""
        truth = self._simulation.truth
        found = [incident.id for incident in truth.incidents if any(_finds(data, incident) for data in self._seen)]
        return {
            "events": self._events,
            "seconds": round(self._took, 1),
            "alerts": {tier: self._alerts.get(tier, 0) for tier in ("red", "orange", "yellow", "blue")},
            "incidents": len(truth.incidents),
            "found": found,
            **({} if self._page is None else {"console": self._page.address}),
        }


async def _watch(serving: set[asyncio.Task[None]], place: _Place) -> None:
    """Raise what goes wrong with the console or the worker."""
    while True:
        place.check()
        for task in serving:
            if task.done():
                task.result()
        await asyncio.sleep(0.5)


async def _caught_up(options: dict[str, Any], *, within: int = 50) -> None:
    """Wait until the worker has read what was written, but for some internal records: ticks come all the time."""
    while True:
        found = await lags(options, "fenghuo")
        if not found.get(EVENTS) and sum(found.values()) < within:
            return
        await asyncio.sleep(0.5)


def _finds(data: dict[str, Any], incident: Incident) -> bool:
    """Whether an alert is one of those an incident must raise."""
    time_of = datetime.fromisoformat
    since = time_of(incident.since or incident.onset) - timedelta(minutes=1)
    named = incident.scope in data["scope"].values()
    due = since <= time_of(data["event_time"]) <= time_of(incident.deadline)
    return named and due and data["indicator"] in incident.accept and Tier.named(data["tier"]) >= Tier.named(incident.min_tier)


def _print(console: Console, summary: dict[str, Any]) -> None:
    table = Table(show_header=False, box=None)
    table.add_row("事件 events", f"{summary['events']:,} in {summary['seconds']:.0f} s")
    for tier, count in summary["alerts"].items():
        table.add_row(f"[{TIER_COLOURS[tier]}]● {tier}[/]", str(count))
    table.add_row("埋入的事件 planted incidents found", f"{len(summary['found'])} of {summary['incidents']}: {', '.join(summary['found'])}")
    console.print()
    console.print(table)
    console.print("\n下一步 next: [bold]fenghuo --help[/bold], README.md, config/fenghuo.yaml")
