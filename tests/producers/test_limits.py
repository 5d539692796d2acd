"""A caller that is too fast: its refusals wait, what could only open a contact comes later."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from consentlog.http.problems import RequestRefused
from producers.limits import MAX_CALLERS, MAX_WAIT_S, MAX_WAITING, LimitSettings, RateLimit
from tests.support.gateway import approved, corrected, grant, memory_gateway, refusal


class _Time:
    """A monotonic clock that only the waiting moves."""

    def __init__(self) -> None:
        self.at_s = 0.0
        self.waits: list[float] = []

    def now(self) -> float:
        return self.at_s

    async def sleep(self, seconds: float) -> None:
        self.waits.append(round(seconds, 3))
        await asyncio.sleep(0)


def _limit(rate: int = 10, burst: int = 5) -> tuple[RateLimit, _Time]:
    time = _Time()
    settings = LimitSettings(acts_per_second=rate, burst_acts=burst)
    return RateLimit(settings, time.now, time.sleep), time


def test_acts_wait_their_turn_one_behind_the_other() -> None:
    limit, time = _limit()

    async def run() -> None:
        await asyncio.gather(*(limit.wait_turn("desk") for _ in range(8)))

    asyncio.run(run())
    assert time.waits == [0.1, 0.2, 0.3]


def test_no_act_waits_longer_than_its_sender_would() -> None:
    limit, time = _limit()
    asyncio.run(limit.wait_turn("desk", 1000))
    assert time.waits == [MAX_WAIT_S]


def test_a_storm_is_forgotten_after_the_longest_wait() -> None:
    limit, time = _limit()
    asyncio.run(limit.wait_turn("desk", 1000))
    time.at_s += MAX_WAIT_S + 0.1
    limit.check("desk")


def test_a_full_queue_lets_the_next_one_pass_at_once() -> None:
    limit, time = _limit()

    async def run() -> None:
        await asyncio.gather(*(limit.wait_turn("desk") for _ in range(5 + MAX_WAITING + 3)))

    asyncio.run(run())
    assert len(time.waits) == MAX_WAITING


def test_reads_and_loosening_acts_are_asked_to_come_later_and_told_when() -> None:
    limit, time = _limit()
    for _ in range(5):
        limit.check("desk")
    with pytest.raises(RequestRefused, match="CL-1109") as refused:
        limit.check("desk", 5)
    assert refused.value.retry_after_s == 1
    time.at_s += 0.5
    limit.check("desk", 5)


def test_more_at_once_than_a_burst_holds_is_still_taken_some_time() -> None:
    limit, time = _limit()
    limit.check("desk", 1000)
    with pytest.raises(RequestRefused):
        limit.check("desk")
    time.at_s += 101
    limit.check("desk", 1000)


def test_callers_are_counted_apart_and_not_without_end() -> None:
    limit, _ = _limit()
    limit.check("desk", 5)
    limit.check("care", 5)
    for number in range(MAX_CALLERS):
        limit.check(f"key-{number}")
    limit.check("desk", 5)  # forgotten, so with a full bucket
    assert len(limit._buckets) == MAX_CALLERS


def test_without_a_rate_nobody_waits() -> None:
    limit, time = _limit(rate=0)
    asyncio.run(limit.wait_turn("desk", 10_000))
    limit.check("desk", 10_000)
    assert not time.waits


def _waited() -> float:
    return REGISTRY.get_sample_value("consentlog_gateway_limited_total", {"outcome": "waited"}) or 0


def test_the_door_turns_only_loosening_acts_away(tmp_path: Path) -> None:
    with memory_gateway(tmp_path, limits=LimitSettings(acts_per_second=1, burst_acts=1)) as slow:
        assert slow.post(grant()).status_code == 202
        answer = slow.post(grant())
        assert (answer.status_code, answer.json()["code"]) == (429, "CL-1109")
        assert int(answer.headers["retry-after"]) >= 1
        assert slow.post([approved("ab" * 16)] * 2, "compliance").status_code == 202
        assert slow.post(approved("ab" * 16), "compliance").status_code == 429
    assert len(slow.events) == 3


def test_the_door_takes_every_other_act_however_fast(tmp_path: Path) -> None:
    before = _waited()
    with memory_gateway(tmp_path, limits=LimitSettings(acts_per_second=50, burst_acts=1)) as slow:
        for body in (refusal(), refusal(action="held", hold_kind="dispute"), [grant(), refusal()]):
            assert slow.post(body).status_code in (202, 207, 422)
        assert slow.post(corrected("ab" * 16), "care").status_code == 202
        assert slow.post([{}]).status_code == 207
    assert _waited() - before >= 2
