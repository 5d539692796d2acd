"""A sink without its self-fence, to see that the group alone stops a woken one."""

from __future__ import annotations

from collections.abc import Callable

import sinks.__main__ as service
from consentlog.kafka.self_fence import SelfFence


def _never(_limit_seconds: float, end: Callable[[float], object]) -> SelfFence:
    return SelfFence(float("inf"), end)


if __name__ == "__main__":
    vars(service)["SelfFence"] = _never
    service.main()
