from __future__ import annotations

import threading
import time

from consentlog.kafka.self_fence import SelfFence, boot_seconds


def test_a_pause_is_noticed_by_the_check_and_by_the_ticker() -> None:
    now, gaps = [10.0], list[float]()
    fence = SelfFence(5, gaps.append, lambda: now[0])
    now[0] += 5
    fence.check()
    assert gaps == []
    now[0] += 0.5
    fence.check()
    fence.tick()
    fence.check()
    assert gaps == [5.5, 5.5]


def test_the_ticker_keeps_a_running_process_alive_until_it_is_stopped() -> None:
    gaps, asked = list[float](), threading.Semaphore(0)

    def clock() -> float:
        asked.release()
        return next(now)

    # Two questions a tick, 0.3 s apart: far over the limit in all, never between two beats.
    now = iter(0.3 * n for n in range(1000))
    fence = SelfFence(0.5, gaps.append, clock)
    fence.start()
    assert all(asked.acquire(timeout=60) for _ in range(8))
    fence.stop()
    assert gaps == []


def test_the_ticker_notices_a_pause() -> None:
    gaps, noticed = list[float](), threading.Event()

    def end(gap: float) -> None:
        gaps.append(gap)
        noticed.set()

    now = iter([0.0, 0.0, 7.0, *[7.0] * 1000])
    fence = SelfFence(5, end, lambda: next(now))
    fence.start()
    assert noticed.wait(60)
    fence.stop()
    assert gaps == [7.0]


def test_sleep_counts() -> None:
    before = time.monotonic()
    assert boot_seconds() >= before
