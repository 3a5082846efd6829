"""Errors of the streams package.

    FenghuoError                    one clear line for the user, with an exit code
    ├── UsageError                  the command or a file given to it is wrong (exit 2)
    ├── BrokerError                 the embedded Kafka cannot start or stopped (exit 3)
    │   ├── BrokerUnavailable       no Kafka answers at the bootstrap address (exit 3, retryable)
    │   └── PlatformUnsupported     no Java runtime wheel for this platform (exit 3)
    ├── DownloadError               the broker's files cannot be fetched (exit 3, retryable)
    │   └── ChecksumMismatch        a file is not the one that was locked (exit 3, not retryable)
    ├── TopicsError                 topics are missing or differ from what state was made with (exit 4)
    └── Halt                        a stage must not go on: its input has a gap (exit 5)

`config.errors.ConfigurationError` (exit 2) stands beside them; the command line treats both alike.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "BrokerError",
    "BrokerUnavailable",
    "ChecksumMismatch",
    "DownloadError",
    "FenghuoError",
    "Halt",
    "PlatformUnsupported",
    "TopicsError",
    "UsageError",
]


class FenghuoError(Exception):
    """Something a user can mend: the message is one line that says what is wrong and what to do."""

    exit_code: ClassVar[int] = 1
    retryable: ClassVar[bool] = False


class UsageError(FenghuoError):
    """The command or a file given to it is wrong."""

    exit_code = 2


class BrokerError(FenghuoError):
    """The embedded Kafka cannot start or stopped by itself."""

    exit_code = 3


class BrokerUnavailable(BrokerError):
    """No Kafka answers at the bootstrap address."""

    retryable = True


class PlatformUnsupported(BrokerError):
    """No Java runtime comes as a wheel for this platform."""


class DownloadError(FenghuoError):
    """The broker's files cannot be fetched."""

    exit_code = 3
    retryable = True


class ChecksumMismatch(DownloadError):
    """A downloaded file is not the one that was locked."""

    retryable = False


class TopicsError(FenghuoError):
    """Topics are missing, or have another partition count than the state was made with."""

    exit_code = 4


class Halt(FenghuoError):
    """A stage must not go on, or it would lose data: its input has a gap."""

    exit_code = 5
