"""Errors of the config package.

ConfigurationError              what a user configured cannot be used (exit 2)
├── PolicyError                 a policy file is wrong; names the file and the key path
└── SettingsError               a setting of the process or a secret is wrong; names the variable or file
"""

from __future__ import annotations

from typing import ClassVar

__all__ = ["ConfigurationError", "PolicyError", "SettingsError"]


class ConfigurationError(Exception):
    """Something in the configuration is wrong: the message is one line that says what, where, and what to do."""

    exit_code: ClassVar[int] = 2
    retryable: ClassVar[bool] = False


class PolicyError(ConfigurationError):
    """A policy file is wrong. The message begins with `file: key.path:`.

    >>> str(PolicyError("config/fenghuo.yaml", "receivers.0.url", "must begin with https://"))
    'config/fenghuo.yaml: receivers.0.url: must begin with https://'
    """

    def __init__(self, file: str, key: str, problem: str) -> None:
        super().__init__(f"{file}: {key}: {problem}" if key else f"{file}: {problem}")
        self.file, self.key, self.problem = file, key, problem


class SettingsError(ConfigurationError):
    """A setting of the process or a secret is wrong or missing. Never shows a secret's value."""
