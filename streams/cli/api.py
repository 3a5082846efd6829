"""`fenghuo api`: alerts over HTTP, for consoles and other programs."""

from __future__ import annotations

import json
import logging
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from alerts.store.queries import Queries
from config.loader import Policy, load_policy
from config.settings import Settings
from streams.api.asyncapi import asyncapi
from streams.api.bus import KafkaBus
from streams.api.hub import Hub
from streams.api.openapi import openapi
from streams.api.server import ApiParts, build_api, routes_of
from streams.api.tail import Tail
from streams.api.tokens import Tokens, load_tokens, new_token
from streams.cli._shared import Bootstrap, configure_logging, human, run, settings
from streams.errors import UsageError
from streams.kafka import client_options, require_broker
from streams.metrics import Metrics
from streams.serving import Served, until_stopped
from streams.stores import open_store, projector_of, require_topics

__all__ = ["register"]

log = logging.getLogger(__name__)

ANY = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared, not bound
Out = Annotated[Path | None, typer.Option(help="A file to write; standard output without it.")]


def register(cli: typer.Typer) -> None:
    """Add `api` and what belongs to it."""
    api = typer.Typer(help="Alerts over HTTP. 告警接口。", invoke_without_command=True)
    api.callback()(serve)
    api.command("token")(token)
    api.command("openapi")(show_openapi)
    api.command("asyncapi")(show_asyncapi)
    cli.add_typer(api, name="api")


def serve(
    context: typer.Context,
    bootstrap: Bootstrap = None,
    config: Annotated[Path | None, typer.Option(help="The policy; the one that ships with Fenghuo by default.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen at (default: FENGHUO_API__HOST, loopback).")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65_535, help="Port; 0 takes a free one.")] = None,
    fill: Annotated[
        bool | None,
        typer.Option("--fill/--no-fill", help="Fill the store as well. By default where FENGHUO_STORE__URL names none: workers fill that."),
    ] = None,
) -> None:
    """Serve alerts, commands and live events over HTTP, until Ctrl-C or SIGTERM. 提供告警接口。"""
    if context.invoked_subcommand is not None:
        return
    configure_logging()
    found = settings(bootstrap)
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    found = found.model_copy(update={"api": found.api.model_copy(update=given)})
    tokens = load_tokens(found.api)
    if not len(tokens):
        raise UsageError("nobody could use the API: make a token with `fenghuo api token NAME`, and set FENGHUO_API__TOKENS")
    if found.api.host in ANY and not found.api.hosts:
        raise UsageError('FENGHUO_API__HOSTS: at every address the API must know its names, such as ["alerts.example.com"]')
    run(_serve(found, load_policy(config), tokens, fill=found.store.url is None if fill is None else fill))


def token(
    name: Annotated[str, typer.Argument(help="Who it is for: stands in alerts and the audit.")],
    role: Annotated[str, typer.Option(help="viewer, operator or admin.")] = "operator",
    tenant: Annotated[list[str] | None, typer.Option(help="A tenant it may see; may be given again. All without it.")] = None,
) -> None:
    """Make a token: its text for whoever uses it (shown once), and the entry for FENGHUO_API__TOKENS. 生成令牌。"""
    roles: dict[str, Literal["viewer", "operator", "admin"]] = {"viewer": "viewer", "operator": "operator", "admin": "admin"}
    if role not in roles:
        raise UsageError(f"--role {role}: choose one of {', '.join(roles)}")
    try:
        text, entry = new_token(name, roles[role], tenant or None)
    except ValueError as error:
        raise UsageError(f"{name!r} cannot be a token's name: 1 to 100 printable characters are expected") from error
    human().print("token 令牌（仅显示一次 shown once）:", text, soft_wrap=True)
    typer.echo(json.dumps(entry.model_dump(mode="json", exclude_none=True), ensure_ascii=False))


def show_openapi(out: Out = None) -> None:
    """The OpenAPI document of this API. 接口文档。"""
    _write(json.dumps(openapi(), ensure_ascii=False, indent=2) + "\n", out)


def show_asyncapi(out: Out = None) -> None:
    """The AsyncAPI document of the topics others may read and write. 主题文档。"""
    _write(asyncapi(), out)


def _write(text: str, out: Path | None) -> None:
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{out} cannot be written ({error.strerror}): give another --out") from error


async def _serve(found: Settings, policy: Policy, tokens: Tokens, *, fill: bool) -> None:
    options = client_options(found.kafka)
    await require_broker(options)
    await require_topics(found)
    hub, bus = Hub(), KafkaBus(options, found.topics.alerts)
    tail = Tail(hub, options, found.topics.alerts)
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(found))
        parts: list[Any] = [bus, tail, *([projector_of(found, store, Metrics(), audit=False)] if fill else [])]
        for part in parts:
            await part.start()
            stack.push_async_callback(part.stop)
        queries = Queries(store.reader)
        hosts = [*found.api.hosts, *({found.api.host} - ANY)]
        app = build_api(ApiParts(tokens, queries, bus, hub, routes_of(policy.steps), hosts=hosts, origins=found.api.origins))
        await stack.enter_async_context(Served(app, found.api.host, found.api.port, what="api"))
        await until_stopped([part.run() for part in parts if part is not bus])
