from __future__ import annotations

import re
from pathlib import Path

from streams.gateway.adapters import kinds
from streams.gateway.meters import COUNTERS, GAUGES, HISTOGRAMS, PREFIX

DOCUMENT = Path(__file__).parents[3] / "docs/integrate.md"


def test_every_metric_of_the_gateway_is_documented_with_its_labels() -> None:
    rows = dict(re.findall(r"^\| `(fenghuo_gateway_\w+)` \| (.*?) \|", DOCUMENT.read_text("utf-8"), re.MULTILINE))
    labels = {PREFIX + name: ", ".join(f"`{each}`" for each in found) or "–" for name, (_, found) in COUNTERS.items()}
    assert rows == labels | dict.fromkeys((PREFIX + name for name in (*GAUGES, *HISTOGRAMS)), "–")


def test_every_adapter_is_documented() -> None:

    rows = set(re.findall(r"^\| `([a-z_]+)` \|", DOCUMENT.read_text("utf-8"), re.MULTILINE))
    assert set(kinds()) <= rows
