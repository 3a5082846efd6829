"""Versions that change under a running worker: taken over when valid, by a clock that is set."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from config.model_store import ModelError, ModelStore
from config.settings import KafkaSettings
from detectors.text.words_model import WordsModel
from streams.model_watch import ModelWatch
from streams.stage import Stage
from streams.worker import Worker, WorkerOptions, WorkerParts


class Clock:
    """Seconds that are set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path)


def served(*parts: str) -> WordsModel:
    model = WordsModel()
    model.settle = lambda: setattr(model, "served", frozenset(parts))  # type: ignore[method-assign]
    return model


def number_of(watch: ModelWatch) -> int | None:
    return watch.version.number if watch.version is not None else None


def test_an_empty_folder_gives_no_model_until_there_is_one(store: ModelStore) -> None:
    clock = Clock()
    watch = ModelWatch(store.folder / "later", clock=clock)
    assert watch() is None
    assert watch.versions() == {}
    ModelStore(store.folder / "later").write(served("category"), 50.0, 1)
    clock.now = 10.0
    watch.poll()
    assert watch() is not None
    assert watch.versions() == {"category": ("1", 50.0)}


def test_a_new_version_is_taken_over_at_the_next_look_not_before(store: ModelStore, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    store.write(served(), 0.0, 0)
    clock = Clock()
    watch = ModelWatch(store.folder, clock=clock)
    store.write(served(), 0.0, 0)
    clock.now = 9.0
    watch.poll()
    assert number_of(watch) == 1
    clock.now = 10.0
    watch.poll()
    assert number_of(watch) == 2
    assert "models.reloaded version=2" in caplog.text


def test_a_way_back(store: ModelStore) -> None:
    for _ in range(2):
        store.write(served(), 0.0, 0)
    clock = Clock()
    watch = ModelWatch(store.folder, clock=clock)
    store.use(1)
    clock.now = 10.0
    watch.poll()
    assert number_of(watch) == 1


def test_the_old_version_stays_when_the_new_one_is_bad_and_the_log_says_so_once(
    store: ModelStore, caplog: pytest.LogCaptureFixture
) -> None:
    store.write(served(), 0.0, 0)
    clock = Clock()
    watch = ModelWatch(store.folder, clock=clock)
    before = watch()
    store.path(2).write_bytes(b"half a file")
    for clock.now in (10.0, 20.0, 30.0):
        watch.poll()
    assert watch() is before
    assert caplog.text.count("models.refused") == 1
    assert "words-000002.model" in caplog.text
    store.path(2).unlink()
    store.write(served(), 0.0, 0)
    clock.now = 40.0
    watch.poll()
    assert number_of(watch) == 2


def build(name: str, partition: int) -> Stage:
    raise AssertionError(name)


def test_the_metrics_show_the_version_in_use_and_that_the_one_before_is_not(store: ModelStore) -> None:
    clock = Clock()
    store.write(served("category", "sentiment"), 50.0, 0)
    watch = ModelWatch(store.folder, clock=clock)
    worker = Worker(WorkerOptions(KafkaSettings()), WorkerParts(build, lambda _: pytest.fail("nothing is read"), models=watch.versions))
    worker._show_models()
    assert worker.metrics.value("model_info", "category", "1") == 1
    store.write(served("category"), 90.0, 0)
    clock.now = 10.0
    watch.poll()
    worker._show_models()
    assert [worker.metrics.value("model_info", *each) for each in (("category", "1"), ("category", "2"), ("sentiment", "1"))] == [0, 1, 0]
    assert worker.metrics.value("model_trained_until_seconds", "category") == 90.0


def test_a_bad_version_at_the_start_is_an_error(store: ModelStore) -> None:
    store.path(1).write_bytes(b"half a file")
    with pytest.raises(ModelError, match="is damaged"):
        ModelWatch(store.folder)
