"""`fenghuo gateway` as a user meets it when something is missing: one line, the right exit code, no secret shown."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TOKEN = "0123456789abcdef-cli"
OWN = {"FENGHUO_GATEWAY__TENANT": "acme", "FENGHUO_GATEWAY__TOKEN": TOKEN}


def run(*arguments: str, **environment: str) -> tuple[int, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FENGHUO_")}
    settings = {**clean, "PYTHONPATH": str(ROOT), "COLUMNS": "200", **environment}
    command = [sys.executable, "-m", "streams", "gateway", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "words"),
    [
        ([], {}, 2, "nobody could post: set FENGHUO_GATEWAY__TENANT"),
        ([], {"FENGHUO_GATEWAY__TENANT": "acme"}, 2, "tenant and token belong together"),
        (["--config", "missing.yaml"], OWN, 2, "missing.yaml: cannot be read"),
        (["--bootstrap", "127.0.0.1:1"], OWN, 3, "no Kafka answers at 127.0.0.1:1"),
        (["--help"], {}, 0, "网关"),
    ],
)
def test_it_says_what_is_missing_in_one_line(arguments: list[str], environment: dict[str, str], code: int, words: str) -> None:
    returned, told = run(*arguments, **environment)
    assert (returned, "Traceback" in told) == (code, False), told
    assert words in told
    assert TOKEN not in told
