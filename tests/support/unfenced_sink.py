"""A sink without its self-fence, to see that the group alone stops a woken one."""

from __future__ import annotations

import sinks.__main__ as service
from sinks.fence import SelfFence


def _never(_limit_s: float) -> SelfFence:
    return SelfFence(float("inf"))


if __name__ == "__main__":
    vars(service)["SelfFence"] = _never
    service.main()
