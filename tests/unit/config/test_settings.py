from __future__ import annotations

import os
import ssl
from pathlib import Path

import pytest

from config.errors import SettingsError
from config.settings import KafkaSettings, load_settings, read_secrets


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("FENGHUO_")]:
        monkeypatch.delenv(name)


def test_without_an_environment_the_embedded_broker_is_used() -> None:
    settings = load_settings()
    assert settings.kafka.bootstrap is None
    assert (settings.metrics.host, settings.metrics.port) == ("127.0.0.1", 9464)
    assert (settings.topics.events, settings.topics.scopes, settings.topics.alerts) == (4, 4, 1)
    assert settings.limits.max_record_bytes == 1 << 20


def test_the_environment_sets_nested_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FENGHUO_KAFKA__BOOTSTRAP", "a:9092, b:9092")
    monkeypatch.setenv("FENGHUO_TOPICS__EVENTS", "12")
    monkeypatch.setenv("FENGHUO_DATA_DIR", "/srv/fenghuo")
    settings = load_settings()
    assert settings.kafka.kafka_options()["bootstrap_servers"] == ["a:9092", "b:9092"]
    assert settings.topics.events == 12
    assert settings.data_dir == Path("/srv/fenghuo")


def test_a_wrong_value_names_its_variable_and_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FENGHUO_METRICS__PORT", "hunter2")
    with pytest.raises(SettingsError, match=r"FENGHUO_METRICS__PORT: .*valid integer") as caught:
        load_settings()
    assert "hunter2" not in str(caught.value)


def test_a_misspelt_nested_variable_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FENGHUO_KAFKA__BOOTSTRAPP", "a:9092")
    with pytest.raises(SettingsError, match="FENGHUO_KAFKA__BOOTSTRAPP"):
        load_settings()


def test_no_dotenv_file_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("FENGHUO_KAFKA__BOOTSTRAP=evil:9092\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert load_settings().kafka.bootstrap is None


def test_folders_follow_the_users_standard_places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    settings = load_settings()
    assert settings.cache_dir == tmp_path / "fenghuo"
    assert settings.data_dir == Path.home() / ".local/share/fenghuo"


def test_sasl_needs_a_user_and_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FENGHUO_KAFKA__SECURITY_PROTOCOL", "SASL_SSL")
    with pytest.raises(SettingsError, match="FENGHUO_KAFKA: security_protocol SASL_"):
        load_settings()


def test_sasl_and_tls_become_options_of_the_client(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "SECURITY_PROTOCOL": "SASL_SSL",
        "SASL_MECHANISM": "SCRAM-SHA-512",
        "SASL_USERNAME": "u",
        "SASL_PASSWORD": "p",
    }.items():
        monkeypatch.setenv(f"FENGHUO_KAFKA__{name}", value)
    kafka = load_settings().kafka
    options = kafka.kafka_options()
    assert (options["sasl_mechanism"], options["sasl_plain_username"], options["sasl_plain_password"]) == ("SCRAM-SHA-512", "u", "p")
    assert isinstance(options["ssl_context"], ssl.SSLContext)
    assert "'p'" not in repr(kafka)


def test_without_tls_there_is_no_context() -> None:
    assert "ssl_context" not in KafkaSettings(bootstrap="a:9092").kafka_options()


def test_a_certificate_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "ca.pem"
    broken.write_text("no certificate", encoding="utf-8")
    for file in (broken, tmp_path / "nothing.pem"):
        with pytest.raises(SettingsError, match=str(file)):
            KafkaSettings(security_protocol="SSL", ssl_cafile=file).kafka_options()


def test_secrets_come_from_the_environment_then_from_files(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("whsec_file\n", encoding="utf-8")
    found = read_secrets(["A"], [file], {"A": " whsec_env "})
    assert [secret.get_secret_value() for secret in found] == ["whsec_env", "whsec_file"]


def test_an_empty_secret_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="is empty"):
        read_secrets([], [tmp_path / "secret"], {})
