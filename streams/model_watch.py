"""The version of what is learnt from words that a folder holds, which may change while the worker runs."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from config.errors import ConfigurationError
from config.model_store import ModelStore

if TYPE_CHECKING:
    from config.model_store import ModelVersion
    from detectors.text.words_model import WordsModel

__all__ = ["ModelWatch"]

log = logging.getLogger(__name__)

EVERY_S: Final = 10.0


class ModelWatch:
    """Gives the model in use, None while the folder holds none; `poll` looks whether another one is to be used.

    A change takes effect from the next message on, in each worker when it looks: for some seconds two workers may read with different
    versions. What can be read neither at the start nor later is refused: at the start ConfigurationError is raised, later the old version
    stays in use and the log says why, once. Replay reads the folder once and never watches it.
    """

    def __init__(self, folder: Path, *, clock: Callable[[], float] = time.monotonic, every_s: float = EVERY_S) -> None:
        self._store = ModelStore(folder)
        self._clock = clock
        self._every_s = every_s
        self._next = clock() + every_s
        self._refused = ""
        self._current: tuple[ModelVersion, WordsModel] | None = None
        self._take(self._store.chosen())

    def __call__(self) -> WordsModel | None:
        """The model in use."""
        return self._current[1] if self._current is not None else None

    @property
    def version(self) -> ModelVersion | None:
        """The version in use."""
        return self._current[0] if self._current is not None else None

    def versions(self) -> dict[str, tuple[str, float]]:
        """The parts that are used, each with the version and the event time (epoch s) until which it was trained: for the metrics."""
        version = self.version
        if version is None:
            return {}
        return dict.fromkeys(version.served, (str(version.number), version.trained_until))

    def poll(self) -> None:
        """Look at the folder when it is time to; about half a second where there is a new version. May be called from another thread."""
        now = self._clock()
        if now < self._next:
            return
        self._next = now + self._every_s
        try:
            number = self._store.chosen()
            before = self.version
            if number is not None and (before is None or number != before.number):
                self._take(number)
                log.info("models.reloaded version=%d", number)
            self._refused = ""
        except ConfigurationError as error:
            if str(error) != self._refused:
                self._refused = str(error)
                log.warning("models.refused version=%s stays in use: %s", self.version.number if self.version else "none", error)

    def _take(self, number: int | None) -> None:
        if number is not None:
            self._current = self._store.read(number)
