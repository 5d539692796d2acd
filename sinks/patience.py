"""How long to wait for a party that does not answer: ever longer, without giving up.

Events are kept for ever, so nothing is lost by waiting; only doubt ends the sink, never absence.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

_FIRST_SECONDS: Final = 0.2


class Patience:
    """Exponential backoff shared by every partition: they all wait for the same parties.

    Args:
        longest_s: Longest wait, seconds.
        clock: Monotonic seconds.
    """

    def __init__(self, longest_s: float, clock: Callable[[], float]) -> None:
        self._longest_s = longest_s
        self._clock = clock
        self._wait_s = 0.0
        self._until = 0.0

    @property
    def is_waiting(self) -> bool:
        """Whether the last attempt failed and none has succeeded since."""
        return self._wait_s > 0

    def may_try(self) -> bool:
        """Whether the wait is over, or there is none."""
        return self._clock() >= self._until

    def failed(self) -> float:
        """Note a failure; returns the wait in seconds."""
        self._wait_s = min(max(2 * self._wait_s, _FIRST_SECONDS), self._longest_s)
        self._until = self._clock() + self._wait_s
        return self._wait_s

    def succeeded(self) -> None:
        """Note that the parties answer again."""
        self._wait_s = self._until = 0.0
