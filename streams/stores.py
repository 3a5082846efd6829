"""The store of the settings, for whoever asks or fills it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from alerts.store.store import Store, StoreError
from config.settings import Settings
from streams.errors import TopicsError, UsageError
from streams.kafka import administer, client_options
from streams.metrics import Metrics
from streams.project import KINDS, Projector
from streams.topics import AUDIT, KPIS, partition_counts

__all__ = ["filled_store", "open_store", "projector_of", "require_topics", "store_of"]


def store_of(found: Settings) -> Store:
    """The store of `FENGHUO_STORE__URL`, else `alerts.db` in the data folder, not opened yet. Raises UsageError."""
    url = found.store.url
    if url is None:
        found.data_dir.mkdir(parents=True, exist_ok=True)
    try:
        return Store(url.get_secret_value() if url is not None else f"sqlite:///{found.data_dir / 'alerts.db'}")
    except StoreError as error:
        raise UsageError(f"FENGHUO_STORE__URL: {error}") from None


@asynccontextmanager
async def open_store(found: Settings) -> AsyncIterator[Store]:
    """The store, open. Raises UsageError when it cannot be opened."""
    store = store_of(found)
    try:
        try:
            await store.open()
        except StoreError as error:
            raise UsageError(str(error)) from error
        yield store
    finally:
        await store.close()


def projector_of(found: Settings, store: Store, metrics: Metrics, *, audit: bool = True, strict: bool = True) -> Projector:
    """What fills a store, as the settings say; with `audit` False it never writes the audit."""
    return Projector(
        store,
        client_options(found.kafka),
        metrics,
        partitions=found.topics.alerts,
        retention_days=found.store.retention_days,
        audit=audit and found.store.audit,
        strict=strict,
    )


@asynccontextmanager
async def filled_store(found: Settings) -> AsyncIterator[dict[str, Callable[[Metrics], Projector]]]:
    """What a worker runs beside its stages: the projector of the store, where FENGHUO_STORE__URL names one. Raises UsageError."""
    if found.store.url is None:
        yield {}
        return
    store = store_of(found)
    try:
        yield {"store": lambda metrics: projector_of(found, store, metrics, strict=False)}
    finally:
        await store.close()


async def require_topics(found: Settings) -> None:
    """Raise TopicsError where a topic of the store is missing or has other partitions than the settings say.

    A consumer that asks for a topic which is not there may create it, with a partition count that fits nobody.
    """
    async with administer(client_options(found.kafka)) as admin:
        counts = await partition_counts(admin)
    for topic in (*KINDS, AUDIT, KPIS):
        if counts.get(topic) != found.topics.alerts:
            there = f"has {counts[topic]} partitions, {found.topics.alerts} are expected" if topic in counts else "does not exist"
            raise TopicsError(f"topic {topic} {there}: run `fenghuo topics apply`, or set FENGHUO_TOPICS__ALERTS as the workers have it")
