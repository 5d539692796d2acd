"""Stated times: RFC 3339 text to ms UTC, without ever guessing a zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from consentlog.domain.vocabulary import Precision

_INSTANT: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d(?:\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?", re.ASCII
)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_EARLIEST_MS: Final = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp() * 1000)


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone.

    Raises:
        ValueError: If the IANA database does not have it.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
        raise ValueError("no time zone of the IANA database") from exc


def instant_ms(
    text: str, zone: str, precision: Precision = Precision.INSTANT, *, later: bool
) -> int:
    """Read a stated time.

    Args:
        text: RFC 3339, with or without seconds and offset; only the date for `Precision.DAY`.
        zone: IANA zone that a time without an offset is in.
        precision: For `DAY` the start of that day in `zone` is returned, for `MINUTE` the minute's.
        later: Which of two instants a local time means that came twice or never, when clocks were
            set: the later for refusals, the earlier for grants, so that neither gains from the
            doubt. In many zones a year has a day whose midnight never comes.

    Returns:
        Ms UTC.

    Raises:
        ValueError: With a reason that does not quote the text: another form, no such date, or a
            year before 2000 (a clock that was never set would make a refusal older than any grant).
    """
    found = _read(text.strip(), precision)
    choose = max if later else min
    try:
        ms = choose(_ms_of(one) for one in _meant(found, zone))
    except OverflowError as exc:
        raise ValueError("no such date") from exc
    if ms < _EARLIEST_MS:
        raise ValueError("it lies before the year 2000: was the clock set?")
    return ms - ms % 60_000 if precision is Precision.MINUTE else ms


def _meant(found: datetime, zone: str) -> tuple[datetime, ...]:
    """Return what a time can mean; which fold is the later differs for hours twice and never."""
    if found.tzinfo is not None:
        return (found,)
    local = found.replace(tzinfo=zone_of(zone))
    return local, local.replace(fold=1)


def _ms_of(instant: datetime) -> int:
    return int(instant.astimezone(UTC).timestamp() * 1000)


def _read(text: str, precision: Precision) -> datetime:
    pattern = _DAY if precision is Precision.DAY else _INSTANT
    match = pattern.fullmatch(text)
    if match is None:
        wanted = "YYYY-MM-DD" if precision is Precision.DAY else "YYYY-MM-DDThh:mm:ss+hh:mm"
        raise ValueError(f"it does not have the form {wanted}")
    try:
        if precision is Precision.DAY:
            return datetime.fromisoformat(text)  # the zone is set by the caller
        day, minute, seconds, offset = match.groups()
        # Cut at microseconds: all that a datetime holds, and the ms are taken from it.
        return datetime.fromisoformat(f"{day}T{minute}{(seconds or '')[:10]}{offset or ''}")
    except ValueError as exc:
        raise ValueError("no such date") from exc
