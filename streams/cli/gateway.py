"""`fenghuo gateway`: events over HTTP to Kafka."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from config.settings import Settings
from streams.cli._shared import Bootstrap, configure_logging, human, layout, run, settings, settle
from streams.gateway.gateway import Gateway
from streams.gateway.policy import load_gateway

__all__ = ["register"]


def register(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command("gateway")(gateway)


def gateway(
    bootstrap: Bootstrap = None,
    config: Annotated[Path | None, typer.Option(help="Tokens and adapters; see config/gateway.yaml. 令牌与适配器的配置文件。")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen at (default: FENGHUO_GATEWAY__HOST, loopback). 监听地址。")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port (default: FENGHUO_GATEWAY__PORT, 8080); 0 takes a free one. 端口。")
    ] = None,
    create_topics: Annotated[
        bool | None, typer.Option("--create-topics/--no-create-topics", help="Create missing topics. 自动创建缺失的主题。")
    ] = None,
) -> None:
    """Take events over HTTP and write them to Kafka. HTTP 接入网关。

    POST /v1/events (one CloudEvent), POST /v1/events:batch (a JSON array or JSON lines), POST /v1/adapters/NAME (a vendor's webhook).
    202 is answered once Kafka has acknowledged. GET /healthz, /readyz, /metrics. Stop with Ctrl-C or SIGTERM.
    事件写入 Kafka 并得到确认后才返回 202;用 Ctrl-C 或 SIGTERM 停止。
    """
    configure_logging()
    found = _settings(bootstrap, host, port, create_topics)
    policy = load_gateway(config, found.gateway)
    settle()
    console = human()
    run(Gateway(found, layout(found), policy, lambda address: console.print(f"gateway listens at {address}  网关已启动")).run())


def _settings(bootstrap: str | None, host: str | None, port: int | None, create_topics: bool | None) -> Settings:
    """The settings, with what the command line says."""
    found = settings(bootstrap)
    own = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    topics = {} if create_topics is None else {"create": create_topics}
    return found.model_copy(update={"gateway": found.gateway.model_copy(update=own), "topics": found.topics.model_copy(update=topics)})
