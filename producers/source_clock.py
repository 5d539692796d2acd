"""How far a source's clock is off, by the `Date` of its request."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime

from starlette.requests import Request

from consentlog.domain.stated import offset_of
from consentlog.ports import Clock


def measured_offset(request: Request, clock: Clock) -> int | None:
    """Measure a source's clock; to be called before the body is read.

    A slow upload would look like a clock that runs behind.

    Args:
        request: The request; a `Date` that cannot be read says nothing.
        clock: What it is compared with.

    Returns:
        Ms, positive if the source's clock runs ahead; None without a `Date`.
    """
    date = request.headers.get("date")
    try:
        stated = parsedate_to_datetime(date) if date else None
    except (ValueError, OverflowError):
        return None
    if stated is None:
        return None
    # An HTTP date without a zone is in GMT: RFC 9110 5.6.7.
    aware = stated if stated.tzinfo else stated.replace(tzinfo=UTC)
    return offset_of(int(aware.timestamp()) * 1000, clock.now_ms())
