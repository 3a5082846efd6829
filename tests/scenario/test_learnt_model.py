"""What was learnt from words, in the whole pipeline: the same version gives the same alerts, wherever an event is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random

import msgspec
import pytest
import zstandard

from config.model_store import ModelStore
from config.sentiment_prior import load_prior
from detectors.event import Event
from detectors.text.words_model import PARTS, WordsModel
from streams.learning import Learning
from streams.pipeline import Pipeline
from streams.topics import ALERTS
from streams.wiring import Layout
from tests.scenario.harness import wiring
from tests.scenario.slices import arrivals, history


@cache
def events() -> list[Event]:
    return history(seed=12, days=1, rate=0.2)


def silent(found: Sequence[Event]) -> list[Event]:
    """The same events where no producer says what a conversation is about."""
    return [replace_issue(event) for event in found]


def replace_issue(event: Event) -> Event:
    issue = event.issue
    return msgspec.structs.replace(event, issue=None if issue is None else msgspec.structs.replace(issue, category=None, is_complaint=None))


@cache
def model() -> WordsModel:
    """Taught by another day's events; every part is used, however good it is."""
    learner = Learning(WordsModel(load_prior()), wiring().analyse)
    for event in history(seed=13, days=3, rate=0.25):
        learner.learn(event)
    learner.finish()
    learner.model.served = frozenset(PARTS)
    return learner.model


def written(folder: Path) -> ModelStore:
    """A store with the model as its version 1. Writing decides anew which parts are used: of a copy."""
    store, copy = ModelStore(folder), WordsModel(load_prior())
    copy.restore(model().state())
    store.write(copy, 0.0, 0)
    return store


def alerts(found: Sequence[Event], layout: Layout, learnt: WordsModel | None) -> set[bytes]:
    pipeline = Pipeline(replace(wiring(layout), model=lambda: learnt))
    sends = [send for first in range(0, len(found), 500) for send in pipeline.feed(found[first : first + 500])]
    return {send.value for send in [*sends, *pipeline.finish()] if send.topic == ALERTS and send.value is not None}


@cache
def with_model() -> set[bytes]:
    return alerts(arrivals(silent(events())), Layout(1, 1, 1), model())


@pytest.mark.parametrize("layout", [Layout(4, 1, 1), Layout(4, 3, 2)], ids=["4-1-1", "4-3-2"])
def test_the_same_version_gives_the_same_alerts_whatever_the_partitions(layout: Layout) -> None:
    assert alerts(arrivals(silent(events()), Random(5)), layout, model()) == with_model()


def test_a_version_read_from_its_file_gives_the_same_alerts(tmp_path: Path) -> None:
    read = written(tmp_path).read(1)[1]
    read.served = frozenset(PARTS)
    assert alerts(arrivals(silent(events())), Layout(2, 1, 1), read) == with_model()


def test_a_version_that_has_learnt_nothing_gives_the_alerts_without_one() -> None:
    fresh = WordsModel()
    fresh.settle()
    found = arrivals(silent(events()))
    assert alerts(found, Layout(2, 1, 1), fresh) == alerts(found, Layout(2, 1, 1), None)


def test_what_no_event_says_is_learnt_from_those_that_do() -> None:
    """Categories of a day on which no event gives one, by a model of other days."""
    told = b'"issue_category":'
    assert not any(told in alert for alert in alerts(arrivals(silent(events())), Layout(1, 1, 1), None))
    assert any(told in alert for alert in with_model())


def test_no_word_and_no_id_of_a_customer_is_in_a_version(tmp_path: Path) -> None:
    data = written(tmp_path).path(1).read_bytes()
    plain = zstandard.decompress(data[len(b"FENGHUO WORDS\n") + 32 :])
    taught = history(seed=13, days=3, rate=0.25)
    ids = {event.customer.id for event in taught if event.customer is not None} | {event.subject for event in taught}
    words = {token for event in taught if event.message is not None for token in wiring().analyse(event.message.text or "", None).tokens}
    assert len(words) > 500
    assert len(ids) > 100
    # Three bytes are in a megabyte of weights by chance, and Latin words may be field names of the format (`number`).
    told = [*ids, *(token for token in words if not token.isascii() and len(token) > 1)]
    assert [token for token in told if token.encode() in plain] == []
