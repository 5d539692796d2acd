"""What an act's clocks are good for: barriers of refusals, and clocks that are proven wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from consentlog.domain.facts import Fact
from consentlog.domain.vocabulary import Precision, SetBy

_MINUTE_MS: Final = 60_000
# A local day lasts up to 25 hours; without its zone the later end keeps the barrier on the
# person's side.
_LONGEST_DAY_MS: Final = 90_000_000


# Looking a member up on its enum costs more than all else in a line of these (Python 3.11).
_INSTANT: Final = Precision.INSTANT
_BY_SOURCE: Final = SetBy.SOURCE


def barrier_of(fact: Fact) -> int:
    """Compute the instant, ms UTC, that a grant must be later than to lift this refusal.

    min(end of the interval that `occurred_at` and its precision name, or `accepted_at` if none;
    `accepted_at`) + `margin_ms`. A clock proven wrong leaves the refusal undated.

    Source: rules of refusal 3.
    """
    occurred_at_ms = fact.occurred_at_ms
    if occurred_at_ms is None or fact.clock_wrong:
        return fact.accepted_at_ms + fact.margin_ms
    if fact.precision is not _INSTANT:
        occurred_at_ms = _interval_end(fact, occurred_at_ms)
    accepted_at_ms = fact.accepted_at_ms
    earlier = occurred_at_ms if occurred_at_ms < accepted_at_ms else accepted_at_ms
    return earlier + fact.margin_ms


def has_wrong_clock(fact: Fact) -> bool:
    """Tell whether a fact shows that its source's clock is wrong.

    Proven by a measured offset, or by a stated time ahead of the gateway's by more than the margin.

    Source: rules of refusal 2.
    """
    occurred_at_ms = fact.occurred_at_ms
    return fact.clock_wrong or (
        occurred_at_ms is not None
        and occurred_at_ms > fact.accepted_at_ms + fact.margin_ms
        and fact.occurred_at_set_by is _BY_SOURCE
    )


def _interval_end(fact: Fact, occurred_at_ms: int) -> int:
    if fact.precision is Precision.MINUTE:
        return occurred_at_ms - occurred_at_ms % _MINUTE_MS + _MINUTE_MS
    return _end_of_day(occurred_at_ms, fact.zone)


def _end_of_day(occurred_at_ms: int, zone: str | None) -> int:
    if zone is None:
        return occurred_at_ms + _LONGEST_DAY_MS
    try:
        local = datetime.fromtimestamp(occurred_at_ms / 1000, ZoneInfo(zone))
        next_day = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        return int(next_day.astimezone(UTC).timestamp() * 1000)
    except (ZoneInfoNotFoundError, ValueError, OverflowError, OSError):
        return occurred_at_ms + _LONGEST_DAY_MS
