from __future__ import annotations

import time
from collections.abc import Mapping
from typing import NoReturn

import pytest

from processors import self_fence
from processors.self_fence import SelfFence
from processors.transport import ExitCode


class Ended(Exception):
    pass


def _end(code: int, reason: str, facts: Mapping[str, object]) -> NoReturn:
    raise Ended(code, reason)


def test_a_process_that_stood_still_ends_before_it_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(self_fence, "boot_seconds", lambda: now[0])
    fence = SelfFence(5, _end)
    now[0] = 105.0
    fence.check()
    now[0] = 105.1
    with pytest.raises(Ended) as caught:
        fence.check()
    assert caught.value.args == (ExitCode.PAUSED, "stood_still")


def test_the_ticker_keeps_a_running_process_alive() -> None:
    fence = SelfFence(0.5, _end)
    fence.start()
    time.sleep(0.8)
    fence.check()


def test_sleep_counts() -> None:
    before = time.monotonic()
    assert self_fence.boot_seconds() >= before
