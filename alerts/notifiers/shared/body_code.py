"""Services that answer HTTP 200 and say in the body that it failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from alerts.notifiers.base import Delivered, Delivery, Failed, Retry
from alerts.notifiers.shared.http_notifier import Answer, by_status, json_object

__all__ = ["BodyCode"]


@dataclass(frozen=True)
class BodyCode:
    """What the codes of one service mean. 0 is success.

    `key`: where the code stands. `slow`: too many requests, with the seconds to wait. `refused`: this page will never be taken.
    `gone`: the robot is no more, or its key is wrong. A code not listed is tried again: nothing is lost over a code nobody knew.

    >>> codes = BodyCode("errcode", slow={45009: 60.0}, refused=frozenset({40058}), gone=frozenset({93000}))
    >>> codes.judge(Answer(200, b'{"errcode": 45009}'))
    Retry(reason='code_45009', after_s=60.0)
    >>> codes.judge(Answer(200, b'{"errcode": 93000}'))
    Failed(reason='code_93000', disables=True)
    """

    key: str
    slow: Mapping[int, float] = field(default_factory=dict)
    refused: frozenset[int] = frozenset()
    gone: frozenset[int] = frozenset()

    def judge(self, answer: Answer) -> Delivery:
        """What the answer means: a code that is known first, whatever the status; then the status; then an answer of another kind."""
        code = json_object(answer.body).get(self.key)
        number = code if isinstance(code, int) and not isinstance(code, bool) else None
        if number is not None and number in self.slow:
            return Retry(f"code_{number}", max(answer.after_s or 0.0, self.slow[number]))
        if number in self.gone or number in self.refused:
            return Failed(f"code_{number}", disables=number in self.gone)
        found = by_status(answer)
        if not isinstance(found, Delivered) or number == 0:
            return found
        return Retry("unexpected_answer" if number is None else f"code_{number}")
