"""When a service that died is started again."""

from __future__ import annotations

from typing import Final

FIRST_SECONDS: Final = 0.2
LONGEST_SECONDS: Final = 5.0
STABLE_SECONDS: Final = 10.0
"""Who ran this long starts over with the first delay."""


class Backoff:
    """Delays that double from 0.2 s to 5 s while a service keeps dying young."""

    def __init__(self) -> None:
        self._next = FIRST_SECONDS

    def delay_after(self, lived_seconds: float) -> float:
        """Return the seconds to wait before the next start.

        Args:
            lived_seconds: How long the service ran this time.
        """
        if lived_seconds >= STABLE_SECONDS:
            self._next = FIRST_SECONDS
        delay, self._next = self._next, min(self._next * 2, LONGEST_SECONDS)
        return delay
