"""What the doctor says of the settings of the gateway and the console, and what to do."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from config.settings import load_settings
from streams.api.tokens import new_token
from streams.cli.doctor import Check, settings_checks

Told = Callable[..., dict[str, Check]]
TOKENS = json.dumps([new_token("li", "operator")[1].model_dump(mode="json", exclude_none=True)])
EVERYWHERE = "0.0.0.0"  # noqa: S104  never bound here


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """What it says with these settings, by the check's name."""

    def asked(**settings: str) -> dict[str, Check]:
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        return {check.name: check for check in settings_checks(load_settings(), settings)}

    return asked


def test_it_says_how_one_logs_in_by_default(told: Told) -> None:
    checks = told()
    assert checks["console"].status == "ok"
    assert "link" in checks["console"].detail
    assert "gateway" not in checks


@pytest.mark.parametrize(
    ("settings", "status", "said"),
    [
        ({"FENGHUO_API__HOST": EVERYWHERE}, "fail", "FENGHUO_API__TOKENS"),
        ({"FENGHUO_API__HOST": EVERYWHERE, "FENGHUO_API__TOKENS": TOKENS}, "fail", "FENGHUO_API__HOSTS"),
        ({"FENGHUO_API__HOST": "alerts.example.com", "FENGHUO_API__TOKENS": TOKENS}, "warn", "TLS"),
        ({"FENGHUO_API__TOKENS": "[{name: li}]"}, "fail", "fenghuo api token"),
        ({"FENGHUO_API__TOKENS_FILE": "no-such-file.yaml"}, "fail", "no-such-file.yaml"),
        ({"FENGHUO_API__TOKENS": TOKENS}, "ok", "1 tokens"),
    ],
)
def test_it_sees_what_is_wrong_with_the_console(settings: dict[str, str], status: str, said: str, told: Told) -> None:
    check = told(**settings)["console"]
    assert check.status == status
    assert said in check.detail + check.advice


@pytest.mark.parametrize(
    ("settings", "status", "said"),
    [
        ({"FENGHUO_GATEWAY__TENANT": "acme", "FENGHUO_GATEWAY__TOKEN": "short"}, "fail", "openssl rand -hex 32"),
        ({"FENGHUO_GATEWAY__TENANT": "acme", "FENGHUO_GATEWAY__TOKEN": "0123456789abcdef"}, "ok", "acme"),
        ({"FENGHUO_GATEWAY__HOST": EVERYWHERE}, "warn", "TLS"),
    ],
)
def test_it_sees_what_is_wrong_with_the_gateway(settings: dict[str, str], status: str, said: str, told: Told) -> None:
    check = told(**settings)["gateway"]
    assert check.status == status
    assert said in check.detail + check.advice
    assert "short" not in check.detail.split()


def test_it_sees_a_misspelt_setting(told: Told) -> None:
    check = told(FENGHUO_KAFKA_BOOTSTRAP="localhost:9092")["settings"]
    assert check.status == "warn"
    assert check.advice == "is FENGHUO_KAFKA__BOOTSTRAP meant?"
    assert "localhost" not in check.detail
