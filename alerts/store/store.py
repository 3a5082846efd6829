"""The store: what the topics say, in a database that can be asked. SQLite by default, PostgreSQL by URL."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import bindparam, case, delete, event, insert, select, text, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.sql.schema import Table

from alerts.audit import AuditRecord, Entry, chain, parse, to_event
from alerts.store.rows import NEWER_DELIVERY, Row, Rows
from alerts.store.tables import (
    ALERTS,
    AUDIT,
    DELIVERIES,
    METADATA,
    OFFSETS,
    PROPERTIES,
    SCHEMA,
    SILENCES,
    VIEWS,
)

__all__ = ["Fenced", "Place", "Store", "StoreError", "Unpublished"]

CHUNK: Final = 200
_LOCK: Final = 0x66656E67  # the name of PostgreSQL's advisory lock: "feng"
_READ: Final = "fenghuo_read"
_DRIVERS: Final = {"sqlite": "aiosqlite", "postgresql": "asyncpg"}


class StoreError(Exception):
    """The store cannot be used: one line that says what is wrong and what to do. Never shows the URL's password."""


class Fenced(Exception):
    """Somebody else has written since: what was read must be read again from the store's offsets."""


class Place(NamedTuple):
    """A partition of a topic."""

    topic: str
    partition: int


class Unpublished(NamedTuple):
    """An audit record that the audit topic does not have yet."""

    position: int
    tenant: str
    subject: str
    value: bytes


class Store:
    """One database. Rows and offsets change in one transaction, so that each record counts once however often it is read.

    Every write is an upsert that an older row never wins: records may come again, in any batches. Writers exclude one another; readers
    never wait (SQLite in WAL mode, PostgreSQL). Not for a network file system, where SQLite's locks do not hold.
    """

    def __init__(self, url: str) -> None:
        """Raises StoreError when the URL names no database this can use, or its driver is not installed."""
        self.engine: AsyncEngine = _engine(url)
        self.name = ""
        """The store's own name, known once it is open: who reads the topics for it belongs to one group of that name."""
        self.reader: AsyncEngine = self.engine.execution_options(**{_READ: True})
        """For transactions that only read: they wait for nobody."""
        self._insert: Any = sqlite.insert if self._sqlite else postgresql.insert

    @property
    def _sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    async def open(self) -> None:
        """Make the tables where they are missing. Raises StoreError when the database does not answer or has other tables."""
        try:
            self._try_file()
            async with self.engine.begin() as connection:
                await self._exclude(connection)
                await connection.run_sync(METADATA.create_all)
                known = {row.name: row.value for row in await connection.execute(select(PROPERTIES))}
                if not known:
                    known = {"schema": SCHEMA, "name": uuid.uuid4().hex[:12]}
                    await connection.execute(insert(PROPERTIES), [{"name": name, "value": value} for name, value in known.items()])
        except (DBAPIError, OSError, sqlite3.Error) as error:
            raise StoreError(f"the store {self.shown} cannot be opened ({_cause(error)}): check the address, rights and disk") from error
        if known.get("schema") != SCHEMA:
            raise StoreError(f"the store {self.shown} has tables of another version: give it a new database, then `fenghuo store rebuild`")
        self.name = known["name"]

    def _try_file(self) -> None:
        """A file that cannot be opened is found here: aiosqlite would leave a thread behind that fails after the event loop has ended."""
        file = self.engine.url.database
        if self._sqlite and file:
            sqlite3.connect(file).close()

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()

    @property
    def shown(self) -> str:
        """The URL without its password."""
        return self.engine.url.render_as_string(hide_password=True)

    # -- writing

    async def offsets(self) -> dict[Place, int]:
        """The next offset to read of each partition that was ever read."""
        async with self.reader.connect() as connection:
            return {Place(row.topic, row.partition): row.next for row in await connection.execute(select(OFFSETS))}

    async def write(self, rows: Rows, read: Mapping[Place, tuple[int, int]]) -> None:
        """Take in rows, audit entries, and how far was read: for each partition the offset it began at and the next one.

        All or nothing. Raises Fenced when the store is not where the reading began.
        """
        async with self.engine.begin() as connection:
            await self._exclude(connection)
            await self._advance(connection, read)
            for table, kept in rows.tables.items():
                await connection.execute(self._upsert(table), list(kept.values()))
            await self._append(connection, rows.entries)

    async def adopt(self, records: Iterable[AuditRecord], read: Mapping[Place, tuple[int, int]]) -> list[AuditRecord]:
        """Take in what the audit topic has; returns those that contradict the store, which keeps what it has."""
        async with self.engine.begin() as connection:
            await self._exclude(connection)
            await self._advance(connection, read)
            taken = list(records)
            found = [await self._adopt(connection, taken[start : start + CHUNK]) for start in range(0, len(taken), CHUNK)]
            return [record for part in found for record in part]

    async def unpublished(self, limit: int = CHUNK) -> list[Unpublished]:
        """The oldest audit records that are not known to be on the topic, in their order."""
        query = select(AUDIT.c.position, AUDIT.c.tenant, AUDIT.c.subject, AUDIT.c.record)
        query = query.where(AUDIT.c.published.is_(False)).order_by(AUDIT.c.position).limit(limit)
        async with self.reader.connect() as connection:
            rows = await connection.execute(query)
            return [Unpublished(row.position, row.tenant, row.subject, row.record.encode()) for row in rows]

    async def published(self, positions: Sequence[int], read: Mapping[Place, tuple[int, int]] | None = None) -> None:
        """The topic has these; `read` says where, as in `write`. Raises Fenced."""
        async with self.engine.begin() as connection:
            await self._exclude(connection)
            await self._advance(connection, read or {})
            await connection.execute(update(AUDIT).where(AUDIT.c.position.in_(positions)).values(published=True))

    async def prune(self, before: float) -> int:
        """Delete alerts that ended before a moment (epoch s), with all about them, and silences over by then; returns how many alerts.

        Open alerts stay, and the audit stays whole.
        """
        async with self.engine.begin() as connection:
            await self._exclude(connection)
            done = await connection.execute(delete(ALERTS).where(ALERTS.c.open.is_(False), ALERTS.c.changed_at < before))
            alive = select(ALERTS.c.tenant, ALERTS.c.alert_id)
            for table in VIEWS:
                if table is not ALERTS and "alert_id" in table.c:
                    orphaned = tuple_(table.c.tenant, table.c.alert_id).not_in(alive)
                    old = [table.c[name] < before for name in ("at", "changed_at") if name in table.c]
                    await connection.execute(delete(table).where(orphaned, *old))
            ended = (SILENCES.c.ended_at >= SILENCES.c.at) & (SILENCES.c.ended_at < before)
            await connection.execute(delete(SILENCES).where(ended | (SILENCES.c.until < before)))
            return int(done.rowcount)

    async def clear(self) -> None:
        """Empty everything but the audit, and forget how far the topics were read: they are read again from their beginning."""
        async with self.engine.begin() as connection:
            await self._exclude(connection)
            for table in (*VIEWS, OFFSETS):
                await connection.execute(delete(table))

    # -- within a transaction

    async def _exclude(self, connection: AsyncConnection) -> None:
        """Wait for other writers. SQLite's transactions begin with its lock (`_engine`)."""
        if not self._sqlite:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:name)"), {"name": _LOCK})

    async def _advance(self, connection: AsyncConnection, read: Mapping[Place, tuple[int, int]]) -> None:
        for place, (begun, following) in read.items():
            where = (OFFSETS.c.topic == place.topic) & (OFFSETS.c.partition == place.partition)
            known = (await connection.execute(select(OFFSETS.c.next).where(where))).scalar_one_or_none()
            # A topic may have lost its beginning, so the reading may begin later than where the last one ended, never earlier.
            if known is not None and begun < known:
                raise Fenced(f"{place.topic}/{place.partition} was read from {begun}, the store is at {known}")
            if known is None:
                await connection.execute(insert(OFFSETS).values(topic=place.topic, partition=place.partition, next=following))
            else:
                await connection.execute(update(OFFSETS).where(where).values(next=following))

    def _upsert(self, table: Table) -> Any:
        """Insert rows; of those whose key is there the newer stays."""
        statement = self._insert(table)
        new, keys = statement.excluded, [column.name for column in table.primary_key]
        if table is SILENCES:
            return statement.on_conflict_do_update(index_elements=keys, set_=_merge_silence(new))
        if table not in {ALERTS, DELIVERIES}:
            return statement.on_conflict_do_nothing(index_elements=keys)
        guard = ("revision",) if table is ALERTS else NEWER_DELIVERY
        values = {column.name: new[column.name] for column in table.c if column.name not in {*keys, "first_at"}}
        newer = tuple_(*(new[name] for name in guard)) > tuple_(*(table.c[name] for name in guard))
        return statement.on_conflict_do_update(index_elements=keys, set_=values, where=newer)

    async def _append(self, connection: AsyncConnection, entries: Sequence[Entry]) -> None:
        """Chain the entries that are not there yet."""
        subjects = list(dict.fromkeys((entry.tenant, entry.subject) for entry in entries))
        heads: dict[tuple[str, str], AuditRecord] = {}
        known: set[tuple[str, str, str, str]] = set()
        for start in range(0, len(subjects), CHUNK):
            rows = await connection.execute(
                select(AUDIT).where(tuple_(AUDIT.c.tenant, AUDIT.c.subject).in_(subjects[start : start + CHUNK])).order_by(AUDIT.c.seq)
            )
            for row in rows:
                known.add((row.tenant, row.subject, row.kind, row.ref))
                heads[row.tenant, row.subject] = _record(row.record)
        fresh: list[Row] = []
        for entry in entries:
            identity = (entry.tenant, entry.subject, entry.kind, entry.ref)
            if identity not in known:
                known.add(identity)
                record = chain(entry, heads.get((entry.tenant, entry.subject)))
                heads[entry.tenant, entry.subject] = record
                fresh.append(_audit_row(record, published=False))
        if fresh:
            await connection.execute(insert(AUDIT), fresh)

    async def _adopt(self, connection: AsyncConnection, records: Sequence[AuditRecord]) -> list[AuditRecord]:
        """Insert what is new, mark what is known, give back what contradicts."""
        subjects = list(dict.fromkeys((record.entry.tenant, record.entry.subject) for record in records))
        rows = await connection.execute(select(AUDIT).where(tuple_(AUDIT.c.tenant, AUDIT.c.subject).in_(subjects)))
        hashes: dict[tuple[str, str, int], str] = {}
        refs: set[tuple[str, str, str, str]] = set()
        for row in rows:
            hashes[row.tenant, row.subject, row.seq] = row.hash
            refs.add((row.tenant, row.subject, row.kind, row.ref))
        fresh, marked, contradicting = [], [], []
        for record in records:
            entry = record.entry
            place, ref = (entry.tenant, entry.subject, record.seq), (entry.tenant, entry.subject, entry.kind, entry.ref)
            if hashes.get(place) == record.hash:
                marked.append({"t": entry.tenant, "s": entry.subject, "n": record.seq})
            elif place in hashes or ref in refs:
                contradicting.append(record)
            else:
                hashes[place] = record.hash
                refs.add(ref)
                fresh.append(_audit_row(record, published=True))
        if fresh:
            await connection.execute(insert(AUDIT), fresh)
        if marked:
            where = (AUDIT.c.tenant == bindparam("t")) & (AUDIT.c.subject == bindparam("s")) & (AUDIT.c.seq == bindparam("n"))
            await connection.execute(update(AUDIT).where(where).values(published=True), marked)
        return contradicting


def _engine(url: str) -> AsyncEngine:
    try:
        parsed = make_url(url)
        kind, _, driver = parsed.drivername.partition("+")
        if kind not in _DRIVERS or driver not in {"", _DRIVERS[kind]}:
            raise StoreError(f"a store is sqlite:///path or postgresql://user@host/name, not {parsed.drivername}://")
        engine = create_async_engine(parsed.set(drivername=f"{kind}+{_DRIVERS[kind]}"), pool_pre_ping=kind != "sqlite")
    except (ArgumentError, NoSuchModuleError) as error:
        raise StoreError("the store's URL cannot be read: give sqlite:///path or postgresql://user@host/name") from error
    except ModuleNotFoundError as error:
        raise StoreError(f"the store needs the package {error.name}: pip install 'fenghuo[postgres]'") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    """WAL: readers go on beside the one writer; NORMAL loses at most the last transactions on a power cut, which are read again."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=10000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    """Writers take the lock at once: a transaction that reads first and writes later could not be granted it."""
    connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get(_READ) else "BEGIN IMMEDIATE")


def _merge_silence(new: Any) -> dict[str, Any]:
    """Of two definitions the later, of two ends the later (`rows._merged` in SQL)."""
    old = SILENCES.c
    defined, ended = new.at > old.at, new.ended_at > old.ended_at
    merged = {name: case((defined, new[name]), else_=old[name]) for name in ("match", "starts", "until", "by", "why", "at")}
    return merged | {name: case((ended, new[name]), else_=old[name]) for name in ("ended_by", "ended_at")}


def _audit_row(record: AuditRecord, *, published: bool) -> Row:
    entry = record.entry
    return {
        "tenant": entry.tenant,
        "subject": entry.subject,
        "seq": record.seq,
        "kind": entry.kind,
        "ref": entry.ref,
        "hash": record.hash,
        "record": msgspec.json.encode(to_event(record)).decode(),
        "published": published,
    }


def _record(value: str) -> AuditRecord:
    record = parse(value.encode())
    if record is None:
        raise StoreError("the store's audit holds a record that is none: it was changed by hand; restore a copy, or begin a new store")
    return record


def _cause(error: BaseException) -> str:
    """What a driver said, without the statement and its parameters."""
    original = getattr(error, "orig", None) or error
    return f"{type(original).__name__}: {str(original).splitlines()[0] if str(original) else 'no answer'}"
