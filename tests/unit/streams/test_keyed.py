"""Keyed state keeps few objects, all records, and says what changed."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from streams.keyed import KeyedState

Record = dict[str, Any]


def keyed(hot: int = 4, *, durable: bool = True) -> KeyedState[Record]:
    return KeyedState(lambda record: json.dumps(record).encode(), json.loads, hot=hot, durable=durable)


def test_a_record_comes_back_after_it_has_gone_cold() -> None:
    state = keyed(hot=2)
    for number in range(20):
        state.put(f"k{number}", {"n": number})
        state.changes()
    assert [state.get(f"k{number}") for number in range(20)] == [{"n": number} for number in range(20)]
    assert len(state) == 20


def test_changes_are_told_once() -> None:
    state = keyed()
    state.put("a", {"n": 1})
    state.put("b", {"n": 2})
    state.delete("a")
    assert state.changes() == [("a", None), ("b", b'{"n": 2}')]
    assert state.changes() == []


def test_a_loaded_record_is_no_change() -> None:
    state = keyed()
    state.load("a", b'{"n": 1}')
    assert state.changes() == []
    assert state.get("a") == {"n": 1}


def test_replay_keeps_no_changelog() -> None:
    state = keyed(durable=False)
    state.put("a", {"n": 1})
    assert state.changes() == []


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.one_of(st.none(), st.integers()), st.booleans()), max_size=60))
def test_whatever_was_written_a_restore_from_the_changes_gives_the_same_records(steps: list[tuple[str, int | None, bool]]) -> None:
    state = keyed(hot=2)
    log: dict[str, bytes | None] = {}
    model: dict[str, Record] = {}
    for key, value, flush in steps:
        if value is None:
            state.delete(key)
            model.pop(key, None)
        else:
            state.put(key, {"n": value})
            model[key] = {"n": value}
        if flush:
            log.update(state.changes())
    log.update(state.changes())
    assert {key: json.loads(data) for key, data in log.items() if data is not None} == model
    assert dict(state.items()) == model
