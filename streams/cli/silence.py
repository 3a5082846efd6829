"""`fenghuo silence`: for a while nobody is paged about what matches."""

from __future__ import annotations

import json
import time
import uuid
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from alerts.silence import Silence
from alerts.store.queries import Queries
from alerts.store.rows import Row, Rows, Source
from alerts.store.tables import SILENCES
from detectors.text.pii import mask
from streams.cli._duration import duration, moment
from streams.cli._give import By, command, give, person, tell
from streams.cli._pairs import pairs
from streams.cli._shared import Bootstrap, Json, run, settings
from streams.cli._topic import everything
from streams.errors import UsageError
from streams.stores import open_store
from streams.topics import FEEDBACK

__all__ = ["register"]

LONGEST_S = 366 * 86_400.0


def register(cli: typer.Typer) -> None:
    """Add `silence add`, `silence list` and `silence expire`."""
    silence = typer.Typer(help="Page nobody about what matches, for a while. 静默。", no_args_is_help=True)
    silence.command("add")(add)
    silence.command("list")(list_silences)
    silence.command("expire")(expire)
    cli.add_typer(silence, name="silence")


def add(
    tenant: Annotated[str, typer.Option(help="Whose alerts.")],
    why: Annotated[str, typer.Option(help="The reason, for people.")],
    match: Annotated[list[str] | None, typer.Option(help="A label and its value, such as queue_id=q-logi; all must fit.")] = None,
    for_: Annotated[str | None, typer.Option("--for", help="How long: 30m, 2h, 1d.")] = None,
    from_: Annotated[str | None, typer.Option("--from", help="Since when (RFC 3339); now by default.")] = None,
    until: Annotated[str | None, typer.Option(help="Until when (RFC 3339), instead of --for.")] = None,
    everything_: Annotated[bool, typer.Option("--everything", help="Without --match: all alerts of the tenant.")] = False,
    bootstrap: Bootstrap = None,
    by: By = None,
    json_: Json = False,
) -> None:
    """Silence alerts by their labels. Alerts are still recorded, nobody is paged. 添加静默。"""
    labels = pairs(match or [], "--match")
    if not labels and not everything_:
        raise UsageError("without --match every alert of the tenant would be silent: give --match label=value, or --everything")
    if (for_ is None) == (until is None):
        raise UsageError("give --for or --until, one of the two")
    starts = moment(from_, "--from") if from_ is not None else time.time()
    end = starts + duration(for_, "--for") if for_ is not None else moment(until or "", "--until")
    if not max(starts, time.time()) < end <= starts + LONGEST_S:
        raise UsageError("a silence ends after it starts, in the future, at most 366 days later")
    silence = Silence(
        id=f"s-{uuid.uuid4().hex[:12]}", tenant=tenant, match=labels, starts=starts, until=end, by=person(by), why=mask(why).text
    )
    given = command(tenant, "silence_add", by=by, comment=why, silence=silence)
    run(give(bootstrap, given))
    tell(given, f"已静默 silenced: {silence.id} until {_time(end)}", as_json=json_, silence_id=silence.id)


def list_silences(
    bootstrap: Bootstrap = None,
    all_: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    json_: Json = False,
) -> None:
    """List the silences that hold or will hold. 静默列表。"""
    rows = [row for row in run(_silences(bootstrap)) if all_ or _holds(row)]
    rows.sort(key=lambda row: (row["until"], row["silence_id"]))
    if json_:
        typer.echo(json.dumps([_plain(row) for row in rows], ensure_ascii=False))
        return
    table = Table(Column("id", no_wrap=True, min_width=14), "tenant", "match", "from", "until", "by", "why", box=None)
    for row in rows:
        match = " ".join(f"{name}={value}" for name, value in row["match"].items()) or "everything 全部"
        cells = [row["silence_id"], row["tenant"], match, _time(row["starts"]), _time(row["until"]), row["by"], row["why"]]
        table.add_row(*map(escape, cells), style=None if _holds(row) else "dim")
    Console().print(table if rows else "no silences 没有静默")


def expire(
    silence: Annotated[str, typer.Argument(metavar="ID", help="The silence's id, or its first characters.")],
    bootstrap: Bootstrap = None,
    by: By = None,
    json_: Json = False,
) -> None:
    """End a silence now. 结束静默。"""
    found = [row for row in run(_silences(bootstrap)) if row["silence_id"].startswith(silence) and _holds(row)]
    if len(found) != 1:
        ids = ", ".join(row["silence_id"] for row in found[:5])
        problem = f"several silences' ids begin with {silence}: {ids}; give more of it" if found else f"no silence {silence} holds"
        raise UsageError(f"{problem}: `fenghuo silence list` shows them")
    row = found[0]
    ended = Silence(id=row["silence_id"], tenant=row["tenant"], match=row["match"], starts=row["starts"], until=row["until"], by=person(by))
    given = command(row["tenant"], "silence_expire", by=by, silence=ended)
    run(give(bootstrap, given))
    tell(given, f"已结束静默 ended: {ended.id}", as_json=json_, silence_id=ended.id)


async def _silences(bootstrap: str | None) -> list[Row]:
    """All silences: from the store of FENGHUO_STORE__URL, else from the feedback topic, as far back as it goes."""
    found = settings(bootstrap)
    if found.store.url is not None:
        async with open_store(found) as store:
            return await Queries(store.reader).silences(time.time(), everything=True)
    rows = Rows()
    async for record in everything(bootstrap, FEEDBACK):
        rows.add(Source("commands", record.value, record.timestamp / 1000))
    return [{**row, "match": json.loads(row["match"])} for row in rows.tables.get(SILENCES, {}).values() if row["at"] > 0]


def _holds(row: Row) -> bool:
    return bool(row["until"] > time.time() and row["ended_at"] < row["at"])


def _plain(row: Row) -> dict[str, Any]:
    named = {name: row[name] for name in ("silence_id", "tenant", "match", "by", "why")}
    over = {"ended_by": row["ended_by"], "ended_at": _iso(row["ended_at"])} if row["ended_at"] >= row["at"] else {}
    return {**named, "starts": _iso(row["starts"]), "until": _iso(row["until"]), "holds": _holds(row), **over}


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone().isoformat(sep=" ", timespec="minutes")
