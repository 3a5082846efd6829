"""The commands about alerts, as far as they need no Kafka: what is refused, and what is computed here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner, Result

from alerts.audit import AuditRecord, Entry, chain, to_event
from config.errors import SettingsError
from config.settings import load_settings
from streams.api.tokens import load_tokens
from streams.cli import build
from streams.cli._duration import duration, moment
from streams.errors import UsageError

POLICY = """
receivers:
  - {name: duty, type: slack, secret_env: SLACK_URL}
  - {name: crisis, type: slack, secret_env: SLACK_URL}
routes:
  - {receivers: duty, min_tier: orange}
  - {receivers: [crisis, duty], min_tier: red, match: {dimension: structure, queue_id: [q-a, q-b]}}
"""


def told(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(build(), list(arguments), env={"COLUMNS": "200", **environment})


def refused(*arguments: str, **environment: str) -> str:
    done = told(*arguments, **environment)
    assert isinstance(done.exception, UsageError | SettingsError), done.output
    assert "\n" not in str(done.exception)
    return str(done.exception)


# -- routes


@pytest.fixture
def policy(tmp_path: Path) -> str:
    file = tmp_path / "policy.yaml"
    file.write_text(POLICY, encoding="utf-8")
    return str(file)


def routed(policy: str, labels: str, tier: str) -> Any:
    return json.loads(told("routes", "test", "--labels", labels, "--tier", tier, "--config", policy, "--json").stdout)


def test_routes_test_says_who_gets_it_by_which_route_and_why_not_the_others(policy: str) -> None:
    both = routed(policy, "indicator=queue_length,queue_id=q-b", "red")
    assert both["receivers"] == ["duty", "crisis"]
    one = routed(policy, "indicator=queue_length,queue_id=q-c", "orange")
    assert one["receivers"] == ["duty"]
    assert one["routes"][1]["why"] == ["orange is below min_tier red", "queue_id is q-c, not q-a or q-b"]
    assert routed(policy, "indicator=queue_length", "blue")["receivers"] == []
    text = told("routes", "test", "--labels", "indicator=queue_length", "--config", policy).stdout
    assert "it has no queue_id, not q-a or q-b" in text
    assert "→ duty" in text


def test_a_policy_without_routes_says_that_nobody_is_paged() -> None:
    text = told("routes", "test", "--labels", "indicator=queue_length").stdout
    assert "nobody is paged" in text
    assert "不会通知任何人" in text


@pytest.mark.parametrize("labels", ["queue_length", "a=", "=b", "", "a=b,c"])
def test_labels_that_are_none_are_refused(labels: str) -> None:
    assert "name=value is expected" in refused("routes", "test", "--labels", labels)


def test_a_tier_that_is_none_is_refused() -> None:
    assert "choose one of blue, yellow, orange, red" in refused("routes", "test", "--labels", "a=b", "--tier", "none")


# -- audit


def records(count: int) -> list[AuditRecord]:
    made: list[AuditRecord] = []
    for number in range(count):
        entry = Entry("acme", "a1", "alert", str(number), "2026-11-11T00:00:00.000+00:00", "", {"state": "updated"}, "0" * 64)
        made.append(chain(entry, made[-1] if made else None))
    return made


def written(folder: Path, log: list[AuditRecord]) -> str:
    file = folder / "audit.jsonl"
    file.write_bytes(b"\n".join(msgspec.json.encode(to_event(record)) for record in log))
    return str(file)


def test_audit_verify_says_where_a_file_was_changed_and_fails(tmp_path: Path) -> None:
    one, two, three = records(3)
    whole = told("audit", "verify", written(tmp_path, [one, two, three]), "--json")
    assert (whole.exit_code, json.loads(whole.stdout)) == (0, {"records": 3, "findings": []})
    forged = msgspec.structs.replace(two, entry=msgspec.structs.replace(two.entry, by="nobody"))
    for log, kind, where in (
        ([one, forged, three], "changed", "line 2"),
        ([one, three], "missing", "end"),
        ([one, three, two], "reordered", "line 3"),
        ([one, two, two, three], "doubled", "line 3"),
    ):
        done = told("audit", "verify", written(tmp_path, log), "--json")
        assert done.exit_code == 1
        (finding,) = json.loads(done.stdout)["findings"]
        assert (finding["kind"], finding["where"]) == (kind, where)
        text = told("audit", "verify", written(tmp_path, log)).stdout
        assert kind in text
        assert where in text


def test_audit_verify_names_a_line_that_is_no_record(tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    file.write_text("{}\n", encoding="utf-8")
    assert json.loads(told("audit", "verify", str(file), "--json").stdout)["findings"][0]["kind"] == "unreadable"
    assert "does not exist" in refused("audit", "verify", str(tmp_path / "missing.jsonl"))


# -- silences


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--for", "2h"], "without --match every alert of the tenant would be silent"),
        (["--match", "queue_id", "--for", "2h"], "name=value is expected"),
        (["--match", "a=b"], "give --for or --until, one of the two"),
        (["--match", "a=b", "--for", "2h", "--until", "2099-01-01"], "give --for or --until, one of the two"),
        (["--match", "a=b", "--for", "2 hours"], "a duration such as 30m"),
        (["--match", "a=b", "--for", "400d"], "at most 366 days"),
        (["--match", "a=b", "--for", "0s"], "ends after it starts"),
        (["--match", "a=b", "--until", "yesterday"], "a time such as"),
        (["--match", "a=b", "--until", "2020-01-01"], "in the future"),
        (["--match", "a=b", "--for", "1h", "--by", ""], "--by: a name"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_silence_that_makes_no_sense_is_refused_before_kafka_is_asked(options: list[str], words: str) -> None:
    assert words in refused("silence", "add", "--tenant", "acme", "--why", "x", *options)


def test_durations_and_moments_are_read_as_people_write_them() -> None:
    assert [duration(text, "--for") for text in ("90s", "30m", "2h", "1d", "1w", "1d12h")] == [90, 1800, 7200, 86_400, 604_800, 129_600]
    assert moment("2026-11-11T08:00:00+08:00", "--until") == moment("2026-11-11T00:00:00Z", "--until")


# -- feedback, tokens, store


def test_a_verdict_that_is_none_is_refused() -> None:
    assert "choose one of true, false, late" in refused("alerts", "feedback", "abcd", "perhaps")


def test_a_missed_alert_needs_a_key_and_a_tenant() -> None:
    assert "printable characters" in refused("alerts", "missed", "", "--tenant", "acme")
    assert "printable characters" in refused("alerts", "missed", "queue_length", "--tenant", "a\nb")


def test_a_token_is_shown_once_and_its_entry_configures_it() -> None:
    done = told("api", "token", "console", "--role", "admin", "--tenant", "acme")
    entry = json.loads(done.stdout)
    text = done.stderr.split()[-1]
    assert (entry["name"], entry["role"], entry["tenants"]) == ("console", "admin", ["acme"])
    assert text not in done.stdout
    tokens = load_tokens(load_settings(api={"tokens": json.dumps([entry])}).api)
    found = tokens.find(text)
    assert found is not None
    assert found.name == "console"


@pytest.mark.parametrize("arguments", [["console", "--role", "root"], ["", "--role", "viewer"], ["a\nb"]])
def test_a_token_that_could_not_be_told_apart_is_refused(arguments: list[str]) -> None:
    refused("api", "token", *arguments)


def test_an_api_nobody_could_use_is_not_started() -> None:
    assert "fenghuo api token" in refused("api")
    entry = json.loads(told("api", "token", "x").stdout)
    assert "FENGHUO_API__HOSTS" in refused("api", "--host", "0.0.0.0", FENGHUO_API__TOKENS=json.dumps([entry]))  # noqa: S104


def test_a_store_that_cannot_be_used_is_refused() -> None:
    assert "not mysql://" in refused("store", "rebuild", "--yes", FENGHUO_STORE__URL="mysql://root:hunter2@host/db")


def test_doctor_looks_at_the_store(tmp_path: Path) -> None:
    def check(url: str) -> Any:
        checks = json.loads(told("doctor", "--local", "--json", FENGHUO_STORE__URL=url).stdout)
        return next(each for each in checks if each["name"] == "store")

    assert check(f"sqlite:///{tmp_path / 'x.db'}")["detail"].endswith("x.db, 0 open alerts")
    assert check("sqlite:////nowhere/at/all.db")["status"] == "fail"


def test_a_rebuild_asks_first(tmp_path: Path) -> None:
    done = CliRunner().invoke(build(), ["store", "rebuild"], input="n\n", env={"FENGHUO_DATA_DIR": str(tmp_path)})
    assert done.exit_code == 1
    assert "alerts.db" in done.stderr


@pytest.mark.parametrize("document", ["openapi", "asyncapi"])
def test_the_documents_are_written_as_they_lie_in_docs(document: str, tmp_path: Path) -> None:
    kept = next((Path(__file__).parents[2] / "docs/api").glob(f"{document}.*")).read_text(encoding="utf-8")
    assert told("api", document).stdout == kept
    told("api", document, "--out", str(tmp_path / "x"))
    assert (tmp_path / "x").read_text(encoding="utf-8") == kept
