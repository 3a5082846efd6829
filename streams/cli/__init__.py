"""The command line: every module of this package is one command of its name, and adds itself in `register`."""

from __future__ import annotations

import importlib
import importlib.metadata
import pkgutil
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from config.errors import ConfigurationError
from streams.errors import FenghuoError

__all__ = ["build", "commands", "main"]

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
        build(asked if asked in commands() else None)(prog_name="fenghuo")
    except (FenghuoError, ConfigurationError) as error:
        Console(stderr=True, highlight=False).print(f"[bold red]fenghuo:[/bold red] {escape(str(error))}", soft_wrap=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
