"""The command line: every module of this package is one command of its name, and adds itself in `register`."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import os
import pkgutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape

from config.errors import ConfigurationError
from streams.errors import FenghuoError

__all__ = ["build", "commands", "completing", "main", "outline"]

COMPLETE: Final = "_FENGHUO_COMPLETE"
"""The variable by which the scripts of `fenghuo --install-completion` ask."""

HELP = """烽火 Fenghuo: early warning for customer service.

Reads every conversation event as it happens and lights one of four fires, 蓝 blue < 黄 yellow < 橙 orange < 红 red,
early enough to act.

Try it: [bold]fenghuo demo[/bold]
"""


def build(only: str | None = None) -> typer.Typer:
    """The command line with all its commands, or with `only` one: to import what all others need takes seconds."""
    cli = typer.Typer(name="fenghuo", help=HELP, no_args_is_help=True, rich_markup_mode="rich", pretty_exceptions_enable=False)

    @cli.callback()
    def options(
        version: Annotated[
            bool, typer.Option("--version", help="Print the version and stop.", is_eager=True, callback=_print_version)
        ] = False,
    ) -> None:
        pass

    for name in commands() if only is None else [only]:
        importlib.import_module(f"{__name__}.{name}").register(cli)
    return cli


def outline() -> typer.Typer:
    """The command line with the names of its commands and what each is for, none of them imported: enough to complete a name."""
    cli = typer.Typer(name="fenghuo", rich_markup_mode=None)
    for name in commands():
        module = Path(__file__).with_name(f"{name}.py")
        text = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
        cli.command(name, help=text.partition(": ")[2])(lambda: None)
    return cli


def completing(environ: Mapping[str, str]) -> typer.Typer | None:
    """What a shell that wants to complete a line needs; None when no shell asks.

    To import all commands takes seconds, too long for a key.
    """
    if COMPLETE not in environ:
        return None
    words = (environ.get("COMP_WORDS") or environ.get("_TYPER_COMPLETE_ARGS") or "").split()
    return build(words[1]) if len(words) > 1 and words[1] in commands() else outline()


def commands() -> list[str]:
    """The names of the commands."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(importlib.metadata.version("fenghuo"))
        raise typer.Exit


def main() -> None:
    """Run the command line. Errors a user can mend are one line on stderr and an exit code, never a traceback."""
    asked = sys.argv[1] if len(sys.argv) > 1 else None
    try:
        cli = completing(os.environ) or build(asked if asked in commands() else None)
        cli(prog_name="fenghuo")
    except (FenghuoError, ConfigurationError) as error:
        Console(stderr=True, highlight=False).print(f"[bold red]fenghuo:[/bold red] {escape(str(error))}", soft_wrap=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
