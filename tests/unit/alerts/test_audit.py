from __future__ import annotations

import json
import random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.audit import AuditRecord, Entry, Finding, Verification, chain, digest_of, parse, to_event, verify

VECTOR = "dfdd56590062b18da3dc42e7f8410f574fd90729dd55b9ed1d94f386e17aaf40"


def entry(subject: str, number: int, **more: Any) -> Entry:
    what: dict[str, str | int] = {"state": "updated", "value": "312.0", "注": "排队"}
    return Entry("acme", subject, "alert", str(number), "2026-11-11T00:00:00.000+00:00", "", what, "0" * 64, **more)


def log(*lengths: int, seed: int = 1) -> list[AuditRecord]:
    """Chains of these lengths, mixed as a log has them."""
    order = [number for number, length in enumerate(lengths) for _ in range(length)]
    random.Random(seed).shuffle(order)
    last: dict[int, AuditRecord] = {}
    records = []
    for number in order:
        known = last.get(number)
        last[number] = chain(entry(f"a{number}", known.seq + 1 if known else 1), known)
        records.append(last[number])
    return records


def found(records: list[AuditRecord | None]) -> list[tuple[str, int, str, int]]:
    return [(each.kind, each.position, each.subject, each.seq) for each in verify(records)]


def change(record: AuditRecord, **what: str) -> AuditRecord:
    return msgspec.structs.replace(record, entry=msgspec.structs.replace(record.entry, what={**record.entry.what, **what}))


def rehashed(record: AuditRecord) -> AuditRecord:
    return msgspec.structs.replace(record, hash=digest_of(record.entry, record.seq, record.previous))


@given(st.lists(st.integers(0, 6), max_size=5), st.integers(0, 5))
def test_a_log_nobody_touched_has_nothing_wrong(lengths: list[int], seed: int) -> None:
    assert found(list(log(*lengths, seed=seed))) == []


def test_the_hash_is_that_of_the_previous_one_and_the_canonical_json() -> None:
    """A fixed vector: another implementation must get the same."""
    record = chain(entry("a0", 1), None)
    assert record.hash == digest_of(record.entry, 1, "0" * 64)
    assert record.hash == VECTOR


@given(st.integers(0, 11), st.sampled_from(["what", "by", "at", "ref", "kind", "source_sha256"]))
def test_a_changed_record_is_found_where_it_stands(index: int, name: str) -> None:
    records: list[AuditRecord | None] = list(log(4, 4, 4))
    old = records[index]
    assert old is not None
    value = {"state": "resolved"} if name == "what" else "other"
    records[index] = msgspec.structs.replace(old, entry=msgspec.structs.replace(old.entry, **{name: value}))
    assert found(records) == [("changed", index + 1, old.entry.subject, old.seq)]


def test_a_change_with_a_hash_made_to_fit_breaks_the_link_of_the_next() -> None:
    records: list[AuditRecord | None] = list(log(5))
    records[1] = rehashed(change(log(5)[1], state="resolved"))
    assert found(records) == [("changed", 3, "a0", 3)]


@given(st.integers(0, 11))
def test_a_missing_record_is_named_by_its_place(index: int) -> None:
    records: list[AuditRecord | None] = list(log(4, 4, 4))
    gone = records.pop(index)
    assert gone is not None
    # What was cut off at the end of a chain leaves no trace in the log.
    expected = [] if gone.seq == 4 else [("missing", 0, gone.entry.subject, gone.seq)]
    assert found(records) == expected


def test_several_that_are_missing_are_one_finding_with_their_places() -> None:
    records: list[AuditRecord | None] = [*log(9)[:2], *log(9)[6:]]
    assert [(each.kind, each.seq, each.detail) for each in verify(records)] == [
        ("missing", 3, "place 3 to 6 of the chain is nowhere in the log")
    ]


def test_records_out_of_order_are_found() -> None:
    one, two, three, four = log(4)
    assert found([one, three, two, four]) == [("reordered", 3, "a0", 2)]
    assert found([two, one, three, four]) == [("reordered", 2, "a0", 1)]


def test_a_doubled_record_is_found() -> None:
    one, two, three = log(3)
    assert found([one, two, two, three]) == [("doubled", 3, "a0", 2)]
    assert found([one, two, three, one]) == [("doubled", 4, "a0", 1)]


def test_a_record_moved_to_another_chain_is_found() -> None:
    one, two = log(2)
    moved = msgspec.structs.replace(two, entry=msgspec.structs.replace(two.entry, subject="b"))
    assert ("changed", 2, "b", 2) in found([one, moved])


def test_what_cannot_be_read_is_a_finding() -> None:
    assert list(verify([None])) == [Finding("unreadable", 1, "", "", 0, "is no audit record")]


@pytest.mark.parametrize("value", [b"", b"{", b"[]", b"\xff", b'{"data": {"tenant": "acme"}}', b'{"data": {"seq": 1.5}}'])
def test_bytes_that_are_no_record_are_none(value: bytes) -> None:
    assert parse(value) is None


@given(st.text(), st.text(), st.dictionaries(st.text(), st.text() | st.integers(-(2**53), 2**53)))
def test_a_record_survives_its_event(subject: str, by: str, what: dict[str, str | int]) -> None:
    entry = Entry("租户", subject, "command", "c-1", "2026-11-11T00:00:00.000+00:00", by, what, "f" * 64)
    record = chain(entry, None)
    assert parse(json.dumps(to_event(record)).encode()) == record
    assert list(verify([record])) == []


def test_what_was_cut_off_is_found_by_whoever_knows_the_heads() -> None:
    one, two, three = log(3)
    other = chain(entry("b", 1), None)
    heads = {("acme", "a0"): (3, three.hash), ("acme", "b"): (1, other.hash)}

    def rest(records: list[AuditRecord]) -> list[tuple[str, str, int]]:
        verification = Verification()
        assert [finding for record in records if (finding := verification.add(record))] == []
        return [(each.kind, each.subject, each.seq) for each in verification.rest(heads)]

    assert rest([one, two, three, other]) == []
    assert rest([one, two]) == [("missing", "a0", 3), ("missing", "b", 1)]
    assert rest([one, two, rehashed(change(three, state="resolved")), other]) == [("changed", "a0", 3)]
