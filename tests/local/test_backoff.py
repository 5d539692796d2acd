"""When what died is started again."""

from __future__ import annotations

from consentlog.local.backoff import FIRST_SECONDS, LONGEST_SECONDS, STABLE_SECONDS, Backoff


def test_delays_double_up_to_a_limit_while_it_dies_young() -> None:
    backoff = Backoff()
    delays = [backoff.delay_after(0.1) for _ in range(8)]
    assert delays[:3] == [FIRST_SECONDS, 2 * FIRST_SECONDS, 4 * FIRST_SECONDS]
    assert delays[-2:] == [LONGEST_SECONDS, LONGEST_SECONDS]
    assert delays == sorted(delays)


def test_who_ran_for_long_starts_over() -> None:
    backoff = Backoff()
    for _ in range(8):
        backoff.delay_after(0.1)
    assert backoff.delay_after(STABLE_SECONDS) == FIRST_SECONDS
