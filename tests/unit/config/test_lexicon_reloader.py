"""Lexicons are taken over while the worker runs, and only when they are valid."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from config.errors import ConfigurationError
from config.lexicon_loader import load_lexicons
from config.lexicon_reloader import LexiconReloader, lexicon_version
from detectors.text.lexicon import Lexicons


def write(folder: Path, *words: str, name: str = "anger.yaml") -> None:
    """A file whose time of change differs from the one before, however fast the test is."""
    before = (folder / name).stat().st_mtime_ns if (folder / name).exists() else 0
    (folder / name).write_text(f"entries: [{', '.join(words)}]", encoding="utf-8")
    status = (folder / name).stat()
    later = max(status.st_mtime_ns, before + 1_000_000)
    os.utime(folder / name, ns=(later, later))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, "生气")
    return tmp_path


def reloader(folder: Path, said: list[str]) -> LexiconReloader[Lexicons]:
    return LexiconReloader(folder, load_lexicons, said.append, said.append, every_s=10.0)


def test_a_change_is_taken_over_at_the_next_look_and_said(folder: Path) -> None:
    said: list[str] = []
    lexicons = reloader(folder, said)
    first = lexicons.version
    write(folder, "生气", "愤怒")
    assert lexicons.poll(0.0).phrases("anger") == ("生气", "愤怒")
    assert lexicons.version != first
    assert said == [f"version={lexicons.version}"]


def test_the_folder_is_looked_at_only_so_often(folder: Path) -> None:
    lexicons = reloader(folder, [])
    lexicons.poll(100.0)
    write(folder, "愤怒")
    assert lexicons.poll(109.9).phrases("anger") == ("生气",)
    assert lexicons.poll(110.0).phrases("anger") == ("愤怒",)


def test_a_new_file_and_a_removed_one_are_changes(folder: Path) -> None:
    lexicons = reloader(folder, [])
    write(folder, "起火", name="safety.yaml")
    assert lexicons.poll(0.0).phrases("safety") == ("起火",)
    (folder / "safety.yaml").unlink()
    assert lexicons.poll(10.0).phrases("safety") == ()


def test_what_is_wrong_leaves_the_old_in_use_and_is_said_once(folder: Path) -> None:
    said: list[str] = []
    lexicons = reloader(folder, said)
    version = lexicons.version
    write(folder, "生气", "生气")
    for now in (0.0, 10.0, 20.0):
        assert lexicons.poll(now).phrases("anger") == ("生气",)
    assert lexicons.version == version
    assert len(said) == 1
    assert "anger.yaml: entries[2]" in said[0]
    write(folder, "愤怒")
    assert lexicons.poll(30.0).phrases("anger") == ("愤怒",)


def test_a_folder_that_goes_away_leaves_the_old_in_use(folder: Path) -> None:
    said: list[str] = []
    lexicons = reloader(folder, said)
    folder.rename(folder.with_name("elsewhere"))
    assert [lexicons.poll(now).phrases("anger") for now in (0.0, 10.0)] == [("生气",), ("生气",)]
    assert len(said) == 1


def test_a_file_written_to_while_it_is_read_is_read_again(folder: Path) -> None:
    loads: list[int] = []

    def load(place: Path) -> Lexicons:
        loads.append(len(loads))
        found = load_lexicons(place)
        if len(loads) == 2:
            write(folder, "生气", "愤怒", "恼火")
        return found

    lexicons: LexiconReloader[Lexicons] = LexiconReloader(folder, load, str, str)
    write(folder, "生气", "愤怒")
    assert lexicons.poll(0.0).phrases("anger") == ("生气",)
    assert lexicons.poll(10.0).phrases("anger") == ("生气", "愤怒", "恼火")


def test_a_file_only_touched_is_not_loaded_again(folder: Path) -> None:
    said: list[str] = []
    lexicons = reloader(folder, said)
    before = lexicons.current
    write(folder, "生气")
    assert lexicons.poll(0.0) is before
    assert said == []


def test_the_first_load_must_succeed(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no lexicon"):
        reloader(tmp_path, [])


def test_the_version_depends_on_names_and_contents_alone(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    write(other, "生气")
    assert lexicon_version(other) == lexicon_version(folder)
    write(other, "生气", name="anger2.yaml")
    assert lexicon_version(other) != lexicon_version(folder)
