from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from config.errors import ConfigurationError
from config.settings import GatewaySettings, load_settings
from streams.gateway.policy import load_gateway
from tests.unit.gateway.fake_bus import OTHER, TOKEN, policy_of

CRM = "tokens: [{name: crm, tenant: acme, secret_env: [CRM, OTHER]}]\n"


def _settings(**values: Any) -> GatewaySettings:
    return GatewaySettings(**values)


def test_several_secrets_of_a_token_hold_while_rotating(tmp_path: Path) -> None:
    tokens = policy_of(_settings(), tmp_path, CRM).tokens
    found = [tokens.find(secret.encode()) for secret in (TOKEN, OTHER)]
    assert [token.name for token in found if token is not None] == ["crm", "crm"]
    assert tokens.find(b"guessed") is None


def test_the_hash_alone_is_enough(tmp_path: Path) -> None:
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    tokens = policy_of(_settings(), tmp_path, f"tokens: [{{name: crm, tenant: acme, sha256: '{digest}'}}]").tokens
    token = tokens.find(TOKEN.encode())
    assert token is not None
    assert TOKEN not in repr(token)


def test_one_token_needs_no_file_and_may_use_its_tenants_adapters(tmp_path: Path) -> None:
    text = "adapters: [{name: calls, type: rasa, tenant: acme}, {name: theirs, type: rasa, tenant: rival}]"
    policy = policy_of(_settings(tenant="acme", token=SecretStr(TOKEN)), tmp_path, text)
    token = policy.tokens.find(TOKEN.encode())
    assert token is not None
    assert token.adapters == {"calls"}


def test_a_secret_comes_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{TOKEN}\n", encoding="utf-8")
    text = f"tokens: [{{name: crm, tenant: acme, secret_file: '{tmp_path / 'secret'}'}}]"
    assert policy_of(_settings(), tmp_path, text).tokens.find(TOKEN.encode()) is not None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tokens: []", "nobody could post"),
        ("token: []", "token: unknown key"),
        ("tokens: [{name: crm, tenant: acme}]", "token crm has no secret"),
        ("tokens: [{name: crm, tenant: acme, secret_env: MISSING}]", "MISSING holds no secret"),
        ("tokens: [{name: crm, tenant: a/b, secret_env: CRM}]", "tokens.0.tenant"),
        ("tokens: [{name: crm, tenant: acme, sha256: abc}]", "64 hexadecimal digits"),
        ("tokens: [{name: crm, tenant: acme, secret_env: CRM, adapters: [x]}]", "there is no adapter x"),
        (
            "adapters: [{name: x, type: owl, tenant: acme}]",
            "adapters.0.type: there is no adapter 'owl'; there are: amazon_connect, chatwoot",
        ),
        ("adapters: [{name: x, type: rasa, tenant: acme, secret_env: CRM}]", "rasa signs nothing"),
        ("adapters: [{name: x, type: rasa, tenant: acme}, {name: x, type: rasa, tenant: acme}]", "two adapters are called x"),
        ("adapters: [{name: x, type: rasa, tenant: acme, low_confidence: 3.0}]", "adapters.0.low_confidence"),
        ("adapters: [{name: x, type: json_mapping, tenant: acme, events: [{type: a, time: b}]}]", "there is no event type 'a'"),
        (CRM + "adapters: [{name: x, type: rasa, tenant: rival}]\n".replace("adapters", "adapters"), None),
    ],
)
def test_a_file_that_cannot_work_is_refused_with_its_key(tmp_path: Path, text: str, message: str | None) -> None:
    if message is None:
        assert policy_of(_settings(), tmp_path, text).adapters
        return
    with pytest.raises(ConfigurationError, match=message) as error:
        policy_of(_settings(), tmp_path, text)
    assert TOKEN not in str(error.value)


def test_a_token_for_anothers_adapter_is_refused(tmp_path: Path) -> None:
    text = "tokens: [{name: crm, tenant: acme, secret_env: CRM, adapters: x}]\nadapters: [{name: x, type: rasa, tenant: rival}]"
    with pytest.raises(ConfigurationError, match="belongs to another tenant"):
        policy_of(_settings(), tmp_path, text)


def test_a_short_secret_is_refused_and_not_shown() -> None:
    with pytest.raises(ConfigurationError, match="less than 16 characters") as error:
        load_gateway(None, _settings(tenant="acme", token=SecretStr("hunter2")), {})
    assert "hunter2" not in str(error.value)


def test_the_file_that_ships_lets_nobody_in_by_itself() -> None:
    with pytest.raises(ConfigurationError, match="nobody could post"):
        load_gateway(None, _settings(), {})


def test_a_signing_vendor_alone_is_enough(tmp_path: Path) -> None:
    text = "adapters: [{name: tickets, type: zendesk, tenant: acme, secret_env: [ZEN, OLD]}]"
    assert len(policy_of(_settings(), tmp_path, text).adapters["tickets"].secrets) == 2


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"tenant": "acme"}, "tenant and token belong together"), ({"max_inflight_bytes": 2048}, "below max_body_bytes")],
)
def test_settings_that_contradict_each_other_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        load_settings(gateway=settings)
