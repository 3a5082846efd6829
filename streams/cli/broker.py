"""`fenghuo broker`: Kafka on this machine, for trying things out and for tests."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console

from streams.broker import Broker
from streams.broker_jars import default_cache, ensure_jars, missing_jars, read_lock
from streams.broker_setup import default_data
from streams.errors import BrokerError

__all__ = ["register"]

HELP = "Kafka on this machine: no Docker, no Java to install, loopback only. 内置 Kafka。"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Cache = Annotated[
    Path | None, typer.Option("--cache", envvar="FENGHUO_CACHE_DIR", help="Folder for the downloaded files (default: your cache folder)")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]


class _StopSignal(BaseException):
    """A signal asks the program to end: not an error, and nothing on its way may take it for one."""


def register(cli: typer.Typer) -> None:
    """Add `broker up` and `broker download`."""
    broker = typer.Typer(help=HELP, no_args_is_help=True)
    broker.command("up")(up)
    broker.command("download")(download)
    cli.add_typer(broker, name="broker")


def up(
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port on 127.0.0.1 (default: the one of the last time, else any free one)")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Folder for the topics, kept between runs (default: your data folder)")] = None,
    cache: Cache = None,
    heap: Annotated[int, typer.Option("--heap", min=96, help="Java heap in MB.")] = 256,
    json_: Json = False,
) -> None:
    """Start Kafka and stay in the foreground until Ctrl-C or SIGTERM. Topics are kept for the next time. 启动内置 Kafka。

    The first time it downloads 45 MB; later starts take about two seconds and need no network.
    """
    console = Console(stderr=True, highlight=False)
    folder = (data or default_data()).expanduser()
    with _until_signalled():
        _announce(cache, console)
        broker = Broker(data=folder, port=port, cache=cache, progress=True, heap_mb=heap)
        try:
            broker.start()
            _tell(broker, console, as_json=json_)
            code = broker.wait()
            said = broker.last_words() or "it said nothing"
            raise BrokerError(f"Kafka ended by itself (exit code {code}): {said} (see {folder / 'kafka.log'})")
        finally:
            broker.stop()
    console.print("Stopped.")


def download(cache: Cache = None, json_: Json = False) -> None:
    """Fetch and check Kafka's files now, so that later starts need no network. 预先下载 Kafka。"""
    console = Console(stderr=True, highlight=False)
    lock = read_lock()
    fetched = _announce(cache, console)
    jars = ensure_jars(cache, progress=True)
    folder = jars[0].parent
    if json_:
        typer.echo(json.dumps({"kafka": lock.kafka, "folder": str(folder), "files": len(jars), "downloaded": fetched}))
    console.print(f"Kafka {lock.kafka}: {len(jars)} files, all as locked, in {folder}", soft_wrap=True, markup=False)


@contextmanager
def _until_signalled() -> Iterator[None]:
    """The block ends, without an error, at the first signal; later ones do not disturb what it does to end."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        for each in SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise _StopSignal

    # What a caller ignores (nohup, a background job) stays ignored.
    before = {each: handler for each in SIGNALS if (handler := signal.getsignal(each)) is not signal.SIG_IGN}
    try:
        for each in before:
            signal.signal(each, stop)
        yield
    except _StopSignal:
        pass
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _announce(cache: Path | None, console: Console) -> int:
    """Say what is to be downloaded, before the bar; returns the number of files."""
    lock = read_lock()
    missing = missing_jars(cache or default_cache(), lock)
    if missing:
        size = sum(jar.size for jar in missing) / 1e6
        console.print(f"Downloading Kafka {lock.kafka}, once: {len(missing)} files, {size:.0f} MB", soft_wrap=True)
    return len(missing)


def _tell(broker: Broker, console: Console, *, as_json: bool) -> None:
    console.print(f"[bold green]Kafka is ready[/bold green] at [bold]{broker.bootstrap}[/bold]", soft_wrap=True)
    for label, text in (
        ("topics in ", str(broker.data)),
        ("use it    ", f"export FENGHUO_KAFKA__BOOTSTRAP={broker.bootstrap}"),
        ("or        ", f"fenghuo worker --bootstrap {broker.bootstrap}"),
        ("stop      ", "Ctrl-C"),
    ):
        console.print(f"  {label} {text}", soft_wrap=True, markup=False)
    # Last: who waits for this line may act on it at once.
    if as_json:
        typer.echo(json.dumps({"bootstrap": broker.bootstrap, "pid": os.getpid(), "data": str(broker.data)}))
