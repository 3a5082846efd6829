"""`fenghuo models`: the versions of what was learnt from words, and which one is used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from config.loader import load_policy
from config.model_store import ModelError, ModelStore, ModelVersion
from streams.cli._models import day, plain, table
from streams.cli._shared import Json
from streams.errors import UsageError

__all__ = ["register"]

Config = Annotated[Path | None, typer.Option(help="The policy whose models folder is meant.")]
Folder = Annotated[Path | None, typer.Option("--models", help="The folder itself, instead of the policy's.")]


def register(cli: typer.Typer) -> None:
    """Add `models` and `models use`."""
    models = typer.Typer(help="Versions of what was learnt from words. 由词语学得的模型版本。", invoke_without_command=True)
    models.callback()(show)
    models.command("use")(use)
    cli.add_typer(models, name="models")


def show(context: typer.Context, config: Config = None, models: Folder = None, json_: Json = False) -> None:
    """List the versions, the one in use in full. 列出模型版本。"""
    if context.invoked_subcommand is not None:
        return
    store = ModelStore(_folder(config, models))
    chosen, pinned = store.chosen(), store.pinned()
    heads = {number: _head(store, number) for number in store.numbers()}
    if json_:
        versions = [plain(each) if isinstance(each, ModelVersion) else {"number": n, "error": each} for n, each in heads.items()]
        typer.echo(json.dumps({"folder": str(store.folder), "in_use": chosen, "fixed": pinned is not None, "versions": versions}))
        return
    console = Console()
    if not heads:
        console.print(f"no version in {store.folder} yet: `fenghuo learn EVENTS --out {store.folder}` 暂无版本", soft_wrap=True)
        return
    rows = Table("no. 版本", "until 训练至", "events 事件", "labels 标注", "used 启用", "MB", "hash", box=None)
    for number, each in heads.items():
        mark = "* " if number == chosen else "  "
        if isinstance(each, ModelVersion):
            cells = (day(each), str(each.events), str(each.examples), ", ".join(each.served) or "–", f"{each.bytes / 1e6:.1f}", each.digest)
        else:
            cells = (escape(each), "", "", "", "", "")
        rows.add_row(f"{mark}{number}", *cells)
    console.print(rows)
    current = heads.get(chosen) if chosen is not None else None
    if isinstance(current, ModelVersion):
        console.print(f"\nversion {chosen} in use{' (fixed by `models use`)' if pinned is not None else ''} 使用中")
        console.print(table(current))


def use(
    version: Annotated[str, typer.Argument(help="The number of a version, or latest: always the newest.")],
    config: Config = None,
    models: Folder = None,
) -> None:
    """Have workers and replays use one version, until another is said: a way back. Running workers follow within 10 s. 指定或回退版本。"""
    store = ModelStore(_folder(config, models))
    if version != "latest" and not version.isdecimal():
        raise UsageError(f"{version}: a version is a number, or latest; `fenghuo models` lists them")
    store.use(None if version == "latest" else int(version))
    Console().print(f"version {store.chosen()} is used 已启用版本 {store.chosen()}")


def _folder(config: Path | None, models: Path | None) -> Path:
    folder = models if models is not None else load_policy(config).models
    if folder is None:
        raise UsageError("the policy has no folder of models: set `models` in it, or give --models")
    return folder


def _head(store: ModelStore, number: int) -> ModelVersion | str:
    try:
        return store.head(number)
    except ModelError as error:
        return str(error)
