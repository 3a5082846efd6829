"""What the two merging stages share."""

from __future__ import annotations

from streams.errors import Halt

__all__ = ["check_layout", "held_key"]


def held_key(key: str) -> str:
    """The changelog key of a held batch."""
    return f"held/{key}"


def check_layout(stage: str, made: tuple[int, int, int], now: tuple[int, int, int]) -> None:
    """Refuse state that was made with other partition counts: keys would be looked for in the wrong partition."""
    if made != now:
        message = (
            f"the state of stage {stage} was made for (events, scopes, alerts) = {made} partitions, the topics now have {now}: "
            "go back to the old counts, or start a new --app-id and read the input again"
        )
        raise Halt(message)
