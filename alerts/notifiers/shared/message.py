"""What people read of a page, in Chinese, English or both: the same facts for every service, none of them escaped yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sized
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeVar
from urllib.parse import quote

import msgspec
from pydantic import field_validator

from alerts.notifiers.base import NotifierParams, Page
from alerts.notifiers.shared.outgoing import parse_url
from alerts.notifiers.shared.text import as_is, cut

__all__ = ["ENDED", "Fact", "Message", "Parts", "TextParams", "fitting", "message_of", "parts_of"]

Language = Literal["zh", "en", "both"]
Sent = TypeVar("Sent", bound=Sized)

ENDED: Final = frozenset({"resolved", "expired", "false_positive"})
"""States in which an alert burns no more."""

MARKS: Final = {"blue": "🔵", "yellow": "🟡", "orange": "🟠", "red": "🔴"}
_TIERS: Final = {
    "none": ("预警", "Alert"),
    "blue": ("蓝色预警", "Blue alert"),
    "yellow": ("黄色预警", "Yellow alert"),
    "orange": ("橙色预警", "Orange alert"),
    "red": ("红色预警", "Red alert"),
}
_STATES: Final = {
    "raised": ("触发", "raised"),
    "updated": ("更新", "updated"),
    "acknowledged": ("已确认", "acknowledged"),
    "in_progress": ("处理中", "in progress"),
    "resolved": ("已解除", "resolved"),
    "expired": ("已过期", "expired"),
    "false_positive": ("误报", "false positive"),
}
_SIGNS: Final = {"high": "≥", "low": "≤"}
_LENGTHS: Final = (2000, 1000, 500, 250, 120, 60, 40)
EXCERPTS: Final = 3


class TextParams(NotifierParams):
    """What receivers for people have: the language, and where the console is, for a link to the alert (`<console_url>/alerts/<id>`)."""

    language: Language = "both"
    console_url: str | None = None

    @field_validator("console_url")
    @classmethod
    def _console(cls, text: str | None) -> str | None:
        if text is not None:
            parse_url(text)
        return text


class _Text(msgspec.Struct, frozen=True):
    zh: str = ""
    en: str = ""


class _Evidence(msgspec.Struct, frozen=True):
    excerpt_masked: str = ""


class _Action(msgspec.Struct, frozen=True):
    title: _Text = _Text()
    text: _Text = _Text()


class Parts(msgspec.Struct):
    """The parts of an alert's `data` that notifiers use; what an event lacks is empty."""

    indicator: str = ""
    dimension: str = ""
    previous_tier: str | None = None
    value: float | None = None
    unit: str = ""
    threshold: float | None = None
    direction: str = ""
    scope: dict[str, Any] = {}
    title: _Text = _Text()
    evidence: list[_Evidence] = []
    suggested_actions: list[_Action] = []
    event_time: str = ""
    detected_at: str = ""


class _Event(msgspec.Struct):
    data: Parts


def parts_of(page: Page) -> Parts:
    """The parts of a page's event; all empty where the body is not an alert's event: who and how bad stands in the page itself.

    >>> parts_of(Page("ops", "a", 1, "acme", "red", "raised", 0.0, b'{"data": {"value": "much"}}')).title.en
    ''
    """
    try:
        return msgspec.json.decode(page.body, type=_Event).data
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Parts()


@dataclass(frozen=True)
class Fact:
    """One line: what it is called, and what it says."""

    label: str
    text: str


@dataclass(frozen=True)
class Message:
    """A page as people read it. `heading` has the colour's mark, tier, state and title; all texts are one line each, without links.

    `summary` is the heading's plain part; `advice` what to do first, empty where nothing is suggested; `link` leads to the alert in
    the console, empty without one.
    """

    page: Page
    mark: str
    summary: str
    facts: tuple[Fact, ...]
    advice: Fact | None
    link: str
    link_text: str

    @property
    def heading(self) -> str:
        """The first line."""
        return f"{self.mark} {self.summary}"

    @property
    def ended(self) -> bool:
        """Whether the alert burns no more."""
        return self.page.state in ENDED

    def lines(self) -> Iterator[Fact]:
        """All lines below the heading."""
        yield from self.facts
        if self.advice is not None:
            yield self.advice

    def shortened(self, limit: int) -> Message:
        """The same with no text longer than `limit` characters; the link is whole or missing."""
        return replace(
            self,
            summary=cut(self.summary, max(limit, 60)),
            facts=tuple(Fact(each.label, cut(each.text, limit)) for each in self.facts),
            advice=Fact(self.advice.label, cut(self.advice.text, limit)) if self.advice is not None else None,
            link=self.link if len(self.link) <= max(limit, 250) else "",
        )


def message_of(page: Page, params: TextParams) -> Message:
    """The message of a page in the receiver's language."""
    parts, language = parts_of(page), params.language
    ended = page.state in ENDED
    kind = _both(_TIERS.get(page.tier, _TIERS["none"]), language)
    state = _both(_STATES.get(page.state, (page.state, page.state)), language)
    title = _text(parts.title, language) or parts.indicator or page.alert_id
    base = params.console_url.rstrip("/") if params.console_url else None
    return Message(
        page=page,
        mark="✅" if ended else MARKS.get(page.tier, "⚪"),
        summary=as_is(f"{kind} · {state} · {title}"),
        facts=tuple(_facts(page, parts, language)),
        advice=_advice(parts, language) if not ended else None,
        link=f"{base}/alerts/{quote(page.alert_id, safe='')}" if base else "",
        link_text=_both(("打开预警", "Open alert"), language),
    )


def fitting(message: Message, write: Callable[[Message], Sent], limit: int) -> Sent:
    """What `write` makes of the message, at most `limit` long (characters or bytes, as `len` counts).

    Texts are shortened before they are escaped, so that nothing is cut in the middle of a character, an escape or a tag.
    The shortest form may still be longer, where the service's limit is smaller than a heading; the caller cuts or is refused.
    """
    written = write(message)
    for length in _LENGTHS:
        if len(written) <= limit:
            break
        written = write(message.shortened(length))
    return written


def _facts(page: Page, parts: Parts, language: Language) -> Iterator[Fact]:
    value = _value(parts)
    if value:
        yield Fact(_both(("数值", "Value"), language), as_is(value))
    scope = ", ".join(f"{name}={text}" for name, text in parts.scope.items()) or f"tenant_id={page.tenant}"
    yield Fact(_both(("范围", "Scope"), language), as_is(scope))
    for each in parts.evidence[:EXCERPTS]:
        if each.excerpt_masked:
            yield Fact(_both(("依据", "Evidence"), language), as_is(each.excerpt_masked))
    yield Fact(_both(("编号", "Alert"), language), as_is(page.alert_id))


def _value(parts: Parts) -> str:
    if parts.value is None:
        return ""
    sign = _SIGNS.get(parts.direction)
    against = f" ({sign} {parts.threshold:.6g})" if sign and parts.threshold is not None else ""
    return f"{parts.value:.6g}{against} {parts.unit}"


def _advice(parts: Parts, language: Language) -> Fact | None:
    for action in parts.suggested_actions[:1]:
        text = _text(action.text, language) or _text(action.title, language)
        if text:
            return Fact(_both(("建议", "Suggested"), language), as_is(text))
    return None


def _text(text: _Text, language: Language) -> str:
    found = _both((text.zh, text.en), language) if text.zh and text.en else ""
    return found or text.zh or text.en


def _both(pair: tuple[str, str], language: Language) -> str:
    chinese, english = pair
    if language == "both":
        return chinese if chinese == english else f"{chinese} / {english}"
    return chinese if language == "zh" else english
