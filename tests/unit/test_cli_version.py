"""`fenghuo --version` needs no command, and a command needs no other."""

from __future__ import annotations

import importlib.metadata

import pytest
import typer
from typer.core import TyperGroup
from typer.testing import CliRunner

from streams.cli import build, commands


def test_the_version_is_printed_without_a_command() -> None:
    done = CliRunner().invoke(build(), ["--version"])
    assert (done.exit_code, done.output.strip()) == (0, importlib.metadata.version("fenghuo"))


@pytest.mark.parametrize("name", commands())
def test_a_command_is_called_like_its_module_and_stands_alone(name: str) -> None:
    group = typer.main.get_command(build(name))
    assert isinstance(group, TyperGroup)
    assert list(group.commands) == [name]
    done = CliRunner().invoke(build(name), [name, "--help"])
    assert done.exit_code == 0, done.output
