"""Who looks at a page, in which language and which light; and how pages are written."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import jinja2
from aiohttp import hdrs, web

from streams.api.tokens import Role, Token
from streams.console.assets import Assets
from streams.console.i18n import LANGUAGES, Texts, choose_language, load_texts
from streams.console.session import SESSION_S, Session, Sessions

__all__ = ["LANGUAGE", "SESSION", "THEME", "THEMES", "VISIT", "Templates", "Visit", "common", "local_path", "remember"]

SESSION, VISIT, LANGUAGE, THEME = "fenghuo_session", "fenghuo_visit", "fenghuo_language", "fenghuo_theme"
THEMES: Final = ("auto", "light", "dark")
YEAR_S: Final = 366 * 86_400
_CLASH: Final = frozenset("\\\r\n\t")


@dataclass(frozen=True)
class Visit:
    """One request's visitor. `anchor` is the cookie that its forms are bound to: the session's, or before the login a random one."""

    session: Session | None
    texts: Texts
    theme: str
    anchor: str
    fresh: bool

    @classmethod
    def of(cls, request: web.Request, sessions: Sessions, now: float) -> Visit:
        """The visitor of a request."""
        cookies = request.cookies
        session = sessions.find(cookies[SESSION], now) if SESSION in cookies else None
        known = cookies.get(VISIT, "")
        anchor = session.cookie if session is not None else known or secrets.token_urlsafe(24)
        texts = load_texts(choose_language(cookies.get(LANGUAGE, ""), request.headers.get(hdrs.ACCEPT_LANGUAGE, "")))
        theme = cookies.get(THEME, "auto")
        return cls(session, texts, theme if theme in THEMES else "auto", anchor, fresh=session is None and not known)

    @property
    def token(self) -> Token:
        """Whose session it is. Raises LookupError before the login."""
        if self.session is None:
            raise LookupError("nobody has logged in")
        return self.session.token

    def may(self, role: Role) -> bool:
        """Whether the visitor has at least this role."""
        return self.session is not None and self.session.token.may(role)


class Templates:
    """Pages from templates; every value is escaped unless a template says otherwise, and none does."""

    def __init__(self, assets: Assets, sessions: Sessions) -> None:
        self._sessions = sessions
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(asset=assets.url, languages=LANGUAGES, themes=THEMES, roles=Role)
        self._environment.filters.update(clock=_clock, instant=_instant)

    def text(self, name: str, visit: Visit, **values: Any) -> str:
        """A template filled in."""
        csrf = self._sessions.csrf(visit.anchor)
        return self._environment.get_template(name).render(t=visit.texts, visit=visit, csrf=csrf, **values)

    def page(self, name: str, visit: Visit, *, status: int = 200, headers: Mapping[str, str] | None = None, **values: Any) -> web.Response:
        """The answer with a template filled in."""
        response = web.Response(text=self.text(name, visit, **values), content_type="text/html", status=status, headers=headers)
        if visit.fresh:
            remember(response, VISIT, visit.anchor, max_age=int(SESSION_S), secret=True)
        return response


def common(request: web.Request, visit: Visit) -> dict[str, Any]:
    """What every page with a menu needs: where it is, and who looks."""
    return {"back": request.path_qs, "token": visit.token, "section": request.path.split("/")[1]}


def remember(
    response: web.StreamResponse, name: str, value: str, *, max_age: int = YEAR_S, secret: bool = False, tls: bool = False
) -> None:
    """Set a cookie of this site alone; a secret one no script can read. `tls`: it is never sent in the clear."""
    response.set_cookie(name, value, max_age=max_age, path="/", httponly=secret, samesite="Strict", secure=tls)


def local_path(text: str) -> str:
    """A path of this site to go to next; the list of alerts for what leads elsewhere.

    >>> local_path("/alerts/3f9c?x=1"), local_path("//evil.example"), local_path("https://evil.example")
    ('/alerts/3f9c?x=1', '/alerts', '/alerts')
    """
    try:
        parts = urlsplit(text)
    except ValueError:
        return "/alerts"
    plain = text.startswith("/") and not text.startswith("//") and not parts.netloc and not parts.scheme and not _CLASH & set(text)
    return text if plain and text.isprintable() else "/alerts"


def _clock(moment: str) -> str:
    """A moment short, for who has no scripts; scripts put the visitor's own zone there.

    >>> _clock("2026-11-11T00:03:12.481+08:00")
    '11-11 00:03:12'
    """
    return f"{moment[5:10]} {moment[11:19]}" if len(moment) >= 19 else moment


def _instant(at: float) -> str:
    """A moment (epoch s) as RFC 3339.

    >>> _instant(0.5)
    '1970-01-01T00:00:00.500+00:00'
    """
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
