"""Pages of many alerts: what a group and a digest are made of."""

from __future__ import annotations

import hashlib
from typing import Any, Final

import msgspec

from alerts.alert import Alert, place
from alerts.kept import Kept
from alerts.stage import Desk, Notice
from alerts.tier import Tier

__all__ = ["LISTED", "Bundle", "Bundles"]

LISTED: Final = 50
"""Alerts that a page of many lists one by one; the others are counted."""
_ENDED: Final = frozenset({"resolved", "expired", "false_positive"})


class Bundle(msgspec.Struct, array_like=True, omit_defaults=True):
    """A page of many alerts in the making, for one receiver.

    `number` counts the pages sent, `first` and `since` are the revision that began it, and when. `head` is the highest alert (the last
    of several): its texts stand for all. `lane` is the id of its pages: another one each time the bundle begins anew.
    """

    id: str
    receiver: str
    head: Alert
    first: str
    since: float
    number: int = 0
    due: float = 0.0
    sent: float = 0.0

    @property
    def lane(self) -> str:
        """32 hex digits."""
        return hashlib.blake2b(f"{self.id}|{round(self.since * 1000)}|{self.first}".encode(), digest_size=16).hexdigest()


class _Line(msgspec.Struct, array_like=True, omit_defaults=True):
    """One alert of a bundle; `fresh`: nobody was told of this revision yet."""

    where: str
    key: str
    tier: int
    state: str
    zh: str
    en: str
    fresh: bool = True

    @property
    def open(self) -> bool:
        return self.state not in _ENDED


class Bundles:
    """The bundles of one step by name. Memory: some 300 bytes for each open alert in a bundle, and one whole alert for each bundle."""

    def __init__(self) -> None:
        self._bundles: Kept[Bundle] = Kept(Bundle)
        self._lines: Kept[_Line] = Kept(_Line)
        self._of: dict[str, dict[str, str]] = {}
        self._in: dict[str, set[str]] = {}
        self._fresh: dict[str, set[str]] = {}
        self._burning: dict[str, set[str]] = {}

    @property
    def kept(self) -> dict[str, Kept[Any]]:
        """What is to be kept."""
        return {"bundles": self._bundles, "lines": self._lines}

    def started(self) -> None:
        """Rebuild the indexes."""
        for name, line in self._lines.items():
            bundle_id, _, alert_id = name.rpartition("|")
            self._index(bundle_id, alert_id, line)

    def get(self, bundle_id: str) -> Bundle | None:
        """A bundle, or None."""
        return self._bundles.get(bundle_id)

    def all(self) -> list[Bundle]:
        """All of them."""
        return [bundle for _, bundle in self._bundles.items()]

    def waiting(self, bundle_id: str) -> int:
        """How many alerts of a bundle nobody was told of in their last revision."""
        return len(self._fresh.get(bundle_id, ()))

    def burning(self, bundle_id: str) -> int:
        """How many alerts of a bundle are open."""
        return len(self._burning.get(bundle_id, ()))

    def add(self, bundle_id: str, receiver: str, notice: Notice, now: float) -> Bundle:
        """Put an alert's revision into a bundle. The caller sets `due` and calls `put`."""
        alert = notice.alert
        bundle = self._bundles.get(bundle_id) or Bundle(bundle_id, receiver, alert, alert.event_id, now)
        if alert.id == bundle.head.id or not bundle.head.open or (alert.open and alert.tier >= bundle.head.tier):
            bundle.head = alert
        title = notice.event["data"].get("title", {})
        line = _Line(
            place(alert.indicator, alert.scope), alert.key, alert.tier, alert.state, str(title.get("zh", "")), str(title.get("en", ""))
        )
        self._lines.put(f"{bundle_id}|{alert.id}", line)
        self._index(bundle_id, alert.id, line)
        self._bundles.put(bundle_id, bundle)
        return bundle

    def put(self, bundle: Bundle) -> None:
        """Keep a bundle as it is now."""
        self._bundles.put(bundle.id, bundle)

    def holding(self, alert_id: str, receiver: str | None = None) -> list[str]:
        """The bundles that an alert waits in."""
        ids = sorted(self._in.get(alert_id, ()))
        return [each for each in ids if receiver is None or self._bundle(each).receiver == receiver]

    def ended(self, notice: Notice) -> None:
        """An alert that waits in bundles has ended: it is told as that."""
        for bundle_id in self.holding(notice.alert.id):
            name = f"{bundle_id}|{notice.alert.id}"
            line = self._lines.get(name)
            if line is not None and line.fresh:
                bundle = self._bundle(bundle_id)
                self.add(bundle_id, bundle.receiver, notice, bundle.since)

    def remove(self, bundle_id: str, alert_id: str) -> None:
        """Take an alert out of a bundle; an empty bundle is gone."""
        self._lines.drop(f"{bundle_id}|{alert_id}")
        self._of[bundle_id].pop(alert_id, None)
        self._fresh.get(bundle_id, set()).discard(alert_id)
        self._burning.get(bundle_id, set()).discard(alert_id)
        self._in[alert_id].discard(bundle_id)
        if not self._in[alert_id]:
            del self._in[alert_id]
        if not self._of[bundle_id]:
            self._of.pop(bundle_id)
            self._fresh.pop(bundle_id, None)
            self._burning.pop(bundle_id, None)
            self._bundles.drop(bundle_id)

    def flush(self, bundle_id: str, desk: Desk, now: float, *, news: bool = False) -> Notice:
        """The page of a bundle as it is now, `news`: of what nobody was told of yet.

        Ended alerts are told once and leave it; so does the bundle when none is left.
        """
        bundle = self._bundle(bundle_id)
        fresh = self._fresh.pop(bundle_id, set())
        lines = {alert_id: line for alert_id in self._of[bundle_id] if (line := self._lines.get(f"{bundle_id}|{alert_id}")) is not None}
        bundle.number, bundle.sent, bundle.due = bundle.number + 1, now, 0.0
        self._bundles.put(bundle_id, bundle)
        over = not self._burning.get(bundle_id)
        notice = _notice(bundle, {name: line for name, line in lines.items() if name in fresh or not news}, fresh, desk, over=over)
        for alert_id in sorted(fresh):
            line = lines[alert_id]
            if line.open:
                line.fresh = False
                self._lines.put(f"{bundle_id}|{alert_id}", line)
            else:
                self.remove(bundle_id, alert_id)
        return notice

    def _bundle(self, bundle_id: str) -> Bundle:
        bundle = self._bundles.get(bundle_id)
        if bundle is None:
            raise KeyError(bundle_id)
        return bundle

    def _index(self, bundle_id: str, alert_id: str, line: _Line) -> None:
        self._of.setdefault(bundle_id, {})[alert_id] = alert_id
        self._in.setdefault(alert_id, set()).add(bundle_id)
        if line.fresh:
            self._fresh.setdefault(bundle_id, set()).add(alert_id)
        burning = self._burning.setdefault(bundle_id, set())
        (burning.add if line.open else burning.discard)(alert_id)


def _notice(bundle: Bundle, lines: dict[str, _Line], fresh: set[str], desk: Desk, *, over: bool) -> Notice:
    burning = [line for line in lines.values() if line.open]
    tier = max((line.tier for line in burning), default=max(line.tier for line in lines.values()))
    state = "resolved" if over else "raised" if bundle.number == 1 else "updated"
    head = msgspec.structs.replace(bundle.head, tier=tier, state=state)
    event = desk.present(head)
    data = event["data"]
    data["group"] = _group(bundle, lines, fresh)
    if "title" in data and len(lines) > 1:
        data["title"] = {"zh": f"{data['title']['zh']}(共{len(lines)}条预警)", "en": f"{data['title']['en']} ({len(lines)} alerts)"}
    event["id"] = f"{bundle.lane}:{bundle.number}"
    covers = tuple((alert_id, line.where) for alert_id, line in sorted(lines.items()) if line.open and alert_id in fresh)
    return Notice(head, event, (bundle.receiver,), told=True, lane=bundle.lane, number=bundle.number, covers=covers)


def _group(bundle: Bundle, lines: dict[str, _Line], fresh: set[str]) -> dict[str, Any]:
    """The alerts of a page: news first, then what burns, highest first."""
    order = sorted(lines.items(), key=lambda item: (item[0] not in fresh, not item[1].open, -item[1].tier, item[1].key, item[0]))
    listed = [
        {
            "alert_id": alert_id,
            "alert_key": line.key,
            "tier": Tier(line.tier).label,
            "state": line.state,
            "title": {"zh": line.zh, "en": line.en},
        }
        for alert_id, line in order[:LISTED]
    ]
    burning = sum(line.open for line in lines.values())
    return {"id": bundle.lane, "open": burning, "ended": len(lines) - burning, "alerts": listed, "more": len(lines) - len(listed)}
