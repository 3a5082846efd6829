"""What a shell is told when a line is to be completed, and that a name is completed without importing the commands."""

from __future__ import annotations

import subprocess
import sys

import pytest

from streams.cli import commands, completing


def completed(line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What bash is offered for the last word of a line."""
    words = line.split(" ")
    for name, value in (("_FENGHUO_COMPLETE", "complete_bash"), ("COMP_WORDS", line), ("COMP_CWORD", str(len(words) - 1))):
        monkeypatch.setenv(name, value)
    found = completing({"_FENGHUO_COMPLETE": "complete_bash", "COMP_WORDS": line})
    assert found is not None
    with pytest.raises(SystemExit) as done:
        found(prog_name="fenghuo")
    assert done.value.code == 0
    return capsys.readouterr().out.split()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("fenghuo al", ["alerts"]),
        ("fenghuo no-such", []),
        ("fenghuo alerts a", ["ack"]),
        ("fenghuo demo --no-c", ["--no-console"]),
        ("fenghuo config s", ["schema", "show"]),
    ],
)
def test_commands_their_parts_and_options_are_offered(
    line: str, offered: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sorted(completed(line, monkeypatch, capsys)) == offered


def test_every_command_is_offered(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert sorted(completed("fenghuo ", monkeypatch, capsys)) == commands()


def test_nobody_asks_without_the_variable() -> None:
    assert completing({"COMP_WORDS": "fenghuo al"}) is None


def test_a_name_is_completed_without_the_commands() -> None:
    code = (
        "import sys; from streams.cli import completing; assert completing({'_FENGHUO_COMPLETE': 'complete_zsh'}) is not None;"
        "print(any(name.startswith(('aiokafka', 'streams.cli.')) for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "False"
