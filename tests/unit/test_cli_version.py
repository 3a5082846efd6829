"""`fenghuo --version` needs no command."""

from __future__ import annotations

import importlib.metadata

from typer.testing import CliRunner

from streams.cli import build


def test_the_version_is_printed_without_a_command() -> None:
    done = CliRunner().invoke(build(), ["--version"])
    assert (done.exit_code, done.output.strip()) == (0, importlib.metadata.version("fenghuo"))
