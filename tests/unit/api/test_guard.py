from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from pydantic import SecretStr

from config.errors import SettingsError
from config.settings import ApiSettings
from streams.api.attempts import REMEMBERED, Attempts
from streams.api.guard import _network
from streams.api.routes import ROUTES
from streams.api.tokens import Role, load_tokens, new_token
from tests.unit.api.site import BASE, LOCAL, MADE, Site, played

ROLES = {"viewer": Role.VIEWER, "operator": Role.OPERATOR, "admin": Role.ADMIN}


def test_every_route_needs_its_role_and_a_token() -> None:
    async def scene(site: Site) -> None:
        for endpoint in ROUTES:
            if endpoint.media != "application/json":
                continue
            path = endpoint.path.replace("{id}", "abcd")
            for name, role in ROLES.items():
                status = (await site.ask(endpoint.method, path, name)).status
                assert (status == 403) == (endpoint.role is not None and role < endpoint.role), (endpoint.name, name)
            status = (await site.ask(endpoint.method, path, None)).status
            assert (status == 401) == (endpoint.role is not None), endpoint.name

    played(scene)


HASH = pytest.param(f"Bearer {LOCAL[1].sha256}", id="a token's hash")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic abc", "Bearer wrong", "Bearer \xff", HASH])
def test_without_a_right_token_nobody_is_let_in(header: str) -> None:
    async def scene(site: Site) -> None:
        response = await site.client.get(f"{BASE}/me", headers={"Authorization": header})
        assert response.status == 401
        assert response.headers["WWW-Authenticate"].startswith("Bearer")

    played(scene)


def test_a_token_in_the_address_is_no_token() -> None:
    async def scene(site: Site) -> None:
        assert (await site.ask("GET", f"/me?access_token={LOCAL[0]}", None)).status == 401

    played(scene)


def test_whoever_guesses_must_wait_and_who_is_known_need_not() -> None:
    async def scene(site: Site) -> None:
        assert (await site.ask("GET", "/me", "viewer")).status == 200
        statuses = [(await site.ask("GET", "/me", f"guess{number}")).status for number in range(12)]
        assert statuses == [401] * 10 + [429] * 2
        blocked = await site.ask("GET", "/me", "admin")
        assert (blocked.status, int(blocked.headers["Retry-After"])) == (429, 60)
        assert (await site.ask("GET", "/me", "viewer")).status == 200
        site.clock[0] += 61
        assert (await site.ask("GET", "/me", "admin")).status == 200

    played(scene)


def test_no_token_is_ever_in_a_log(caplog: pytest.LogCaptureFixture) -> None:
    async def scene(site: Site) -> None:
        for who in (*MADE, "local", "fh_wrong-token"):
            await site.ask("GET", "/alerts", who)
            await site.ask("POST", "/alerts/abcd/acknowledge", who)

    with caplog.at_level(logging.DEBUG):
        played(scene)
    secrets = [text for text, _ in (*MADE.values(), LOCAL)] + [entry.sha256 for _, entry in (*MADE.values(), LOCAL)]
    assert not [secret for secret in (*secrets, "fh_wrong-token") if secret in caplog.text]
    assert not [secret for secret in secrets if secret in repr(MADE["viewer"][1])]


def test_a_page_whose_name_was_rebound_is_turned_away() -> None:
    async def scene(site: Site) -> None:
        for host in ("evil.example", "evil.example:8741", "127.0.0.1.evil.example", "", "[::1"):
            assert (await site.ask("GET", "/alerts", Host=host)).status == 421, host
        for host in ("localhost:8741", "127.0.0.1", "[::1]:8741", "alerts.example.com", "ALERTS.example.com:443"):
            assert (await site.ask("GET", "/alerts", Host=host)).status == 200, host

    played(scene, hosts=["alerts.example.com"])


def test_scripts_of_other_origins_are_turned_away_unless_allowed() -> None:
    async def scene(site: Site) -> None:
        own = f"http://{site.client.host}:{site.client.port}"
        assert (await site.ask("GET", "/me", Origin=own)).status == 200
        for origin in ("https://evil.example", "null", "http://localhost:1"):
            refused = await site.ask("POST", "/alerts/abcd/acknowledge", Origin=origin)
            assert refused.status == 403
            assert "Access-Control-Allow-Origin" not in refused.headers
        allowed = await site.ask("GET", "/me", Origin="https://console.example")
        assert allowed.headers["Access-Control-Allow-Origin"] == "https://console.example"
        preflight = await site.send("OPTIONS", "/alerts", None, headers={"Origin": "https://console.example"})
        assert preflight.status == 204
        assert "Authorization" in preflight.headers["Access-Control-Allow-Headers"]

    played(scene, origins=["https://console.example"])


def test_nothing_is_kept_by_caches_or_framed() -> None:
    async def scene(site: Site) -> None:
        for path, who in (("/me", "viewer"), ("/me", None), ("/nothing", None)):
            headers = (await site.ask("GET", path, who)).headers
            assert headers["Cache-Control"] == "no-store"
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]

    played(scene)


# -- configuration


def test_tokens_come_from_a_variable_and_from_a_file(tmp_path: Path) -> None:
    (one, first), (two, second) = new_token("one", "viewer"), new_token("two", "admin", ["acme"])
    file = tmp_path / "tokens.yaml"
    file.write_text(json.dumps([second.model_dump(mode="json")]), encoding="utf-8")
    found = load_tokens(ApiSettings(tokens=SecretStr(json.dumps([first.model_dump(mode="json", exclude_none=True)])), tokens_file=file))
    assert (found.find(one), found.find(two), len(found)) == (first, second, 2)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[", "neither YAML nor JSON"),
        ("{}", "the list"),
        ('[{"name": "x"}]', "0.role"),
        ('[{"name": "x", "role": "root", "sha256": "%s"}]' % ("a" * 64), "0.role"),
        ('[{"name": "x", "role": "viewer", "sha256": "deadbeef-secret"}]', "0.sha256"),
        ('[{"name": "x", "role": "viewer", "sha256": "%s"}]' % ("a" * 64), None),
    ],
)
def test_a_token_entry_that_cannot_be_used_is_named_without_its_hash(text: str, words: str | None) -> None:
    settings = ApiSettings(tokens=SecretStr(text))
    if words is None:
        assert len(load_tokens(settings)) == 1
        return
    with pytest.raises(SettingsError) as refused:
        load_tokens(settings)
    assert words in str(refused.value)
    assert "deadbeef" not in str(refused.value)


def test_two_tokens_of_one_name_are_refused() -> None:
    entries = [new_token("ops", "viewer")[1].model_dump(mode="json") for _ in range(2)]
    with pytest.raises(SettingsError, match="'ops' is there twice"):
        load_tokens(ApiSettings(tokens=SecretStr(json.dumps(entries))))


# -- attempts


def test_attempts_are_remembered_within_bounds() -> None:
    attempts = Attempts(limit=3, window_s=60.0)
    for number in range(3 * REMEMBERED):
        attempts.failed(f"10.{number}", float(number) / 1000)
        attempts.succeeded(f"10.{number}", b"digest")
    for _ in range(100):
        attempts.failed("last", 31.0)
    assert attempts.wait("last", 31.0) == 60.0
    assert attempts.wait("10.0", 31.0) == 0.0
    assert not attempts.known("10.0", b"digest")
    assert max(len(kept) for kept in (attempts._failures, attempts._known)) <= REMEMBERED
    assert len(attempts._failures["last"]) == 3


@pytest.mark.parametrize(
    ("remote", "counted"),
    [("10.0.0.9", "10.0.0.9"), ("2001:db8:0:1:2::3", "2001:db8:0:1::/64"), (None, ""), ("unix", "unix")],
)
def test_failures_count_for_a_customer_not_for_each_of_his_addresses(remote: str | None, counted: str) -> None:
    assert _network(remote) == counted
