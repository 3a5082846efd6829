"""Dead letters: the original and the reason, bounded, in a form anybody can read."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from streams.dead_letter import MAX_VALUE, dead_letter, to_json_line
from streams.files import Line
from streams.records import Reject
from streams.topics import DEAD_LETTERS

REJECT = Reject("invalid_data", "data.message.direction", "Input should be 'in' or 'out'", "acme")


@dataclass
class Consumed:
    value: bytes | None = b'{"original": true}'
    key: bytes | None = b"acme/c-1"
    headers: list[tuple[str, bytes | None]] = field(default_factory=list)
    topic: str = "fenghuo.events.v1"
    partition: int = 2
    offset: int = 118
    timestamp: int = 1794355392481


def test_a_dead_letter_is_the_original_and_says_why() -> None:
    letter = dead_letter(Consumed(headers=[("ce_id", b"e-1"), ("nothing", None)]), REJECT)
    assert (letter.topic, letter.value, letter.key) == (DEAD_LETTERS, b'{"original": true}', b"acme/c-1")
    assert dict(letter.headers) == {
        "fenghuo_reason": b"invalid_data",
        "fenghuo_path": b"data.message.direction",
        "fenghuo_detail": b"Input should be 'in' or 'out'",
        "fenghuo_tenant": b"acme",
        "fenghuo_topic": b"fenghuo.events.v1",
        "fenghuo_partition": b"2",
        "fenghuo_offset": b"118",
        "fenghuo_timestamp": b"1794355392481",
        "fenghuo_size": b"18",
        "fenghuo_sha256": hashlib.sha256(b'{"original": true}').hexdigest().encode(),
        "original_ce_id": b"e-1",
        "original_nothing": b"",
    }


def test_a_large_original_keeps_its_head_and_its_hash() -> None:
    value = b"x" * 900_000
    letter = dead_letter(Consumed(value), REJECT)
    assert letter.value == value[:MAX_VALUE]
    assert dict(letter.headers)["fenghuo_size"] == b"900000"
    assert dict(letter.headers)["fenghuo_sha256"] == hashlib.sha256(value).hexdigest().encode()


def test_a_tombstone_gives_a_letter_that_is_none() -> None:
    letter = dead_letter(Consumed(None, None), Reject("empty"))
    assert (letter.value, letter.key) == (b"", None)
    assert "fenghuo_path" not in dict(letter.headers)


def test_many_and_large_headers_are_bounded() -> None:
    letter = dead_letter(Consumed(b"x", b"k" * 900_000, [("n" * 9000, b"v" * 9000)] * 500), REJECT)
    assert len(letter.key or b"") + sum(len(name) + len(value) for name, value in letter.headers) < 200_000


def test_a_header_of_the_original_cannot_pass_for_ours() -> None:
    letter = dead_letter(Consumed(headers=[("fenghuo_reason", b"forged")]), REJECT)
    assert [value for name, value in letter.headers if name == "fenghuo_reason"] == [b"invalid_data"]


def parsed(line: Line) -> dict[str, Any]:
    written = to_json_line(line, REJECT)
    assert written.endswith(b"\n")
    assert written.count(b"\n") == 1
    letter: dict[str, Any] = json.loads(written)
    return letter


@pytest.mark.parametrize("text", ["{not json", "火\u2028", "a\0b", '"\\u0000"', 'tab\tquote"', ""])
def test_a_line_of_text_is_kept_as_text(text: str) -> None:
    data = text.encode()
    assert parsed(Line(data, 7, "events.jsonl")) == {
        "reason": "invalid_data",
        "path": "data.message.direction",
        "detail": "Input should be 'in' or 'out'",
        "tenant": "acme",
        "file": "events.jsonl",
        "line": 7,
        "size": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "text": text,
    }


def test_a_line_that_is_no_text_is_kept_as_base64() -> None:
    letter = parsed(Line(b"\xff\xfe\0", 1, "x"))
    assert base64.b64decode(letter["base64"]) == b"\xff\xfe\0"
    assert "text" not in letter


def test_a_line_cut_within_a_character_is_still_text() -> None:
    whole = ("a" + "火" * 50_000).encode()
    letter = parsed(Line(whole, 1, "x"))
    assert letter["truncated"] is True
    assert letter["size"] == len(whole)
    assert letter["text"] == whole[:MAX_VALUE].decode(errors="ignore")


def test_a_half_character_at_the_end_of_a_whole_line_is_no_text() -> None:
    assert "base64" in parsed(Line("火".encode()[:2], 1, "x"))


def test_a_line_longer_than_its_head_says_so() -> None:
    letter = parsed(Line(b"x" * 10, 1, "x", 5 << 30, "ab" * 32))
    assert (letter["truncated"], letter["size"], letter["sha256"]) == (True, 5 << 30, "ab" * 32)
