"""The store of signed requests that were taken, and the cap of those without a signature."""

from __future__ import annotations

import pytest

from consentlog.domain.registry import Source
from producers.replay import ReplayStore
from producers.signatures import Standing
from producers.unverified import UnverifiedCap
from tests.support.gateway import FixedClock

HOUR_MS = 3_600_000


def test_a_request_is_known_until_its_signature_is_too_old() -> None:
    clock = FixedClock()
    store = ReplayStore(clock)
    assert not store.knows("huawei", "ab")
    store.remember("huawei", "ab", clock.at_ms + 1000)
    assert store.knows("huawei", "ab")
    assert not store.knows("twilio", "ab")
    clock.at_ms += 1001
    assert not store.knows("huawei", "ab")


def test_a_full_store_forgets_its_oldest() -> None:
    clock = FixedClock()
    store = ReplayStore(clock, capacity=2)
    for name in "abc":
        store.remember("huawei", name, clock.at_ms + 1000)
    assert [store.knows("huawei", name) for name in "abc"] == [False, True, True]


def source(name: str = "twilio", limit: int = 2) -> Source:
    return Source(name, "sms", frozenset({"acme"}), 0, unverified_per_hour=limit)


def test_the_cap_is_for_each_source_and_slides() -> None:
    clock = FixedClock()
    cap = UnverifiedCap(clock)

    def admits(payload: bytes, name: str = "twilio") -> bool:
        return cap.admits(source(name), payload, Standing.WRONG)

    assert admits(b"1")
    clock.at_ms += HOUR_MS // 2
    assert admits(b"2")
    assert not admits(b"3")
    assert admits(b"3", "huawei")
    clock.at_ms += HOUR_MS // 2
    assert admits(b"3")
    assert not admits(b"4")


def test_a_message_told_again_is_counted_once() -> None:
    cap = UnverifiedCap(FixedClock())
    assert all(cap.admits(source(limit=1), b"1", Standing.UNSIGNED) for _ in range(5))


def test_a_cap_of_nothing_keeps_nothing() -> None:
    assert not UnverifiedCap(FixedClock()).admits(source(limit=0), b"1", Standing.UNSIGNED)


def test_the_alarm_of_a_full_cap_is_given_once_a_minute(
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = FixedClock()
    cap = UnverifiedCap(clock)
    for n in range(5):
        cap.admits(source(limit=0), bytes([n]), Standing.WRONG)
    assert capsys.readouterr().out.count("unverified_cap_reached") == 1
    clock.at_ms += 60_000
    cap.admits(source(limit=0), b"x", Standing.WRONG)
    assert capsys.readouterr().out.count("unverified_cap_reached") == 1
