"""Remembers signed requests that were taken, so that one sent again changes nothing."""

from __future__ import annotations

import hashlib
from typing import Final

from consentlog.ports import Clock

MAX_REMEMBERED: Final = 100_000
"""About 20 MB. A full store forgets its oldest: a message told again has the same event id, so the
store saves work and log lines, it is not what keeps an act from counting twice."""


class ReplayStore:
    """Signatures of what is durable already, each until its time of signing is out of tolerance.

    A request is remembered only after it was taken: a sender that got a 503 sends the same bytes
    again, and turning those away would lose a refusal. A restart forgets all.

    Args:
        clock: Decides what is over.
        capacity: Most signatures kept.
    """

    def __init__(self, clock: Clock, capacity: int = MAX_REMEMBERED) -> None:
        self._clock = clock
        self._capacity = capacity
        self._until: dict[bytes, int] = {}

    def knows(self, source: str, signature: str) -> bool:
        """Tell whether a source's request under this signature was taken already."""
        until_ms = self._until.get(_name(source, signature))
        return until_ms is not None and self._clock.now_ms() <= until_ms

    def remember(self, source: str, signature: str, until_ms: int) -> None:
        """Remember a request; `until_ms` is when its signature is too old anyway, ms UTC."""
        now_ms = self._clock.now_ms()
        while self._until:
            oldest, its_end_ms = next(iter(self._until.items()))
            if its_end_ms >= now_ms and len(self._until) < self._capacity:
                break
            del self._until[oldest]
        self._until[_name(source, signature)] = until_ms


def _name(source: str, signature: str) -> bytes:
    return hashlib.sha256(f"{source}\x00{signature}".encode("utf-8", "replace")).digest()
