"""A fold without its self-fence, to see that whatever a woken one still writes is written over."""

from __future__ import annotations

from collections.abc import Callable

import processors.__main__ as service
import processors.app as app
from consentlog.kafka.self_fence import SelfFence


def _never(_limit_seconds: float, end: Callable[[float], object]) -> SelfFence:
    return SelfFence(float("inf"), end)


if __name__ == "__main__":
    vars(app)["SelfFence"] = _never
    service.main()
