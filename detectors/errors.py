"""Errors of the detectors package.

    DetectorError               a detector cannot be had as asked
    ├── UnknownDetector         no detector has this name
    └── WrongParameters         a parameter is misspelt, of the wrong type or out of range

Each message is one line: what is wrong and what to do.
"""

from __future__ import annotations

__all__ = ["DetectorError", "UnknownDetector", "WrongParameters"]


class DetectorError(Exception):
    """Something about a detector that its configuration can mend."""


class UnknownDetector(DetectorError):
    """No detector has this name."""


class WrongParameters(DetectorError):
    """A parameter is misspelt, of the wrong type or out of range."""
