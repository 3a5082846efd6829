"""Labels as people type them: name=value."""

from __future__ import annotations

from collections.abc import Iterable

from streams.errors import UsageError

__all__ = ["pairs"]


def pairs(texts: Iterable[str], option: str) -> dict[str, str]:
    """The labels of `a=1,b=2` or of several such texts; a comma within a value is written twice. Raises UsageError naming the option.

    >>> pairs(["queue_id=q-a,indicator=fcr", "issue_category=a,,b"], "--labels")
    {'queue_id': 'q-a', 'indicator': 'fcr', 'issue_category': 'a,b'}
    """
    found: dict[str, str] = {}
    for text in texts:
        for part in text.replace(",,", "\0").split(","):
            name, equals, value = part.replace("\0", ",").partition("=")
            if not (name.strip() and equals and value.strip()):
                raise UsageError(f"{option} {text}: name=value is expected, several separated by commas, such as queue_id=q-logi")
            found[name.strip()] = value.strip()
    return found
