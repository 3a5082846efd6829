from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.changelog import CLOSE, OPEN, Changelog, fold
from tests.unit.kafka_fakes import FakeProducer

CHANGES = st.lists(st.tuples(st.sampled_from([b"a", b"b", b"c"]), st.none() | st.binary(max_size=300)), min_size=1, max_size=12)


def _write(producer: FakeProducer, changes: list[tuple[bytes, bytes | None]], *, framed: bool = False) -> tuple[int, int]:
    return asyncio.run(Changelog("t", {}, batch_bytes=500).write(producer, 0, changes, framed=framed))


def test_a_change_set_that_fits_is_one_batch() -> None:
    producer = FakeProducer()
    assert _write(producer, [(b"a", b"1"), (b"b", None)]) == (3, 2)
    assert producer.batches == [[(b"a", b"1"), (b"b", None)]]


def test_a_change_set_that_does_not_fit_is_framed() -> None:
    producer = FakeProducer()
    _write(producer, [(b"%d" % number, b"x" * 200) for number in range(5)])
    records = [record for batch in producer.batches for record in batch]
    assert len(producer.batches) > 1
    assert records[0][0] == OPEN
    assert records[-1][0] == CLOSE


def test_a_record_that_fits_no_batch_is_an_error() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        _write(FakeProducer(limit=100), [(b"a", b"x" * 200)])


@given(st.lists(CHANGES, max_size=5), st.integers(0, 200))
def test_a_reader_sees_whole_change_sets_only_wherever_the_writer_stopped(sets: list[list[tuple[bytes, bytes | None]]], cut: int) -> None:
    producer = FakeProducer()
    states: list[dict[bytes, bytes]] = [{}]
    for changes in sets:
        _write(producer, changes)
        states.append({**states[-1], **{key: value for key, value in changes if value is not None}})
        last = dict(changes)
        states[-1] = {key: value for key, value in states[-1].items() if last.get(key, b"") is not None}
        states[-1] |= {key: value for key, value in last.items() if value is not None}
    batches = producer.batches[: cut % (len(producer.batches) + 1)]
    state, _ = fold(record for batch in batches for record in batch)
    assert state in states
