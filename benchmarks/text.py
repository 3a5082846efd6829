"""What the words cost and how good they are: `python -m benchmarks.text --data DIR [--json] [--only NAME]`.

DIR is laid out by role: every file in `sentiment/`, `dialogues/`, `clusters/`, `groups/` and `intents/` is measured under its own
name, whatever it is called; a missing folder is skipped and said so. See benchmarks/README.md for the method.

A section is a module `benchmarks/_text_NAME.py` with `ROLE`, the folder it reads (None: it needs no data), and
`measure(files) -> dict`, one entry for each file under the file's own name. A new module is found by itself.
"""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import benchmarks

__all__ = ["Section", "main", "report", "sections"]

PREFIX = "_text_"


class Section(NamedTuple):
    """One part of the report: its name, the folder it reads (None: it needs no data), and what measures the files."""

    name: str
    role: str | None
    measure: Callable[[Sequence[Path]], dict[str, Any]]


def sections() -> list[Section]:
    """All sections there are, by name."""
    names = sorted(found.name for found in pkgutil.iter_modules(benchmarks.__path__) if found.name.startswith(PREFIX))
    modules = [importlib.import_module(f"benchmarks.{name}") for name in names]
    return [Section(name.removeprefix(PREFIX), module.ROLE, module.measure) for name, module in zip(names, modules, strict=True)]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and print it; the exit code."""
    options = _arguments(argv)
    wanted = [section for section in sections() if options.only in (None, section.name)]
    if not options.data.is_dir():
        print(f"{options.data}: no such folder", file=sys.stderr)
        return 2
    if not wanted:
        print(f"no section {options.only!r}; there are {', '.join(section.name for section in sections())}", file=sys.stderr)
        return 2
    found = report(options.data, wanted, _say)
    print(json.dumps(found, ensure_ascii=False) if options.json else table(found))
    return 0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.text", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, metavar="DIR", required=True, help="folders of files, by role")
    parser.add_argument("--only", metavar="NAME", help="one section instead of all")
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    return parser.parse_args(argv)


def report(data: Path, wanted: Sequence[Section], say: Callable[[str], object]) -> dict[str, Any]:
    """The object that `--json` prints: one entry a section; under `skipped` the sections without data, and why."""
    found: dict[str, Any] = {}
    skipped: dict[str, str] = {}
    for section in wanted:
        files = _files(data, section.role)
        if section.role is not None and not files:
            skipped[section.name] = f"no files in {section.role}/"
            say(f"{section.name}: skipped, {skipped[section.name]}")
            continue
        say(f"{section.name} ...")
        found[section.name] = section.measure(files)
    return {**found, "skipped": skipped, "python": platform.python_version()}


def _files(data: Path, role: str | None) -> list[Path]:
    """The files of a role, by name; hidden ones are none."""
    folder = data / role if role is not None else None
    if folder is None or not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))


def table(found: Mapping[str, Any]) -> str:
    """The same for people: one line a figure, indented by what it belongs to.

    >>> print(table({"speed": {"prior": {"texts_s": 90000, "equal": True}}, "skipped": {}}))
    speed
      prior
        texts_s: 90000
        equal: True
    skipped: -
    """
    return "\n".join(_rows(found, ""))


def _rows(found: Mapping[str, Any], indent: str) -> list[str]:
    lines = []
    for name, value in found.items():
        if isinstance(value, Mapping) and value:
            lines += [f"{indent}{name}", *_rows(value, indent + "  ")]
        elif isinstance(value, list) and value and all(isinstance(each, Mapping) for each in value):
            lines += [f"{indent}{name}", *(f"{indent}  " + "  ".join(f"{key}={each[key]}" for key in each) for each in value)]
        else:
            lines.append(f"{indent}{name}: {'-' if isinstance(value, Mapping) else value}")
    return lines


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    raise SystemExit(main())
