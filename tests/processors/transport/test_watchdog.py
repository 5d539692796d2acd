from __future__ import annotations

from processors.transport.ownership import Ownership
from processors.transport.watchdog import Watchdog


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def owned(*, ready: bool = True, end: int = 10) -> Ownership:
    ownership = Ownership("t", 0, 0, ready=ready)
    ownership.observe_end(end)
    return ownership


def test_a_committed_offset_that_stands_still_under_lag_is_stuck() -> None:
    clock, ownership = Clock(), owned()
    watchdog = Watchdog(30, clock)
    assert watchdog.stuck([ownership]) is None
    clock.now = 30
    assert watchdog.stuck([ownership]) is None
    clock.now = 31
    assert watchdog.stuck([ownership]) is ownership


def test_any_progress_starts_the_time_again() -> None:
    clock, ownership = Clock(), owned()
    watchdog = Watchdog(30, clock)
    for now in range(0, 200, 20):
        clock.now = now
        ownership.committed = now // 40
        assert watchdog.stuck([ownership]) is None


def test_nothing_to_read_is_not_stuck_and_lag_counts_from_its_beginning() -> None:
    clock, ownership = Clock(), owned(end=0)
    watchdog = Watchdog(30, clock)
    assert watchdog.stuck([ownership]) is None
    clock.now = 100
    assert watchdog.stuck([ownership]) is None
    ownership.observe_end(1)
    clock.now = 120
    assert watchdog.stuck([ownership]) is None
    clock.now = 131
    assert watchdog.stuck([ownership]) is ownership


def test_a_loading_view_does_not_count_and_ownerships_are_not_confused() -> None:
    clock, loading = Clock(), owned(ready=False)
    watchdog = Watchdog(30, clock)
    watchdog.stuck([loading])
    clock.now = 100
    assert watchdog.stuck([loading]) is None
    again = owned()
    assert watchdog.stuck([again]) is None
    clock.now = 129
    assert watchdog.stuck([again]) is None
