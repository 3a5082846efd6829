"""The benchmark's scoring by known values, on a few made-up files."""

from __future__ import annotations

import gzip
import json
import math
import random
from pathlib import Path

import pytest

from benchmarks._trend_chain import simulated
from benchmarks._trend_nab import File, Profile, nab_score
from benchmarks._trend_read import highest_alarms
from benchmarks._trend_surge import Series, false_alarms, first_alarms
from benchmarks.trend import main


def file(length: int = 1000, windows: tuple[tuple[int, int], ...] = ((300, 350), (700, 750))) -> File:
    return File([300.0 * n for n in range(length)], [0.0] * length, list(windows))


@pytest.mark.parametrize("profile", [Profile(), Profile(fp=0.22), Profile(fn=2.0)])
def test_a_perfect_detector_has_100_and_a_silent_one_0(profile: Profile) -> None:
    perfect = [float(n in (300, 700)) for n in range(1000)]
    score, limit = nab_score([file()], [perfect], profile)
    assert score == pytest.approx(100.0)
    assert limit == 1.0
    assert nab_score([file()], [[0.0] * 1000], profile) == (0.0, math.inf)


def test_a_late_alarm_counts_less_and_a_false_one_costs() -> None:
    late = nab_score([file()], [[float(n in (345, 745)) for n in range(1000)]], Profile())[0]
    assert late == pytest.approx(100 * (1 + math.tanh(2.5 * 6 / 51) / math.tanh(2.5)) / 2)
    false = nab_score([file()], [[float(n in (200, 300, 700)) for n in range(1000)]], Profile())[0]
    assert false == pytest.approx(100 * (4 - 0.11) / 4)


def test_alarms_in_the_first_part_do_not_count() -> None:
    early = [float(n in (10, 300, 700)) for n in range(1000)]
    assert nab_score([file()], [early], Profile())[0] == pytest.approx(100.0)


def test_several_alarms_in_a_window_count_as_the_earliest() -> None:
    often = [float(300 <= n <= 350 or n == 700) for n in range(1000)]
    assert nab_score([file()], [often], Profile())[0] == pytest.approx(100.0)


def test_a_given_threshold_is_kept() -> None:
    scores = [2.0 if n == 300 else 1.0 if n == 700 else 0.0 for n in range(1000)]
    assert nab_score([file()], [scores], Profile(), at=1.5)[0] == pytest.approx(50.0)


def test_a_surge_whose_alarm_was_on_before_is_missed() -> None:
    series = Series("a__x2", [900.0 * n for n in range(100)], [], 900.0, [(9000.0, 18_000.0), (45_000.0, 54_000.0)], [], 0.0)
    on = [n in (9, 12, 52) for n in range(100)]
    assert first_alarms(series, on) == [None, 45.0]


def test_alarms_within_six_hours_are_one() -> None:
    times = [900.0 * n for n in range(100)]
    assert false_alarms(times, [n in (0, 20, 40, 70) for n in range(100)], [True] * 100) == 2


def test_a_threshold_is_sought_from_the_top() -> None:
    assert highest_alarms({5.0, 4.0, 3.0, 1.0}, lambda limit: limit >= 4 or limit == 1) == 4.0


def test_the_same_seed_makes_the_same_chain() -> None:
    chains = [simulated(random.Random(seed), 2, linked=True) for seed in (1, 1, 2)]
    assert chains[0] == chains[1] != chains[2]


def test_missing_folders_are_skipped_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(tmp_path), "--json", "--only", "nab"]) == 2
    shown = capsys.readouterr()
    assert not shown.out
    assert "nab: skipped" in shown.err


def test_every_file_found_is_measured_under_its_own_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "surge"
    folder.mkdir()
    about = {f"shop__{size}": {"tick_min": 30, "warmup_days": 4, "surges": [], "exclude": []} for size in ("clean", "x2")}
    about["shop__x2"]["surges"] = [["2026-01-09 10:00:00", "2026-01-09 13:00:00"]]
    (folder / "events.json").write_text(json.dumps(about))
    for name, factor in (("clean", 1), ("x2", 4)):
        rows = [(day, half, 20 * (factor if day == 9 and 20 <= half < 26 else 1)) for day in range(1, 11) for half in range(48)]
        lines = [f"2026-01-{day:02} {half // 2:02}:{half % 2 * 30:02}:00,{count}" for day, half, count in rows]
        (folder / f"shop__{name}.csv.gz").write_bytes(gzip.compress("\n".join(["ts,count", *lines]).encode()))
    assert main(["--data", str(tmp_path), "--json", "--only", "surge"]) == 0
    found = json.loads(capsys.readouterr().out)["surge"]
    assert found["series"] == 1
    assert found["surge"]["by_series"]["shop"]["x2"] == {"recall": 1.0, "delay_min": pytest.approx(45, abs=15), "n": 1}
    assert found["surge"]["false_alarms_week"] == 0
    assert main(["--data", str(tmp_path), "--only", "surge"]) == 0
    assert "hour_of_week_2x" in capsys.readouterr().out
