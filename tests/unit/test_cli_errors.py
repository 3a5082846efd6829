"""Bad usage of each command: one clear line, the right exit code, never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOBODY = "127.0.0.1:1"
USAGE, BROKER = 2, 3


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a policy that is no YAML, one with a wrong value, and a damaged archive."""
    folder = tmp_path_factory.mktemp("broken")
    (folder / "brace.yaml").write_text("calendar: {", encoding="utf-8")
    (folder / "value.yaml").write_text("lateness_s: soon\n", encoding="utf-8")
    (folder / "damaged.jsonl.gz").write_bytes(b"\x1f\x8b\x08garbage")
    return folder


def fenghuo(folder: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    """Exit code and standard error of a run in another process; `{}` in an argument is the folder."""
    command = [sys.executable, "-m", "streams", *(argument.format(folder) for argument in arguments)]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FENGHUO_")}
    paths = os.pathsep.join([str(ROOT), *filter(None, [clean.get("PYTHONPATH")])])
    settings = {**clean, "PYTHONPATH": paths, "COLUMNS": "200", **environment}
    done = subprocess.run(command, cwd=folder, env=settings, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["frobnicate"], USAGE, "No such command 'frobnicate'"),
        (["simulate", "--out", "{}/x.jsonl", "--days", "0"], USAGE, "'--days'"),
        (["simulate", "--out", "{}/x.jsonl", "--incidents", "flood"], USAGE, "No incident of kind flood"),
        (["replay", "{}/missing.jsonl", "--out", "{}/x.jsonl"], USAGE, "missing.jsonl does not exist"),
        (["replay", "{}/damaged.jsonl.gz", "--out", "{}/x.jsonl"], USAGE, "damaged.jsonl.gz is damaged"),
        (["replay", os.devnull, "--config", "{}/value.yaml", "--out", "{}/x.jsonl"], USAGE, "value.yaml: lateness_s: "),
        (["indicators", "--config", "{}/brace.yaml"], USAGE, "brace.yaml: line 1, column 12"),
        (["alerts", "tail", "--tier", "purple"], USAGE, "--tier purple: choose one of blue, yellow, orange, red"),
        (["alerts", "list", "--bootstrap", NOBODY], BROKER, f"no Kafka answers at {NOBODY}"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else None,
)
def test_bad_usage_is_one_line_and_an_exit_code(files: Path, arguments: list[str], code: int, words: str) -> None:
    returned, told = fenghuo(files, *arguments)
    assert (returned, "Traceback" in told) == (code, False), told
    assert sum(words in line for line in told.splitlines()) == 1, told


def test_a_setting_that_cannot_be_used_is_named(files: Path) -> None:
    returned, told = fenghuo(files, "topics", "plan", FENGHUO_TOPICS__EVENTS="many")
    assert returned == USAGE
    assert told.splitlines()[-1].startswith("fenghuo: FENGHUO_TOPICS__EVENTS: ")
    assert "Traceback" not in told


def test_a_misspelt_setting_is_told_with_the_one_that_was_meant(files: Path) -> None:
    returned, told = fenghuo(files, "topics", "plan", FENGHUO_GATEWAY__TOKN="x" * 40)
    assert returned == USAGE
    assert "FENGHUO_GATEWAY__TOKN: there is no such setting; is FENGHUO_GATEWAY__TOKEN meant?" in told
    assert "x" * 40 not in told
