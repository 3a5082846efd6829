from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import _text_category, _text_groups, _text_topics

SUBJECTS = ("耳机蓝牙断连", "发票抬头写错", "快递三天没动", "屏幕有道划痕", "退款没有到账")
ENDS = ("了", "啊", "怎么办", "请处理", "急", "呢", "真的", "又来", "好久", "今天")


def written(path: Path, lines: list[str]) -> Path:
    path.parent.mkdir(parents=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def rows() -> list[str]:
    planted = [f"{subject}\t{subject}{end}" for subject in SUBJECTS for end in ENDS]
    strangers = [f"x{at}\t{chr(0x4E00 + 7 * at)}{chr(0x5E00 + 11 * at)}{chr(0x6E00 + 13 * at)}" for at in range(200)]
    return [*planted, *strangers]


@pytest.fixture(scope="module")
def groups(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, dict[str, dict[str, float]]]]:
    return _text_groups.measure([written(tmp_path_factory.mktemp("data") / "groups" / "mine.tsv", rows())])


def test_planted_rows_of_plain_paraphrases_are_found(groups: dict[str, dict[str, dict[str, dict[str, float]]]]) -> None:
    found = groups["mine"]["cohesion"]
    assert found["recall"]["at_5_per_1000"] == 1.0
    assert found["recall_strict"]["at_1_per_1000"] <= found["recall_strict"]["at_20_per_1000"]


def test_a_file_too_small_for_the_live_index_is_said_so(groups: dict[str, dict[str, dict[str, dict[str, float]]]]) -> None:
    assert "skipped" in groups["live_index"]


def test_a_complaint_costs_the_detector_as_much_whatever_lives_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_text_groups, "LIVE", (200, 2000))
    monkeypatch.setattr(_text_groups, "QUERIES", 60)
    found = _text_groups._detector([f"{subject}{end}{end}{subject}" for subject in SUBJECTS for end in ENDS])
    assert found["live_2000"]["bytes_per_complaint"] < 300
    assert found["live_200"]["messages_per_s"] > 0


def test_topics_of_plain_subjects_agree_with_the_file(tmp_path: Path) -> None:
    lines = [json.dumps({"text": f"{subject}{end}", "cluster": subject}) for end in ENDS for subject in SUBJECTS]
    found = _text_topics.measure([written(tmp_path / "clusters" / "plain.jsonl", lines)])["plain"]
    assert (found["nmi"], found["ari"], found["topics"]) == (1.0, 1.0, 5)
    assert (found["textclust"]["texts"], found["dbstream"]["texts"]) == (50, 50)


def test_intents_beside_the_clusters_are_measured_with_the_same_setting(tmp_path: Path) -> None:
    written(tmp_path / "intents" / "short.tsv", rows()[:50])
    assert _text_topics.measure([written(tmp_path / "clusters" / "plain.jsonl", [])])["short"]["nmi"] > 0.9


def test_categories_are_learnt_and_stretched_to_three_times_as_many(tmp_path: Path) -> None:
    found = _text_category.measure([written(tmp_path / "intents" / "short.tsv", rows()[:50] * 4)])["short"]
    assert (found["classes"], found["stretched"]["classes"]) == (5, 15)
    assert found["accuracy_last_3000"] > 0.8 > found["stretched"]["coverage"]
