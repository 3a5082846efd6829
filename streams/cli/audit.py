"""`fenghuo audit`: what happened to each alert, as hash chains that can be verified."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from alerts.audit import Finding, Verification, parse
from alerts.store.queries import Queries
from streams.cli._shared import Bootstrap, Json, human, run, settings
from streams.cli._topic import everything
from streams.errors import UsageError
from streams.files import read_lines
from streams.stores import open_store
from streams.topics import AUDIT

__all__ = ["register"]

Found = tuple[str, Finding]
Heads = dict[tuple[str, str], tuple[int, str]]


def register(cli: typer.Typer) -> None:
    """Add `audit verify` and `audit export`."""
    audit = typer.Typer(help="What happened to each alert, provably. 审计。", no_args_is_help=True)
    audit.command("verify")(verify)
    audit.command("export")(export)
    cli.add_typer(audit, name="audit")


def verify(
    file: Annotated[Path | None, typer.Argument(help="A file made by `audit export`; the audit topic without it.")] = None,
    bootstrap: Bootstrap = None,
    store: Annotated[bool, typer.Option("--store", help="Also compare with the store: finds what was cut off at the end.")] = False,
    json_: Json = False,
) -> None:
    """Find records that were changed, are missing, out of order or doubled. Exit code 1 when there are any. 校验审计链。"""
    verification = Verification()
    found = list(_in_file(file, verification)) if file is not None else run(_in_topic(bootstrap, verification))
    found += [("end", finding) for finding in verification.rest(run(_heads()) if store else None)]
    if json_:
        findings = [{"where": where, **asdict(finding)} for where, finding in found]
        typer.echo(json.dumps({"records": verification.count, "findings": findings}, ensure_ascii=False))
    elif found:
        _print(found)
    else:
        human().print(f"{verification.count} records, nothing wrong 共{verification.count}条记录，未发现异常")
    if found:
        raise typer.Exit(1)


def export(
    out: Annotated[Path, typer.Option(help="Where to: a file of one CloudEvent a line.")],
    bootstrap: Bootstrap = None,
) -> None:
    """Copy the audit topic to a file, in its order. 导出审计记录。"""
    count = run(_export(bootstrap, out))
    human().print(f"{count} records written to {out} 已导出{count}条记录")


def _in_file(file: Path, verification: Verification) -> Iterator[Found]:
    for line in read_lines([file]):
        finding = verification.add(parse(line.data))
        if finding is not None:
            yield f"line {line.number}", finding


async def _in_topic(bootstrap: str | None, verification: Verification) -> list[Found]:
    found = []
    async for record in everything(bootstrap, AUDIT):
        finding = verification.add(parse(record.value or b""))
        if finding is not None:
            found.append((f"{record.partition}/{record.offset}", finding))
    return found


async def _heads() -> Heads:
    found = settings()
    async with open_store(found) as store:
        return await Queries(store.reader).heads()


async def _export(bootstrap: str | None, out: Path) -> int:
    count = 0
    try:
        with out.open("wb") as file:
            async for record in everything(bootstrap, AUDIT):
                file.write((record.value or b"") + b"\n")
                count += 1
    except OSError as error:
        raise UsageError(f"{out} cannot be written ({error.strerror}): give another --out") from error
    return count


def _print(found: list[Found]) -> None:
    table = Table("where 位置", "what 问题", "alert 告警", "seq", "detail 说明", box=None)
    for where, finding in found:
        cells: list[Any] = [where, finding.kind, finding.subject, finding.seq or "", finding.detail]
        table.add_row(*map(str, cells), style="red")
    Console().print(table)
