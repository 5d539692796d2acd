"""What a source's words about time mean: stated text to ms UTC, and how far its clock is off.

Nothing is guessed: a time without an offset is in the zone that the source names, and where it can
still mean two instants, the doubt is never in favour of contact (rules of refusal 2).
"""

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
_SECOND_MS: Final = 1000


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


def offset_of(date_ms: int, arrived_ms: int) -> int:
    """Return how far a source's clock is off at the least, by the time that its message bears.

    Args:
        date_ms: The message's time in whole seconds, ms UTC: it was written at any instant of that
            second.
        arrived_ms: When it arrived by the gateway's clock, ms UTC.

    Returns:
        Ms; positive if the clock runs ahead, 0 if both may be the same instant. The way from there
        to here counts as being behind: it is short against any margin.

    Source: RFC 9110 6.6.1.
    """
    if date_ms > arrived_ms:
        return date_ms - arrived_ms
    return min(0, date_ms + _SECOND_MS - 1 - arrived_ms)


def is_off(offset_ms: int | None, margin_ms: int) -> bool:
    """Tell whether a measured offset proves a clock wrong: either way, by more than its margin.

    A clock that runs behind makes a refusal look older than a consent that it followed.
    """
    return offset_ms is not None and abs(offset_ms) > margin_ms


def is_ahead(stated_ms: int | None, now_ms: int, margin_ms: int) -> bool:
    """Tell whether a stated time proves its clock wrong: ahead of ours by more than the margin.

    A time that lies behind proves nothing: acts are reported late.
    """
    return stated_ms is not None and stated_ms > now_ms + margin_ms


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
