from __future__ import annotations

import asyncio
import itertools
import json
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from alerts.audit import parse, verify
from alerts.store.overviews import Issue, Overviews, Verdicts
from alerts.store.queries import BadCursor, Filter, Queries
from alerts.store.rows import Rows, Source
from alerts.store.store import Fenced, Place, Store, StoreError
from alerts.store.tables import AUDIT, METADATA, PROPERTIES, VIEWS
from alerts.tier import Tier
from tests.unit.store.records import BEGAN, alert, alert_event, command, delivery, put, rows_of, silence

MEMORY = "sqlite://"


@asynccontextmanager
async def opened(url: str = MEMORY) -> AsyncIterator[Store]:
    store = Store(url)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


async def dump(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table but the offsets."""
    async with store.reader.connect() as connection:
        views = {table.name: [tuple(row) for row in await connection.execute(select(table))] for table in VIEWS}
        columns = [column for column in AUDIT.c if column.name not in {"position", "published"}]
        views["audit"] = [tuple(row) for row in await connection.execute(select(*columns))]
    return {name: sorted(rows, key=repr) for name, rows in views.items()}


async def overview(store: Store) -> tuple[Any, ...]:
    """What `Overviews` says of all that is there."""
    views, since = Overviews(store.reader), BEGAN - 86_400.0
    issues = await views.issues(since, since)
    verdicts = sorted(await views.verdicts([BEGAN + 50, BEGAN]), key=repr)
    return issues, verdicts, await views.issue_alerts(issues, since), await views.bursts("queue_length", since)


ISSUES = [
    alert("e1", scope={"tenant_id": "acme", "issue_category": "damage", "product_id": "sku-1"}),
    alert("e2", scope={"tenant_id": "acme", "issue_category": "damage", "conversation_id": "c-1"}),
    alert("e3", scope={"tenant_id": "other", "product_id": "sku-1"}),
]
LOG = [
    alert("a1"),
    alert("b1"),
    alert("a1", 2),
    delivery("a1", result="waiting", reason="http_503"),
    command("c-1"),
    alert("a1", 3),
    silence("s-1", at=10),
    delivery("a1", at=9, attempt=2),
    command("c-2", "false_positive"),
    alert("a1", 4),
    silence("s-1", at=20, end=True),
    silence("s-1", at=30, until=60.0, queue="q-b"),
    command("c-3", "missed", None, alert_key="queue_length|queue=q-a"),
    alert("a1", 5),
    delivery("a1", 5, result="dead", reason="http_410"),
    delivery("a1", 4, step="e1", at=30.0),
    silence("s-2", at=40, end=True),
]


def in_batches(log: Sequence[Source], cuts: Sequence[int]) -> list[list[Source]]:
    edges = [0, *sorted({cut for cut in cuts if 0 < cut < len(log)}), len(log)]
    return [list(log[start:end]) for start, end in itertools.pairwise(edges)]


async def _result(batches: Sequence[Sequence[Source]]) -> dict[str, list[tuple[Any, ...]]]:
    async with opened() as store:
        for batch in batches:
            await put(store, *batch)
        return await dump(store)


@settings(max_examples=15)
@given(st.lists(st.integers(1, len(LOG)), max_size=4), st.lists(st.integers(0, len(LOG)), max_size=3))
def test_any_batches_and_any_prefixes_repeated_give_the_same_tables(cuts: list[int], prefixes: list[int]) -> None:
    expected = asyncio.run(_result([LOG]))
    again = [batch for prefix in prefixes for batch in in_batches(LOG[:prefix], cuts) if batch]
    assert asyncio.run(_result([*again, *in_batches(LOG, cuts)])) == expected
    assert asyncio.run(_result([*in_batches(LOG, cuts), *again])) == expected
    assert asyncio.run(_result(in_batches([record for batch in (*again, LOG) for record in batch], cuts))) == expected


def test_an_older_revision_never_overwrites() -> None:
    async def scene() -> tuple[Any, int]:
        async with opened() as store:
            await put(store, alert("a1", 4))
            await put(store, alert("a1", 2))
            queries = Queries(store.reader)
            found = await queries.alert("a1")
            assert found is not None
            return found["data"]["revision"], len(await queries.history("acme", "a1"))

    assert asyncio.run(scene()) == (4, 2)


def test_a_writer_that_was_overtaken_is_fenced_and_changes_nothing() -> None:
    async def scene() -> None:
        async with opened() as store:
            place = Place("t", 0)
            await store.write(rows_of([alert("a1")]), {place: (0, 1)})
            before = await dump(store)
            with pytest.raises(Fenced, match="t/0 was read from 0"):
                await store.write(rows_of([alert("a1", 2)]), {place: (0, 2)})
            assert await dump(store) == before
            assert await store.offsets() == {place: 1}

    asyncio.run(scene())


def test_records_that_are_none_are_counted_and_change_nothing() -> None:
    bad = [None, b"", b"{", b"[]", b"\xff", b'{"data": {}}', b'{"data": {"alert_id": 1}}']
    rows = rows_of(Source(kind, value, BEGAN) for kind in ("alerts", "commands", "deliveries") for value in bad)
    assert rows.rejects == 3 * len(bad)
    assert rows.entries == []
    assert not any(rows.tables.values())


@pytest.mark.parametrize(
    "change",
    [
        {"revision": 2**40},
        {"alert_id": "x" * 600},
        {"indicator": "a\0b"},
        {"tier": "purple"},
        {"scope": {}},
        {"event_time": "2026-11-11T00:00:00"},
    ],
    ids=str,
)
def test_an_alert_no_database_would_take_is_refused(change: dict[str, Any]) -> None:
    event = alert_event("a1")
    event["data"].update(change)
    assert rows_of([Source("alerts", json.dumps(event).encode(), BEGAN)]).rejects == 1


def test_private_data_in_a_note_is_in_no_table_and_not_in_the_audit() -> None:
    async def scene() -> None:
        async with opened() as store:
            await put(store, command("c-1", comment="客户电话13800138000"), command("c-2", "late", comment="打给13800138000"))
            assert "13800138000" not in repr(await dump(store))
            assert "PHONE" in repr(await dump(store))

    asyncio.run(scene())


def test_alerts_are_found_by_tier_state_indicator_scope_and_words() -> None:
    async def scene() -> None:
        async with opened() as store:
            await put(store, alert("a1"), alert("b1", 4), alert("c1", 5), alert("d1", 1, tenant="other"), alert("e1", 3, indicator="fcr"))
            queries = Queries(store.reader)

            async def ids(**wanted: Any) -> list[str]:
                return [item["data"]["alert_id"] for item in (await queries.alerts(Filter(**wanted))).items]

            assert await ids() == ["b1", "e1", "d1", "a1"]
            assert await ids(open=None) == ["c1", "b1", "e1", "d1", "a1"]
            assert await ids(open=False) == ["c1"]
            assert await ids(tenants=["acme"]) == ["b1", "e1", "a1"]
            assert await ids(tenants=[]) == []
            assert await ids(tiers=["red", "yellow"]) == ["b1", "d1", "a1"]
            assert await ids(states=["acknowledged"]) == ["e1"]
            assert await ids(indicators=["fcr"]) == ["e1"]
            assert await ids(scope={"queue_id": "q-b"}) == ["b1"]
            assert await ids(text="Q-E 排队") == ["e1"]
            assert await ids(text="100%_") == []
            assert await queries.counts(["acme"]) == {"red": 1, "orange": 1, "yellow": 1, "blue": 0}
            assert [event["data"]["alert_id"] for event in await queries.find("d")] == ["d1"]
            assert await queries.find("d", ["acme"]) == []

    asyncio.run(scene())


def test_pages_follow_one_another_without_a_gap_or_a_double() -> None:
    async def scene() -> None:
        async with opened() as store:
            names = [f"x{number:02}" for number in range(23)]
            await put(store, *(alert(name, at=BEGAN + number // 3) for number, name in enumerate(names)))
            queries, seen, cursor = Queries(store.reader), list[str](), None
            while True:
                page = await queries.alerts(Filter(), limit=5, cursor=cursor)
                seen += [item["data"]["alert_id"] for item in page.items]
                cursor = page.next
                if cursor is None:
                    break
            assert sorted(seen) == names
            for wrong in ("", "nonsense", "e30", "WzEsMl0", "é"):
                with pytest.raises(BadCursor):
                    await queries.alerts(Filter(), cursor=wrong)

    asyncio.run(scene())


def test_what_was_said_and_sent_about_an_alert_is_told() -> None:
    async def scene() -> None:
        async with opened() as store:
            await put(store, *LOG)
            queries = Queries(store.reader)
            assert [(row["kind"], row["by"]) for row in await queries.acknowledgements("acme", "a1")] == [("acknowledge", "li")]
            assert [row["kind"] for row in await queries.feedback("acme", "a1")] == ["false_positive"]
            delivered = [(row["revision"], row["result"], row["attempt"]) for row in await queries.deliveries("acme", "a1")]
            assert sorted(delivered) == [(1, "delivered", 2), (4, "delivered", 1), (5, "dead", 1)]
            assert [event["data"]["revision"] for event in await queries.history("acme", "a1")] == [1, 2, 3, 4, 5]
            kinds = [event["data"]["kind"] for event in await queries.audit("acme", "a1")]
            assert kinds == ["alert", "alert", "command", "alert", "delivery", "command", "alert", "alert", "delivery", "delivery"]

    asyncio.run(scene())


def test_a_silence_that_was_ended_is_over_until_it_is_added_again() -> None:
    async def scene() -> None:
        async with opened() as store:
            queries = Queries(store.reader)
            await put(store, silence("s-1", at=10))
            assert [row["match"] for row in await queries.silences(BEGAN + 15)] == [{"queue_id": "q-a"}]
            await put(store, silence("s-1", at=20, end=True))
            assert await queries.silences(BEGAN + 25) == []
            assert len(await queries.silences(BEGAN + 25, everything=True)) == 1
            await put(store, silence("s-1", at=30, queue="q-b"))
            assert [row["match"] for row in await queries.silences(BEGAN + 35)] == [{"queue_id": "q-b"}]
            assert await queries.silences(BEGAN + 99_999) == []
            assert await queries.silences(BEGAN + 35, ["other"]) == []

    asyncio.run(scene())


def test_retention_takes_ended_alerts_with_all_about_them_and_nothing_open() -> None:
    async def scene() -> None:
        async with opened() as store:
            await put(store, *LOG)
            audit = (await dump(store))["audit"]
            assert await store.prune(BEGAN + 4) == 0
            assert await store.prune(BEGAN + 1000) == 1
            left = await dump(store)
            assert [row[1] for row in left["alerts"]] == ["b1"]
            assert {row[1] for row in left["alert_history"]} == {row[1] for row in left["alert_scopes"]} == {"b1"}
            assert left["deliveries"] == left["acknowledgements"] == left["feedback"] == left["silences"] == []
            assert left["audit"] == audit

    asyncio.run(scene())


def test_the_audit_is_one_chain_for_each_alert_and_is_published_once() -> None:
    async def scene() -> None:
        async with opened() as store:
            await put(store, *LOG)
            waiting = await store.unpublished()
            records = [parse(each.value) for each in waiting]
            assert list(verify(records)) == []
            assert len(records) == len((await dump(store))["audit"]) == 16
            await store.published([each.position for each in waiting[:5]])
            assert await store.unpublished() == waiting[5:]
            # The topic has two more: the writer died before it could note that.
            await store.adopt([record for record in records[5:7] if record], {Place("audit", 0): (5, 7)})
            assert await store.unpublished() == waiting[7:]

    asyncio.run(scene())


def test_a_new_store_goes_on_from_the_chains_of_the_audit_topic() -> None:
    async def scene() -> None:
        async with opened() as first, opened() as second:
            await put(first, *LOG[:8])
            told = [record for each in await first.unpublished() if (record := parse(each.value))]
            assert await second.adopt(told, {Place("audit", 0): (0, len(told))}) == []
            await put(second, *LOG)
            more = [record for each in await second.unpublished() if (record := parse(each.value))]
            assert list(verify([*told, *more])) == []
            await put(first, *LOG[8:])
            assert (await dump(first))["audit"] == (await dump(second))["audit"]

    asyncio.run(scene())


def test_a_record_of_the_audit_topic_that_contradicts_the_store_is_named_and_not_taken() -> None:
    async def scene() -> None:
        async with opened() as one, opened() as other:
            await put(one, alert("a1"), alert("a1", 2))
            await put(other, alert("a1", value=999.0), alert("a1", 2))
            before = await dump(one)
            false = [record for each in await other.unpublished() if (record := parse(each.value))]
            assert await one.adopt(false, {Place("audit", 0): (0, 2)}) == false
            assert await dump(one) == before

    asyncio.run(scene())


def test_a_store_is_the_same_after_it_was_closed(tmp_path: Path) -> None:
    async def scene() -> None:
        url = f"sqlite:///{tmp_path / 'store.db'}"
        async with opened(url) as store:
            await put(store, *LOG)
            name, before, offsets = store.name, await dump(store), await store.offsets()
        async with opened(url) as store:
            assert (store.name, await dump(store), await store.offsets()) == (name, before, offsets)
            await store.clear()
            assert await store.offsets() == {}
            await put(store, *LOG)
            assert await dump(store) == before

    asyncio.run(scene())


def test_readers_go_on_while_a_writer_writes(tmp_path: Path) -> None:
    async def scene() -> None:
        url = f"sqlite:///{tmp_path / 'store.db'}"
        async with opened(url) as writer, opened(url) as reader:
            await put(writer, alert("a1"))
            async with writer.engine.begin() as transaction:
                await transaction.execute(AUDIT.delete())
                assert await Queries(reader.reader).alert("a1") is not None

    asyncio.run(scene())


@pytest.mark.parametrize("url", ["mysql://root:hunter2@host/db", "sqlite+pysqlite:///x", "nonsense", "sqlite:////nowhere/at/all/x.db"])
def test_a_url_that_cannot_be_used_is_refused_in_one_line_without_its_password(url: str) -> None:
    async def scene() -> None:
        store = Store(url)
        try:
            await store.open()
        finally:
            await store.close()

    with pytest.raises(StoreError) as refused:
        asyncio.run(scene())
    assert "\n" not in str(refused.value)
    assert "hunter2" not in str(refused.value)


# -- PostgreSQL


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """The URL of a server of our own; skipped where the machine has none."""
    pytest.importorskip("asyncpg", reason="needs the extra postgres")
    found = [shutil.which("initdb") or "", *map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb"))]
    initdb = next((each for each in found if each and Path(each).exists()), None)
    if initdb is None:
        pytest.skip("PostgreSQL's server is not installed on this machine")
    with tempfile.TemporaryDirectory(prefix="fenghuo-pg-") as folder:
        yield from _server(Path(initdb).parent, Path(folder))


def _server(programs: Path, folder: Path) -> Iterator[str]:
    # The server refuses to run as root; in a container the tests do.
    user: dict[str, Any] = {"user": "nobody", "group": "nogroup"} if os.geteuid() == 0 else {}
    if user:
        shutil.chown(folder, **user)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    made = subprocess.run(
        [programs / "initdb", "-D", folder / "data", "-U", "fenghuo", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C"],
        capture_output=True, cwd=folder, check=False, **user,
    )  # fmt: skip
    if made.returncode:
        pytest.skip(f"initdb fails on this machine: {made.stderr.decode(errors='replace').strip().splitlines()[-1:]}")
    options = ["-h", "127.0.0.1", "-p", str(port), "-k", str(folder), "-F"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([programs / "postgres", "-D", folder / "data", *options], stdout=log, stderr=log, cwd=folder, **user)
        try:
            asyncio.run(_answers(f"postgresql://fenghuo@127.0.0.1:{port}/postgres"))
            yield f"postgresql://fenghuo@127.0.0.1:{port}/postgres"
        finally:
            server.terminate()
            server.wait(20)


async def _answers(url: str) -> None:
    async with asyncio.timeout(30):
        while True:
            store = Store(url)
            try:
                await store.open()
            except StoreError:
                await asyncio.sleep(0.1)
            else:
                return
            finally:
                await store.close()


async def wipe(store: Store) -> None:
    """The tests share a server."""
    async with store.engine.begin() as connection:
        for table in METADATA.sorted_tables:
            if table is not PROPERTIES:
                await connection.execute(table.delete())


def test_postgresql_holds_the_same_as_sqlite(postgres: str) -> None:
    async def scene() -> None:
        async with opened() as sqlite, opened(postgres) as server:
            await wipe(server)
            for store in (sqlite, server):
                for batch in in_batches([*LOG[:5], *LOG, *ISSUES], [2, 9, 14]):
                    await put(store, *batch)
            assert await dump(server) == await dump(sqlite)
            ours, theirs = Queries(sqlite.reader), Queries(server.reader)
            for wanted in (Filter(), Filter(open=None, text="排队"), Filter(open=None, scope={"queue_id": "q-a"})):
                page = await theirs.alerts(wanted, limit=1)
                assert page == await ours.alerts(wanted, limit=1)
                if page.next is not None:
                    assert await theirs.alerts(wanted, cursor=page.next) == await ours.alerts(wanted, cursor=page.next)
            assert await theirs.heads() == await ours.heads()
            counted = [await overview(store) for store in (server, sqlite)]
            assert counted[0] == counted[1]
            assert counted[0][0]
            with pytest.raises(Fenced):
                await server.write(Rows(), {Place("test", 0): (0, 1)})
            assert await server.prune(BEGAN + 1000) == await sqlite.prune(BEGAN + 1000)
            assert await dump(server) == await dump(sqlite)

    asyncio.run(scene())


def test_two_writers_on_postgresql_keep_one_chain(postgres: str) -> None:
    async def scene() -> None:
        async with opened(postgres) as one, opened(postgres) as other:
            await wipe(one)

            async def write(store: Store, place: Place, sources: list[Source]) -> None:
                for offset, source in enumerate(sources):
                    await store.write(rows_of([source]), {place: (offset, offset + 1)})

            alerts = [alert("z1", revision) for revision in range(1, 30)]
            commands = [command(f"z-{number}", alert_id="z1") for number in range(30)]
            await asyncio.gather(write(one, Place("za", 0), alerts), write(other, Place("zc", 0), commands))
            records = [parse(json.dumps(event).encode()) for event in await Queries(one.reader).audit("acme", "z1")]
            assert len(records) == 59
            assert list(verify(records)) == []

    asyncio.run(scene())


def test_an_alert_counts_with_its_category_else_its_product_and_about_a_conversation_nowhere() -> None:
    def about(alert_id: str, at: float, **scope: str) -> Source:
        state = "resolved" if alert_id.startswith("f") else "raised"
        return alert(alert_id, at=BEGAN + at, tier="red", state=state, scope={"tenant_id": "acme", **scope})

    async def scene() -> None:
        async with opened() as store:
            await put(
                store,
                about("a1", 0, issue_category="damage", product_id="sku-1"),
                about("a2", 100, issue_category="damage"),
                about("f1", 50, issue_category="damage"),
                about("f2", -50, issue_category="damage"),
                about("a3", 10, product_id="sku-1"),
                about("a4", 10, issue_category="damage", conversation_id="c-1"),
                about("f3", -90_000, issue_category="old"),
                about("a5", -90_000, issue_category="open"),
            )
            views = Overviews(store.reader)
            found = await views.issues(BEGAN - 10, BEGAN + 60, ["acme"])
            assert found == [
                Issue("acme", "issue_category", "damage", 3, 1, 2, Tier.RED, BEGAN + 100),
                Issue("acme", "product_id", "sku-1", 1, 0, 1, Tier.RED, BEGAN + 10),
                Issue("acme", "issue_category", "open", 1, 0, 1, Tier.RED, BEGAN - 90_000),
            ]
            alerts = await views.issue_alerts(found, BEGAN - 10)
            assert [data["alert_id"] for data in alerts["acme", "damage"]] == ["a2", "a1", "f1"]
            assert await views.issues(BEGAN, BEGAN, ["other"]) == []
            assert await views.issue_alerts([], BEGAN) == {}

    asyncio.run(scene())


def test_verdicts_are_counted_by_the_span_they_were_given_in() -> None:
    async def scene() -> None:
        async with opened() as store:
            judged = [("a1", "false_positive", 10.0), ("a2", "false_positive", 20.0), ("a1", "true_positive", 70.0), ("a1", "late", -10.0)]
            said = [command(f"k{place}", kind, name, at=at) for place, (name, kind, at) in enumerate(judged)]
            await put(store, alert("a1"), alert("a2"), *said, command("k9", "false_positive", "gone", at=10.0))
            found = await Overviews(store.reader).verdicts([BEGAN + 60, BEGAN])
            assert sorted(found, key=repr) == [
                Verdicts("queue_length", 0, "true_positive", 1),
                Verdicts("queue_length", 1, "false_positive", 2),
            ]

    asyncio.run(scene())
