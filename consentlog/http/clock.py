"""The clock of a running service; tests hand in their own."""

from __future__ import annotations

import time


class SystemClock:
    """The host's clock, as `consentlog.ports.Clock`."""

    def now_ms(self) -> int:
        """Return the current instant, ms UTC."""
        return time.time_ns() // 1_000_000
