"""`fenghuo config`: is a policy right, what is in force and where it comes from, and the schemas for editors."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from pydantic import BaseModel, SecretStr
from rich.console import Console
from rich.markup import escape

from config.documents import read, shipped
from config.errors import SettingsError
from config.lexicon_loader import load_lexicons
from config.loader import Policy, indicators_schema, load_policy
from config.policy_schema import policy_schema
from config.settings import PREFIX, load_settings, read_secrets
from streams.cli._shared import Json

__all__ = ["register"]

PolicyPath = Annotated[Path | None, typer.Option("--config", help="A policy file instead of the one that ships. 策略文件。")]


class SchemaOf(StrEnum):
    """What there is a schema of."""

    POLICY = "policy"
    INDICATORS = "indicators"


@dataclass(frozen=True)
class Checked:
    """What a policy that is right has, and what is worth a second look."""

    file: str
    version: str
    indicators: int
    lexicons: int
    stages: list[str]
    receivers: list[str]
    warnings: list[str]


def register(cli: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="The policy and the settings: check, show, schemas for editors. 配置。")
    group.command("check")(check)
    group.command("show")(show)
    group.command("schema")(schema)
    cli.add_typer(group, name="config")


def check(
    file: Annotated[Path | None, typer.Argument(help="The policy; without it, the one that ships. 策略文件。", metavar="[FILE]")] = None,
    secrets: Annotated[bool, typer.Option("--secrets/--no-secrets", help="Also look whether each receiver's secrets are set here.")] = True,
    json_: Json = False,
) -> None:
    """Read a policy as a worker would: every key, lexicon, stage and receiver. Exit code 2 names what is wrong. 检查策略文件。"""
    policy = load_policy(file)
    lexicons = load_lexicons(policy.lexicons)
    found = Checked(
        file=policy.file,
        version=policy.version,
        indicators=len(policy.rules),
        lexicons=len(lexicons.entries),
        stages=[step.name for step in policy.steps],
        receivers=[receiver.name for receiver in policy.receivers],
        warnings=[*_nobody(policy), *(_unset(policy) if secrets else ())],
    )
    if json_:
        typer.echo(json.dumps(asdict(found), ensure_ascii=False))
    else:
        _print(found)


def _print(found: Checked) -> None:
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"[green]right[/green] {escape(found.file)} (version {found.version})")
    console.print(f"  {found.indicators} indicators, {found.lexicons} word lists; stages: {', '.join(found.stages)}")
    console.print(f"  receivers: {escape(', '.join(found.receivers)) or 'none'}")
    for warning in found.warnings:
        console.print(f"[yellow]note[/yellow]  {escape(warning)}")


def show(config: PolicyPath = None, json_: Json = False) -> None:
    """Show what is in force, and where each value comes from. Secrets are never shown. 查看生效的策略与设置。"""
    load_policy(config)
    default, own = shipped("fenghuo.yaml").data, {} if config is None else read(config).data
    settings = {name: (value, "environment" if name in os.environ else "default") for name, value in _flat(load_settings())}
    policy = {key: (value, str(config) if key in own else "shipped") for key, value in {**default, **own}.items()}
    if json_:
        named = {"policy": policy, "settings": settings}
        parts = {part: {name: {"value": value, "from": origin} for name, (value, origin) in rows.items()} for part, rows in named.items()}
        typer.echo(json.dumps(parts, ensure_ascii=False, default=str))
        return
    console = Console(highlight=False, soft_wrap=True)
    console.print("[bold]policy 策略[/bold]")
    for key, (value, origin) in policy.items():
        first, *more = yaml.safe_dump({key: value}, allow_unicode=True, sort_keys=False).rstrip().split("\n")
        console.print("\n".join([f"{escape(first)}  [dim]# {escape(origin)}[/dim]", *map(escape, more)]))
    console.print("\n[bold]settings 设置[/bold]")
    for name, (value, origin) in settings.items():
        console.print(f"{name}={escape(str(value))}  [dim]# {origin}[/dim]")


def schema(
    of: Annotated[SchemaOf, typer.Argument(help="policy: fenghuo.yaml; indicators: indicators.yaml.")] = SchemaOf.POLICY,
) -> None:
    """Print the JSON Schema that editors check a file with; `# yaml-language-server: $schema=...` names it. 输出 JSON Schema。"""
    found = policy_schema() if of is SchemaOf.POLICY else indicators_schema()
    typer.echo(json.dumps(found, ensure_ascii=False, indent=1))


def _nobody(policy: Policy) -> Iterator[str]:
    """Who gets nothing, though the policy is right."""
    named = {name for step in policy.steps for _, name in step.receivers()}
    if not named:
        yield "no route names a receiver: alerts are on Kafka, nobody is paged; see routes in config/fenghuo.yaml"
    for receiver in policy.receivers:
        if named and receiver.name not in named:
            yield f"the receiver {receiver.name} is named by no route: it gets no page"


def _unset(policy: Policy) -> Iterator[str]:
    """Secrets that are not there, as the worker would say at its start."""
    for receiver in policy.receivers:
        try:
            read_secrets(receiver.secret_env, receiver.secret_file)
        except SettingsError as error:
            yield f"receiver {receiver.name}: {error}"


def _flat(group: BaseModel, prefix: str = PREFIX) -> Iterator[tuple[str, Any]]:
    """The settings by the names of their variables."""
    for name in type(group).model_fields:
        value = getattr(group, name)
        variable = f"{prefix}{name.upper()}"
        if isinstance(value, BaseModel):
            yield from _flat(value, f"{variable}__")
        else:
            yield (
                variable,
                "set" if isinstance(value, SecretStr) and value.get_secret_value() else "" if isinstance(value, SecretStr) else value,
            )
