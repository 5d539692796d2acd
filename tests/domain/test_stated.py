"""What a source's words about time mean, and when its clock is proven wrong (rules 2)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentlog.domain.clocks import barrier_of
from consentlog.domain.stated import instant_ms, is_ahead, is_off, offset_of
from consentlog.domain.vocabulary import Precision
from tests.support.histories import DAY_MS, NOON_MS, refused

SHANGHAI = "Asia/Shanghai"
margins = st.integers(0, 3_600_000)
offsets = st.integers(-(10**10), 10**10)


@given(margins, offsets)
def test_only_a_time_ahead_by_more_than_the_margin_proves_a_clock_wrong(
    margin_ms: int, offset_ms: int
) -> None:
    assert is_ahead(NOON_MS + offset_ms, NOON_MS, margin_ms) == (offset_ms > margin_ms)
    assert not is_ahead(None, NOON_MS, margin_ms)


@given(margins, offsets)
def test_a_measured_offset_proves_it_in_both_directions(margin_ms: int, offset_ms: int) -> None:
    assert is_off(offset_ms, margin_ms) == (offset_ms > margin_ms or offset_ms < -margin_ms)
    assert not is_off(None, margin_ms)


@given(st.integers(0, 10**13), st.integers(-(10**7), 10**7))
def test_the_date_of_a_message_never_says_more_than_its_second(at_ms: int, off_ms: int) -> None:
    written_ms = at_ms + off_ms
    measured = offset_of(written_ms - written_ms % 1000, at_ms)
    assert abs(measured) <= abs(off_ms)
    assert abs(off_ms) - abs(measured) < 1000


def test_a_clock_that_is_right_measures_nothing() -> None:
    assert {offset_of(NOON_MS, NOON_MS + late) for late in (0, 1, 500, 999)} == {0}


@pytest.mark.parametrize(
    "text",
    [
        "2025-11-22T04:00:00Z",
        "2025-11-22T12:00:00+08:00",
        "2025-11-22 12:00:00",
        "2025-11-22T12:00",
        "2025-11-22T04:00:00.000+00:00",
        "2025-11-22T04:00:00.000000999Z",
    ],
)
def test_one_instant_in_many_forms(text: str) -> None:
    assert instant_ms(text, SHANGHAI, later=True) == 1_763_784_000_000


def test_a_minute_and_a_day_begin_where_they_begin() -> None:
    minute = instant_ms("2025-11-22T12:00:59+08:00", SHANGHAI, Precision.MINUTE, later=True)
    day = instant_ms("2025-11-22", SHANGHAI, Precision.DAY, later=True)
    assert minute == 1_763_784_000_000
    assert day == 1_763_784_000_000 - 12 * 3_600_000


def test_an_hour_that_comes_twice_helps_nobody() -> None:
    text, zone = "2025-11-02T01:30:00", "America/New_York"
    earlier = instant_ms(text, zone, later=False)
    assert instant_ms(text, zone, later=True) - earlier == 3_600_000


@pytest.mark.parametrize(
    ("day", "zone"),
    [
        ("2026-04-24", "Africa/Cairo"),
        ("2026-03-29", "Asia/Beirut"),
        ("2026-09-06", "America/Santiago"),
    ],
)
def test_a_day_without_a_midnight_is_refused_to_its_end(day: str, zone: str) -> None:
    stated = instant_ms(day, zone, Precision.DAY, later=True)
    fact = refused(
        occurred_at_ms=stated,
        precision=Precision.DAY,
        zone=zone,
        accepted_at_ms=stated + 5 * DAY_MS,
    )
    end = datetime.fromtimestamp(barrier_of(fact) / 1000, ZoneInfo(zone))
    assert end.replace(tzinfo=None) == datetime.fromisoformat(day) + timedelta(days=1)


def test_an_hour_that_never_comes_helps_nobody() -> None:
    text, zone = "2026-03-29T02:30", "Europe/Berlin"
    late, soon = (instant_ms(text, zone, later=one) for one in (True, False))
    assert late - soon == 3_600_000


@given(st.datetimes(datetime(2000, 1, 2), datetime(2100, 1, 1)))  # noqa: DTZ001  # naive on purpose
def test_every_aware_time_comes_back(naive: datetime) -> None:
    text = naive.replace(tzinfo=UTC).isoformat()
    wanted = (naive.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000
    assert abs(instant_ms(text, SHANGHAI, later=True) - wanted) < 1


@given(st.text(max_size=40))
def test_any_other_text_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"it does|no such|it lies"):
        instant_ms(text, SHANGHAI, later=True)
