"""Dates as lists write them, into the form that the gateway reads."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple

_WRITTEN: Final = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?"
    r"(?:(?:T|\s+)(\d{1,2})[:时点](\d{1,2})(?:[:分](\d{1,2})(?:\.\d{1,9})?)?[分秒]?"
    r"\s*(Z|[+-]\d\d:?\d\d)?)?",
    re.ASCII,
)
_COMPACT: Final = re.compile(r"(\d{4})(\d\d)(\d\d)", re.ASCII)
_SERIAL: Final = re.compile(r"\d{5}(?:\.\d+)?", re.ASCII)
_EPOCH_1900: Final = datetime(1899, 12, 30)  # noqa: DTZ001  # a spreadsheet's day has no zone
_EPOCH_1904: Final = datetime(1904, 1, 1)  # noqa: DTZ001  # as above
# Earlier, a clock was never set; later, somebody mistyped. The gateway takes neither.
_YEARS: Final = range(2001, 2200)


class StatedTime(NamedTuple):
    """A time as the gateway takes it; `needs_zone` = it has no offset of its own."""

    occurred_at: str
    precision: str
    needs_zone: bool


@lru_cache(1 << 14)
def read_time(text: str, *, is_serial: bool = False, since_1904: bool = False) -> StatedTime | None:
    """Read one date or time.

    Year first: `2026-03-20`, `2026/3/20 14:05`, `2026年3月20日`, `20260320`, RFC 3339. Day and
    month in front are not read, for `3/4/2026` is two dates.

    Args:
        text: The cell.
        is_serial: A spreadsheet's count of days may stand there.
        since_1904: The spreadsheet counts from 1904.

    Returns:
        The time with the precision in which it was written, or None.

    Source: ECMA-376 18.17.4.1 (counts of days).
    """
    written = unicodedata.normalize("NFKC", text).strip()
    if is_serial and _SERIAL.fullmatch(written):
        return _of_serial(float(written), _EPOCH_1904 if since_1904 else _EPOCH_1900)
    found = _WRITTEN.fullmatch(written) or _COMPACT.fullmatch(written)
    if found is None:
        return None
    year, month, day, *clock = found.groups()
    hour, minute, second, offset = clock or (None,) * 4
    try:
        moment = datetime(  # noqa: DTZ001  # the zone goes beside it
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0)
        )
    except ValueError:
        return None
    return _stated(moment, _precision(hour, second), _colon(offset))


def _precision(hour: str | None, second: str | None) -> str:
    if hour is None:
        return "day"
    return "minute" if second is None else "instant"


def _colon(offset: str | None) -> str:
    if offset is None or offset == "Z":
        return offset or ""
    return offset if ":" in offset else f"{offset[:3]}:{offset[3:]}"


def _of_serial(days: float, epoch: datetime) -> StatedTime | None:
    moment = epoch + timedelta(seconds=round(days * 86_400))
    if days == int(days):
        return _stated(moment, "day", "")
    return _stated(moment, "instant" if moment.second else "minute", "")


def _stated(moment: datetime, precision: str, offset: str) -> StatedTime | None:
    if moment.year not in _YEARS or offset[1:] > "18:00":
        return None
    if precision == "day":
        return StatedTime(moment.date().isoformat(), precision, needs_zone=True)
    return StatedTime(f"{moment.isoformat()}{offset}", precision, needs_zone=not offset)
