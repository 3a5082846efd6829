from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.console.desk import MADE
from tests.unit.test_cli_errors import fenghuo

ANYWHERE = "0.0.0.0"  # noqa: S104 - nothing comes to listen there
TOKENS = json.dumps([MADE["viewer"][1].model_dump(mode="json", exclude_none=True)])


@pytest.mark.parametrize(
    ("options", "tokens", "says"),
    [
        (["--host", "192.0.2.1"], "", "fenghuo api token NAME"),
        (["--host", ANYWHERE], TOKENS, "FENGHUO_API__HOSTS"),
        (["--config", "{}/nowhere.yaml"], "", "nowhere.yaml"),
    ],
)
def test_the_console_says_what_keeps_it_from_starting_and_what_to_do(tmp_path: Path, options: list[str], tokens: str, says: str) -> None:
    settings = {"FENGHUO_API__TOKENS": tokens} if tokens else {}
    code, told = fenghuo(tmp_path, "console", *options, **settings)
    assert code in {2, 3}
    assert "Traceback" not in told
    assert sum(says in line for line in told.splitlines()) == 1, told
