"""Instants as text: RFC 3339 with an offset; a time without one would be a guess."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)
_FORM: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)?", re.ASCII
)


def read_instant(text: str) -> tuple[int, bool]:
    """Read an instant.

    Args:
        text: RFC 3339 with seconds and offset: `2026-03-20T09:00:00+08:00`.

    Returns:
        Ms UTC, rounded down, and whether that is exactly what the text says.

    Raises:
        ValueError: With a reason that does not quote the text: another form, no offset, no such
            time.

    Source: RFC 3339 5.6.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError("it does not have the form YYYY-MM-DDThh:mm:ss+hh:mm")
    day, time, fraction, offset = found.groups("")
    if not offset:
        raise ValueError("it has no offset from UTC, such as +08:00 or Z")
    try:
        # Without the fraction: it cannot lift a time over the end of its second.
        at = datetime.fromisoformat(f"{day}T{time}{offset.upper()}")
        whole = (at - _EPOCH) // _MS
    except (ValueError, OverflowError) as exc:
        raise ValueError("there is no such time") from exc
    digits = fraction.ljust(9, "0")
    return whole + int(digits[:3]), not int(digits[3:])


def write_instant(at_ms: int) -> str:
    """Write an instant as RFC 3339 in UTC, with as many digits as it needs.

    Raises:
        OverflowError: If `at_ms` lies outside the years 1 to 9999.
    """
    return (_EPOCH + at_ms * _MS).isoformat()


def write_utc(at_ms: int) -> str:
    """Write an instant as people's programs expect it: `2026-11-20T02:00:00.000Z`.

    One outside the calendar (a far `until`) is written as the calendar's first or last second.
    """
    at = _EPOCH + min(max(at_ms, 0), _LAST_MS) * _MS
    return at.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


_LAST_MS: Final = 253_402_300_799_000
