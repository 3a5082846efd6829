"""Versions on disk: whole or not at all, checked, bounded in number, and a way back."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import pytest
import zstandard

from config.model_store import FORMAT, KEPT, ModelError, ModelStore
from detectors.text.words import Words
from detectors.text.words_model import WordsModel

HEAD = len(b"FENGHUO WORDS\n") + 32


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


def taught(labels: int = 3) -> WordsModel:
    model = WordsModel()
    for number in range(labels):
        model.learn_sentiment([Words("谢谢", "zh-CN", ("谢谢",), sentiment=0.1)], number % 2 == 0)
    return model


def repack(path: Path, **changes: object) -> None:
    """The same file with other values and a right hash."""
    data = path.read_bytes()
    plain = msgspec.msgpack.decode(zstandard.decompress(data[HEAD:]))
    packed = zstandard.compress(msgspec.msgpack.encode({**plain, **changes}))
    path.write_bytes(data[: HEAD - 32] + hashlib.blake2b(packed, digest_size=32).digest() + packed)


def test_a_folder_that_is_not_there_holds_no_version(store: ModelStore) -> None:
    assert store.numbers() == []
    assert store.chosen() is None


def test_what_is_written_is_read_again(store: ModelStore) -> None:
    written = store.write(taught(), 1_000.0, 7)
    version, model = store.read(written.number)
    assert version == written
    assert (version.number, version.trained_until, version.events, version.examples) == (1, 1_000.0, 7, 3)
    assert version.bytes == store.path(1).stat().st_size
    assert model.quality() == taught().quality()


def test_the_newest_is_in_use_until_one_is_fixed(store: ModelStore) -> None:
    for _ in range(3):
        store.write(taught(), 0.0, 0)
    assert store.chosen() == 3
    store.use(2)
    assert (store.chosen(), store.pinned()) == (2, 2)
    store.write(taught(), 0.0, 0)
    assert store.chosen() == 2
    store.use(None)
    assert store.chosen() == 4


def test_the_last_five_are_kept_and_the_one_in_use(store: ModelStore) -> None:
    store.write(taught(), 0.0, 0)
    store.use(1)
    for _ in range(KEPT + 2):
        store.write(taught(), 0.0, 0)
    assert store.numbers() == [1, 4, 5, 6, 7, 8]
    assert [file.name for file in store.folder.iterdir() if file.name.startswith(".")] == []


@pytest.mark.parametrize("number", [9, 0])
def test_a_version_that_is_not_there_cannot_be_used(store: ModelStore, number: int) -> None:
    store.write(taught(), 0.0, 0)
    with pytest.raises(ModelError, match="no such version"):
        store.use(number)


def test_a_damaged_version_cannot_be_used_or_read(store: ModelStore) -> None:
    store.write(taught(), 0.0, 0)
    data = bytearray(store.path(1).read_bytes())
    data[-1] ^= 1
    store.path(1).write_bytes(data)
    with pytest.raises(ModelError, match=r"words-000001.model: is damaged"):
        store.use(1)
    assert store.pinned() is None


@pytest.mark.parametrize("data", [b"", b"FENGHUO WORDS\n", b"\x1f\x8b gzip", b"0" * 100])
def test_what_is_no_model_is_refused(store: ModelStore, data: bytes) -> None:
    store.write(taught(), 0.0, 0)
    store.path(2).write_bytes(data)
    with pytest.raises(ModelError, match="is damaged, or no model at all"):
        store.head(2)


def test_another_format_is_refused_by_its_number(store: ModelStore) -> None:
    store.write(taught(), 0.0, 0)
    repack(store.path(1), format=FORMAT + 1, model={"of": "tomorrow"})
    with pytest.raises(ModelError, match=f"is of format {FORMAT + 1}, this version of Fenghuo reads {FORMAT}"):
        store.read(1)


def test_a_file_of_the_right_hash_and_the_wrong_content_is_refused(store: ModelStore) -> None:
    store.write(taught(), 0.0, 0)
    repack(store.path(1), model=[1, 2])
    with pytest.raises(ModelError, match="cannot be unpacked"):
        store.read(1)


def test_a_model_of_another_make_is_refused(store: ModelStore) -> None:
    store.write(taught(), 0.0, 0)
    repack(store.path(1), model={"learners": {}, "trials": {}, "categories": {}, "served": []})
    with pytest.raises(ModelError, match="does not fit this version of Fenghuo"):
        store.read(1)


def test_a_fixed_version_that_is_gone_is_said(store: ModelStore) -> None:
    store.write(taught(), 0.0, 0)
    store.use(1)
    store.path(1).unlink()
    with pytest.raises(ModelError, match="use latest"):
        store.chosen()


def test_a_pin_that_is_no_number_is_said(store: ModelStore) -> None:
    store.write(taught(), 0.0, 0)
    (store.folder / "use").write_text("newest", encoding="utf-8")
    with pytest.raises(ModelError, match="holds no number"):
        store.chosen()


def test_other_files_of_the_folder_are_none_of_its_business(store: ModelStore) -> None:
    store.write(taught(), 0.0, 0)
    for name in ("words-x.model", "notes.txt", "words-000007.model.part"):
        (store.folder / name).write_text("", encoding="utf-8")
    assert store.numbers() == [1]
