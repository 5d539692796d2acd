"""A fold without its self-fence, to see that whatever a woken one still writes is written over."""

from __future__ import annotations

import processors.__main__ as service
import processors.app as app
from processors.self_fence import SelfFence
from processors.transport import Exit


def _never(_limit_seconds: float, exit_: Exit) -> SelfFence:
    return SelfFence(float("inf"), exit_)


if __name__ == "__main__":
    vars(app)["SelfFence"] = _never
    service.main()
