"""Hours of the local day in which a number may be called, and what its clocks say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAY_MINUTES: Final = 1440

ZONE_NOT_KNOWN: Final = "the time zone of the number is not known"


class Hours(NamedTuple):
    """Minutes of the local day in which contact is allowed: from `opens` up to `closes`, excluded.

    Never across midnight: what two such windows share may be two windows.
    """

    opens_minute: int
    closes_minute: int


class HoursAnswer(NamedTuple):
    """Which rows on calling hours hold for a contact, and which of them forbid it now.

    `detail` is a local time that is outside, or `ZONE_NOT_KNOWN`; None if nothing forbids.
    """

    rows: tuple[str, ...] = ()
    closed_by: tuple[str, ...] = ()
    detail: str | None = None


def ask_hours(windows: Mapping[str, Hours], zones: Iterable[str], at_ms: int) -> HoursAnswer:
    """Tell which windows forbid a contact: those outside of which it lies in any of the zones.

    Args:
        windows: By the id of their row.
        zones: Every IANA zone that the number may be in; without any, all windows forbid.
        at_ms: Instant of the contact, ms UTC.
    """
    clocks = local_minutes(zones, at_ms)
    if not clocks:
        return HoursAnswer(tuple(windows), tuple(windows), ZONE_NOT_KNOWN)
    earliest, latest = min(clocks.values()), max(clocks.values())
    closed = tuple(
        row for row, (opens, closes) in windows.items() if earliest < opens or latest >= closes
    )
    if not closed:
        return HoursAnswer(tuple(windows))
    opens = windows[closed[0]].opens_minute
    zone, minute = next(
        at for at in clocks.items() if at[1] == (earliest if earliest < opens else latest)
    )
    return HoursAnswer(tuple(windows), closed, f"{clock_text(minute)} in {zone}")


def local_minutes(zones: Iterable[str], at_ms: int) -> Mapping[str, int]:
    """Return the minute of the local day (0 to 1439) in each zone.

    Args:
        zones: IANA names.
        at_ms: Instant, ms UTC.

    Returns:
        One entry for each zone; nothing at all if one of them is not known here, or the instant
        lies outside of the calendar: an answer for some of the zones would be a guess.
    """
    return _local_minutes(tuple(zones), at_ms // 1000)


@lru_cache(maxsize=4096)
def _local_minutes(zones: tuple[str, ...], seconds: int) -> Mapping[str, int]:
    """Remember the answer: within one second the numbers of one place have one clock."""
    try:
        clocks = [(zone, datetime.fromtimestamp(seconds, _zone(zone))) for zone in zones]
    except (ZoneInfoNotFoundError, ValueError, OverflowError, OSError):
        return {}
    return {zone: at.hour * 60 + at.minute for zone, at in clocks}


def clock_text(minute: int) -> str:
    """Write a minute of the day as `09:00`; the end of the day is `24:00`."""
    return f"{minute // 60:02}:{minute % 60:02}"


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    """Keep the zone: the library itself keeps eight, and reads the file of every other anew."""
    return ZoneInfo(name)
