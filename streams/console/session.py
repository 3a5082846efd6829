"""Who has logged in: sessions of browsers, and tickets that open one."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict
from typing import Final, NamedTuple

from streams.api.tokens import Token

__all__ = ["SESSION_S", "TICKET_S", "Session", "Sessions", "Tickets"]

SESSION_S: Final = 12 * 3600.0
"""A session ends after this many seconds, however busy it was."""

TICKET_S: Final = 600.0
REMEMBERED: Final = 10_000


class Session(NamedTuple):
    """Somebody's session: what the cookie says of it, whose token it is, and when it ends (epoch s)."""

    cookie: str
    token: Token
    expires: float


class Sessions:
    """Sessions in memory: logging out ends one at once, a restart ends all. Of more than 10,000 the oldest ends.

    A cookie is 256 random bits and their HMAC, so what nobody gave out is turned away before it is looked up.

    >>> from streams.api.tokens import new_token
    >>> sessions = Sessions()
    >>> session = sessions.open(new_token("li", "viewer")[1], now=0.0)
    >>> sessions.find(session.cookie, now=60.0).token.name, sessions.find(session.cookie, now=SESSION_S), sessions.find("x.y", now=60.0)
    ('li', None, None)
    """

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key or secrets.token_bytes(32)
        self._sessions: OrderedDict[str, Session] = OrderedDict()

    def open(self, token: Token, now: float) -> Session:
        """A new session."""
        name = secrets.token_urlsafe(32)
        session = Session(f"{name}.{self._sign('session', name)}", token, now + SESSION_S)
        self._sessions[session.cookie] = session
        while len(self._sessions) > REMEMBERED:
            self._sessions.popitem(last=False)
        return session

    def find(self, cookie: str, now: float) -> Session | None:
        """The session of a cookie; None where there is none, or no longer."""
        name, _, signature = cookie.partition(".")
        if not hmac.compare_digest(signature.encode(errors="replace"), self._sign("session", name).encode()):
            return None
        session = self._sessions.get(cookie)
        if session is not None and session.expires <= now:
            self.close(cookie)
            return None
        return session

    def close(self, cookie: str) -> None:
        """End a session, if there is one."""
        self._sessions.pop(cookie, None)

    def csrf(self, cookie: str) -> str:
        """What every form of this browser carries: another site can neither read nor make it."""
        return self._sign("csrf", cookie)

    def same(self, cookie: str, given: str) -> bool:
        """Whether a form carries what `csrf` gave."""
        return hmac.compare_digest(given.encode(errors="replace"), self.csrf(cookie).encode())

    def _sign(self, purpose: str, text: str) -> str:
        return hmac.new(self._key, f"{purpose}:{text}".encode(errors="replace"), hashlib.sha256).hexdigest()


class Tickets:
    """Links that log in once, within ten minutes: for whoever sees the terminal the console was started in.

    >>> from streams.api.tokens import new_token
    >>> tickets = Tickets()
    >>> text = tickets.issue(new_token("li", "admin")[1], now=0.0)
    >>> tickets.take(text, now=1.0).name, tickets.take(text, now=2.0)
    ('li', None)
    """

    def __init__(self) -> None:
        self._tickets: dict[bytes, tuple[Token, float]] = {}

    def issue(self, token: Token, now: float) -> str:
        """The text of a new ticket."""
        text = secrets.token_urlsafe(32)
        self._tickets[_digest(text)] = token, now + TICKET_S
        return text

    def take(self, text: str, now: float) -> Token | None:
        """The token a ticket stands for, once; None afterwards, or when it is too late."""
        token, expires = self._tickets.pop(_digest(text), (None, 0.0))
        return token if now < expires else None


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="replace")).digest()
