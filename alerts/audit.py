"""What happened to an alert, as a chain nobody can change without being found out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

import msgspec

__all__ = [
    "GENESIS",
    "AuditRecord",
    "Entry",
    "Finding",
    "Kind",
    "Verification",
    "chain",
    "digest_of",
    "parse",
    "to_event",
    "verify",
]

GENESIS: Final = "0" * 64
"""The previous hash of a chain's first record."""

Kind = Literal["changed", "missing", "reordered", "doubled", "unreadable"]


class Entry(msgspec.Struct, frozen=True):
    """Something that is to be recorded, before it has its place in a chain.

    `subject` is the alert's id (or `silence/<id>`): there is one chain for each (tenant, subject). `ref` names the thing itself within its
    subject and kind, such as a revision or a command's id: the same thing is recorded once. `at` (RFC 3339) is when it happened, `by`
    who did it (empty: Fenghuo itself), `what` the little that people ask for later, texts and whole numbers only. `source_sha256` is
    that of the record it was read from, so a change of that record is found too.
    """

    tenant: str
    subject: str
    kind: str
    ref: str
    at: str
    by: str
    what: dict[str, str | int]
    source_sha256: str


class AuditRecord(msgspec.Struct, frozen=True):
    """An entry in its chain: `seq` counts from 1, `previous` is the hash of the record before it, `hash` of this one."""

    entry: Entry
    seq: int
    previous: str
    hash: str


@dataclass(frozen=True)
class Finding:
    """What is wrong at one place: `position` counts the records that were read from 1 (0: at the end of the log).

    `seq` is the record's place in its chain; of what is missing, the first.
    """

    kind: Kind
    position: int
    tenant: str
    subject: str
    seq: int
    detail: str


def digest_of(entry: Entry, seq: int, previous: str) -> str:
    """SHA-256 (hex) of the previous hash, a line feed, and the canonical JSON of the rest.

    Canonical: UTF-8, keys sorted, nothing between tokens; with texts and whole numbers only this is RFC 8785 for keys in the Basic
    Multilingual Plane.
    """
    body = {**msgspec.structs.asdict(entry), "seq": seq, "previous": previous}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()


def chain(entry: Entry, last: AuditRecord | None) -> AuditRecord:
    """The entry as the record after `last`, of the same chain; None begins one.

    >>> entry = Entry("acme", "a1", "alert", "1", "2026-11-11T00:00:00+00:00", "", {"state": "raised"}, "")
    >>> first = chain(entry, None)
    >>> second = chain(entry, first)
    >>> first.seq, second.seq, second.previous == first.hash, list(verify([first, second]))
    (1, 2, True, [])
    """
    seq, previous = (last.seq + 1, last.hash) if last is not None else (1, GENESIS)
    return AuditRecord(entry, seq, previous, digest_of(entry, seq, previous))


def to_event(record: AuditRecord) -> dict[str, Any]:
    """The record as a CloudEvent; its id is the same whenever it is written again."""
    entry = record.entry
    return {
        "specversion": "1.0",
        "id": f"{entry.subject}:{record.seq}",
        "source": "/fenghuo/audit",
        "type": "fenghuo.audit.recorded.v1",
        "subject": entry.subject,
        "time": entry.at,
        "datacontenttype": "application/json",
        "data": {**msgspec.structs.asdict(entry), "seq": record.seq, "previous": record.previous, "hash": record.hash},
    }


class _Data(msgspec.Struct):
    tenant: str
    subject: str
    kind: str
    ref: str
    at: str
    by: str
    what: dict[str, str | int]
    source_sha256: str
    seq: int
    previous: str
    hash: str


class _Event(msgspec.Struct):
    data: _Data


_decoder: Final = msgspec.json.Decoder(_Event)


def parse(value: bytes) -> AuditRecord | None:
    """The record of a CloudEvent's JSON; None where it is none."""
    try:
        data = _decoder.decode(value).data
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    entry = Entry(data.tenant, data.subject, data.kind, data.ref, data.at, data.by, data.what, data.source_sha256)
    return AuditRecord(entry, data.seq, data.previous, data.hash)


Range: TypeAlias = tuple[int, int]


@dataclass
class _Chain:
    """How far a chain was read: the highest place and its hash, and the places below that were not seen, as ranges [from, to)."""

    top: int = 0
    hash: str = GENESIS
    gaps: list[Range] = field(default_factory=list)

    def fill(self, seq: int) -> bool:
        """Take a place out of the gaps; False where it was in none."""
        for index, (start, end) in enumerate(self.gaps):
            if start <= seq < end:
                self.gaps[index : index + 1] = [part for part in ((start, seq), (seq + 1, end)) if part[0] < part[1]]
                return True
        return False


class Verification:
    """What is wrong with the records of a log, taken in the order they lie in it.

    Found is a record that was changed, one whose hash was made anew after a change (its neighbour's link breaks), one missing between
    others or before the first, one out of order, one that is there twice. Not found is what was cut off at the end of a chain, or a chain
    removed as a whole: for that the heads must be known from elsewhere (`rest`). Memory grows with the number of chains and gaps.
    """

    def __init__(self) -> None:
        self.count = 0
        self._chains: dict[tuple[str, str], _Chain] = {}

    def add(self, record: AuditRecord | None) -> Finding | None:
        """Take the next record; None stands for one that could not be read."""
        self.count += 1
        if record is None:
            return Finding("unreadable", self.count, "", "", 0, "is no audit record")
        known = self._chains.setdefault((record.entry.tenant, record.entry.subject), _Chain())
        return _check(known, record, self.count)

    def rest(self, heads: Mapping[tuple[str, str], tuple[int, str]] | None = None) -> Iterator[Finding]:
        """What is missing once all was taken. `heads` are the length and last hash of each chain as somebody else knows them."""
        for (tenant, subject), known in self._chains.items():
            for start, end in known.gaps:
                places = f"{start}" if end == start + 1 else f"{start} to {end - 1}"
                yield Finding("missing", 0, tenant, subject, start, f"place {places} of the chain is nowhere in the log")
        for (tenant, subject), (seq, last) in (heads or {}).items():
            known = self._chains.get((tenant, subject), _Chain())
            if known.top < seq:
                yield Finding(
                    "missing", 0, tenant, subject, known.top + 1, f"the chain has {seq} records elsewhere, {known.top} in the log"
                )
            elif known.top == seq and known.hash != last:
                yield Finding("changed", 0, tenant, subject, seq, "the chain ends with another hash elsewhere")


def verify(records: Iterable[AuditRecord | None]) -> Iterator[Finding]:
    """What is wrong with all records of a log (`Verification`)."""
    verification = Verification()
    for record in records:
        if (finding := verification.add(record)) is not None:
            yield finding
    yield from verification.rest()


def _check(known: _Chain, record: AuditRecord, position: int) -> Finding | None:
    entry, seq = record.entry, record.seq
    problem: tuple[Kind, str] | None = None
    if digest_of(entry, seq, record.previous) != record.hash:
        problem = ("changed", "its content does not give its hash")
    if seq > known.top:
        if seq > known.top + 1:
            known.gaps.append((known.top + 1, seq))
        elif record.previous != known.hash and problem is None:
            problem = ("changed", "it does not follow from the record before it: one of the two was replaced")
        known.top, known.hash = seq, record.hash
    elif known.fill(seq):
        problem = problem or ("reordered", f"it stands after place {known.top}")
    else:
        problem = ("doubled", "this place of the chain was there before")
    return None if problem is None else Finding(problem[0], position, entry.tenant, entry.subject, seq, problem[1])
