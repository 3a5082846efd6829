"""How well trends are told: `python -m benchmarks.trend --data DIR [--json] [--only NAME]`.

DIR holds a folder for each of surge, nab, drift and chain; the share and the forecast are measured on simulated events and on the clean
series of surge. A folder that is missing is skipped, and said so. Figures but points/s are the same in every run; no network and no clock
but CPU time's.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import _trend_chain, _trend_drift, _trend_forecast, _trend_nab, _trend_share, _trend_surge

__all__ = ["main"]

PARTS: dict[str, tuple[str | None, Callable[[Path, int], dict[str, Any]]]] = {
    "surge": ("surge", lambda folder, _: _trend_surge.measure(folder)),
    "nab": ("nab", lambda folder, _: _trend_nab.measure(folder)),
    "drift": ("drift", _trend_drift.measure),
    "chain": ("chain", _trend_chain.measure),
    "share": (None, lambda _, seed: _trend_share.measure(seed)),
    "forecast": ("surge", lambda folder, _: _trend_forecast.measure(folder)),
}
"""What is measured, by name: the folder it needs, and how."""


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; the exit code (2 where nothing could be measured)."""
    options = _arguments(argv)
    found: dict[str, Any] = {"seed": options.seed}
    for name in [options.only] if options.only else list(PARTS):
        folder, measured = PARTS[name]
        path = options.data / folder if folder else options.data
        if folder and not path.is_dir():
            sys.stderr.write(f"{name}: skipped, there is no folder {path}\n")
            found.setdefault("skipped", []).append(name)
            continue
        sys.stderr.write(f"{name} ...\n")
        found[name] = measured(path, options.seed)
    if not found.keys() & PARTS.keys():
        return 2
    print(json.dumps(found) if options.json else _table(found))
    return 0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.trend", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the folder that holds surge, nab, drift and chain")
    parser.add_argument("--only", choices=list(PARTS), help="measure one thing only")
    parser.add_argument("--seed", type=int, default=1, help="of what is simulated (default 1)")
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    return parser.parse_args(argv)


def _table(found: dict[str, Any], depth: int = 0) -> str:
    """The same for people: what belongs together on one line."""
    lines = []
    for name, value in found.items():
        deep = isinstance(value, dict) and any(isinstance(each, dict) for each in value.values())
        if deep:
            lines += [f"{'  ' * depth}{name}", _table(value, depth + 1)]
        elif isinstance(value, dict):
            lines.append(f"{'  ' * depth}{name:<34}" + "  ".join(f"{key} {each}" for key, each in value.items()))
        else:
            lines.append(f"{'  ' * depth}{name:<34}{value}")
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
