"""From a body to the events in it: unpacked within bounds, cut into pieces, each left as it came."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

import msgspec

from streams.gateway.problem import Problem

__all__ = ["binary_event", "decoded", "pieces", "unpacked"]

_GZIP: Final = b"\x1f\x8b"
_BOM: Final = b"\xef\xbb\xbf"
_decode = msgspec.json.Decoder().decode
_cut = msgspec.json.Decoder(list[msgspec.Raw]).decode


def unpacked(body: bytes, encoding: str, limit: int) -> bytes:
    """The body without its packing, gzip by its header or its first bytes; Problem where it is damaged or larger than `limit` then."""
    encoding = encoding.strip().lower()
    if encoding not in {"", "identity", "gzip", "x-gzip"}:
        raise Problem("unsupported", {"reason": "content_encoding"})
    if encoding in {"", "identity"} and not body.startswith(_GZIP):
        return body
    found, rest = b"", body
    while rest:
        member = zlib.decompressobj(wbits=31)
        try:
            found += member.decompress(rest, limit + 1 - len(found))
        except zlib.error:
            raise Problem("malformed", {"reason": "not_gzip", "path": ""}) from None
        if len(found) > limit or member.unconsumed_tail:
            raise Problem("too_large", {"limit": limit})
        if not member.eof:
            raise Problem("malformed", {"reason": "not_gzip", "path": ""})
        rest = member.unused_data.lstrip(b"\0")
    return found


def pieces(body: bytes, limit: int) -> list[bytes]:
    r"""The events of a batch: a JSON array, or JSON lines. At most `limit`.

    >>> pieces(b'[{"a": 1}, {"b": 2}]', 9), pieces(b'{"a": 1}\n\n{"b": 2}', 9)
    ([b'{"a": 1}', b'{"b": 2}'], [b'{"a": 1}', b'{"b": 2}'])
    """
    body = body.removeprefix(_BOM)
    head = body.lstrip()[:1]
    if not head:
        raise Problem("malformed", {"reason": "empty", "path": ""})
    if head == b"[":
        found = _array(body)
    else:
        if body.count(b"\n") > 2 * limit:
            raise Problem("too_large", {"max_events": limit})
        found = [line for each in body.split(b"\n") if (line := each.strip())]
    if len(found) > limit:
        raise Problem("too_large", {"max_events": limit})
    if not found:
        raise Problem("malformed", {"reason": "empty", "path": ""})
    return found


def _array(body: bytes) -> list[bytes]:
    try:
        return [bytes(each) for each in _cut(body)]
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Problem("malformed", {"reason": "not_json", "path": ""}) from None
    except RecursionError:
        raise Problem("malformed", {"reason": "too_deep", "path": ""}) from None


def decoded(body: bytes) -> Any:
    """The JSON value of a body, or of each of its lines. Raises Problem."""
    try:
        return _decode(body.removeprefix(_BOM))
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    except RecursionError:
        raise Problem("malformed", {"reason": "too_deep", "path": ""}) from None
    try:
        return [_decode(line) for each in body.removeprefix(_BOM).split(b"\n") if (line := each.strip())]
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Problem("malformed", {"reason": "not_json", "path": ""}) from None
    except RecursionError:
        raise Problem("malformed", {"reason": "too_deep", "path": ""}) from None


def binary_event(body: bytes, headers: Mapping[str, str]) -> bytes | None:
    """The structured form of a CloudEvent in binary mode: attributes in `ce-*` headers, the body is `data`. None where there are none.

    (CloudEvents HTTP protocol binding 1.0.2, section 3.1: values are percent-encoded.)
    """
    attributes = {name[3:].lower(): unquote(value) for name, value in headers.items() if name[:3].lower() == "ce-"}
    if not attributes:
        return None
    try:
        data = _decode(body)
        return msgspec.json.encode({**attributes, "data": data})
    except (msgspec.DecodeError, UnicodeError):
        raise Problem("malformed", {"reason": "not_json", "path": "data"}) from None
    except RecursionError:
        raise Problem("malformed", {"reason": "too_deep", "path": "data"}) from None
