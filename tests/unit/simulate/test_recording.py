from __future__ import annotations

import gzip
import io
import json
from pathlib import Path

import pytest
import typer
import zstandard
from typer.testing import CliRunner

from detectors.text.pii import mask
from streams.cli.simulate import register
from streams.errors import UsageError
from streams.files import read_lines
from streams.records import Parser, Reject
from streams.simulate.recording import lines, write, write_truth
from tests.unit.simulate.centre import simulation


def run(*arguments: str) -> tuple[int, str, BaseException | None]:
    cli = typer.Typer()
    register(cli)
    result = CliRunner().invoke(cli, [*arguments, "--days", "1", "--rate", "0.1"])
    return result.exit_code, result.stdout, result.exception


def test_three_lines_are_no_events_and_the_truth_counts_them() -> None:
    made = simulation(1, 1, 0.1, ())
    parser = Parser(mask)
    rejects = [found.reason for found in (parser.parse(line, record_time=2e9) for line in lines(made)) if isinstance(found, Reject)]
    assert sorted(rejects) == ["not_json", "not_utf8", "wrong_specversion"]
    assert made.truth.malformed == 3


def test_without_malformed_lines_every_line_is_an_event_of_the_simulation() -> None:
    made = simulation(1, 1, 0.1)
    assert [json.loads(line) for line in lines(made, malformed=False)] == list(simulation(1, 1, 0.1).events())
    assert made.truth.malformed == 0


def test_the_suffix_chooses_the_packing_and_the_content_is_the_same(tmp_path: Path) -> None:
    plain = io.BytesIO()
    write(simulation(1, 1, 0.1), plain)
    for name in ("a.jsonl", "a.jsonl.gz", "a.jsonl.zst"):
        write(simulation(1, 1, 0.1), tmp_path / name)
    assert (tmp_path / "a.jsonl").read_bytes() == plain.getvalue()
    assert gzip.decompress((tmp_path / "a.jsonl.gz").read_bytes()) == plain.getvalue()
    assert zstandard.ZstdDecompressor().decompressobj().decompress((tmp_path / "a.jsonl.zst").read_bytes()) == plain.getvalue()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst"]


def test_packed_files_have_the_same_bytes_each_time(tmp_path: Path) -> None:
    for name in ("a.gz", "b.gz", "a.zst", "b.zst"):
        write(simulation(1, 1, 0.1), tmp_path / name)
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()
    assert (tmp_path / "a.zst").read_bytes() == (tmp_path / "b.zst").read_bytes()


def test_the_truth_is_a_file_with_the_form_of_a_scenario(tmp_path: Path) -> None:
    made = simulation(1, 2, 0.1)
    write(made, io.BytesIO())
    write_truth(made, tmp_path / "truth.json")
    truth = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))
    assert {
        "scored_from",
        "until",
        "incidents",
        "benign",
        "events",
        "malformed",
        "conversations_quiet_day",
        "conversations_scored_day",
    } == set(truth)
    for incident in truth["incidents"]:
        assert {"id", "kind", "accept", "scope", "onset", "deadline", "min_tier", "involved"} <= set(incident) <= {*incident, "from"}
    assert all({"id", "must_not", "scope"} <= set(each) for each in truth["benign"])
    assert any("from" in incident for incident in truth["incidents"])


def test_a_file_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere.*cannot be written"):
        write(simulation(1, 1, 0.1), tmp_path / "nowhere" / "a.jsonl")


def test_the_command_writes_events_and_truth_and_prints_one_object(tmp_path: Path) -> None:
    events, truth = tmp_path / "events.jsonl.gz", tmp_path / "truth.json"
    code, stdout, _ = run("--seed", "5", "--out", str(events), "--truth", str(truth), "--incidents", "angry,polite", "--json")
    summary = json.loads(stdout)
    assert code == 0
    assert summary["events"] + summary["malformed"] == sum(1 for _ in read_lines([events]))
    assert [incident["kind"] for incident in json.loads(truth.read_text(encoding="utf-8"))["incidents"]] == ["angry"]
    assert (list(summary["incidents"]), summary["benign"]) == (["angry-0"], ["polite"])


def test_a_dash_streams_plain_lines_to_standard_output() -> None:
    code, stdout, _ = run("--out", "-", "--incidents", "none", "--no-malformed", "--tenant", "shop", "--start", "2025-09-06")
    told = [json.loads(line) for line in stdout.splitlines()]
    assert code == 0
    assert {event["data"]["tenant_id"] for event in told} == {"shop"}
    assert {event["time"][:10] for event in told} == {"2025-09-06"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--out", "-", "--json"), "standard output"),
        (("--out", "-", "--start", "tomorrow"), "is no date"),
        (("--out", "-", "--incidents", "flood"), "choose among"),
    ],
)
def test_wrong_options_are_one_clear_error(arguments: tuple[str, ...], message: str) -> None:
    _, _, error = run(*arguments)
    assert isinstance(error, UsageError)
    assert message in str(error)
