"""What every adapter of the gateway must do, asked of each one there is with its example payloads and with nonsense."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import streams.gateway.adapters
from detectors.event import Event
from detectors.text.pii import mask
from streams import wire
from streams.gateway.adapters import adapter_class, kinds
from streams.gateway.adapters.base import Adapter, Call
from streams.gateway.checker import Checked, Checker
from streams.records import REASONS, Parser
from tests.unit.gateway.examples import FOLDER, NOW, adapter, call, examples

KINDS = kinds()
EXAMPLES = [pytest.param(kind, name, id=f"{kind}-{name}") for kind in KINDS for name in examples(kind)]
each_adapter = pytest.mark.parametrize("kind", KINDS)
each_example = pytest.mark.parametrize(("kind", "name"), EXAMPLES)

PRIVATE = ["王小明", "wang@customer.example", "13800000001", "李女士", "赵先生", "客服一号", "agent@shop.example", "861059000000"]
"""Names, addresses and phones of the examples. They may stand in what somebody said, and nowhere else."""

PIGEON = """
from streams.gateway.adapters.base import Adapter, Ignored


class Pigeon(Adapter):
    def translate(self, payload, call):
        return [Ignored("coo")]
"""

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)


def of(kind: str, name: str) -> list[dict[str, Any]]:
    return adapter(kind).read(examples(kind)[name], call()).events


@each_adapter
def test_an_adapter_has_examples_and_none_of_them_is_a_reject(kind: str) -> None:
    assert examples(kind)
    for payload in examples(kind).values():
        found = adapter(kind).read(payload, call())
        assert not found.rejects
        assert found.events or found.ignored


def test_every_file_of_examples_belongs_to_an_adapter() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(KINDS)


@each_example
def test_an_examples_events_are_events_of_the_schema_for_its_tenant(kind: str, name: str) -> None:
    for event in of(kind, name):
        value = msgspec.json.encode(event)
        parsed = Parser(mask).parse(value, record_time=NOW)
        assert isinstance(parsed, Event), parsed
        assert parsed.tenant == "acme"
        assert isinstance(Checker(1 << 20).check(value, "acme", NOW), Checked)


@each_example
def test_the_same_payload_twice_gives_the_same_ids_whenever_it_comes(kind: str, name: str) -> None:
    later = Call({}, "acme", NOW + 3600)
    again = adapter(kind).read(json.loads(json.dumps(examples(kind)[name])), later).events
    assert [event["id"] for event in again] == [event["id"] for event in of(kind, name)]


@each_adapter
def test_the_events_of_an_example_have_ids_of_their_own(kind: str) -> None:
    for name in examples(kind):
        ids = [event["id"] for event in of(kind, name)]
        assert len(set(ids)) == len(ids)


@each_example
def test_an_event_holds_fields_of_the_schema_and_no_name_address_or_phone(kind: str, name: str) -> None:
    known = wire.field_names()
    for event in of(kind, name):
        said = event["data"].get("message", {}).pop("text", None)
        assert set(event) <= {"specversion", "id", "source", "type", "time", "subject", "datacontenttype", "data"}
        assert set(_names(event["data"])) <= known
        shown = json.dumps(event, ensure_ascii=False)
        assert not [private for private in PRIVATE if private in shown]
        assert said is None or isinstance(said, str)


def _names(data: Any) -> list[str]:
    if isinstance(data, list):
        return [name for each in data for name in _names(each)]
    return [name for key, value in data.items() for name in (key, *_names(value))] if isinstance(data, dict) else []


@each_adapter
@given(payload=values)
def test_nonsense_is_a_reject_or_ignored_and_never_an_exception(kind: str, payload: Any) -> None:
    found = adapter(kind).read(payload, call())
    assert all(reject.reason in REASONS and reject.tenant == "acme" for reject in found.rejects)
    assert not found.events


@each_adapter
@given(data=st.data())
def test_an_example_with_nonsense_in_it_is_never_an_exception(kind: str, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(examples(kind))))
    payload = json.loads(json.dumps(examples(kind)[name]))
    for _ in range(data.draw(st.integers(1, 3))):
        _spoil(payload, data)
    found = adapter(kind).read(payload, call())
    assert all(reject.reason in REASONS for reject in found.rejects)
    for event in found.events:
        checked = Checker(1 << 20).check(msgspec.json.encode(event), "acme", NOW)
        assert isinstance(checked, Checked) or checked.reason in REASONS


def _spoil(payload: Any, data: st.DataObject) -> None:
    """Replace something somewhere."""
    at = payload
    while True:
        keys = list(range(len(at))) if isinstance(at, list) else list(at)
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        if isinstance(at[key], (dict, list)) and data.draw(st.booleans()):
            at = at[key]
            continue
        at[key] = data.draw(values)
        return


@each_adapter
def test_time_grows_with_what_comes_and_not_faster(kind: str) -> None:
    made, payloads = adapter(kind), list(examples(kind).values())
    few, many = (_fastest(made, payloads * count) for count in (20, 200))
    assert many < few * 40, f"10 times as much took {many / few:.0f} times as long"


def _fastest(made: Adapter, payloads: list[Any]) -> float:
    best = float("inf")
    for _ in range(3):
        began = time.process_time()
        made.read(payloads, call())
        best = min(best, time.process_time() - began)
    return max(best, 1e-4)


@each_adapter
def test_a_long_text_is_kept_whole_in_linear_time(kind: str) -> None:
    made = adapter(kind)
    for payload in examples(kind).values():
        long = json.loads(json.dumps(payload))
        _lengthen(long)
        began = time.process_time()
        made.read(long, call())
        assert time.process_time() - began < 2.0


def _lengthen(value: Any) -> None:
    """Make every text inside very long."""
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        if isinstance(value[key], str):
            value[key] *= 20_000
        elif isinstance(value[key], (dict, list)):
            _lengthen(value[key])


@each_adapter
@pytest.mark.parametrize("depth", [500, 900, 960, 980])
def test_a_deep_payload_is_never_an_exception(kind: str, depth: int) -> None:
    deep: Any = "x"
    for _ in range(depth):
        deep = {"a": deep}
    for payload in examples(kind).values():
        found = adapter(kind).read({**payload, "deep": deep}, call())
        assert all(reject.reason in REASONS for reject in found.rejects)
        assert len(msgspec.json.encode(found.events)) < 100_000


@each_adapter
def test_an_adapter_that_signs_nothing_refuses_a_secret(kind: str) -> None:
    cls = adapter_class(kind)
    made = adapter(kind)
    assert made.verify(b"{}", {}, NOW) is False
    if not cls.signs:
        with pytest.raises(ValueError, match="signs nothing"):
            cls(made.params, [_secret()])


def _secret() -> Any:
    from pydantic import SecretStr  # noqa: PLC0415 - only here

    return SecretStr("0123456789abcdef")


def test_a_new_file_is_a_new_adapter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pigeon.py").write_text(PIGEON, encoding="utf-8")
    monkeypatch.setattr(streams.gateway.adapters, "__path__", [*streams.gateway.adapters.__path__, str(tmp_path)])
    assert "pigeon" in kinds()
    cls = adapter_class("pigeon")
    made = cls(cls.Params(name="coop", type="pigeon", tenant="acme"))
    assert made.read({}, call()).ignored[0].kind == "coo"
    monkeypatch.delitem(sys.modules, "streams.gateway.adapters.pigeon")


def test_a_kind_nobody_wrote_is_named_with_those_there_are() -> None:
    with pytest.raises(LookupError, match="chatwoot"):
        adapter_class("owl")
