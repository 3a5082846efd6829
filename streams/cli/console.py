"""`fenghuo console`: the pages operators work on, with the API beside them."""

from __future__ import annotations

import getpass
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from alerts.store.overviews import Overviews
from alerts.store.queries import Queries
from config.loader import Policy, load_policy
from config.settings import Settings
from streams.api.bus import KafkaBus
from streams.api.guard import LOOPBACK
from streams.api.hub import Hub
from streams.api.server import ApiParts, routes_of
from streams.api.tail import Tail
from streams.api.tokens import Token, Tokens, load_tokens, new_token
from streams.cli._shared import Bootstrap, configure_logging, human, run, settings
from streams.cli.api import ANY
from streams.console.changes import Changes
from streams.console.floor import BACK_S, Floor
from streams.console.server import ConsoleParts, build_console
from streams.console.session import TICKET_S
from streams.console.topic_tail import TopicTail
from streams.errors import UsageError
from streams.kafka import client_options, require_broker
from streams.metrics import Metrics
from streams.serving import Served, until_stopped
from streams.stores import open_store, projector_of, require_topics
from streams.topics import KPIS, RULES

__all__ = ["OpenConsole", "opened_console", "register"]

PORT: Final = 8740


def register(cli: typer.Typer) -> None:
    """Add `console`."""
    cli.command("console")(console)


def console(
    bootstrap: Bootstrap = None,
    config: Annotated[Path | None, typer.Option(help="The policy; the one that ships with Fenghuo by default.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen at (default: FENGHUO_API__HOST, loopback).")] = None,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port; 0 takes a free one.")] = PORT,
    fill: Annotated[
        bool | None,
        typer.Option("--fill/--no-fill", help="Fill the store as well. By default where FENGHUO_STORE__URL names none: workers fill that."),
    ] = None,
) -> None:
    """Serve the console and the API, until Ctrl-C or SIGTERM. On loopback it prints a link that logs in once. 值守控制台。"""
    configure_logging()
    found = settings(bootstrap)
    given = {"port": port} | ({"host": host} if host is not None else {})
    found = found.model_copy(update={"api": found.api.model_copy(update=given)})
    tokens = load_tokens(found.api)
    if found.api.host not in LOOPBACK and not len(tokens):
        raise UsageError("beyond loopback nobody could log in: make a token with `fenghuo api token NAME`, and set FENGHUO_API__TOKENS")
    if found.api.host in ANY and not found.api.hosts:
        raise UsageError('FENGHUO_API__HOSTS: at every address the console must know its names, such as ["alerts.example.com"]')
    run(_serve(found, load_policy(config), tokens, fill=found.store.url is None if fill is None else fill))


async def _serve(found: Settings, policy: Policy, tokens: Tokens, *, fill: bool) -> None:
    async with opened_console(found, policy, tokens, fill=fill) as console:
        _greet(console, found.api.host)
        await until_stopped(console.works())


@dataclass(frozen=True)
class OpenConsole:
    """A console that is served: what it is made of, where, and what must run for it meanwhile."""

    parts: ConsoleParts
    address: str
    following: list[Any]

    def login(self) -> str:
        """A link that logs in once, as administrator, within TICKET_S."""
        return f"{self.address}login?ticket={self.parts.tickets.issue(_owner(), time.time())}"

    def works(self) -> list[Coroutine[Any, Any, None]]:
        """What whoever opened it runs until it is closed."""
        return [part.run() for part in self.following]


@asynccontextmanager
async def opened_console(found: Settings, policy: Policy, tokens: Tokens, *, fill: bool) -> AsyncIterator[OpenConsole]:
    """The console of the settings, served while the context is open; with `fill` it also fills the store.

    Raises BrokerUnavailable, TopicsError and UsageError as their names say, FenghuoError when the port is taken.
    """
    options = client_options(found.kafka)
    await require_broker(options)
    await require_topics(found)
    hub, bus, floor = Hub(), KafkaBus(options, found.topics.alerts), Floor()
    changes, partitions = Changes(), found.topics.alerts
    tails = [
        Tail(hub, options, partitions),
        TopicTail(KPIS, partitions, options, floor.feed, back_s=BACK_S, ready=floor.settle),
        TopicTail(RULES, 1, options, changes.feed),
    ]
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(found))
        works: list[Any] = [*tails, *([projector_of(found, store, Metrics(), audit=False)] if fill else [])]
        for part in (bus, *works):
            await part.start()
            stack.push_async_callback(part.stop)
        hosts = [*found.api.hosts, *({found.api.host} - ANY)]
        routes = routes_of(policy.steps)
        api = ApiParts(tokens, Queries(store.reader), bus, hub, routes, hosts=hosts, origins=found.api.origins)
        parts = ConsoleParts(api, Overviews(store.reader), policy.rules, floor, changes, policy.calendar.zone)
        served = await stack.enter_async_context(Served(build_console(parts), found.api.host, found.api.port, what="console"))
        name = f"[{found.api.host}]" if ":" in found.api.host else found.api.host
        yield OpenConsole(parts, f"http://{name}:{served.port}/", works)


def _greet(console: OpenConsole, host: str) -> None:
    """Tell where the console is; on loopback, to a person, with a link that logs in once.

    Whoever sees the terminal could start a console of their own: the link gives them nothing new.
    """
    if host not in LOOPBACK:
        human().print(f"控制台 console: {console.address}", soft_wrap=True)
        return
    text = f"控制台 console (链接一次有效，{TICKET_S / 60:.0f} 分钟内 once, within {TICKET_S / 60:.0f} min):"
    human().print(text, console.login(), soft_wrap=True)


def _owner() -> Token:
    """Whoever started the console, as its administrator; the name stands in the audit."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        name = "console"
    return new_token(name, "admin")[1]
