from __future__ import annotations

import asyncio
import re
from importlib.resources import files
from pathlib import Path

import aiohttp
import pytest

from alerts.decide import Memory
from alerts.notifiers.webhook import Webhook
from alerts.route import Route
from config.errors import ConfigurationError, PolicyError, SettingsError
from config.loader import Policy, build_notifier, load_policy
from detectors.base import Reading, Scope

HERE = Path(__file__).parent
BROKEN = sorted((HERE / "broken").glob("*.yaml"))
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def policy(folder: Path, text: str) -> Policy:
    file = folder / "my.yaml"
    file.write_text(text, encoding="utf-8")
    return load_policy(file)


@pytest.mark.parametrize("file", BROKEN, ids=lambda file: file.stem)
def test_a_mistake_is_one_line_naming_file_and_key(file: Path) -> None:
    expected = file.read_text(encoding="utf-8").splitlines()[0].removeprefix("# expects: ")
    with pytest.raises(PolicyError) as caught:
        load_policy(file)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith((f"{file}: ", f"{file.parent / 'parts' / file.name}: "))
    assert expected in message
    assert caught.value.exit_code == 2


def test_a_policy_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"nothing\.yaml: cannot be read: No such file"):
        load_policy(tmp_path / "nothing.yaml")


def test_a_policy_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PolicyError, match="it is not UTF-8"):
        load_policy(tmp_path / "my.yaml")


def test_what_a_policy_leaves_out_is_as_it_ships(tmp_path: Path) -> None:
    own, shipped = policy(tmp_path, "lateness_s: 5\n"), load_policy()
    assert (own.lateness_s, shipped.lateness_s) == (5, 30)
    assert own.rules == shipped.rules
    assert own.calendar.params == shipped.calendar.params


def test_an_empty_policy_is_the_one_that_ships(tmp_path: Path) -> None:
    assert policy(tmp_path, "# nothing\n").version == load_policy().version


def test_the_version_is_that_of_the_values(tmp_path: Path) -> None:
    first = policy(tmp_path, "lateness_s: 5\nliteral_thresholds: true\n").version
    assert policy(tmp_path, "# a comment\nliteral_thresholds: true\nlateness_s: 5\n").version == first
    assert policy(tmp_path, "lateness_s: 6\nliteral_thresholds: true\n").version != first
    assert re.fullmatch(r"[0-9a-f]{12}", first)


def test_the_core_profile_has_core_indicators_only(tmp_path: Path) -> None:
    found = policy(tmp_path, "profile: core\n")
    assert "queue_length" not in found.rules
    assert {"negation_share", "transfer_count"} < set(found.rules)
    assert "queue_length" not in found.detectors
    assert all(rule.core for rule in found.rules.values())


def test_the_policy_reaches_the_decider(tmp_path: Path) -> None:
    unsure = Reading(1.0, 5, n=1, guard=False, indicator="similar_complaint_count", scope=Scope("acme"))
    assert load_policy().decider()(unsure, Memory()) is None
    change = policy(tmp_path, "literal_thresholds: true\n").decider()(unsure, Memory())
    assert change is not None
    assert change.tier == 2


def test_calendar_and_approved_offers_reach_the_detectors_that_take_them(tmp_path: Path) -> None:
    found = policy(tmp_path, "calendar: {time_zone: Europe/Berlin}\napproved_offers: [满300减50]\n")
    assert found.detectors["volume_ratio_3h"].params.calendar.time_zone == "Europe/Berlin"
    assert found.detectors["false_promise_hit"].params.approved == ("满300减50",)


def test_parameters_reach_the_detectors_that_take_them(tmp_path: Path) -> None:
    text = """
indicators:
  false_promise_hit:
    dimension: structure
    name: {zh: 违规承诺, en: Promise}
    title: {zh: "{v}", en: "{v}"}
    unit: count
    tiers: {blue: null, yellow: 1, orange: 2, red: 5}
    params: {window_s: 60}
"""
    (tmp_path / "own.yaml").write_text(text, encoding="utf-8")
    found = policy(tmp_path, "indicators: own.yaml\n")
    assert sorted(found.detectors) == ["false_promise_hit", "false_promise_hit_by_agent"]
    assert found.detectors["false_promise_hit_by_agent"].params.window_s == 60


def test_routes_and_receivers_are_read(tmp_path: Path) -> None:
    (tmp_path / "words").mkdir()
    found = policy(
        tmp_path,
        """
receivers: [{name: ops, type: webhook, url: "https://example.com/h", secret_env: OPS_SECRET}]
routes: [{receivers: ops, min_tier: orange, match: {indicator: queue_length}}]
lexicons: words
""",
    )
    step = next(step for step in found.steps if isinstance(step, Route))
    assert step.params.routes[0].receivers == ["ops"]
    assert found.receivers[0].secret_env == ["OPS_SECRET"]
    assert found.lexicons == tmp_path / "words"


async def _built(receiver: str, environ: dict[str, str], folder: Path) -> Webhook:
    found = policy(folder, f"receivers: [{receiver}]\n")
    async with aiohttp.ClientSession() as session:
        notifier = build_notifier(found.receivers[0], session, environ)
    assert isinstance(notifier, Webhook)
    return notifier


RECEIVER = '{name: ops, type: webhook, url: "https://example.com/h", secret_env: OPS_SECRET}'


def test_a_secret_is_read_when_the_notifier_is_built_and_never_shown(tmp_path: Path) -> None:
    notifier = asyncio.run(_built(RECEIVER, {"OPS_SECRET": SECRET}, tmp_path))
    assert notifier.secrets[0].get_secret_value() == SECRET
    assert SECRET[6:] not in f"{notifier!r}{notifier.secrets!r}{notifier.params!r}"


@pytest.mark.parametrize(
    ("receiver", "environ", "message"),
    [
        (RECEIVER, {}, "environment variable OPS_SECRET holds no secret"),
        (RECEIVER, {"OPS_SECRET": " "}, "environment variable OPS_SECRET holds no secret"),
        (RECEIVER, {"OPS_SECRET": "whsec_c2hvcnQ="}, "receiver ops: a webhook secret has 24 to 64 bytes, not 5"),
        (RECEIVER, {"OPS_SECRET": "hunter2"}, "begins with whsec_"),
        ('{name: ops, type: webhook, url: "https://example.com/h"}', {}, "receiver ops has no secret"),
        ('{name: ops, type: webhook, url: "http://example.com/h", secret_env: S}', {"S": SECRET}, "is not https"),
        ('{name: ops, type: webhook, url: "https://e.com/h", secret_file: /nothing/here}', {}, "secret file /nothing/here cannot be read"),
    ],
)
def test_a_secret_that_cannot_be_used_is_named_and_not_shown(receiver: str, environ: dict[str, str], message: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        asyncio.run(_built(receiver, environ, tmp_path))
    assert isinstance(caught.value, ConfigurationError)
    assert "hunter2" not in str(caught.value)


def test_a_file_with_the_stages_of_an_older_version_goes_on_working(tmp_path: Path) -> None:
    found = policy(tmp_path, "stages: [route]\n")
    assert [step.name for step in found.steps] == ["route"]


ESCALATED = """
receivers: [{name: ops, type: webhook, url: "https://example.com/h", secret_env: OPS_SECRET}]
routes: [{receivers: ops}]
"""


@pytest.mark.parametrize(
    ("stanza", "complaint"),
    [
        ("escalations: [{steps: [{notify: boss}]}]", "escalations.0.steps.0.notify: there is no receiver 'boss'"),
        ("escalations: [{steps: [{on_duty: night}]}]", "there is no schedule 'night'"),
        ("schedules: {night: [{receivers: boss}]}", "schedules.night.0.receivers: there is no receiver 'boss'"),
        ("rate_limit: [{receivers: boss, pages: 3}]", "rate_limit.0.receivers: there is no receiver 'boss'"),
        ("group: [{by: []}]", "group.0: by: name the labels"),
        ("repeat: [{every_s: 5}]", "repeat.0.every_s"),
        (
            "silences: [{match: {queue_id: a}, from: 2026-03-02T10:00:00+08:00, until: 2026-03-02T09:00:00+08:00}]",
            "until must lie after from",
        ),
        ("maintenance: [{name: w}]", "give either from and until, or weekly"),
        ('maintenance: [{name: w, weekly: [{from: "9"}]}]', "is no time of day"),
        ("campaigns: {indicators: [queue_lenght]}", "campaigns.indicators.0: there is no indicator 'queue_lenght'"),
        ("campaigns: {indicators: volume_ratio_3h}", "volume_ratio_3h counts with declared campaigns by itself"),
        ("campaigns: {indicators: [queue_length, ears_c2]}", "campaigns.indicators.1: ears_c2 counts with"),
        ("campaigns: {indicators: [queue_length], max_tier: red}", "campaigns.max_tier"),
        ("flap: {changed: 3}", "flap.changed: unknown key"),
        ("expire_s: 60", "expire_s"),
    ],
)
def test_a_mistake_in_a_stage_names_its_key(tmp_path: Path, stanza: str, complaint: str) -> None:
    with pytest.raises(PolicyError, match=re.escape(complaint)):
        policy(tmp_path, ESCALATED + stanza + "\n")


def test_every_example_in_the_policy_that_ships_can_be_taken_over(tmp_path: Path) -> None:
    text = files("config").joinpath("fenghuo.yaml").read_text(encoding="utf-8")
    stages = text[text.index("silences: []") : text.index("# Who gets what")]
    lines = [line.removeprefix("#") if line.startswith("#  ") else line for line in stages.splitlines()]
    shown = "\n".join(re.sub(r"^(\w+): (\[\]|\{\})$", r"\1:", line) for line in lines)
    receivers = "".join(
        f"  - {{name: {name}, type: webhook, url: 'https://example.com/h', secret_env: X}}\n"
        for name in ("duty-manager", "shift-group", "crisis-team")
    )
    found = policy(tmp_path, f"{shown}\nreceivers:\n{receivers}")
    named = {step.name: step.params for step in found.steps}
    assert (len(named["silences"].silences), len(named["maintenance"].maintenance), len(named["inhibit"].inhibit)) == (1, 2, 1)
    assert len(named["maintenance"].campaigns.indicators) == 3
    assert (len(named["rate_limit"].rate_limit), len(named["group"].group), len(named["repeat"].repeat)) == (1, 1, 1)
    assert (len(named["escalate"].escalations[0].steps), len(named["escalate"].schedules["managers"])) == (2, 2)
