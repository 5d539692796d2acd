"""Places of the payloads."""

from __future__ import annotations

from datetime import date

import pytest

from consentlog.demo.template import day_lookup, fill

DAYS = day_lookup(date(2026, 3, 1))


def test_days_are_counted_from_the_day_that_is_played() -> None:
    value = {"at": "{day}T09:00:00+08:00", "list": ["{day-1} {day+31}", 7, None, True]}
    assert fill(value, DAYS) == {
        "at": "2026-03-01T09:00:00+08:00",
        "list": ["2026-02-28 2026-04-01", 7, None, True],
    }


def test_names_with_a_reference_reach_the_lookup_whole() -> None:
    asked: list[str] = []

    def look_up(name: str) -> str:
        asked.append(name)
        return "x"

    assert fill("/p/{link:+8613800138031}?{event_id:1620-care-dispute}", look_up) == "/p/x?x"
    assert asked == ["link:+8613800138031", "event_id:1620-care-dispute"]


def test_an_unknown_place_is_an_error() -> None:
    with pytest.raises(KeyError, match="tomorrow"):
        fill("{tomorrow}", DAYS)


def test_other_braces_stay() -> None:
    assert fill("{} {A} {1}", DAYS) == "{} {A} {1}"
