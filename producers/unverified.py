"""How much requests without a right signature may leave behind: a cap per source and hour."""

from __future__ import annotations

import hashlib
from typing import Final

from consentlog.domain.registry import Source
from consentlog.observability.logging import get_logger
from consentlog.ports import Clock
from producers.signatures import Standing
from producers.sms_metrics import UNVERIFIED

_HOUR_MS: Final = 3_600_000
_SAY_EVERY_MS: Final = 60_000

log = get_logger(__name__)


class UnverifiedCap:
    """Counts messages over a sliding hour, in memory: a restart starts the hour anew.

    A stranger who learnt a source's secret path could otherwise freeze numbers at will, and fill
    the review log (rules of refusal 6). A message told again is counted once.

    Args:
        clock: Ends the hour.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._taken: dict[str, dict[bytes, int]] = {}
        self._said_ms: dict[str, int] = {}

    def admits(self, source: Source, payload: bytes, standing: Standing) -> bool:
        """Tell whether one more message may be kept, count it, and raise the alarm.

        Args:
            source: Whose secret path it came by.
            payload: The message as it came.
            standing: What is wrong with the signature.
        """
        now_ms = self._clock.now_ms()
        taken = self._within_the_hour(source.id, now_ms)
        name = hashlib.sha256(payload).digest()
        if name in taken:
            return True
        if len(taken) >= source.unverified_per_hour:
            UNVERIFIED.labels(source.id, "turned_away").inc()
            if now_ms - self._said_ms.get(source.id, now_ms - _SAY_EVERY_MS) >= _SAY_EVERY_MS:
                self._said_ms[source.id] = now_ms
                log.error("unverified_cap_reached", source=source.id, standing=standing)
            return False
        taken[name] = now_ms
        UNVERIFIED.labels(source.id, "kept").inc()
        log.warning("webhook_not_verified", source=source.id, standing=standing)
        return True

    def _within_the_hour(self, source: str, now_ms: int) -> dict[bytes, int]:
        taken = self._taken.setdefault(source, {})
        while taken:
            oldest, at_ms = next(iter(taken.items()))
            if now_ms - at_ms < _HOUR_MS:
                break
            del taken[oldest]
        return taken
