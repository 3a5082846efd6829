"""`fenghuo learn` and `fenghuo models` as people and programs use them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from config.errors import ConfigurationError
from config.model_store import ModelStore
from streams.cli import build
from streams.errors import UsageError

START = datetime(2026, 3, 1, tzinfo=UTC)


def line(number: int, kind: str, conversation: str, **data: object) -> str:
    head = {"specversion": "1.0", "id": f"e{number}", "source": "/tenants/acme/x", "type": f"fenghuo.{kind}.v1"}
    time = (START + timedelta(minutes=number)).isoformat()
    body = {"tenant_id": "acme", "conversation": {"id": conversation}, **data}
    return json.dumps({**head, "time": time, "subject": conversation, "data": body})


@pytest.fixture
def events(tmp_path: Path) -> Path:
    """Five conversations, each with one message and a rating, and a line that is no event."""
    lines = ["no event"]
    for number in range(5):
        text = {"message": {"text": f"我的电话是1390000{number:04d},谢谢"}, "sender": {"role": "customer", "id": "u"}}
        lines += [line(2 * number, "message.created", f"c-{number}", issue={"category": "refund"}, **text)]
        lines += [line(2 * number + 1, "csat.rated", f"c-{number}", rating=5, scale_max=5)]
    file = tmp_path / "events.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def run(*arguments: str | Path) -> str:
    result = CliRunner().invoke(build(), [str(each) for each in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def fail(*arguments: str | Path) -> BaseException | None:
    return CliRunner().invoke(build(), [str(each) for each in arguments]).exception


def test_files_become_a_version_and_the_next_one_goes_on_from_it(events: Path, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    first = json.loads(run("learn", events, "--out", folder, "--json"))
    assert (first["lines"], first["events"], first["rejects"]) == (11, 10, {"not_json": 1})
    assert first["version"]["quality"]["sentiment"]["n"] == 5
    assert first["version"]["trained_until"] == "2026-03-01T00:09+00:00"
    second = json.loads(run("learn", events, "--out", folder, "--json"))
    assert (second["version"]["number"], second["version"]["quality"]["sentiment"]["n"]) == (2, 10)
    third = json.loads(run("learn", events, "--out", folder, "--fresh", "--json"))
    assert (third["version"]["number"], third["version"]["quality"]["category:acme"]["n"]) == (3, 5)


def test_the_policy_may_name_the_folder(events: Path, tmp_path: Path) -> None:
    policy = tmp_path / "my.yaml"
    policy.write_text("models: models\n", encoding="utf-8")
    assert "no version" in run("models", "--config", policy)
    run("learn", events, "--config", policy)
    assert ModelStore(tmp_path / "models").numbers() == [1]


def test_a_replay_says_which_version_it_used(events: Path, tmp_path: Path) -> None:
    policy = tmp_path / "my.yaml"
    policy.write_text("models: models\n", encoding="utf-8")

    def replay() -> dict[str, object]:
        found: dict[str, object] = json.loads(run("replay", events, "--out", tmp_path / "alerts.jsonl", "--config", policy, "--json"))
        return found

    assert "model" not in replay()
    run("learn", events, "--config", policy)
    assert replay()["model"] == 1


def test_models_are_listed_and_one_can_be_fixed(events: Path, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    for _ in range(2):
        run("learn", events, "--out", folder)
    ModelStore(folder).path(3).write_bytes(b"broken")
    run("models", "use", "1", "--models", folder)
    found = json.loads(run("models", "--models", folder, "--json"))
    assert (found["in_use"], found["fixed"]) == (1, True)
    assert [each["number"] for each in found["versions"]] == [1, 2, 3]
    assert "is damaged" in found["versions"][2]["error"]
    assert "sentiment" in run("models", "--models", folder)
    ModelStore(folder).path(3).unlink()
    assert "version 2" in run("models", "use", "latest", "--models", folder)


@pytest.mark.parametrize(
    "arguments", [("learn",), ("learn", "EVENTS"), ("learn", "--out", "m"), ("learn", "EVENTS", "--follow", "--out", "m"), ("models",)]
)
def test_what_is_missing_is_said(arguments: tuple[str, ...], events: Path) -> None:
    assert isinstance(fail(*(str(events) if each == "EVENTS" else each for each in arguments)), UsageError)


def test_a_file_without_events_makes_no_version(tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_text("hello\n", encoding="utf-8")
    assert isinstance(fail("learn", file, "--out", tmp_path / "models"), UsageError)
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize("number", ["7", "newest"])
def test_a_version_that_is_not_there_cannot_be_used(number: str, events: Path, tmp_path: Path) -> None:
    run("learn", events, "--out", tmp_path / "models")
    assert isinstance(fail("models", "use", number, "--models", tmp_path / "models"), UsageError | ConfigurationError)


def test_the_doctor_looks_at_the_models(events: Path, tmp_path: Path) -> None:
    policy = tmp_path / "my.yaml"
    policy.write_text("models: models\n", encoding="utf-8")

    def models() -> dict[str, str]:
        result = CliRunner().invoke(build(), ["doctor", "--local", "--json", "--config", str(policy)])
        return next(check for check in json.loads(result.stdout) if check["name"] == "models")

    assert models()["status"] == "warn"
    run("learn", events, "--config", policy)
    assert "version 1" in models()["detail"]
    ModelStore(tmp_path / "models").path(2).write_bytes(b"broken")
    assert models()["status"] == "fail"
