"""Pages under trouble: `python -m benchmarks.delivery [--json] [--only NAME] [--alerts N] [--doubles N] [--kills N] [--rebalances N]`.

Storms, doubles and receivers without Kafka: the alert stage with its stages and its changelog, the outbox, and real notifiers against a
server on loopback. Time is moved, not waited for. On an embedded Kafka: a real worker, and Debian's Alertmanager beside it, killed at each
step between an event and its page; a silence and a kill; escalations while workers come, leave and are killed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from benchmarks import _delivery_alertmanager, _delivery_kills, _delivery_rebalance, _delivery_receivers, _delivery_silence

__all__ = ["main"]

_NESTED = frozenset({"receivers", "kills", "silence", "escalation", "alertmanager"})
PARTS = ("storm_10", "storm_1000", "doubles", "receivers", "kills", "silence", "escalation", "alertmanager")


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; the exit code (1 where a page was lost or doubled)."""
    options = _arguments(argv)
    found: dict[str, Any] = {}
    for name in [options.only] if options.only else PARTS:
        sys.stderr.write(f"{name} ...\n")
        found[name] = _measured(name, options)
    print(json.dumps(found) if options.json else _table(found))
    return 0 if _sound(found) else 1


def _measured(name: str, options: argparse.Namespace) -> dict[str, Any]:
    if name == "alertmanager" and _delivery_alertmanager.PROGRAM is None:
        return {"skipped": {"reason": "Alertmanager is not installed (Debian: apt-get install prometheus-alertmanager)"}}
    beside: dict[str, Callable[[], Coroutine[Any, Any, dict[str, Any]]]] = {
        "receivers": _delivery_receivers.measure,
        "kills": lambda: _delivery_kills.measure(options.kills),
        "silence": lambda: _delivery_silence.measure(options.kills),
        "escalation": lambda: _delivery_rebalance.measure(options.rebalances),
        "alertmanager": lambda: _delivery_alertmanager.measure(options.kills),
    }
    if name in beside:
        return asyncio.run(beside[name]())
    if name == "doubles":
        return _child("doubles", options.doubles)
    return _child("storm", options.alerts, int(name.partition("_")[2]))


def _child(what: str, *numbers: int) -> dict[str, Any]:
    """In a process of its own, so that its memory is its own."""
    command = [sys.executable, "-m", "benchmarks._delivery_storm", what, *map(str, numbers)]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)  # noqa: S603 - our own module
    return found


def _sound(found: dict[str, Any]) -> bool:
    """Whether nothing was lost, nothing doubled, and what was silenced stayed silent.

    >>> kept = {"kills": 2, "within": 0, "after": {1: 2}, "control": {1: 2}}
    >>> _sound({"silence": {"event_written": kept}}), _sound({"silence": {"event_written": {**kept, "within": 1}}})
    (True, False)
    >>> taken = {"steps": 18, "idempotent": {1: 18}, "missing": 0, "disordered": 0, "strange": 0, "moved": 2}
    >>> _sound({"escalation": {"killed": taken}}), _sound({"escalation": {"killed": {**taken, "idempotent": {1: 17, 2: 1}}}})
    (True, False)
    """
    storms = all(each["notifications"] == each["ends_told"] == each["groups"] for name, each in found.items() if name.startswith("storm"))
    doubles = found.get("doubles", {}).get("notifications", 1) == 1
    receivers = found.get("receivers", {})
    down = receivers.get("down_10_minutes", {"lost": 0, "doubles": 0, "raise_before_end": True})
    rest = all(receivers[name]["delivered"] == receivers[name]["pages"] for name in receivers if name.startswith("http"))
    kills = all(each["idempotent"] == {1: each["kills"]} and not each["never"] for each in found.get("kills", {}).values())
    silence = all(_kept_silent(each) for each in found.get("silence", {}).values())
    escalation = all(_each_step_once(each) for each in found.get("escalation", {}).values())
    receivers_sound = not down["lost"] and not down["doubles"] and bool(down["raise_before_end"]) and rest
    return kills and silence and escalation and storms and doubles and receivers_sound


def _kept_silent(each: dict[str, Any]) -> bool:
    once = {1: each["kills"]}
    return not each["within"] and each["after"] == each["control"] == once


def _each_step_once(each: dict[str, Any]) -> bool:
    wrong = each["missing"] + each["disordered"] + each["strange"]
    return each["idempotent"] == {1: each["steps"]} and not wrong and each["moved"] > 0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.delivery", description=__doc__)
    parser.add_argument("--only", choices=PARTS, help="measure one thing only")
    parser.add_argument("--alerts", type=int, default=100_000, metavar="N", help="alerts of a storm (default 100000)")
    parser.add_argument("--doubles", type=int, default=1_000_000, metavar="N", help="how often the same change comes (default 1000000)")
    parser.add_argument("--kills", type=int, default=100, metavar="N", help="kills at each step (default 100, some 4 s each)")
    parser.add_argument(
        "--rebalances", type=int, default=10, metavar="N", help="rounds of workers that come and go (default 10, some 20 s each)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    return parser.parse_args(argv)


def _table(found: dict[str, Any]) -> str:
    lines = []
    for name, values in found.items():
        parts = values.items() if name in _NESTED else [(name, values)]
        lines += [f"{part:<28}" + "  ".join(f"{key} {value}" for key, value in each.items()) for part, each in parts]
    return "\n".join(lines)


if __name__ == "__main__":
    logging.getLogger("alerts").setLevel(logging.CRITICAL)
    raise SystemExit(main())
