"""What the commands that talk to Kafka share: options, settings, the event loop, words for the terminal."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
from collections.abc import Coroutine
from typing import Annotated, Any, TypeVar

import typer
from aiokafka.errors import KafkaError
from rich.console import Console

from config.settings import Settings, load_settings
from detectors.text.pii import mask
from streams.errors import FenghuoError
from streams.records import Parser
from streams.repeated_lines import RepeatedLines
from streams.wiring import Layout

__all__ = ["TIER_COLOURS", "AppId", "Bootstrap", "Json", "configure_logging", "human", "layout", "parser", "run", "settings", "settle"]

LIBRARIES = ("aiokafka", "faust", "mode", "asyncio")
TIER_COLOURS = {"red": "bold red", "orange": "dark_orange", "yellow": "yellow", "blue": "blue", "none": "dim"}

Bootstrap = Annotated[
    str | None, typer.Option("--bootstrap", help="Kafka's address, host:port, separated by commas (default: FENGHUO_KAFKA__BOOTSTRAP)")
]
AppId = Annotated[str, typer.Option("--app-id", help="Name of the application: workers with the same name share the work.")]
Json = Annotated[bool, typer.Option("--json", help="Machine output on stdout.")]

_T = TypeVar("_T")


def settings(bootstrap: str | None = None) -> Settings:
    """The settings of the process, with the address given on the command line."""
    found = load_settings()
    if bootstrap is None:
        return found
    return found.model_copy(update={"kafka": found.kafka.model_copy(update={"bootstrap": bootstrap})})


def layout(found: Settings) -> Layout:
    """The partition counts of the settings."""
    return Layout(found.topics.events, found.topics.scopes, found.topics.alerts)


def parser(found: Settings) -> Parser:
    """What turns records into events: masked, bounded, ids with private data replaced."""
    return Parser(mask, secret=found.privacy.secret.get_secret_value().encode(), limit=found.limits.max_record_bytes)


def human() -> Console:
    """A console on stderr: stdout is for data."""
    return Console(stderr=True, highlight=False)


def run(work: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine on uvloop where there is one. What Kafka refuses for good becomes one line for the user."""
    if not logging.getLogger().handlers:
        configure_logging(logging.CRITICAL)
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return runner.run(work)
    except KafkaError as error:
        raise FenghuoError(f"Kafka refused: {error!r}; check the broker, the topics (`fenghuo topics plan`) and your rights") from error


def settle() -> None:
    """Call once everything is loaded: what is there now is left out of garbage collection, and collections become rare.

    Records and states form no cycles, so nothing waits for them; looking through all states again and again costs some 5 %.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _loop_factory() -> Any:
    if sys.platform == "win32":
        return None
    import uvloop  # noqa: PLC0415 - has no wheel for Windows

    return uvloop.new_event_loop


def configure_logging(level: int = logging.INFO) -> None:
    """Our own lines at `level` and above on stderr, of the libraries only what went wrong, and that not hundreds of times a second."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(RepeatedLines(LIBRARIES))
    logging.basicConfig(level=level, handlers=[handler], format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(max(level, logging.ERROR))
    # Not an error: the coordinator's topic is made when the first group asks for it.
    logging.getLogger("aiokafka.consumer.group_coordinator").setLevel(logging.CRITICAL)
