"""The analyser of a policy's own lexicons, which may change while the worker runs."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from config.lexicon_loader import load_analyser
from config.lexicon_reloader import LexiconReloader

if TYPE_CHECKING:
    from config.loader import Policy
    from detectors.text.words import Words

__all__ = ["LexiconWatch"]

log = logging.getLogger(__name__)

EVERY_S: Final = 10.0


class LexiconWatch:
    """Reads texts with the lexicons of a folder as they stand; `poll` looks whether they have changed.

    Call it like the analyser. A change takes effect from the next message on: nothing read before is read again, and each worker takes
    it over when it looks, so that for some seconds two workers may read with different lexicons. A record that is processed again
    after a crash is read with the lexicons of then. Replay reads a folder once and never watches it.

    Raises ConfigurationError or OSError for a folder that is wrong at the start; later the old lexicons stay in use, and the log says why.
    """

    def __init__(self, policy: Policy, folder: Path, *, clock: Callable[[], float] = time.monotonic, every_s: float = EVERY_S) -> None:
        self._clock = clock
        self._reloader = LexiconReloader(
            folder,
            lambda place: load_analyser(policy.approved_offers, directory=place),
            say=lambda text: log.info("lexicons.reloaded %s", text),
            warn=lambda text: log.warning("lexicons.refused %s", text),
            every_s=every_s,
        )

    def __call__(self, text: str, lang: str | None = None) -> Words:
        """What the analyser in use finds in a text."""
        return self._reloader.current(text, lang)

    @property
    def version(self) -> str:
        """The version of the lexicons in use (`lexicon_version`)."""
        return self._reloader.version

    def poll(self) -> None:
        """Look at the folder when it is time to; about half a second where it has changed. May be called from another thread."""
        self._reloader.poll(self._clock())
